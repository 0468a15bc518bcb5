#include "ledger/base/clock_guard.h"

#include <gtest/gtest.h>

namespace relais {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 86'400'000;
constexpr Timestamp kStart{1'795'536'000'000};

class Elapsed final : public ElapsedClock {
 public:
  std::int64_t elapsed_ms() const override { return ms; }
  std::int64_t ms = 12'345;
};

class ClockGuardTest : public testing::Test {
 protected:
  void pass(std::int64_t ms) {
    machine.advance_ms(ms);
    elapsed.ms += ms;
  }
  ManualClock machine{kStart};
  Elapsed elapsed;
  ClockGuard guard{machine, elapsed};
};

TEST_F(ClockGuardTest, FollowsTheMachineAndItsSmallAdjustments) {
  guard.begin(kStart);
  for (int i = 0; i < 100; ++i) {  // 10 s an hour, for days: what is no leap adds up to none
    pass(60 * kMinute);
    machine.advance_ms(10'000);
    guard.look(kStart);
    EXPECT_EQ(guard.now(), machine.now());
    EXPECT_EQ(guard.state(), ClockState::agrees);
  }
}

TEST_F(ClockGuardTest, ALeapIsNotFollowedUntilItIsConfirmed) {
  guard.begin(kStart);
  pass(kMinute);
  machine.advance_ms(40 * kDay);
  EXPECT_EQ(guard.now().value, kStart.value + kMinute);
  EXPECT_EQ(guard.state(), ClockState::leapt);
  EXPECT_EQ(guard.leap_ms(), 40 * kDay);
  guard.look(kStart);
  pass(kMinute);
  EXPECT_EQ(guard.now().value, kStart.value + 2 * kMinute);
  guard.confirm();
  EXPECT_EQ(guard.now(), machine.now());
  EXPECT_EQ(guard.state(), ClockState::agrees);
}

TEST_F(ClockGuardTest, ManySmallStepsAreALeap) {
  guard.begin(kStart);
  for (int i = 0; i < 100; ++i) {  // almost a minute each second
    pass(1'000);
    machine.advance_ms(59'000);
    guard.look(kStart);
  }
  EXPECT_EQ(guard.state(), ClockState::leapt);
  EXPECT_LT(guard.now().value - kStart.value, 4 * kMinute) << "100 s have passed";
}

TEST_F(ClockGuardTest, ALeapThatIsTakenBackIsNone) {
  guard.begin(kStart);
  machine.advance_ms(-2 * kDay);
  EXPECT_EQ(guard.state(), ClockState::leapt);
  EXPECT_EQ(guard.now(), kStart);
  machine.advance_ms(2 * kDay);
  EXPECT_EQ(guard.state(), ClockState::agrees);
  EXPECT_EQ(guard.now(), kStart);
}

TEST_F(ClockGuardTest, ToldWhereItStandsBeforeTheLog) {
  guard.begin(Timestamp{kStart.value + 40 * kDay});
  EXPECT_EQ(guard.state(), ClockState::behind_log);
  EXPECT_EQ(guard.behind_ms(), 40 * kDay);
  guard.look(Timestamp{kStart.value + 4'000});  // of another machine's clock: tolerated
  EXPECT_EQ(guard.state(), ClockState::agrees);
  EXPECT_EQ(guard.behind_ms(), 0);
}

TEST_F(ClockGuardTest, ALongSilenceOfTheLogIsLookedAt) {
  EXPECT_TRUE(guard.begin(Timestamp{kStart.value - 31 * kDay}));
  EXPECT_EQ(guard.state(), ClockState::unconfirmed);
  EXPECT_EQ(guard.now(), kStart);
  guard.confirm();
  EXPECT_EQ(guard.state(), ClockState::agrees);
  // A ledger that is opened anew changes nothing of what was confirmed.
  EXPECT_FALSE(guard.begin(Timestamp{kStart.value - 31 * kDay}));
  EXPECT_EQ(guard.state(), ClockState::agrees);
  for (const Timestamp fine : {Timestamp{kStart.value - 29 * kDay}, Timestamp{}}) {
    ClockGuard other(machine, elapsed);
    other.begin(fine);
    EXPECT_EQ(other.state(), ClockState::agrees);
  }
}

TEST_F(ClockGuardTest, ADoubtLastsAcrossAStart) {
  guard.begin(kStart, true);
  EXPECT_EQ(guard.state(), ClockState::unconfirmed);
  guard.confirm();
  EXPECT_EQ(guard.state(), ClockState::agrees);
}

/// A machine that is set right must not keep out those whose clocks were right all the time.
TEST_F(ClockGuardTest, WhoSignsAtTheMachinesTimeIsHeard) {
  guard.begin(kStart);
  machine.advance_ms(kDay);
  const Timestamp machines{kStart.value + kDay - kMinute};
  guard.hear(SignatoryId{1}, kStart);  // by a clock that stands where ours did
  guard.hear(SignatoryId{2}, machines);
  guard.hear(SignatoryId{2}, machines);
  EXPECT_EQ(guard.state(), ClockState::leapt) << "one alone";
  EXPECT_LT(guard.now(), machines);
  machine.advance_ms(kDay);
  const Timestamp later{machines.value + kDay};
  guard.hear(SignatoryId{1}, later);
  EXPECT_EQ(guard.state(), ClockState::leapt) << "of another leap";
  guard.hear(SignatoryId{2}, later);
  EXPECT_EQ(guard.now(), machine.now());
  EXPECT_EQ(guard.state(), ClockState::unconfirmed) << "no effects until somebody has looked";
  guard.confirm();
  EXPECT_EQ(guard.state(), ClockState::agrees);
}

}  // namespace
}  // namespace relais
