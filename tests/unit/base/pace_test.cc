#include "ledger/base/pace.h"

#include <gtest/gtest.h>

namespace relais {
namespace {

using std::chrono::milliseconds;

TEST(Pace, NobodyIsWaitedForBeforeAnybodyCame) {
  Pace pace;
  EXPECT_FALSE(pace.wait(1).has_value());
}

TEST(Pace, OneClientIsNeverWaitedFor) {
  Pace pace;
  for (int i = 0; i < 3; ++i) {
    pace.synced(1, 0, milliseconds(4));
    EXPECT_FALSE(pace.wait(1).has_value());
  }
}

TEST(Pace, WaitsForWhoWasAnsweredAndWhoCameMeanwhileAndNoLongerThanASync) {
  Pace pace;
  pace.synced(16, 14, milliseconds(4));
  const auto wait = pace.wait(14);
  ASSERT_TRUE(wait.has_value());
  EXPECT_EQ(wait->groups, 30U);
  EXPECT_EQ(wait->most, milliseconds(4));
  pace.waited(14, 30);
  EXPECT_FALSE(pace.wait(30).has_value()) << "all are there";
  EXPECT_FALSE(pace.wait(40).has_value());
  EXPECT_TRUE(pace.wait(29).has_value());
}

TEST(Pace, WhoDidNotComeIsNotWaitedForForAWhile) {
  Pace pace;
  pace.synced(2, 0, milliseconds(4));
  ASSERT_TRUE(pace.wait(1).has_value());
  pace.waited(1, 1);  // in vain
  int without = 0;
  while (!pace.wait(1) && without < 1'000) ++without;
  EXPECT_EQ(without, 16);
  EXPECT_TRUE(pace.wait(1).has_value());
}

TEST(Pace, AWaitThatBroughtHalfIsWorthTheNext) {
  Pace pace;
  pace.synced(16, 16, milliseconds(4));
  ASSERT_TRUE(pace.wait(16).has_value());
  pace.waited(16, 24);
  EXPECT_TRUE(pace.wait(16).has_value());
  pace.waited(16, 23);
  EXPECT_FALSE(pace.wait(16).has_value());
}

}  // namespace
}  // namespace relais
