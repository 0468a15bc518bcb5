// The log of reads: what was kept is proven, found again, and outlives a start; what does not hold
// together is refused.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "ledger/crypto/base64.h"
#include "ledger/reads/index.h"
#include "tests/unit/reads/fixture.h"

namespace relais::tests {
namespace {

namespace fs = std::filesystem;

class Reads : public ReadsTest {
 protected:
  std::vector<std::uint64_t> of_case(std::uint64_t n, std::uint64_t until = 1'000'000) const {
    std::vector<std::uint64_t> found;
    log->scan_case(case_number(n), LogIndex{until}, [&](LogIndex index) {
      found.push_back(index.value);
      return true;
    });
    return found;
  }
  std::vector<std::uint64_t> of_signatory(const std::string& slug) const {
    std::vector<std::uint64_t> found;
    log->scan_signatory(slug, LogIndex{1'000'000}, [&](LogIndex index) {
      found.push_back(index.value);
      return true;
    });
    return found;
  }
  /// Copies of the whole folder, as backups are.
  void copy(const fs::path& from, const fs::path& to) const {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  }
};

TEST_F(Reads, AnEmptyLogIsSigned) {
  EXPECT_EQ(log->vkey().name, "relais.example/test/reads");
  EXPECT_EQ(size(), 0);
  const auto checkpoint = merkle::open_checkpoint(log->head()->note, log->vkey());
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->root, merkle::empty_root());
  // Under the ledger's name the same key signs another log.
  EXPECT_FALSE(merkle::open_checkpoint(log->head()->note, ledger_vkey()));
  EXPECT_EQ(reads::create_log(path(), ledger_vkey(), key).error().rule, "data-folder");
}

TEST_F(Reads, WhatIsKeptIsProvenAndFoundAgain) {
  EXPECT_EQ(keep("ml1", {look_at(1, {LogIndex{5}})}), LogIndex{0});
  clock.advance_ms(1'000);
  EXPECT_EQ(keep("aa1", {look_at(1), look_at(2)}), LogIndex{1});
  clock.advance_ms(-5'000);  // times of receipt never go back
  EXPECT_EQ(keep("ml1", {look_at(2)}), LogIndex{2});
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(of_case(1), (std::vector<std::uint64_t>{1, 0}));
    EXPECT_EQ(of_case(2), (std::vector<std::uint64_t>{2, 1}));
    EXPECT_EQ(of_case(2, 2), (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(of_case(2, 0), (std::vector<std::uint64_t>{}));
    EXPECT_EQ(of_case(3), (std::vector<std::uint64_t>{}));
    EXPECT_EQ(of_signatory("ml1"), (std::vector<std::uint64_t>{2, 0}));
    EXPECT_EQ(of_signatory("ml"), (std::vector<std::uint64_t>{}));
    const auto found = log->find(LogIndex{1});
    ASSERT_TRUE(found) << to_string(found.error());
    EXPECT_EQ(found->record.reader, reader("aa1"));
    EXPECT_EQ(found->record.cases, (std::vector<reads::CaseLook>{look_at(1), look_at(2)}));
    EXPECT_EQ(found->received_at.value, kReadsStart.value + 1'000);
    EXPECT_EQ(log->find(LogIndex{2})->received_at, found->received_at);
    EXPECT_EQ(log->find(LogIndex{3}).error().rule, "index-unknown");
    EXPECT_EQ(log->index_at(Timestamp{kReadsStart.value + 1}), LogIndex{1});
    EXPECT_EQ(log->index_at(Timestamp{kReadsStart.value + 2'000}), LogIndex{3});
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto receipt = log->receipt(LogIndex{i});
      ASSERT_TRUE(receipt);
      EXPECT_TRUE(merkle::verify_receipt(*receipt, *log->entry(LogIndex{i}), log->vkey()));
      EXPECT_FALSE(
          merkle::verify_receipt(*receipt, *log->entry(LogIndex{(i + 1) % 3}), log->vkey()));
    }
    EXPECT_FALSE(log->receipt(LogIndex{3}));
    EXPECT_EQ(start(), "");
  }
}

TEST_F(Reads, LooksAreCountedByReaderAndPurpose) {
  keep("ml1", {look_at(1)});
  clock.advance_ms(1'000);
  keep("ml1", {look_at(1), look_at(2)});
  EXPECT_EQ(start(), "");  // counts go on from what is stored
  clock.advance_ms(1'000);
  keep("ml1", {look_at(1)}, "audit");
  keep("ml1", {look_at(1)});
  keep("aa1", {look_at(1)});
  const reads::Summary summary = log->summary(case_number(1));
  ASSERT_EQ(summary.rows.size(), 2);
  EXPECT_EQ(summary.rows[0].signatory, "aa1");
  const reads::SignatoryLooks& looks = summary.rows[1].looks;
  ASSERT_EQ(looks.purposes.size(), 2);
  EXPECT_EQ(looks.others.times, 0);
  EXPECT_EQ(looks.purposes[0].purpose, "audit");
  EXPECT_EQ(looks.purposes[1].purpose, "support");
  EXPECT_EQ(looks.purposes[1].looks.times, 3);
  EXPECT_EQ(looks.purposes[1].looks.first, kReadsStart);
  EXPECT_EQ(looks.purposes[1].looks.last.value, kReadsStart.value + 2'000);
  EXPECT_EQ(log->summary(case_number(2)).rows[0].looks.purposes[0].looks.times, 1);
  EXPECT_EQ(log->summary(case_number(4)).rows.size(), 0);
}

/// Who names many purposes, or long ones, makes its own row longer no more than so, and takes no
/// other's place.
TEST_F(Reads, ManyPurposesHideNobody) {
  for (int i = 0; i < 300; ++i)
    log->keep(record("ml1", {look_at(3)}, "purpose " + std::to_string(i)), [](auto) {});
  const std::string accents = "é" + std::string(62, 'x');  // 64 bytes
  keep("zz", {look_at(3)}, accents + "é");
  keep("zz", {look_at(3)}, accents + "autre");
  keep("zz", {look_at(3)}, std::string(63, 'x') + "é");
  for (int starts = 0; starts < 2; ++starts) {
    const reads::Summary summary = log->summary(case_number(3));
    ASSERT_EQ(summary.rows.size(), 2);
    EXPECT_EQ(summary.rows[0].looks.purposes.size(), reads::kMaxPurposes);
    EXPECT_EQ(summary.rows[0].looks.others.times, 300 - reads::kMaxPurposes);
    EXPECT_EQ(summary.rows[1].signatory, "zz");
    ASSERT_EQ(summary.rows[1].looks.purposes.size(), 2);
    EXPECT_EQ(summary.rows[1].looks.purposes[0].purpose, std::string(63, 'x'));
    EXPECT_EQ(summary.rows[1].looks.purposes[1].purpose, accents);
    EXPECT_EQ(summary.rows[1].looks.purposes[1].looks.times, 2);
    EXPECT_EQ(start(), "");
  }
}

/// What the index of cases takes is told by who looked, as it is stored.
TEST_F(Reads, WhatTheIndexOfCasesTakesIsTold) {
  reads::RowBytes told;
  log->on_rows([&](const reads::RowBytes& rows) {
    for (const auto& [slug, bytes] : rows) told[slug] += bytes;
  });
  for (std::uint64_t i = 0; i < reads::kBundle; ++i) {
    const bool own = i % 4 != 0;
    keep(own ? "ml1" : "aa1", {look_at(own ? i % 8 : 100), look_at(50 + (own ? 0U : 1U))});
  }
  std::size_t stored = 0;
  const auto rows = log->store().records(reads::kIndices);
  for (const char* kind : {"A", "C"})
    rows->scan(kind, {}, [&](std::string_view key, std::string_view value) {
      stored += key.size() + value.size();
      return true;
    });
  ASSERT_EQ(told.size(), 2);
  EXPECT_EQ(told["ml1"] + told["aa1"], stored) << "no case has two readers";
  EXPECT_GT(told["ml1"], told["aa1"]) << "seven cases against two";
  log->on_rows({});
}

/// The ledger beside it knows how long it was.
TEST_F(Reads, AShorterLogThanTheLedgerKnowsIsRefused) {
  keep("ml1", {look_at(1)});
  log.reset();
  reads::Options knows = options();
  knows.least = 1;
  EXPECT_TRUE(reads::ReadLog::open(knows, clock));
  knows.least = 2;
  const auto refused = reads::ReadLog::open(knows, clock);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "self-check-reads");
}

/// Many at once share a write; each is answered once, with a place of its own.
TEST_F(Reads, AGroupIsOneWrite) {
  constexpr std::uint64_t kReads = 600;  // more than two tiles
  std::vector<std::promise<LogIndex>> places(kReads);
  for (std::uint64_t i = 0; i < kReads; ++i)
    log->keep(record("ml1", {look_at(i % 7)}), [&places, i](Result<LogIndex> kept) {
      places[i].set_value(kept.value_or(LogIndex{~std::uint64_t{0}}));
    });
  for (std::uint64_t i = 0; i < kReads; ++i) EXPECT_EQ(places[i].get_future().get(), LogIndex{i});
  EXPECT_EQ(size(), kReads);
  EXPECT_EQ(log->stats().kept, kReads);
  EXPECT_LT(log->stats().groups, kReads);
  EXPECT_EQ(log->tile(0, 0)->size(), 256 * sizeof(Hash));
  EXPECT_EQ(log->tile(0, 2)->size(), (kReads - 512) * sizeof(Hash));
  EXPECT_EQ(log->tile(1, 0)->size(), 2 * sizeof(Hash));
  EXPECT_EQ(start(), "");
  EXPECT_EQ(size(), kReads);
  EXPECT_TRUE(merkle::verify_receipt(*log->receipt(LogIndex{300}), *log->entry(LogIndex{300}),
                                     log->vkey()));
}

TEST_F(Reads, WhatIsNotKeptIsSaid) {
  std::atomic<bool> full{true};
  reads::Options o = options();
  o.shortage = [&full]() -> std::optional<Error> {
    if (!full) return std::nullopt;
    return error(Errc::storage_full, "storage-low", "no room");
  };
  ASSERT_EQ(start(o), "");
  EXPECT_EQ(log->keep_and_wait(record("ml1", {look_at(1)})).error().rule, "storage-low");
  EXPECT_FALSE(log->failure()) << "it ends with the shortage";
  EXPECT_EQ(size(), 0);
  full = false;
  EXPECT_EQ(keep("ml1", {look_at(1)}), LogIndex{0});
  log->stop();
  EXPECT_EQ(log->keep_and_wait(record("ml1", {look_at(1)})).error().rule, "shutting-down");

  o = options();
  o.key.reset();
  o.unwritable = error(Errc::storage_full, "storage-full", "the disk is full");
  ASSERT_EQ(start(o), "");
  EXPECT_EQ(log->keep_and_wait(record("ml1", {look_at(1)})).error().rule, "storage-full");
  EXPECT_EQ(log->failure()->rule, "storage-full");
  EXPECT_EQ(of_case(1).size(), 1);
}

TEST_F(Reads, AnOlderStoreIsRefused) {
  keep("ml1", {look_at(1)});
  log.reset();
  copy(path() / "store", folder.path / "older");
  ASSERT_EQ(start(), "");
  keep("ml1", {look_at(2)});
  const std::string last =
      std::to_string(size()) + ":" + crypto::base64_encode(view(log->head()->checkpoint.root));
  log.reset();
  copy(path(), folder.path / "whole");
  copy(folder.path / "older", path() / "store");
  EXPECT_NE(start().find("self-check-head"), std::string::npos);

  copy(folder.path / "whole", path());
  fs::remove(path() / "head");
  const std::string said = start();
  EXPECT_NE(said.find("head is missing"), std::string::npos) << said;
  EXPECT_NE(said.find(last), std::string::npos) << said;
  reads::Options o = options();
  o.accept_head = "2:AAAA";
  EXPECT_NE(start(o).find("head-differs"), std::string::npos);
  o.accept_head = last;
  EXPECT_EQ(start(o), "");
  EXPECT_NE(start(o).find("head-holds"), std::string::npos);
  EXPECT_EQ(start(), "");
  EXPECT_EQ(size(), 2);
}

TEST_F(Reads, WhatWasChangedIsRefused) {
  keep("ml1", {look_at(1)});
  keep("ml1", {look_at(2)});
  log.reset();
  copy(path(), folder.path / "whole");
  const auto with = [&](const std::function<void(store::Store&, store::Batch&)>& change) {
    log.reset();
    copy(folder.path / "whole", path());
    {
      store::Options o;
      o.path = path() / "store";
      const auto store = store::Store::open(o);
      store::Batch batch;
      change(**store, batch);
      EXPECT_TRUE((*store)->write(batch, true));
    }
    return start();
  };
  EXPECT_EQ(with([](store::Store&, store::Batch&) {}), "");
  EXPECT_NE(with([](store::Store&, store::Batch& b) {
              b.erase(store::Family::entries, store::index_key(1));
            }).find("self-check-size"),
            std::string::npos);
  EXPECT_NE(with([](store::Store&, store::Batch& b) {
              b.erase(store::Family::entries, store::index_key(0));
            }).find("self-check-entries"),
            std::string::npos);
  EXPECT_NE(with([&](store::Store&, store::Batch& b) {
              b.put(store::Family::entries, store::index_key(1),
                    reads::entry_bytes(kReadsStart, record("aa1", {look_at(2)}).text));
            }).find("self-check-entries"),
            std::string::npos);
  EXPECT_NE(with([](store::Store&, store::Batch& b) {
              b.erase(store::Family::checkpoints, store::index_key(2));
            }).find("self-check-size"),
            std::string::npos);
  EXPECT_NE(with([](store::Store&, store::Batch& b) {
              b.put(store::Family::nodes, std::string(9, '\0'), std::string(64, 'x'));
            }).find("self-check-root"),
            std::string::npos);

  log.reset();
  copy(folder.path / "whole", path());
  ASSERT_EQ(start(), "");
  for (std::uint64_t i = 2; i < reads::kBundle; ++i) keep("ml1", {look_at(1)});
  log.reset();
  copy(path(), folder.path / "whole");
  EXPECT_EQ(with([](store::Store&, store::Batch&) {}), "");
  for (const char* wrong : {"", "\xfe"})
    EXPECT_NE(with([&](store::Store& s, store::Batch& b) {
                b.records(s, reads::kIndices).put(reads::signatory_key("ml1", 0), wrong);
              }).find("self-check-indices"),
              std::string::npos);

  log.reset();
  copy(folder.path / "whole", path());
  reads::Options o = options();
  o.key = crypto::SigningKey::from_seed(crypto::sha256("another"));
  EXPECT_NE(start(o).find("self-check-log-key"), std::string::npos);
  log.reset();
  fs::remove_all(path());
  EXPECT_NE(start().find("folder-locked"), std::string::npos);
  o = options();
  o.key.reset();
  EXPECT_NE(start(o).find("store-missing"), std::string::npos);
}

/// One at a time writes; who verifies reads beside.
TEST_F(Reads, OneWritesAndOthersReadBeside) {
  keep("ml1", {look_at(1)});
  EXPECT_EQ(reads::ReadLog::open(options(), clock).error().rule, "store-locked");
  reads::Options o = options();
  o.key.reset();
  const auto beside = reads::ReadLog::open(o, clock);
  ASSERT_TRUE(beside) << to_string(beside.error());
  EXPECT_EQ((*beside)->head()->size().value, 1);
}

}  // namespace
}  // namespace relais::tests
