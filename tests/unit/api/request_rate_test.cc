#include "api/request_rate.h"

#include <gtest/gtest.h>

namespace relais::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RequestRate, EachSignatoryHasItsOwn) {
  RequestRate rate(2);
  const RequestRate::Clock::time_point start{};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(SignatoryId{1}, start)) << i;
  const Status over = rate.take(SignatoryId{1}, start);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().rule, "too-many-requests");
  EXPECT_EQ(over.error().code, Errc::limited);
  EXPECT_TRUE(rate.take(SignatoryId{2}, start));

  EXPECT_FALSE(rate.take(SignatoryId{1}, start + milliseconds(499)));
  EXPECT_TRUE(rate.take(SignatoryId{1}, start + milliseconds(501)));
  // Five seconds' worth is kept, and no more.
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(SignatoryId{1}, start + seconds(100))) << i;
  EXPECT_FALSE(rate.take(SignatoryId{1}, start + seconds(100)));
  EXPECT_FALSE(rate.take(SignatoryId{1}, start)) << "a clock that goes back gives nothing";
}

TEST(RequestRate, NoneWhereItIsZero) {
  RequestRate rate(0);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(rate.take(SignatoryId{1}, {}));
}

}  // namespace
}  // namespace relais::api
