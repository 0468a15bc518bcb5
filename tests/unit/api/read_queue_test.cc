#include "api/read_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <vector>

namespace relais::api {
namespace {

/// Two workers, of which the queue uses one. That one is busy until go() is called.
class ReadQueueTest : public ::testing::Test {
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
  ReadQueue queue{6, 4};
  WorkerPool pool{2, 16};
};

TEST_F(ReadQueueTest, WhoAsksForManyWaitsForItself) {
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

TEST_F(ReadQueueTest, OneLeavesThePartOfTheOthersAndAllHaveAnEnd) {
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

TEST_F(ReadQueueTest, AWorkerIsLeftToOthers) {
  std::promise<void> other;
  ASSERT_TRUE(post(1));
  ASSERT_TRUE(pool.post([&] { other.set_value(); }));
  other.get_future().wait();  // while the queue's one is busy
  EXPECT_EQ(queue.waiting(), 1U);
  go();
}

TEST(ReadQueueAlone, NothingIsTakenWhereNoWorkerCanBeAskedFor) {
  ReadQueue queue(4, 4);
  WorkerPool pool(1, 0);
  const Admitted posted = queue.post(pool, SignatoryId{1}, [] {});
  ASSERT_FALSE(posted);
  EXPECT_EQ(posted.error().code, Errc::unavailable);
  EXPECT_EQ(queue.waiting(), 0U);
}

}  // namespace
}  // namespace relais::api
