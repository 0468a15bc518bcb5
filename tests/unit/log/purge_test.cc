// What was erased leaves the files once nobody reads from before it: readers are waited for, and
// they cannot keep it waiting.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

class PurgeTest : public LedgerTest {
 protected:
  /// A case with a note, and what the store has of it: sealed, as it is.
  std::string noted(std::uint64_t n) {
    json::object data = detected();
    data["note"] = "a-note-that-nobody-else-would-write-" + std::to_string(n);
    const auto detection = accept("ml1", "case.detected", case_subject(n), data);
    accept("ml1", "case.risk_assessed", case_subject(n), assessed());
    const auto record =
        ledger->store().get(store::Family::disclosures, store::index_key(detection.index.value));
    EXPECT_TRUE(record && *record);
    return record && *record ? (*record)->substr((*record)->size() - 60) : std::string();
  }
  void erase(std::uint64_t n) {
    accept("ml1", "case.data_erased", case_subject(n),
           tests::data(R"({"basis":"art17","targets":[1]})"));
  }
  bool in_files(const std::string& part) const {
    for (const auto& file : std::filesystem::recursive_directory_iterator(data() / "store")) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      if (bytes.find(part) != std::string::npos) return true;
    }
    return false;
  }
};

TEST_F(PurgeTest, WaitsForWhoReadsFromBefore) {
  const std::string note = noted(1);
  auto reader = ledger->head();
  erase(1);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(*ledger->purge_erased());
  EXPECT_TRUE(in_files(note));
  reader.reset();
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(in_files(note));
  EXPECT_FALSE(*ledger->purge_erased());
}

TEST_F(PurgeTest, WhoReadsFromBehindIsNotWaitedFor) {
  const std::string note = noted(1);
  auto before = ledger->head();
  erase(1);
  EXPECT_FALSE(*ledger->purge_erased());
  const auto behind = ledger->head();
  before.reset();
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(in_files(note));
}

// The keys of before stand in its moment too: whoever has the old wrapping key would open them.
TEST_F(PurgeTest, WaitsForWhoReadsFromBeforeTheKeysWereRotated) {
  const std::string note = noted(1);
  erase(1);
  auto reader = ledger->head();
  EXPECT_FALSE(*ledger->purge_erased());
  reader.reset();
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(in_files(note));
}

// On a busy server a new reader begins before the last one goes, and something is written all the
// time.
TEST_F(PurgeTest, ReadersWithoutEndDoNotKeepItWaiting) {
  const std::string note = noted(1);
  auto reader = ledger->head();
  erase(1);
  EXPECT_FALSE(*ledger->purge_erased());
  const auto next = ledger->head();
  reader.reset();
  fill(1, 2);
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(in_files(note));
}

TEST_F(PurgeTest, NorDoErasuresWithoutEnd) {
  const std::string first = noted(1);
  const std::string second = noted(2);
  auto reader = ledger->head();
  erase(1);
  EXPECT_FALSE(*ledger->purge_erased());
  auto next = ledger->head();
  reader.reset();
  erase(2);
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(in_files(first));
  // The second one is still owed, and waits for readers of its own.
  EXPECT_FALSE(*ledger->purge_erased());
  EXPECT_TRUE(in_files(second));
  next.reset();
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(in_files(second));
  EXPECT_FALSE(*ledger->purge_erased());
}

TEST_F(PurgeTest, IsOwedAcrossARestart) {
  const std::string note = noted(1);
  {
    const auto reader = ledger->head();
    erase(1);
    EXPECT_FALSE(*ledger->purge_erased());
  }
  open();
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(in_files(note));
}

}  // namespace
}  // namespace relais::tests
