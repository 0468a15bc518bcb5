#include "replay/workload/generate.h"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/clock/clock_job.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/sha256.h"
#include "ledger/rules/calendar.h"
#include "ledger/statement/statement.h"
#include "projections/read.h"
#include "replay/workload/case_plan.h"

namespace relais::replay {
namespace {

constexpr std::size_t kGroup = 500;  // statements of one submission
/// A group is received at one moment: what lies further apart than this is not put into one, so
/// that times of receipt stay realistic in small workloads.
constexpr std::int64_t kGroupSpanMs = std::int64_t{60} * 60 * 1000;
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

/// A plan under way.
struct Open {
  std::uint64_t number = 0;  ///< of the case, or from kPeriods on of a period
  std::size_t next = 0;      ///< act
  Plan plan;
  Timestamp time() const { return plan.acts[next].time; }
};
constexpr std::uint64_t kPeriods = std::uint64_t{1} << 63;

struct Later {
  bool operator()(const std::unique_ptr<Open>& a, const std::unique_ptr<Open>& b) const {
    return std::pair(a->time(), a->number) > std::pair(b->time(), b->number);
  }
};

std::string event_of(const Cast& cast, const Plan& plan, const PlannedAct& act) {
  const auto quoted = [](std::string_view text) { return json::serialize(json::value(text)); };
  const std::string& subject = act.subject.empty() ? plan.subject : act.subject;
  std::string event = R"({"id":")" + to_string(act.id) + R"(","source":)";
  event += quoted(cast.all()[act.actor].source);
  event.append(R"(,"type":"relais.)").append(act.type).append(R"(.v1","subject":)");
  event += quoted(subject);
  event.append(R"(,"time":")").append(to_rfc3339(act.time)).append(R"(","data":)");
  return event.append(act.data).append("}");
}

/// Mean of season() over the office days of a time.
double mean_season(double from, double until) {
  double sum = 0;
  std::size_t days = 0;
  for (double h = from; h < until; h += kOfficeHoursADay, ++days) sum += season(h);
  return days == 0 ? 1 : sum / static_cast<double>(days);
}

}  // namespace

struct Workload::Impl {
  Setting setting;
  WorkloadOptions options;
  Dice arrivals;
  double hours = 0;     ///< of the next arrival
  double mean_gap = 0;  ///< office hours between two arrivals in a time like any other
  std::uint64_t next_case = 0;
  std::uint64_t next_period = 0;
  std::uint64_t begun = 0;
  std::vector<std::unique_ptr<Open>> due{};  // a heap: the earliest in front

  Impl(const Cast& cast, const WorkloadOptions& o)
      : setting(cast, o.seed, o.start, Timestamp{o.start.value + o.days * kMsADay}, o.clock),
        options(o),
        arrivals(o.seed, ~std::uint64_t{0}) {
    const double from = to_office_hours(o.start);
    const double until = from + (to_office_hours(setting.end) - from) * kArrivalPart;
    mean_gap = (until - from) * mean_season(from, until) /
               static_cast<double>(std::max<std::uint64_t>(1, o.cases));
    hours = from;
    go_on();
  }

  void go_on() { hours += arrivals.exponential(mean_gap) / season(hours); }

  void push(std::uint64_t number, Plan plan) {
    if (plan.acts.empty()) return;
    due.push_back(std::make_unique<Open>(Open{number, 0, std::move(plan)}));
    std::ranges::push_heap(due, Later{});
  }

  bool not_after_the_first(Timestamp t) const { return due.empty() || t <= due.front()->time(); }

  /// Brings in the next period or case, where its time has come. False when it has not.
  bool arrive() {
    const Timestamp period = period_start(setting, next_period);
    if (options.cases > 0 && period < setting.end && not_after_the_first(period)) {
      push(kPeriods + next_period, plan_period(setting, next_period));
      ++next_period;
      return true;
    }
    const Timestamp arrival = from_office_hours(hours);
    if (next_case == options.cases || !not_after_the_first(arrival)) return false;
    Plan plan = plan_case(setting, next_case, arrival);
    if (!plan.acts.empty()) ++begun;
    push(next_case, std::move(plan));
    ++next_case;
    go_on();
    return true;
  }

