// Generations of read models come and go while the store is flushed.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/store/folder.h"

namespace relais::tests {
namespace {

using GenerationsTest = StoreFolder;

/// A rebuild that ends beside the purge of what was erased: the flush had the handle of a
/// generation, and nobody else any more.
TEST_F(GenerationsTest, AFlushOutlivesAGenerationThatIsDropped) {
  make();
  std::atomic<bool> ended{false};
  Status flushed;
  std::thread flushing([&] {
    while (!ended && flushed) flushed = store->flush();
  });
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(store->create_generation(2));
    store::Batch batch;
    batch.records(*store, 2).put("key", std::string(1'000, 'x'));
    ASSERT_TRUE(store->write(batch, false));
    ASSERT_TRUE(store->drop_generation(2));
  }
  ended = true;
  flushing.join();
  EXPECT_TRUE(flushed) << to_string(flushed.error());
}

}  // namespace
}  // namespace relais::tests
