#include "api/sharing.h"

#include <gtest/gtest.h>

namespace relais::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Rate, EachSignatoryHasItsOwn) {
  auto rate = request_rate(2);
  const Rate<SignatoryId>::Clock::time_point start{};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(rate.take(SignatoryId{1}, 1, start)) << i;
  const Admitted over = rate.take(SignatoryId{1}, 1, start);
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

TEST(Rate, AListTakesThePartOfEachStatement) {
  auto rate = request_rate(2);
  EXPECT_TRUE(rate.take(SignatoryId{1}, 7, {}));
  EXPECT_FALSE(rate.take(SignatoryId{1}, 4, {}));
  EXPECT_TRUE(rate.take(SignatoryId{1}, 3, {}));
  EXPECT_TRUE(rate.take(SignatoryId{2}, 1'000, {})) << "larger than any bucket: a full one";
}

TEST(Rate, WhoIsRefusedLearnsWhenThereIsEnough) {
  auto stored = storage_rate(86'400);  // a byte a second
  const Rate<SignatoryId>::Clock::time_point start{};
  ASSERT_TRUE(stored.take(SignatoryId{1}, 86'000, start));
  const Admitted refused = stored.take(SignatoryId{1}, 3'000, start);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry_after, seconds(2'600));
  EXPECT_NE(refused.error().accepted.find("2600 s"), std::string::npos) << refused.error().accepted;
  EXPECT_FALSE(stored.take(SignatoryId{1}, 3'000, start + seconds(2'599)));
  EXPECT_TRUE(stored.take(SignatoryId{1}, 3'000, start + seconds(2'600)));
  auto fast = request_rate(2'000);
  ASSERT_TRUE(fast.take(SignatoryId{1}, 10'000, start));
  EXPECT_EQ(fast.take(SignatoryId{1}, 1, start).error().retry_after, seconds(1)) << "whole seconds";
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

TEST(Rate, OfWhatIsStoredADaysWorthAtOnce) {
  auto stored = storage_rate(86'400'000);  // a kilobyte a millisecond
  EXPECT_TRUE(stored.take(SignatoryId{1}, 86'400'000, {}));
  EXPECT_EQ(stored.take(SignatoryId{1}, 1'000, {}).error().rule, "too-much-stored");
  EXPECT_TRUE(
      stored.take(SignatoryId{1}, 1'000, Rate<SignatoryId>::Clock::time_point{} + seconds(1)));
}

TEST(SaltMemory, ASaltIsForOneDisclosure) {
  SaltMemory memory;
  EXPECT_TRUE(memory.take(SignatoryId{1}, {{10, 100}, {11, 101}}));
  EXPECT_TRUE(memory.take(SignatoryId{1}, {{10, 100}})) << "the same statement, sent again";
  EXPECT_EQ(memory.take(SignatoryId{1}, {{12, 102}, {11, 999}}).error().rule, "sd-salt-repeated");
  EXPECT_TRUE(memory.take(SignatoryId{2}, {{10, 999}})) << "chance between two signers";
  for (std::uint64_t i = 0; i < 16'384; ++i)
    ASSERT_TRUE(memory.take(SignatoryId{1}, {{100 + i, i}}));
  EXPECT_TRUE(memory.take(SignatoryId{1}, {{10, 999}})) << "what is long ago is forgotten";
}

TEST(Rate, NoneWhereItIsZero) {
  auto rate = request_rate(0);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(rate.take(SignatoryId{1}, 1, {}));
}

}  // namespace
}  // namespace relais::api
