// Inside the module: what the connections of a server share, and how the server ends them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "api/http/http.h"
#include "api/http/server.h"
#include "ledger/base/clock.h"

namespace relais::api {

/// A connection, to the server that wants to end it. Thread-safe.
class Connection {
 public:
  virtual ~Connection() = default;
  /// After the request in flight.
  virtual void stop() = 0;
  /// At once.
  virtual void abort() = 0;
};

/// Thread-safe.
class Sessions {
 public:
  Sessions(const Limits& limits, const Clock& clock, RequestHandler handler)
      : limits_(limits), clock_(clock), handler_(std::move(handler)) {}

  const Limits& limits() const { return limits_; }
  const Clock& clock() const { return clock_; }
  const RequestHandler& handler() const { return handler_; }

  std::size_t count() const;
  void add(const std::shared_ptr<Connection>& connection);
  void remove(const Connection* connection);
  bool stopping() const { return stopping_; }

  /// stop() for all that are open, and for all that come.
  void stop_all();
  void abort_all();
  /// Whether all have ended within that time.
  bool wait(std::chrono::milliseconds timeout);

  /// Takes a share of the memory for bodies; false when there is not enough left.
  bool take_body(std::uint64_t bytes);
  void give_body(std::uint64_t bytes) { body_bytes_.fetch_sub(bytes); }

 private:
  const Limits limits_;
  const Clock& clock_;
  const RequestHandler handler_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> body_bytes_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<const Connection*, std::weak_ptr<Connection>> open_;
};

/// A request's share of the memory for bodies.
class BodyShare {
 public:
  explicit BodyShare(Sessions& sessions) : sessions_(sessions) {}
  ~BodyShare() {
    if (bytes_ != 0) sessions_.give_body(bytes_);
  }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;
  bool take(std::uint64_t bytes) {
    if (!sessions_.take_body(bytes)) return false;
    bytes_ = bytes;
    return true;
  }

 private:
  Sessions& sessions_;
  std::uint64_t bytes_ = 0;
};

}  // namespace relais::api
