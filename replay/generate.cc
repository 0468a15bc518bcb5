#include "replay/generate.h"

#include <algorithm>
#include <future>
#include <queue>
#include <thread>

#include "ledger/base/check.h"
#include "ledger/crypto/sha256.h"
#include "ledger/statement/statement.h"
#include "replay/case_plan.h"

namespace relais::replay {
namespace {

constexpr std::size_t kGroup = 500;  // statements of one submission
/// A group is received at one moment: what lies further apart than this is not put into one, so
/// that times of receipt stay realistic in small workloads.
constexpr std::int64_t kGroupSpanMs = std::int64_t{60} * 60 * 1000;
constexpr std::int64_t kDayMs = 86'400'000;
/// Part of the period in which the cases arrive: the last ones need time to live.
constexpr double kArrivalPart = 0.9;

crypto::SeededRandom salts(std::uint64_t seed, const PlannedEvent& e) {
  std::string bytes;
  append_be(bytes, seed);
  append_be(bytes, e.case_number);
  append_be(bytes, e.number);
  return crypto::SeededRandom(load_be<std::uint64_t>(view(crypto::sha256(bytes))));
}

/// Calls `work` for each position below `count` on `threads` threads; the first error wins.
Status in_parallel(std::size_t count, unsigned threads,
                   const std::function<Status(std::size_t)>& work) {
  const std::size_t n = std::max<std::size_t>(1, std::min<std::size_t>(threads, count));
  std::vector<Status> results(n);
  std::vector<std::thread> running;
  const auto share = [&](std::size_t t) {
    for (std::size_t i = t; i < count && results[t]; i += n) results[t] = work(i);
  };
  for (std::size_t t = 1; t < n; ++t) running.emplace_back(share, t);
  share(0);
  for (std::thread& t : running) t.join();
  for (Status& result : results)
    if (!result) return std::move(result);
  return {};
}

struct Later {
  bool operator()(const PlannedEvent& a, const PlannedEvent& b) const {
    return std::tie(a.time, a.case_number, a.number) > std::tie(b.time, b.case_number, b.number);
  }
};

}  // namespace

struct Workload::Impl {
  const Cast& cast;
  WorkloadOptions options;
  Parts parts;
  Dice arrivals;
  double hours = 0;     ///< of the next arrival
  double mean_gap = 0;  ///< office hours between two arrivals
  Timestamp end;
  std::uint64_t next_case = 0;
  std::uint64_t begun = 0;
  std::priority_queue<PlannedEvent, std::vector<PlannedEvent>, Later> due;

