#include "replay/workload/generate.h"

#include <gmock/gmock.h>

#include <iterator>
#include <map>
#include <set>

#include "ledger/rules/world_state.h"
#include "ledger/statement/statement.h"
#include "replay/verify/verify.h"
#include "replay/workload/case_plan.h"
#include "tests/unit/replay/support.h"

namespace relais::replay {
namespace {

using tests::cast_of;
using tests::kStart;
using tests::rhone_genesis;
using tests::TempFolder;

constexpr std::uint64_t kSeed = 11;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

WorkloadOptions options(std::uint64_t cases, unsigned threads = 2) {
  return {.cases = cases, .seed = kSeed, .start = kStart, .days = 365, .threads = threads};
}

void ignore(std::uint64_t, std::uint64_t) {}

std::vector<PlannedEvent> all_events(const Cast& cast, const WorkloadOptions& o) {
  Workload workload(cast, o);
  std::vector<PlannedEvent> all;
  for (auto some = workload.next(100, kDayMs); !some.empty(); some = workload.next(100, kDayMs))
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

TEST(Generate, ALedgerThatVerifies) {
  const TempFolder folder;
  const auto genesis = rhone_genesis(kSeed);
  const auto report = generate_ledger(folder.path / "data", genesis, cast_of(genesis, kSeed),
                                      options(40), tests::model, ignore);
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_GT(report->events, 200U);
  EXPECT_GT(report->cases, 30U);
  const ManualClock clock(kStart);
  const auto ledger = tests::open_ledger(folder.path / "data", clock, true);
  // convention.opened and one signature of each of the sixteen founders stand before.
  EXPECT_EQ(ledger->head()->size().value, report->events + 17);
  const auto verified = verify(*ledger, {}, ignore);
  ASSERT_TRUE(verified) << to_string(verified.error());
  EXPECT_EQ(verified->entries, report->events + 17);
}

TEST(Generate, NoCaseIsAnEmptyLedgerInForce) {
  const TempFolder folder;
  const auto genesis = rhone_genesis(kSeed);
  const auto report = generate_ledger(folder.path / "data", genesis, cast_of(genesis, kSeed),
                                      options(0), tests::model, ignore);
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_EQ(report->events, 0U);
  const ManualClock clock(kStart);
  EXPECT_TRUE(tests::open_ledger(folder.path / "data", clock, false)->head()->registry->in_force);
}

TEST(Generate, StatementsAreAFunctionOfTheSeedNotOfTheThreads) {
  const auto genesis = rhone_genesis(kSeed);
  const Cast cast = cast_of(genesis, kSeed);
  const auto statements = [&](unsigned threads) {
    std::vector<std::string> all;
    const auto report = generate_statements(
        cast, options(20, threads),
        [&](const std::string& s) -> Status {
          all.push_back(s);
          return {};
        },
        ignore);
    EXPECT_TRUE(report);
    return all;
  };
  const auto one = statements(1);
  EXPECT_GT(one.size(), 100U);
  EXPECT_EQ(one, statements(3));
}

/// What load tests send must be accepted by a ledger of the same seed, in the order of the file.
TEST(Generate, StatementsAreValidInOrderOnALedgerOfTheSameSeed) {
  const TempFolder folder;
  const auto genesis = rhone_genesis(kSeed);
  const Cast cast = cast_of(genesis, kSeed);
  ASSERT_TRUE(
      generate_ledger(folder.path / "data", genesis, cast, options(0), tests::model, ignore));
  const ManualClock later(Timestamp{kStart.value + 3000 * kDayMs});
  const auto ledger = tests::open_ledger(folder.path / "data", later, false);
  std::vector<log::Submission> group;
  ASSERT_TRUE(generate_statements(
      cast, options(15),
      [&](const std::string& s) -> Status {
        RELAIS_ASSIGN(group.emplace_back().statement, statement::parse_statement(s));
        return {};
      },
      ignore));
  ASSERT_GT(group.size(), 50U);
  for (auto from = group.begin(); from != group.end();) {
    const auto until = from + std::min<std::ptrdiff_t>(log::kMaxGroup, group.end() - from);
    std::vector<log::Submission> some;
    std::move(from, until, std::back_inserter(some));
    from = until;
    for (const auto& outcome : ledger->submit_and_wait(std::move(some), false))
      ASSERT_TRUE(outcome) << to_string(outcome.error());
  }
}

TEST(Workload, ComesInOrderOfTimeWithinOfficeHoursAndThePeriod) {
  const auto genesis = rhone_genesis(kSeed);
  const auto events = all_events(cast_of(genesis, kSeed), options(200));
  ASSERT_GT(events.size(), 1'000U);
  std::set<std::int64_t> minutes;
  Timestamp last = kStart;
  for (const PlannedEvent& e : events) {
    ASSERT_GE(e.time, last);
    last = e.time;
    const std::int64_t day = e.time.value / kDayMs;
    ASSERT_LT((day + 3) % 7, 5) << to_rfc3339(e.time);  // day 0 was a Thursday
    const std::int64_t in_day = e.time.value % kDayMs;
    ASSERT_GE(in_day, 8 * kHourMs + kHourMs / 2);
    ASSERT_LE(in_day, 18 * kHourMs + kHourMs / 2);
    minutes.insert(in_day / 60'000 % 60);
  }
  EXPECT_LT(last, (Timestamp{kStart.value + 365 * kDayMs}));
  EXPECT_EQ(minutes.size(), 60U) << "the acts are not synchronised";
}

/// How often each type occurs ("case.closed"); "minors" counts the detections of minors.
std::map<std::string, double> count_types(const WorkloadOptions& o) {
  const auto genesis = rhone_genesis(kSeed);
  std::map<std::string, double> count;
  for (const PlannedEvent& e : all_events(cast_of(genesis, kSeed), o)) {
    const auto event = json::parse(e.event);
    check(event.has_value(), "a planned event is JSON");
    const auto& object = event->as_object();
    std::string type(*json::find_string(object, "type"));
    ++count[type.substr(7, type.size() - 10)];
    if (const auto* band = json::find_string(object.at("data").as_object(), "age_band"))
      if (*band == "under_13" || *band == "13_15" || *band == "16_17") ++count["minors"];
  }
  return count;
}

TEST(Workload, HasTheProportionsOfTheDomain) {
  WorkloadOptions two_years = options(3'000);
  two_years.days = 730;
  auto count = count_types(two_years);
  // 659 of 1,579 victims are minors (docs/DOMAIN.md, section 4).
  EXPECT_NEAR(count["minors"] / count["case.detected"], 659.0 / 1'579, 0.04);
  EXPECT_GT(count["protection.report_transmitted"], count["minors"] / 2);
  EXPECT_LE(count["protection.report_transmitted"], count["minors"]);
  EXPECT_NEAR(count["referral.accepted"] / count["referral.requested"], 0.6, 0.05);
  EXPECT_NEAR(count["referral.declined"] / count["referral.requested"], 0.2, 0.03);
  EXPECT_GT(count["support.step_done"], count["support.step_missed"]);
  EXPECT_GT(count["psp.applied"], 30);
  EXPECT_GE(count["psp.applied"], count["psp.decided"]);
  EXPECT_GT(count["psp.decided"], count["psp.started"]);
  EXPECT_GT(count["psp.started"], count["psp.renewal_decided"] / 3);
}

/// Governance and the care of keys are no workload; what time brings is the clock's.
TEST(Workload, HasEveryTypeOfDailyWork) {
  WorkloadOptions two_years = options(3'000);
  two_years.days = 730;
  const auto count = count_types(two_years);
  for (const auto& type : statement::catalogue().all()) {
    const std::string family = type->name.substr(0, type->name.find('.'));
    const bool daily = family != "convention" && family != "key" && family != "governance" &&
                       family != "signatory" && family != "mission_locale";
    const bool rare =
        type->name == "accreditation.refused" || type->name == "capability.withdrawn" ||
        type->name == "accreditation.documents_requested" ||
        type->name == "accreditation.documents_supplied" ||
        type->emitters == rules::RoleSet{1U << static_cast<int>(schema::Role::SYSTEM)};
    EXPECT_EQ(count.contains(type->name), daily && !rare) << type->name;
  }
}

TEST(Workload, WithoutAClockNothingDependsOnTheDay) {
  WorkloadOptions two_years = options(1'000);
  two_years.clock = false;
  const auto count = count_types(two_years);
  EXPECT_FALSE(count.contains("psp.applied"));
  EXPECT_FALSE(count.contains("accreditation.requested"));
  EXPECT_TRUE(count.contains("referral.requested"));
}

TEST(Workload, ArrivalsFollowTheSeasons) {
  const auto genesis = rhone_genesis(kSeed);
  std::map<std::string, int> arrivals;  // by month
  for (const PlannedEvent& e : all_events(cast_of(genesis, kSeed), options(3'000)))
    if (e.event.find("case.detected") != std::string::npos)
      ++arrivals[to_rfc3339(e.time).substr(5, 2)];
  EXPECT_LT(arrivals["08"] * 1.5, arrivals["10"]);
  int all = 0;
  for (const auto& [month, n] : arrivals) all += n;
  EXPECT_GT(all, 2'900) << "the cases arrive within the period";
}

/// Four years: agréments end and are granted anew, requests expire, what was closed is erased.
TEST(Generate, TheClockRunsBesideTheWorkload) {
  const TempFolder folder;
  const auto genesis = rhone_genesis(kSeed);
  WorkloadOptions four_years = options(80);
  four_years.days = 1'460;
  const auto report = generate_ledger(folder.path / "data", genesis, cast_of(genesis, kSeed),
                                      four_years, tests::model, ignore);
  ASSERT_TRUE(report) << to_string(report.error());
  const ManualClock clock(Timestamp{kStart.value + 1'500 * kDayMs});
  const auto ledger = tests::open_ledger(folder.path / "data", clock, true);
  EXPECT_EQ(ledger->head()->size().value, report->events + 17);
  std::map<std::string, int> by_clock;
  statement::EventView view;
  ASSERT_TRUE(ledger->scan_events(LogIndex{1}, [&](LogIndex, std::string_view bytes) {
    EXPECT_TRUE(view.load(bytes));
    if (view.get().getSignatory() == 0) ++by_clock[statement::type_of(view.get()).name];
    return true;
  }));
  EXPECT_EQ(by_clock["accreditation.expired"], 2);
  EXPECT_GT(by_clock["referral.expired"], 0);
  EXPECT_GT(by_clock["case.data_erased"], 0);
  const auto verified = verify(*ledger, {}, ignore);
  ASSERT_TRUE(verified) << to_string(verified.error());
}

TEST(Workload, AGroupSpansNoMoreThanAsked) {
  const auto genesis = rhone_genesis(kSeed);
  const Cast cast = cast_of(genesis, kSeed);
  Workload workload(cast, options(50));
  for (auto some = workload.next(20, kHourMs); !some.empty(); some = workload.next(20, kHourMs)) {
    ASSERT_LE(some.size(), 20U);
    ASSERT_LE(some.back().time.value - some.front().time.value, kHourMs);
  }
}

TEST(OfficeHours, AreLeftOutOfNightsAndWeekends) {
  const auto at = [](const char* text) { return to_office_hours(*parse_rfc3339(text)); };
  EXPECT_DOUBLE_EQ(at("2026-01-06T09:30:00Z") - at("2026-01-05T17:30:00Z"), 2.0);
  EXPECT_DOUBLE_EQ(at("2026-01-12T08:30:00Z"), at("2026-01-10T12:00:00Z"));
  EXPECT_DOUBLE_EQ(at("2026-01-05T08:30:00Z"), at("2026-01-05T03:00:00Z"));
  EXPECT_EQ(to_rfc3339(from_office_hours(at("2026-01-07T10:15:00Z"))), "2026-01-07T10:15:00Z");
}

}  // namespace
}  // namespace relais::replay
