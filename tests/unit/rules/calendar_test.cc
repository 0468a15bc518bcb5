#include "ledger/rules/calendar.h"

#include <gtest/gtest.h>

#include <string>

namespace relais::rules {
namespace {

Day day(const char* text) {
  return *parse_date(text);
}
std::string legal(const char* time) {
  return to_date(legal_day(*parse_rfc3339(time)));
}

TEST(Calendar, LegalDaysAreThoseOfParis) {
  EXPECT_EQ(legal("2026-01-15T22:59:59Z"), "2026-01-15");
  EXPECT_EQ(legal("2026-01-15T23:00:00Z"), "2026-01-16");  // winter: UTC+1
  EXPECT_EQ(legal("2026-07-15T21:59:59Z"), "2026-07-15");
  EXPECT_EQ(legal("2026-07-15T22:00:00Z"), "2026-07-16");  // summer: UTC+2
}

TEST(Calendar, SummerTimeChangesOnTheLastSundays) {
  EXPECT_EQ(legal("2026-03-28T22:59:59Z"), "2026-03-28");
  EXPECT_EQ(legal("2026-03-28T23:00:00Z"), "2026-03-29");
  EXPECT_EQ(legal("2026-03-29T22:00:00Z"), "2026-03-30");
  EXPECT_EQ(legal("2026-10-24T22:00:00Z"), "2026-10-25");
  EXPECT_EQ(legal("2026-10-25T22:59:59Z"), "2026-10-25");
  EXPECT_EQ(legal("2026-10-25T23:00:00Z"), "2026-10-26");
}

TEST(Calendar, EveryDayStartsWhereTheOneBeforeEnds) {
  for (Day d = day("1996-01-01"); d.value < day("2040-01-01").value; d = add_days(d, 1)) {
    const Timestamp start = start_of(d);
    ASSERT_EQ(legal_day(start), d) << to_date(d);
    ASSERT_EQ(legal_day(Timestamp{start.value - 1}), add_days(d, -1)) << to_date(d);
    const std::int64_t hours = (end_of(d).value - start.value) / 3'600'000;
    ASSERT_TRUE(hours >= 23 && hours <= 25);
  }
}

TEST(Calendar, ADayOfTheChangeHas23Or25Hours) {
  const auto hours = [](const char* d) {
    return (end_of(day(d)).value - start_of(day(d)).value) / 3'600'000;
  };
  EXPECT_EQ(hours("2026-03-29"), 23);
  EXPECT_EQ(hours("2026-10-25"), 25);
  EXPECT_EQ(hours("2026-06-01"), 24);
}

TEST(Calendar, MonthsGoByDate) {
  EXPECT_EQ(to_date(add_months(day("2026-01-15"), 4)), "2026-05-15");
  EXPECT_EQ(to_date(add_months(day("2025-08-31"), 6)), "2026-02-28");
  EXPECT_EQ(to_date(add_months(day("2027-08-31"), 6)), "2028-02-29");
  EXPECT_EQ(to_date(add_months(day("2026-11-30"), 36)), "2029-11-30");
  EXPECT_EQ(to_date(add_months(day("2028-02-29"), 12)), "2029-02-28");
}

TEST(Calendar, EasterIsWhereTheChurchPutsIt) {
  EXPECT_EQ(to_date(easter(2024)), "2024-03-31");
  EXPECT_EQ(to_date(easter(2025)), "2025-04-20");
  EXPECT_EQ(to_date(easter(2026)), "2026-04-05");
  EXPECT_EQ(to_date(easter(2038)), "2038-04-25");  // the latest it can be
  EXPECT_EQ(to_date(easter(2285)), "2285-03-22");  // the earliest
}

TEST(Calendar, PublicHolidaysOf2026) {
  for (const char* d :
       {"2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25",
        "2026-07-14", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25"})
    EXPECT_TRUE(is_public_holiday(day(d))) << d;
  int count = 0;
  for (Day d = day("2026-01-01"); d.value < day("2027-01-01").value; d = add_days(d, 1))
    count += is_public_holiday(d);
  EXPECT_EQ(count, 11);
}

TEST(Calendar, WorkingDaysSkipWeekEndsAndHolidays) {
  EXPECT_EQ(to_date(add_working_days(day("2026-11-24"), 2)), "2026-11-26");  // Tuesday
  EXPECT_EQ(to_date(add_working_days(day("2026-11-27"), 2)), "2026-12-01");  // over a week-end
  EXPECT_EQ(to_date(add_working_days(day("2026-04-30"), 2)), "2026-05-05");  // 1 May is a Friday
  EXPECT_EQ(to_date(add_working_days(day("2026-05-06"), 2)), "2026-05-11");  // 8 May
}

}  // namespace
}  // namespace relais::rules
