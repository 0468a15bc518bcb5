#include "ledger/base/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

#include "ledger/base/time_range.h"

namespace relais {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
/// 9999-12-31T23:59:59.999Z.
constexpr std::int64_t kLastMs = 253'402'300'799'999;

TEST(Rfc3339, ReadsKnownInstants) {
  struct Row {
    const char* text;
    std::int64_t ms;
  };
  const Row rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:00.001Z", 1},
      {"2000-02-29T12:00:00Z", 951'825'600'000},
      {"2026-11-24T16:00:00Z", 1'795'536'000'000},
      {"2026-11-24T17:00:00+01:00", 1'795'536'000'000},
      {"2026-11-24T08:30:00-07:30", 1'795'536'000'000},
      {"2026-11-25T15:59:00+23:59", 1'795'536'000'000},
      {"2026-11-24T16:00:00-00:00", 1'795'536'000'000},
      {"2026-11-24T16:00:00.5Z", 1'795'536'000'500},
      {"2026-11-24T16:00:00.05Z", 1'795'536'000'050},
      {"2026-11-24T16:00:00.123456789012Z", 1'795'536'000'123},
      {"2026-11-24T16:00:00.9999Z", 1'795'536'000'999},
      {"9999-12-31T23:59:59.999Z", kLastMs},
  };
  for (const Row& row : rows) {
    const auto got = parse_rfc3339(row.text);
    ASSERT_TRUE(got.has_value()) << row.text;
    EXPECT_EQ(got->value, row.ms) << row.text;
  }
}

TEST(Rfc3339, RefusesWhatIsNotADateTime) {
  for (const char* text : {"",
                           "2026-11-24",
                           "2026-11-24T16:00Z",
                           "2026-11-24T16:00:00",
                           "2026-11-24t16:00:00Z",
                           "2026-11-24T16:00:00z",
                           "2026-11-24 16:00:00Z",
                           "2026-11-24T16:00:00.Z",
                           "2026-11-24T16:00:00,5Z",
                           "2026-11-24T24:00:00Z",
                           "2026-11-24T16:60:00Z",
                           "2026-11-24T16:00:60Z",
                           "2016-12-31T23:59:60Z",  // a leap second, which readers refuse
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "1969-12-31T23:59:59Z",
                           "1970-01-01T00:00:00+00:01",  // in UTC of a year that is not written
                           "9999-12-31T23:59:59-00:01",
                           "2026-11-24T16:00:00+24:00",
                           "2026-11-24T16:00:00+01:60",
                           "2026-11-24T16:00:00+0100",
                           "2026-11-24T16:00:00+01",
                           "2026-11-24T16:00:00Z ",
                           " 2026-11-24T16:00:00Z",
                           "2026-11-24T16:00:00ZZ",
                           "20261-11-24T16:00:00Z",
                           "2026-1-24T16:00:00Z",
                           "2026-11-24T16:00:-1Z",
                           "+026-11-24T16:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
}

TEST(Rfc3339, WritesTheFractionOnlyWhereThereIsOne) {
  EXPECT_EQ(to_rfc3339(Timestamp{1'795'536'000'000}), "2026-11-24T16:00:00Z");
  EXPECT_EQ(to_rfc3339(Timestamp{1'795'536'000'007}), "2026-11-24T16:00:00.007Z");
}

RC_GTEST_PROP(Rfc3339, RoundTrip, ()) {
  const Timestamp t{*rc::gen::inRange<std::int64_t>(0, kLastMs + 1)};
  RC_ASSERT(parse_rfc3339(to_rfc3339(t)) == t);
}

RC_GTEST_PROP(Rfc3339, TextOrderIsTimeOrder, ()) {
  // Whole seconds: with a fraction the texts differ in length.
  const std::int64_t a = *rc::gen::inRange<std::int64_t>(0, kLastMs / 1000);
  const std::int64_t b = *rc::gen::inRange<std::int64_t>(0, kLastMs / 1000);
  RC_ASSERT((a < b) == (to_rfc3339(Timestamp{a * 1000}) < to_rfc3339(Timestamp{b * 1000})));
}

TEST(Date, ReadsAndRefuses) {
  ASSERT_TRUE(parse_date("1970-01-01").has_value());
  EXPECT_EQ(parse_date("1970-01-01")->value, 0);
  ASSERT_TRUE(parse_date("2024-02-29").has_value());
  EXPECT_EQ(parse_date("2024-02-29")->value, 19'782);
  for (const char* text : {"", "2023-02-29", "2100-02-29", "2026-11-31", "2026-11-24T", "2026-11-2",
                           "26-11-24", "2026/11/24", "2026-11-24 ", "1969-12-31", "2026-11-0x"})
    EXPECT_FALSE(parse_date(text).has_value()) << text;
}

RC_GTEST_PROP(Date, RoundTripAndAgreesWithRfc3339, ()) {
  const Day day{*rc::gen::inRange<std::int32_t>(0, static_cast<std::int32_t>(kLastMs / kDayMs))};
  const std::string text = to_date(day);
  RC_ASSERT(parse_date(text) == day);
  RC_ASSERT(parse_rfc3339(text + "T00:00:00Z") == Timestamp{day.value * kDayMs});
}

TEST(ManualClock, StandsStillUntilMoved) {
  ManualClock clock(Timestamp{1000});
  EXPECT_EQ(clock.now(), Timestamp{1000});
  clock.advance_ms(250);
  EXPECT_EQ(clock.now(), Timestamp{1250});
  clock.set(Timestamp{5});
  EXPECT_EQ(clock.now(), Timestamp{5});
}

/// Every bit set, so that what the UUID fixes shows.
class Ones final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0xff}); }
};

TEST(Uuid7, HasTimeVersionAndVariantInTheirPlaces) {
  Ones ones;
  // RFC 9562, appendix A.6 has this time: 2022-02-22T19:22:22Z.
  EXPECT_EQ(to_string(make_uuid7(Timestamp{0x017f22e279b0}, ones)),
            "017f22e2-79b0-7fff-bfff-ffffffffffff");
}

RC_GTEST_PROP(Uuid7, LaterTimesSortLater, ()) {
  Ones ones;
  const auto a = *rc::gen::inRange<std::int64_t>(0, kLastMs);
  const auto b = *rc::gen::inRange<std::int64_t>(0, kLastMs);
  RC_ASSERT((a < b) == (make_uuid7(Timestamp{a}, ones) < make_uuid7(Timestamp{b}, ones)));
}

/// Whatever number it is: the text is one that a reader of RFC 3339 takes.
TEST(Clock, NoTimeIsWrittenThatNobodyReads) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(to_rfc3339(kLastTime), "9999-12-31T23:59:59.999Z");
  for (const std::int64_t past : {kLastTime.value + 1, kMost / 1000, kMost})
    EXPECT_EQ(to_rfc3339(Timestamp{past}), "9999-12-31T23:59:59.999Z") << past;
  for (const std::int64_t before : {-62'167'219'200'001, -kMost, -kMost - 1})
    EXPECT_EQ(to_rfc3339(Timestamp{before}), "0000-01-01T00:00:00Z") << before;
  EXPECT_EQ(to_rfc3339(Timestamp{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_date(Day{std::numeric_limits<std::int32_t>::max()}), "9999-12-31");
  EXPECT_EQ(to_date(Day{std::numeric_limits<std::int32_t>::min()}), "0000-01-01");
}

}  // namespace
}  // namespace relais
