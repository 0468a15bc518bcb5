// What runs out while the writer is at work ends the batch, not the process.
#include <gtest/gtest.h>

#include <atomic>
#include <new>

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
  void flush(RecordSink& out, TreeSize size) override { model_->flush(out, size); }

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
  std::filesystem::remove_all(data());
  const auto outcome = submit(sign("ml1", "case.detected", case_subject(50), detected()));
  ASSERT_FALSE(outcome) << "acknowledged, and kept nowhere";
  EXPECT_EQ(outcome.error().rule, "disk-failed");
  EXPECT_TRUE(ledger->failure());
  std::filesystem::create_directories(data());
}

}  // namespace
}  // namespace relais::tests
