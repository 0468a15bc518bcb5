#include "api/turn_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <vector>

namespace relais::api {
namespace {

/// Two workers, of which the queue uses one. That one is busy until go() is called.
class TurnQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(queue.post(pool, SignatoryId{9}, [this] {
      started.set_value();
      going.get_future().wait();
    }));
    started.get_future().wait();
  }
  void go() { going.set_value(); }
  Admitted post(std::uint16_t who) {
    return queue.post(pool, SignatoryId{who}, [this, who] {
      const std::lock_guard lock(mutex);
      done.push_back(who);
      if (done.size() == expected) all.set_value();
    });
  }

  std::promise<void> started, going, all;
  std::mutex mutex;
  std::vector<int> done;
  std::size_t expected = 0;
  ReadQueue queue{"reads", "signatory", {6, 4, 1}};
  WorkerPool pool{2, 16};
};

TEST_F(TurnQueueTest, WhoAsksForManyWaitsForItself) {
  expected = 6;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(post(1)) << i;
  ASSERT_TRUE(post(2));
  ASSERT_TRUE(post(3));
  EXPECT_EQ(queue.waiting(), 6U);
  go();
  all.get_future().wait();
  EXPECT_EQ(done, (std::vector<int>{1, 2, 3, 1, 1, 1}));
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST_F(TurnQueueTest, OneLeavesThePartOfTheOthersAndAllHaveAnEnd) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(post(1));
  const Admitted own = post(1);
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().rule, "too-many-reads-of-signatory");
  EXPECT_EQ(own.error().code, Errc::limited);
  ASSERT_TRUE(post(2));
  ASSERT_TRUE(post(2));
  const Admitted full = post(3);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().rule, "too-many-reads");
  EXPECT_EQ(full.error().code, Errc::unavailable);
  EXPECT_EQ(queue.waiting(), 6U);
  go();
}

TEST_F(TurnQueueTest, AWorkerIsLeftToOthers) {
  std::promise<void> other;
  ASSERT_TRUE(post(1));
  ASSERT_TRUE(pool.post([&] { other.set_value(); }));
  other.get_future().wait();  // while the queue's one is busy
  EXPECT_EQ(queue.waiting(), 1U);
  go();
}

/// Lists of statements need no token: however many wait, a read has its turn after one of them.
TEST(TwoTurnQueues, NeitherKeepsTheOtherOut) {
  ListQueue lists("lists", "address", {100, 100, 0});
  ReadQueue reads("reads", "signatory", {4, 4, 1});
  std::promise<void> started, going, read;
  std::atomic<int> before{0};
  int before_it = -1;
  WorkerPool pool(2, 16);
  ASSERT_TRUE(lists.post(pool, "192.0.2.1", [&] {
    started.set_value();
    going.get_future().wait();
  }));
  started.get_future().wait();
  std::promise<void> held, release;
  ASSERT_TRUE(pool.post([&] {
    held.set_value();
    release.get_future().wait();
  }));
  held.get_future().wait();  // both workers are busy, and all that follows waits
  for (int i = 0; i < 99; ++i) ASSERT_TRUE(lists.post(pool, "192.0.2.1", [&] { ++before; }));
  ASSERT_TRUE(reads.post(pool, SignatoryId{1}, [&] {
    before_it = before;
    read.set_value();
  }));
  going.set_value();
  read.get_future().wait();
  EXPECT_LE(before_it, 2);
  release.set_value();
}

TEST(TurnQueueAlone, NothingIsTakenWhereNoWorkerCanBeAskedFor) {
  ReadQueue queue("reads", "signatory", {4, 4, 1});
  WorkerPool pool(1, 0);
  const Admitted posted = queue.post(pool, SignatoryId{1}, [] {});
  ASSERT_FALSE(posted);
  EXPECT_EQ(posted.error().code, Errc::unavailable);
  EXPECT_EQ(queue.waiting(), 0U);
}

}  // namespace
}  // namespace relais::api
