// A write that failed may stand in the write-ahead log: what comes behind it must not be written as
// if it did not.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/unit/store/folder.h"

namespace relais::tests {
namespace {

class FailedWrite : public StoreFolder {
 protected:
  void SetUp() override { make(); }
  /// A batch that the disk does not take whole.
  void fail_a_write() {
    const auto signal = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 4'096;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    store::Batch batch;
    batch.put(store::Family::disclosures, "failed", std::string(2'000'000, 'x'));
    const Status written = store->write(batch, true);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, signal);
    ASSERT_FALSE(written);
  }
};

TEST_F(FailedWrite, NothingIsWrittenBehindItUntilTheStoreIsOpenedAnew) {
  put("before", "yes");
  fail_a_write();
  store::Batch batch;
  batch.put(store::Family::disclosures, "behind", "yes");
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(store->write(batch, true).error().code, Errc::storage_full);
    EXPECT_EQ(store->flush().error().code, Errc::storage_full);
    EXPECT_EQ(store->purge(store::Family::disclosures).error().code, Errc::storage_full);
    EXPECT_EQ(store->resume().error().code, Errc::storage_full);
  }
  EXPECT_EQ(store->get(store::Family::disclosures, "before").value(), "yes");
  open();
  put("behind", "yes");
  open();
  EXPECT_EQ(store->get(store::Family::disclosures, "before").value(), "yes");
  EXPECT_EQ(store->get(store::Family::disclosures, "behind").value(), "yes");
}

}  // namespace
}  // namespace relais::tests
