// Inside the module: what the handlers share, and where each resource hangs its routes.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/http/server.h"
#include "api/in_flight.h"
#include "api/metrics.h"
#include "api/router.h"
#include "api/sharing.h"
#include "api/turn_queue.h"
#include "api/worker_pool.h"
#include "ledger/base/clock.h"
#include "ledger/base/clock_guard.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/seal.h"
#include "ledger/log/ledger.h"
#include "ledger/reads/read_log.h"

namespace relais::api {

/// Most jobs that wait for a worker: lists of statements, and the parts they are split into.
inline constexpr std::size_t kMaxQueuedJobs = 1'024;

/// Most reads of many records that wait, and of one signatory: a second's worth or two.
inline constexpr std::size_t kMaxQueuedReads = 512;
inline constexpr std::size_t kMaxQueuedReadsEach = 32;

/// Events that are read for one answer count as a request each so many: a list of thousands is no
/// request like others.
inline constexpr double kEventsARequest = 5;

/// The same of lists of statements and their parts, and of one address. Parts that find no room are
/// checked by who takes the list apart.
inline constexpr std::size_t kMaxQueuedLists = 1'024;
inline constexpr std::size_t kMaxQueuedListsEach = 512;

/// What the server cannot do is reported to its operator, since the answer does not say it: each
/// rule once a minute, however many ask.
class Outages {
 public:
  bool is_news(const std::string& rule) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    const auto [it, first] = told_.try_emplace(rule, now);
    if (!first && now - it->second < kBetween) return false;
    it->second = now;
    return true;
  }

 private:
  static constexpr std::chrono::minutes kBetween{1};
  std::mutex mutex_;
  std::map<std::string, std::chrono::steady_clock::time_point> told_;  // rules are few
};

struct Context {
  log::Ledger& ledger;
  reads::ReadLog& reads;
  const Clock& clock;
  std::function<void(const std::string&)> report;  ///< for the operator; never empty
  Shares streams;                                  ///< event streams that are open
  Shares queue;                                    ///< statements that wait for the writer
  std::shared_ptr<Accounts> accounts;
  ClockGuard* clock_guard;                   ///< may be null
  std::shared_ptr<const HttpMemory> memory;  ///< may be null
  crypto::Sealer cursors;                    ///< where lists go on (api/resources/paging.h)
  ReadQueue turns;                           ///< before the pool, which ends first
  ListQueue lists;                           ///< the same
  WorkerPool pool;
  /// Whose token a request brings, on a route that takes it without one; nothing where it has none
  /// that holds. Set once, by the service.
  std::function<std::optional<SignatoryId>(const Request&, const log::Head&)> bearer;
  const Metrics* metrics = nullptr;  ///< set once the routes are known
  std::atomic<bool> draining{false};
  Outages outages;  ///< that were reported
  std::atomic<bool> rebuilding{false};
  std::atomic<bool> trace_failed{false};  ///< the last trace of a read was not kept
  /// A record of a projection, or of the index of reads, could not be read; until a rebuild.
  std::atomic<bool> records_damaged{false};
  crypto::SystemRandom random;
  InFlight in_flight;  ///< answers that are owed, and traces
};

/// Reports a refusal that is the server's own fault; /readyz tells of a damaged record from then
/// on.
void note_failure(Context& context, const Error& e);

// One function a resource, in the file of its name.
void add_append_routes(Router& router, Context& context);
void add_live_routes(Router& router, Context& context);  ///< before the events
void add_event_routes(Router& router, Context& context);
void add_case_routes(Router& router, Context& context);
void add_referral_routes(Router& router, Context& context);
void add_deadline_routes(Router& router, Context& context);
void add_capability_routes(Router& router, Context& context);
void add_indicator_routes(Router& router, Context& context);
void add_signatory_routes(Router& router, Context& context);
void add_log_routes(Router& router, Context& context);
void add_parcours_routes(Router& router, Context& context);
void add_session_routes(Router& router, Context& context);
void add_accreditation_routes(Router& router, Context& context);
void add_shared_routes(Router& router, Context& context);
void add_convention_routes(Router& router);
void add_read_routes(Router& router, Context& context);
void add_operation_routes(Router& router, Context& context);
void add_description_routes(Router& router, Context& context);

}  // namespace relais::api
