// The files of RocksDB that are read in order: every byte of them counts, and a torn end is none.
#include "ledger/store/record_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/unit/store/folder.h"

namespace relais::tests {
namespace {

using store::Flaw;

class RecordFile : public StoreFolder {
 protected:
  /// A write-ahead log of three writes, as a crash leaves it.
  void SetUp() override {
    make();
    for (int i = 0; i < 3; ++i) put("key" + std::to_string(i), std::string(40, 'x'));
    for (const auto& file : std::filesystem::directory_iterator(path()))
      if (file.path().extension() == ".log" && file.file_size() > 0) original = read(file.path());
    store.reset();
    ASSERT_FALSE(original.empty());
  }
  std::optional<Flaw> flaw(const std::string& bytes) {
    const auto file = folder.path / "000001.log";
    write(file, bytes);
    const auto found = store::find_flaw(file);
    EXPECT_TRUE(found);
    return found.value_or(std::nullopt);
  }
  std::string original;
};

TEST_F(RecordFile, WholeHasNoFlaw) {
  EXPECT_FALSE(flaw(original));
  EXPECT_FALSE(flaw(""));
  EXPECT_FALSE(*store::find_flaw(folder.path / "gone"));
}

TEST_F(RecordFile, EveryBitOfEveryByteIsNoticedAndNeverTakenForATornEnd) {
  for (std::size_t at = 0; at < original.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = original;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const auto found = flaw(bytes);
      ASSERT_TRUE(found) << "bit " << bit << " of byte " << at;
      EXPECT_NE(found->kind, Flaw::Kind::cut) << "bit " << bit << " of byte " << at;
      EXPECT_LE(found->at, at);
    }
}

TEST_F(RecordFile, AnEndThatACrashCutIsCut) {
  std::size_t whole = 0;
  for (std::size_t size = 0; size < original.size(); ++size) {
    const auto found = flaw(original.substr(0, size));
    if (!found)
      ++whole;
    else
      EXPECT_EQ(found->kind, Flaw::Kind::cut) << size;
  }
  EXPECT_GE(whole, 3U);
}

TEST_F(RecordFile, DamageBeforeAWholeWriteIsNoEnd) {
  std::string bytes = original;
  bytes[8] = static_cast<char>(bytes[8] ^ 1);
  EXPECT_EQ(flaw(bytes)->kind, Flaw::Kind::damaged);
  bytes = original;
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_EQ(flaw(bytes)->kind, Flaw::Kind::last);
}

TEST_F(RecordFile, RecordsThatCrossBlocks) {
  open();
  put("long", std::string(100'000, 'y'));
  put("short", "z");
  std::string bytes;
  for (const auto& file : std::filesystem::directory_iterator(path()))
    if (file.path().extension() == ".log" && file.file_size() > 0) bytes = read(file.path());
  ASSERT_GT(bytes.size(), 100'000U);
  EXPECT_FALSE(flaw(bytes));
  for (std::size_t at = 0; at < bytes.size() - 100; at += 9'973) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto found = flaw(changed);
    ASSERT_TRUE(found) << at;
    EXPECT_EQ(found->kind, Flaw::Kind::damaged) << at;
  }
}

}  // namespace
}  // namespace relais::tests
