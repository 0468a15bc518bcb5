// Inside the module: what the connections of a server share, and how the server ends them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "api/http/http.h"
#include "api/http/server.h"
#include "ledger/base/clock.h"

namespace relais::api {

/// A connection, to the server that wants to end it. Thread-safe.
class Connection {
 public:
  /// `address`: whose share it counts in; empty for who is not counted.
  explicit Connection(std::string address) : address_(std::move(address)) { set_idle(true); }
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  /// After the request in flight.
  virtual void stop() = 0;
  /// At once.
  virtual void abort() = 0;
  /// Ends to make room, unless a request has come meanwhile: then Connections::count_again().
  virtual void give_way() = 0;

  const std::string& address() const { return address_; }
  /// Since when it waits for a request, or for the rest of one; nothing while one is answered.
  std::optional<std::int64_t> idle_since() const {
    const std::int64_t since = idle_since_;
    return since == 0 ? std::nullopt : std::optional(since);
  }

 protected:
  void set_idle(bool idle) {
    idle_since_ = idle ? std::chrono::steady_clock::now().time_since_epoch().count() : 0;
  }

 private:
  const std::string address_;
  std::atomic<std::int64_t> idle_since_{0};
};

/// Whether one more connection is served.
enum class Admission { served, too_many, too_many_of_address };

/// Thread-safe.
class Connections {
 public:
  Connections(const Limits& limits, const Clock& clock, RequestHandler handler, BodyGate gate,
              std::shared_ptr<HttpMemory> memory)
      : limits_(limits),
        clock_(clock),
        handler_(std::move(handler)),
        gate_(std::move(gate)),
        memory_(std::move(memory)) {}

  const Limits& limits() const { return limits_; }
  const Clock& clock() const { return clock_; }
  const RequestHandler& handler() const { return handler_; }
  const BodyGate& gate() const { return gate_; }
  HttpMemory& memory() { return *memory_; }

  /// Room for one more connection from an address. Where there is none, the connection that has
  /// waited longest without a complete request is ended: of this address where its share is used
  /// up, else of the address that has most.
  Admission make_room(const std::string& address);
  void add(const std::shared_ptr<Connection>& connection);
  void remove(const Connection* connection);
  /// Of a connection that was to give way, and does not.
  void count_again(const Connection* connection);
  bool stopping() const { return stopping_; }

  /// stop() for all that are open, and for all that come.
  void stop_all();
  void abort_all();
  /// Whether all have ended within that time.
  bool wait(std::chrono::milliseconds timeout);

 private:
  const Limits limits_;
  const Clock& clock_;
  const RequestHandler handler_;
  const BodyGate gate_;
  const std::shared_ptr<HttpMemory> memory_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  struct Open {
    std::weak_ptr<Connection> connection;
    bool ended = false;  // to make room; counts no more
  };
  bool end_oldest_idle(const std::string& address);
  void uncount(Open& open, const std::string& address);

  std::unordered_map<const Connection*, Open> open_;
  std::size_t counted_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace relais::api
