// The log of reads, re-derived: whatever was changed in its store is named.
#include "ledger/reads/verify.h"

#include "ledger/base/archive.h"
#include "ledger/reads/index.h"
#include "tests/unit/reads/fixture.h"

namespace relais::tests {
namespace {

class VerifyReads : public ReadsTest {
 protected:
  /// 400 reads of 5 cases: more than a tile.
  void fill() {
    for (std::uint64_t i = 0; i < 400; ++i) {
      clock.advance_ms(1);
      if (i % 50 == 49) {
        keep("ml1", {look_at(i % 5), look_at((i + 1) % 5, {LogIndex{i}})}, "audit");
      } else {
        log->keep(record(i % 2 == 0 ? "ml1" : "aa1", {look_at(i % 5)}), [](auto) {});
      }
    }
    log.reset();
  }
  Result<reads::VerifyReport> verify() {
    reads::Options o = options();
    o.key.reset();
    o.strict = true;
    auto opened = reads::ReadLog::open(o, clock);
    if (!opened) return fail(std::move(opened).error());
    return reads::verify(**opened, [](auto, auto) {});
  }
  std::string verdict() {
    const auto verified = verify();
    return verified ? "holds" : verified.error().rule + " " + verified.error().field;
  }
  void change(const std::function<void(store::Store&, store::Batch&)>& how) {
    store::Options o;
    o.path = path() / "store";
    const auto store = store::Store::open(o);
    ASSERT_TRUE(store) << to_string(store.error());
    store::Batch batch;
    how(**store, batch);
    ASSERT_TRUE((*store)->write(batch, true));
  }
};

TEST_F(VerifyReads, AnEmptyLogHolds) {
  log.reset();
  const auto verified = verify();
  ASSERT_TRUE(verified) << to_string(verified.error());
  EXPECT_EQ(verified->entries, 0);
  EXPECT_EQ(verified->checkpoints, 1);
}

/// The ledger says at which size its key was replaced: each signs its stretch of this log too.
TEST_F(VerifyReads, EachKeyOfTheLedgerSignsItsStretch) {
  keep("ml1", {look_at(1)});
  keep("ml1", {look_at(2)});
  const std::uint64_t before = size();
  const std::string old_note = log->head()->note;
  const auto early = log->receipt(LogIndex{1});
  log.reset();
  const auto next = crypto::SigningKey::from_seed(crypto::sha256("log-2"));
  reads::Options o = options();
  ASSERT_TRUE(o.ledger.add(next.public_key(), before + 1));
  EXPECT_NE(start(o).find("self-check-log-key"), std::string::npos) << "the key was replaced";
  o.key = next;
  ASSERT_EQ(start(o), "");
  EXPECT_EQ(log->vkey().key, next.public_key());
  EXPECT_EQ(log->head()->note, old_note) << "what was signed stays as it is";
  keep("aa1", {look_at(1)});
  const merkle::LogKeys keys = log->keys();
  const auto late = log->receipt(LogIndex{2});
  ASSERT_TRUE(early && late);
  EXPECT_TRUE(merkle::verify_receipt(*early, *log->entry(LogIndex{1}), keys));
  EXPECT_TRUE(merkle::verify_receipt(*late, *log->entry(LogIndex{2}), keys));
  merkle::Receipt forged = *late;
  forged.checkpoint = merkle::sign_checkpoint(log->head()->checkpoint, key);
  EXPECT_EQ(merkle::verify_receipt(forged, *log->entry(LogIndex{2}), keys).error().rule,
            "checkpoint-key-range");
  ASSERT_EQ(start(o), "");
  log.reset();
  o.key.reset();
  o.strict = true;
  const auto opened = reads::ReadLog::open(o, clock);
  ASSERT_TRUE(opened) << to_string(opened.error());
  const auto report = reads::verify(**opened, [](auto, auto) {});
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_EQ(report->entries, 3);
  // A folder that has less than the ledger says it had then.
  reads::Options longer = options();
  ASSERT_TRUE(longer.ledger.add(next.public_key(), before + 9));
  longer.key = next;
  EXPECT_NE(start(longer).find("self-check-checkpoint"), std::string::npos);
  longer.ledger = ledger_vkey();
  longer.key = key;
  EXPECT_NE(start(longer).find("self-check-checkpoint"), std::string::npos) << "a key of before";
}

/// A backup of before, behind a ledger that knows how far this log had got.
TEST_F(VerifyReads, AFolderOfBeforeTheKeyWasReplacedIsRefused) {
  keep("ml1", {look_at(1)});
  log.reset();
  const auto next = crypto::SigningKey::from_seed(crypto::sha256("log-2"));
  reads::Options o = options();
  ASSERT_TRUE(o.ledger.add(next.public_key(), 3));  // it had two then
  o.key = next;
  const std::string said = start(o);
  EXPECT_NE(said.find("self-check-size"), std::string::npos) << said;
  EXPECT_NE(said.find("had 2 when the log's key was replaced"), std::string::npos) << said;
}

TEST_F(VerifyReads, EverythingIsCounted) {
  fill();
  const auto verified = verify();
  ASSERT_TRUE(verified) << to_string(verified.error());
  EXPECT_EQ(verified->entries, 400);
  EXPECT_EQ(verified->looks, 408);
  EXPECT_EQ(verified->tiles, 3);
  EXPECT_GT(verified->checkpoints, 1);
  EXPECT_EQ(verified->cases, 5);
  EXPECT_GT(verified->files.bytes, 0);
}

/// Far from the end, where a start does not look.
TEST_F(VerifyReads, WhatWasChangedIsNamed) {
  using store::Family;
  fill();
  const std::string key = store::index_key(7);
  const reads::Record other = record("aa1", {look_at(2)});
  std::string kept;
  std::string kept_parts;
  {
    store::Options o;
    o.path = path() / "store";
    const auto store = store::Store::open(o);
    kept = **(*store)->get(Family::entries, key);
    kept_parts = **(*store)->get(Family::disclosures, key);
  }
  const Uuid id = case_number(7 % 5);
  const auto put = [&](Family family, std::string_view value) {
    change([&](store::Store&, store::Batch& b) { b.put(family, key, value); });
  };
  const auto record_of = [&](const std::string& name, std::optional<std::string> value) {
    change([&](store::Store& s, store::Batch& b) {
      if (value)
        b.records(s, reads::kIndices).put(name, *value);
      else
        b.records(s, reads::kIndices).erase(name);
    });
  };

  const auto row = [&](const std::string& name) {
    store::Options o;
    o.path = path() / "store";
    o.read_only = true;
    return (*store::Store::open(o))->records(reads::kIndices)->get(name).value_or("");
  };

  put(Family::entries, reads::entry_bytes(kReadsStart, other.text));
  EXPECT_EQ(verdict(), "verify-time reads entry 7");
  put(Family::entries, kept.substr(0, 8) + other.text);
  EXPECT_EQ(verdict(), "verify-entry reads entry 7") << "its part is not the one it signs";
  put(Family::disclosures, reads::encode_parts(other));
  // Its form holds, its hash does not: whichever comes first, the tile or the checkpoint of its
  // group.
  const std::string said = verdict();
  EXPECT_TRUE(said.starts_with("verify-tile reads") || said.starts_with("verify-checkpoint reads"))
      << said;
  put(Family::entries, kept);
  EXPECT_EQ(verdict(), "verify-entry reads entry 7");
  put(Family::disclosures, kept_parts);
  EXPECT_EQ(verdict(), "holds");

  const std::string reader = reads::signatory_key("aa1", 0);
  const std::string looks = reads::case_key(id, 0);
  const std::string of_reader = row(reader);
  const std::string of_case = row(looks);
  for (const auto& [name, value] : {std::pair(reader, of_reader), std::pair(looks, of_case)}) {
    const std::string range = "verify-index reads entries 0 to 255";
    record_of(name, std::nullopt);
    EXPECT_EQ(verdict(), range);
    record_of(name, value.substr(1));
    EXPECT_EQ(verdict(), range) << "a look less";
    record_of(name, value + value.back());
    EXPECT_EQ(verdict(), range) << "a look twice";
    record_of(name, value);
    EXPECT_EQ(verdict(), "holds");
  }
  record_of(reads::case_key(case_number(99), 0), of_case);
  EXPECT_EQ(verdict(), "verify-stray reads index") << "a look at a case that nobody took";
  record_of(reads::case_key(case_number(99), 0), std::nullopt);
  record_of(reads::signatory_key("zz", 0), of_reader);
  EXPECT_EQ(verdict(), "verify-stray reads index");
  record_of(reads::signatory_key("zz", 0), std::nullopt);
  record_of(reads::summary_key(case_number(99), "zz"), encode(reads::StoredSummary()));
  EXPECT_EQ(verdict(), "verify-stray reads summaries");
  record_of(reads::summary_key(case_number(99), "zz"), std::nullopt);
  record_of(reads::summary_key(id, "aa1"), encode(reads::StoredSummary()));
  EXPECT_EQ(verdict(), "verify-summary reads summary of case " + to_string(id));
  record_of(reads::summary_key(id, "aa1"), std::nullopt);
  EXPECT_EQ(verdict(), "verify-summary reads summary of case " + to_string(id));
}

}  // namespace
}  // namespace relais::tests
