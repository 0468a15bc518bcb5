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
#include "ledger/reads/read_log.h"

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

/// What the traces of a signatory's reads may take a day, for each byte of its statements.
inline constexpr std::uint64_t kTracesForStatements = 4;

/// By the limits of the options.
std::shared_ptr<Accounts> make_accounts(const ServiceOptions& options);

/// A route, for tests that look at all of them.
struct RouteSummary {
  std::string label;  ///< "GET /v1/cases/{id}"
  bool needs_token = false;
  bool leaves_traces = false;  ///< answers with case data are in the log of reads before they leave
};

/// Thread-safe. Ledger, log of reads and clock outlive it. Its end waits until every request was
/// answered, so both logs must still be answering, or have stopped properly, at that time.
class Service {
 public:
  Service(log::Ledger& ledger, reads::ReadLog& reads, const Clock& clock, ServiceOptions options);
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
  /// Of each route that there is, by any way in.
  std::vector<RouteSummary> route_summaries() const;
  /// /readyz answers 503 from here on.
  void drain();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relais::api
