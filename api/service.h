// The API as a function from requests to responses: routes, reading rights, metrics. What carries
// it is api/http/server.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/http/http.h"
#include "api/http/server.h"
#include "api/sharing.h"
#include "ledger/base/clock.h"
#include "ledger/base/clock_guard.h"
#include "ledger/log/ledger.h"

namespace relais::api {

struct ServiceOptions {
  std::size_t workers = 0;        ///< threads for lists and rebuilds; 0: one a core; at least 2
  std::size_t max_streams = 100;  ///< open event streams
  std::size_t max_streams_of_signatory = 25;
  unsigned requests_per_second = 2'000;      ///< of one signatory; 0: no limit
  std::uint64_t bytes_per_day = 64'000'000;  ///< that statements of one signatory take; 0: no limit
  /// Of the clock that the ledger uses, where it is one: for /readyz and /metrics, and to be
  /// confirmed on the unix socket. Outlives the service.
  ClockGuard* clock_guard = nullptr;
  /// SHA-256 of the token that opens /metrics beside the unix socket; nothing: only the socket.
  std::optional<Hash> metrics_token;
  /// Seals the cursors of lists; nothing: a random one, and cursors end with the service.
  std::optional<Hash> cursor_key;
  /// What callers have used up, from a service to the next; nothing: this one's own.
  std::shared_ptr<Accounts> accounts;
  /// The server's, where there is one: for /readyz and /metrics.
  std::shared_ptr<const HttpMemory> memory;
  /// Gets one line for each failure of ours (never for a client's mistake); from any thread.
  std::function<void(const std::string&)> report;
};

/// By the limits of the options.
std::shared_ptr<Accounts> make_accounts(const ServiceOptions& options);

/// Thread-safe. Ledger and clock outlive it. Its end waits until every request was answered, so
/// the ledger must still be answering, or have stopped properly, at that time.
class Service {
 public:
  Service(log::Ledger& ledger, const Clock& clock, ServiceOptions options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  void handle(Request& request, Respond respond);
  /// handle() as a value, for the server.
  RequestHandler handler() {
    return [this](Request& request, Respond respond) { handle(request, std::move(respond)); };
  }
  /// What refuses a request before its body is read: there is no such route, or it takes no body,
  /// or none of this type.
  std::optional<Response> before_body(const Request& request);
  BodyGate gate() {
    return [this](const Request& request) { return before_body(request); };
  }
  /// "GET /v1/cases/{id}" of each route that there is, by any way in.
  std::vector<std::string> routes() const;
  /// /readyz answers 503 from here on.
  void drain();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relais::api
