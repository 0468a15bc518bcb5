#include "api/sharing.h"

#include <gtest/gtest.h>

namespace relais::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RequestRate, EachSignatoryHasItsOwn) {
  RequestRate rate(2);
  const RequestRate::Clock::time_point start{};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(SignatoryId{1}, 1, start)) << i;
  const Status over = rate.take(SignatoryId{1}, 1, start);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().rule, "too-many-requests");
  EXPECT_EQ(over.error().code, Errc::limited);
  EXPECT_TRUE(rate.take(SignatoryId{2}, 1, start));

  EXPECT_FALSE(rate.take(SignatoryId{1}, 1, start + milliseconds(499)));
  EXPECT_TRUE(rate.take(SignatoryId{1}, 1, start + milliseconds(501)));
  // Five seconds' worth is kept, and no more.
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(SignatoryId{1}, 1, start + seconds(100))) << i;
  EXPECT_FALSE(rate.take(SignatoryId{1}, 1, start + seconds(100)));
  EXPECT_FALSE(rate.take(SignatoryId{1}, 1, start)) << "a clock that goes back gives nothing";
}

TEST(RequestRate, AListTakesThePartOfEachStatement) {
  RequestRate rate(2);
  EXPECT_TRUE(rate.take(SignatoryId{1}, 7, {}));
  EXPECT_FALSE(rate.take(SignatoryId{1}, 4, {}));
  EXPECT_TRUE(rate.take(SignatoryId{1}, 3, {}));
  EXPECT_TRUE(rate.take(SignatoryId{2}, 1'000, {})) << "larger than any bucket: a full one";
}

TEST(Shares, OneLeavesThePartOfTheOthers) {
  Shares streams("streams", 4, 2);
  EXPECT_TRUE(streams.take(SignatoryId{1}, 2));
  EXPECT_EQ(streams.take(SignatoryId{1}).error().rule, "too-many-streams-of-signatory");
  EXPECT_TRUE(streams.take(SignatoryId{2}));
  EXPECT_TRUE(streams.take(SignatoryId{3}));
  EXPECT_EQ(streams.take(SignatoryId{4}).error().rule, "too-many-streams");
  streams.give_back(SignatoryId{1}, 2);
  EXPECT_TRUE(streams.take(SignatoryId{4}));
  EXPECT_EQ(streams.taken(), 3U);
}

TEST(RequestRate, NoneWhereItIsZero) {
  RequestRate rate(0);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(rate.take(SignatoryId{1}, 1, {}));
}

}  // namespace
}  // namespace relais::api
