#include "replay/generate.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "ledger/rules/world.h"
#include "replay/case_plan.h"
#include "replay/verify.h"
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
  for (const auto& outcome : ledger->submit_and_wait(std::move(group), false))
    ASSERT_TRUE(outcome) << to_string(outcome.error());
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

TEST(Workload, HasTheProportionsOfTheDomain) {
  const auto genesis = rhone_genesis(kSeed);
  std::map<std::string, double> count;
  double minors = 0;
  for (const PlannedEvent& e : all_events(cast_of(genesis, kSeed), options(3'000))) {
    const auto event = json::parse(e.event);
    ASSERT_TRUE(event);
    const auto& o = event->as_object();
    ++count[std::string(*json::find_string(o, "type"))];
    if (const auto* band = json::find_string(o.at("data").as_object(), "age_band"))
      if (*band == "under_13" || *band == "13_15" || *band == "16_17") ++minors;
  }
  const auto n = [&](const std::string& name) { return count["relais." + name + ".v1"]; };
  EXPECT_NEAR(minors / n("case.detected"), 0.52, 0.05);
  EXPECT_NEAR(n("referral.accepted") / n("referral.requested"), 0.6, 0.05);
  EXPECT_NEAR(n("referral.declined") / n("referral.requested"), 0.2, 0.03);
  EXPECT_GT(n("support.step_done"), n("support.step_missed"));
  EXPECT_GT(n("case.reopened"), 0);
  EXPECT_GT(n("case.consent_withdrawn"), 0);
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
