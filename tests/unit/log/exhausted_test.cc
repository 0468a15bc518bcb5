// What runs out while the writer is at work ends the batch, not the process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <new>
#include <thread>

#include "ledger/base/write_log.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

/// Read models that have no memory when they are told so.
class Starved final : public log::Model {
 public:
  Starved(const RecordSource& base, const std::atomic<bool>& none)
      : model_(projections::make_model(base, 50)), none_(none) {}
  rules::WorldState& world() override { return model_->world(); }
  const rules::Effects& fold(const rules::Act& act) override {
    const rules::Effects& effects = model_->fold(act);
    if (none_) throw std::bad_alloc();
    return effects;
  }
  void recall(const rules::Act& act) override { model_->recall(act); }
  WriteLog drain(TreeSize size) override { return model_->drain(size); }

 private:
  std::unique_ptr<log::Model> model_;
  const std::atomic<bool>& none_;
};

TEST_F(LedgerTest, NoMemoryInTheWriterIsAFailureThatPasses) {
  std::atomic<bool> none{false};
  open([&](const RecordSource& base) { return std::make_unique<Starved>(base, none); });
  fill(1);
  const std::uint64_t size = ledger->head()->size().value;
  none = true;
  std::vector<log::Submission> group;
  const std::string lost = sign("ml1", "case.detected", case_subject(50), detected());
  group.push_back(submission(lost));
  group.push_back(submission(sign("ml1", "case.detected", case_subject(51), detected())));
  for (const auto& outcome : ledger->submit_and_wait(std::move(group), false)) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().rule, "disk-failed");
  }
  none = false;
  // Memory is ahead of the disk: nothing more is taken, and readers have the last head.
  EXPECT_FALSE(submit(sign("ml1", "case.detected", case_subject(52), detected())));
  ASSERT_TRUE(ledger->failure());
  EXPECT_EQ(ledger->head()->size().value, size);
  EXPECT_TRUE(ledger->event(LogIndex{size - 1}));

  open();
  EXPECT_EQ(ledger->head()->size().value, size);
  EXPECT_TRUE(submit(lost));
}

TEST_F(LedgerTest, AFolderThatWasRemovedTakesNothing) {
  fill(1);
  std::filesystem::rename(data() / "keys", folder.path / "keys");
  // The store may be removing a file of its own at the same moment.
  for (std::error_code ec; std::filesystem::exists(data());)
    std::filesystem::remove_all(data(), ec);
  const auto outcome = submit(sign("ml1", "case.detected", case_subject(50), detected()));
  ASSERT_FALSE(outcome) << "acknowledged, and kept nowhere";
  EXPECT_EQ(outcome.error().rule, "disk-failed");
  EXPECT_TRUE(ledger->failure());
  std::filesystem::create_directories(data());
}

/// What is owed to a person has room when nothing else has.
TEST_F(LedgerTest, AReserveIsKeptForErasures) {
  fill(1);
  const std::string before = sign("ml1", "case.detected", case_subject(50), detected());
  ASSERT_TRUE(submit(before));
  ledger.reset();
  log::Options options;
  options.data = data();
  options.reserve_bytes = std::uint64_t{1} << 60;
  auto opened = log::Ledger::open(options, clock, model_factory());
  ASSERT_TRUE(opened);
  ledger = std::move(*opened);
  ASSERT_TRUE(ledger->shortage());
  const auto refused = submit(sign("ml1", "case.detected", case_subject(51), detected()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "storage-low");
  EXPECT_EQ(refused.error().code, Errc::storage_full);
  EXPECT_NE(refused.error().accepted.find("case.data_erased"), std::string::npos);
  EXPECT_TRUE(submit(before)->duplicate);
  const json::object erasure = tests::data(R"({"basis":"art17","targets":[1]})");
  EXPECT_TRUE(submit(sign("ml1", "case.data_erased", case_subject(1), erasure)));
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(ledger->failure());
  // What stops a key has room; another date of its end waits.
  const auto revoked = [&](std::string_view from) {
    json::object d = tests::data(R"({"reason":"lost"})");
    d["kid"] = crypto::to_text(kid_of("aa1"));
    d["effective_from"] = from;
    return submit(sign("aa1", "key.revoked", "signatory/aa1", d));
  };
  EXPECT_TRUE(revoked("2999-01-01T00:00:00Z"));
  const auto moved = revoked("2998-01-01T00:00:00Z");
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().rule, "storage-low");
  EXPECT_TRUE(revoked("2020-01-01T00:00:00Z"));
}

/// A purge that finds no handles is owed; nothing else fails for it.
TEST_F(LedgerTest, APurgeWithoutHandlesIsTriedAgain) {
  fill(1);
  const json::object erasure = tests::data(R"({"basis":"art17","targets":[1]})");
  ASSERT_TRUE(submit(sign("ml1", "case.data_erased", case_subject(1), erasure)));
  std::vector<int> taken;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  for (int fd = ::open("/dev/null", O_RDONLY); fd >= 0; fd = ::open("/dev/null", O_RDONLY))
    taken.push_back(fd);
  const auto purged = ledger->purge_erased();
  ASSERT_FALSE(purged);
  EXPECT_EQ(purged.error().rule, "handles-low");
  EXPECT_TRUE(ledger->purge_state().owed);
  EXPECT_EQ(ledger->purge_state().failure->rule, "handles-low");
  EXPECT_EQ(ledger->stats().purge_failures, 1U);
  EXPECT_FALSE(ledger->failure());
  EXPECT_TRUE(submit(sign("ml1", "case.detected", case_subject(51), detected())));
  for (const int fd : taken) ::close(fd);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  // Once more where RocksDB's own work had met the limit as well, and is at its recovery.
  auto again = ledger->purge_erased();
  for (int tries = 1; tries < 50 && !again; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    again = ledger->purge_erased();
  }
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_TRUE(*again);
  EXPECT_FALSE(ledger->purge_state().owed);
  EXPECT_FALSE(ledger->purge_state().failure);
}

/// One on whose way RocksDB stops for good is ended by opening it again, as serve does.
TEST_F(LedgerTest, APurgeThatStopsTheStoreIsAFailureThatPasses) {
  fill(1);
  const json::object erasure = tests::data(R"({"basis":"art17","targets":[1]})");
  ASSERT_TRUE(submit(sign("ml1", "case.data_erased", case_subject(1), erasure)));
  const auto signal = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1'024;  // room for the wrapping key
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto purged = ledger->purge_erased();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, signal);
  ASSERT_FALSE(purged);
  EXPECT_EQ(purged.error().rule, "storage-full");
  ASSERT_TRUE(ledger->failure());
  EXPECT_EQ(ledger->failure()->rule, "storage-full");
  open();
  EXPECT_TRUE(ledger->purge_state().owed);
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_TRUE(submit(sign("ml1", "case.detected", case_subject(51), detected())));
}

}  // namespace
}  // namespace relais::tests