  PlannedEvent pop() {
    std::ranges::pop_heap(due, Later{});
    Open& open = *due.back();
    const PlannedAct& act = open.plan.acts[open.next];
    PlannedEvent event{act.time, open.number, open.next, act.actor,
                       event_of(setting.cast, open.plan, act)};
    if (++open.next == open.plan.acts.size())
      due.pop_back();
    else
      std::ranges::push_heap(due, Later{});
    return event;
  }
};

Workload::Workload(const Cast& cast, const WorkloadOptions& options)
    : impl_(new Impl(cast, options)) {
  const Setting& s = impl_->setting;
  check(!s.missions.empty() && !s.associations.empty() &&
            s.missions.size() + s.associations.size() > 2,
        "a workload takes missions locales and accredited associations, three at least");
}

Workload::~Workload() = default;

std::uint64_t Workload::cases_begun() const {
  return impl_->begun;
}

std::vector<PlannedEvent> Workload::next(std::size_t limit, std::int64_t span_ms) {
  std::vector<PlannedEvent> out;
  Impl& w = *impl_;
  while (out.size() < limit) {
    while (w.arrive()) {
    }
    if (w.due.empty()) break;
    if (!out.empty() && w.due.front()->time().value - out.front().time.value > span_ms) break;
    out.push_back(w.pop());
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
  Timestamp first;  ///< time of the first act
  Timestamp time;   ///< of the last
  std::vector<log::Submission> group;
};

/// Signs, parses and checks the signatures, as a server does before it queues.
Result<Prepared> prepare(const std::vector<PlannedEvent>& events, const Cast& cast,
                         const WorkloadOptions& options, const log::Ledger& ledger) {
  Prepared out;
  if (events.empty()) return out;
  RELAIS_ASSIGN(const auto statements, sign_all(events, cast, options.seed, options.threads));
  out.first = events.front().time;
  out.time = events.back().time;
  out.group.resize(statements.size());
  RELAIS_TRY(in_parallel(statements.size(), options.threads, [&](std::size_t i) -> Status {
    RELAIS_ASSIGN(out.group[i].statement, statement::parse_statement(statements[i]));
    return ledger.preverify(out.group[i]);
  }));
  return out;
}

/// Signs, when a day of the workload has begun, what has fallen due since the one before. Unlike
/// run_clock it never looks back: what is overdue grows with the workload, and none of it is new.
class DailyClock {
 public:
  DailyClock(log::Ledger& ledger, ManualClock& clock, crypto::SigningKey system)
      : ledger_(ledger), clock_(clock), system_(std::move(system)) {}

  /// Gives the number of events that time has brought.
  Result<std::uint64_t> run(Timestamp t) {
    const Day day = rules::legal_day(t);
    if (day == last_day_) return 0;
    last_day_ = day;
    clock_.set(t);
    projections::DeadlineFilter due;
    due.from = std::exchange(seen_until_, Timestamp{t.value + 1});
    due.until = seen_until_;
    std::uint64_t events = 0;
    for (;;) {
      const auto head = ledger_.head();
      const auto page =
          projections::clock_deadlines(*head->records, due, {}, projections::kMaxPage);
      if (page.items.empty()) return events;
      RELAIS_ASSIGN(auto group, clock::clock_group(page.items, *head->registry, system_));
      events += group.size();
      for (const auto& outcome : ledger_.submit_and_wait(std::move(group), false))
        if (!outcome) return fail(outcome.error());
    }
  }

 private:
  log::Ledger& ledger_;
  ManualClock& clock_;
  crypto::SigningKey system_;
  Day last_day_{0};
  Timestamp seen_until_{0};
};

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
  RELAIS_ASSIGN(auto system, crypto::load_private_key(data / "keys" / "system.jwk", {}));
  DailyClock daily(*ledger, clock, std::move(system));
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
    // The writer reads the clock only while a group is under way.
    if (options.clock) {
      RELAIS_ASSIGN(const std::uint64_t brought, daily.run(now.first));
      report.events += brought;
    }
    clock.set(now.time);
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
  WorkloadOptions without_clock = options;
  without_clock.clock = false;
  Workload workload(cast, without_clock);
  GenerateReport report;
  for (;;) {
    const auto events = workload.next(kGroup, options.days * kMsADay);
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
