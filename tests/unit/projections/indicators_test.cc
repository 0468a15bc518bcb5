// Counts in fixed tables, and which of them must be hidden.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "projections/suppression.h"
#include "tests/unit/projections/support.h"

namespace relais::tests {
namespace {

using projections::Dimension;
using projections::Indicator;
using projections::Quarter;
using projections::suppress;
using projections::Suppression;

TEST(Quarters, AreThoseOfTheCalendar) {
  EXPECT_EQ(Quarter::of(*parse_date("2026-01-01")).text(), "2026-Q1");
  EXPECT_EQ(Quarter::of(*parse_date("2026-03-31")).text(), "2026-Q1");
  EXPECT_EQ(Quarter::of(*parse_date("2026-12-31")).text(), "2026-Q4");
  EXPECT_EQ(to_date(Quarter::of(*parse_date("2028-02-10")).last_day()), "2028-03-31");
  EXPECT_EQ(to_date(Quarter::of(*parse_date("2026-11-24")).last_day()), "2026-12-31");
}

json::object training(std::string_view held_on, std::string_view audience, int headcount) {
  json::object d = data(R"({"theme":"Repérage","hours":6})");
  d["held_on"] = held_on;
  d["audience"] = audience;
  d["headcount"] = headcount;
  return d;
}

TEST(Indicators, ATrainingCountsInTheQuarterInWhichItWasReceived) {
  Scene scene;  // 2 March 2026
  scene.expect("aa1", "training.delivered", "library/a", training("2025-12-01", "pupils", 30));
  scene.expect("aa1", "training.delivered", "library/a",
               training("2026-03-01", "professionals", 12));
  scene.expect("ml1", "training.delivered", "library/b", training("2026-03-02", "pupils", 8));
  scene.clock.advance_ms(40LL * 86'400'000);
  scene.expect("aa1", "training.delivered", "library/a", training("2026-03-31", "pupils", 5));
  const MemoryRecords records = folded(scene);
  const Quarter first = Quarter::of(*parse_date("2026-03-31"));
  const auto of = [&](Dimension by, Quarter last) {
    return projections::indicator(records, Indicator::trainings, by, last);
  };
  const auto columns = of(Dimension::audience, Quarter{first.number + 1});
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[0].quarter.text(), "2026-Q1");
  EXPECT_EQ(columns[0].total.facts, 3U);
  EXPECT_EQ(columns[0].total.persons, 50U);
  ASSERT_EQ(columns[0].cells.size(), 2U);
  EXPECT_EQ(columns[0].cells.at(static_cast<std::uint16_t>(schema::TrainingPublic::PUPILS)).persons,
            38U);
  EXPECT_EQ(columns[1].total.persons, 5U);
  EXPECT_EQ(of(Dimension::none, first).size(), 1U) << "later columns are not those of the day";
  const auto by_signatory = of(Dimension::signatory, first);
  EXPECT_EQ(by_signatory[0].cells.at(kAa1.value).facts, 2U);
  EXPECT_EQ(by_signatory[0].cells.at(kMl1.value).persons, 8U);
  EXPECT_TRUE(of(Dimension::none, Quarter{first.number - 1}).empty());
}

Suppression hidden(std::vector<bool> cells, bool total = false) {
  return {std::move(cells), total};
}
Suppression of(const std::vector<std::uint64_t>& cells) {
  return suppress(cells, 5);
}

TEST(Suppression, HidesSmallCellsAndWhatWouldGiveThemAway) {
  EXPECT_EQ(of({10, 0, 5}), hidden({false, false, false})) << "zeros alone say nothing of anybody";
  EXPECT_EQ(of({10, 3, 20}), hidden({false, true, true})) << "or 3 follows from the total";
  EXPECT_EQ(of({10, 3, 0, 20}), hidden({false, true, true, true})) << "nor which of them is 0";
  EXPECT_EQ(of({5, 4, 4}), hidden({true, true, true})) << "8 between two small cells is 4 and 4";
  EXPECT_EQ(of({8, 8, 4}), hidden({true, true, true}));
  EXPECT_EQ(of({3, 0}), hidden({true, true}, true));
  EXPECT_EQ(of({0, 0}), hidden({false, false}));
  EXPECT_EQ(of({4}), hidden({true}, true));
  EXPECT_EQ(of({}), hidden({}));
}

/// A column as a reader sees it: -1 is a hidden cell; the total comes last.
std::vector<int> shown(const std::vector<std::uint64_t>& cells, std::uint64_t threshold) {
  const Suppression s = suppress(cells, threshold);
  std::vector<int> out;
  for (std::size_t i = 0; i < cells.size(); ++i)
    out.push_back(s.cells[i] ? -1 : static_cast<int>(cells[i]));
  const auto total = std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
  out.push_back(s.total ? -1 : static_cast<int>(total));
  return out;
}

/// Every column of so many cells with this total at most, by what is shown of it. A reader who
/// knows the rule, and tries all columns, must find two values at least for each small cell.
void expect_no_small_count_worked_out(std::size_t cells, std::uint64_t most,
                                      std::uint64_t threshold) {
  std::map<std::vector<int>, std::vector<std::vector<std::uint64_t>>> seen;
  std::vector<std::uint64_t> column(cells);
  const std::function<void(std::size_t, std::uint64_t)> fill = [&](std::size_t i,
                                                                   std::uint64_t left) {
    if (i == cells) {
      seen[shown(column, threshold)].push_back(column);
      return;
    }
    for (std::uint64_t n = 0; n <= left; ++n) {
      column[i] = n;
      fill(i + 1, left - n);
    }
  };
  fill(0, most);
  for (const auto& [answer, columns] : seen) {
    for (std::size_t i = 0; i < cells; ++i) {
      if (answer[i] != -1) continue;
      std::set<std::uint64_t> values;
      for (const auto& c : columns) values.insert(c[i]);
      const bool small = *values.begin() > 0 && *values.begin() < threshold;
      EXPECT_TRUE(values.size() > 1 || !small)
          << "cell " << i << " of " << testing::PrintToString(columns[0]) << " can only be "
          << *values.begin();
    }
  }
}

TEST(Suppression, NoSmallCountCanBeWorkedOut) {
  for (const std::uint64_t threshold : {3U, 5U, 11U}) {
    expect_no_small_count_worked_out(1, 40, threshold);
    expect_no_small_count_worked_out(2, 40, threshold);
    expect_no_small_count_worked_out(3, 30, threshold);
    expect_no_small_count_worked_out(4, 18, threshold);
  }
}

RC_GTEST_PROP(Suppression, HidesWhatIsSmallAndNothingWhereNothingIs, ()) {
  const auto cells = *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange(0, 60));
  const auto threshold = *rc::gen::inRange<std::uint64_t>(3, 12);
  const Suppression s = suppress(cells, threshold);
  const auto small = [&](std::uint64_t n) { return n > 0 && n < threshold; };
  const std::uint64_t total = std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
  RC_ASSERT(s.total == small(total));
  const bool any = std::ranges::any_of(cells, small);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (small(cells[i])) RC_ASSERT(s.cells[i]);
    if (!any) RC_ASSERT(!s.cells[i]);
  }
}

}  // namespace
}  // namespace relais::tests