  void arrive() {
    auto events = plan_case(cast, parts, options.seed, next_case, from_office_hours(hours), end);
    if (!events.empty()) ++begun;
    for (PlannedEvent& e : events) due.push(std::move(e));
    ++next_case;
    hours += arrivals.exponential(mean_gap);
  }
};

Workload::Workload(const Cast& cast, const WorkloadOptions& options)
    : impl_(
          new Impl{cast, options, {}, Dice(options.seed, ~std::uint64_t{0}), 0, 0, {}, 0, 0, {}}) {
  for (std::size_t i = 0; i < cast.all().size(); ++i) {
    if (cast.all()[i].roles.has(schema::Role::ML)) impl_->parts.missions.push_back(i);
    if (cast.all()[i].roles.has(schema::Role::AA)) impl_->parts.associations.push_back(i);
  }
  check(!impl_->parts.missions.empty() && !impl_->parts.associations.empty() &&
            impl_->parts.missions.size() + impl_->parts.associations.size() > 2,
        "a workload takes missions locales and accredited associations, three at least");
  impl_->end = Timestamp{options.start.value + options.days * kDayMs};
  const double from = to_office_hours(options.start);
  const double office = (to_office_hours(impl_->end) - from) * kArrivalPart;
  impl_->mean_gap = office / static_cast<double>(std::max<std::uint64_t>(1, options.cases));
  impl_->hours = from + impl_->arrivals.exponential(impl_->mean_gap);
}

Workload::~Workload() = default;

std::uint64_t Workload::cases_begun() const {
  return impl_->begun;
}

std::vector<PlannedEvent> Workload::next(std::size_t limit, std::int64_t span_ms) {
  std::vector<PlannedEvent> out;
  Impl& w = *impl_;
  while (out.size() < limit) {
    while (w.next_case < w.options.cases &&
           (w.due.empty() || from_office_hours(w.hours) <= w.due.top().time))
      w.arrive();
    if (w.due.empty()) break;
    if (!out.empty() && w.due.top().time.value - out.front().time.value > span_ms) break;
    out.push_back(w.due.top());
    w.due.pop();
  }
  return out;
}

Result<std::vector<std::string>> sign_all(const std::vector<PlannedEvent>& events, const Cast& cast,
                                          std::uint64_t seed, unsigned threads) {
  std::vector<std::string> signed_events(events.size());
  RELAIS_TRY(in_parallel(events.size(), threads, [&](std::size_t i) -> Status {
    const PlannedEvent& e = events[i];
    crypto::SeededRandom random = salts(seed, e);
    const ManualClock clock(e.time);
    RELAIS_ASSIGN(signed_events[i],
                  statement::sign_event(e.event, cast.all()[e.actor].key, clock, random));
    return {};
  }));
  return signed_events;
}

namespace {

struct Prepared {
  Timestamp time;  ///< of the last act
  std::vector<log::Submission> group;
};

/// Signs, parses and checks the signatures, as a server does before it queues.
Result<Prepared> prepare(const std::vector<PlannedEvent>& events, const Cast& cast,
                         const WorkloadOptions& options, const log::Ledger& ledger) {
  Prepared out;
  if (events.empty()) return out;
  RELAIS_ASSIGN(const auto statements, sign_all(events, cast, options.seed, options.threads));
  out.time = events.back().time;
  out.group.resize(statements.size());
  RELAIS_TRY(in_parallel(statements.size(), options.threads, [&](std::size_t i) -> Status {
    RELAIS_ASSIGN(out.group[i].statement, statement::parse_statement(statements[i]));
    return ledger.preverify(out.group[i]);
  }));
  return out;
}

}  // namespace

Result<GenerateReport> generate_ledger(const std::filesystem::path& data,
                                       const log::Genesis& genesis, const Cast& cast,
                                       const WorkloadOptions& options,
                                       const log::ModelFactory& factory,
                                       const GenerateProgress& progress) {
  ManualClock clock(options.start);
  crypto::SeededRandom random(options.seed);
  RELAIS_TRY(create_in_force(data, genesis, cast, clock, random, factory));
  log::Options open;
  open.data = data;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(open, clock, factory));
  Workload workload(cast, options);
  GenerateReport report;
  // While the ledger commits one group, the next is signed.
  const auto start_next = [&] {
    return std::async(std::launch::async, [&, events = workload.next(kGroup, kGroupSpanMs)] {
      return prepare(events, cast, options, *ledger);
    });
  };
  for (auto coming = start_next();;) {
    RELAIS_ASSIGN(Prepared now, coming.get());
    if (now.group.empty()) break;
    coming = start_next();
    clock.set(now.time);  // the writer reads it only while a group is under way
    for (const auto& outcome : ledger->submit_and_wait(std::move(now.group), false)) {
      if (!outcome) return fail(outcome.error());
      ++report.events;
    }
    progress(workload.cases_begun(), options.cases);
  }
  report.cases = workload.cases_begun();
  return report;
}

Result<GenerateReport> generate_statements(const Cast& cast, const WorkloadOptions& options,
                                           const std::function<Status(const std::string&)>& take,
                                           const GenerateProgress& progress) {
  Workload workload(cast, options);
  GenerateReport report;
  for (;;) {
    const auto events = workload.next(kGroup, options.days * kDayMs);
    if (events.empty()) break;
    RELAIS_ASSIGN(const auto statements, sign_all(events, cast, options.seed, options.threads));
    for (const std::string& s : statements) RELAIS_TRY(take(s));
    report.events += statements.size();
    progress(workload.cases_begun(), options.cases);
  }
  report.cases = workload.cases_begun();
  return report;
}

}  // namespace relais::replay
