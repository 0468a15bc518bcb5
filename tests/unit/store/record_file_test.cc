// The files of RocksDB that are read in order: every byte of them counts, and a torn end is none.
#include "ledger/store/record_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "ledger/store/log_file.h"
#include "tests/unit/store/folder.h"

namespace relais::tests {
namespace {

using store::Flaw;

class RecordFile : public StoreFolder {
 protected:
  /// A write-ahead log of three writes, up to its last one.
  void SetUp() override {
    make();
    for (int i = 0; i < 3; ++i) put("key" + std::to_string(i), std::string(40, 'x'));
    for (const auto& file : std::filesystem::directory_iterator(path()))
      if (file.path().extension() == ".log" && file.file_size() > 0) original = read(file.path());
    store.reset();
    original.resize(original.find_last_not_of('\0') + 1);
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

TEST_F(RecordFile, ZerosBehindWaitForTheNextAppend) {
  const auto log = [&] {
    for (const auto& file : std::filesystem::directory_iterator(path()))
      if (file.path().extension() == ".log" && file.file_size() > 0) return file.path();
    return std::filesystem::path();
  };
  open();
  put("open", "yes");
  const std::string running = read(log());
  EXPECT_GE(running.size(), store::kZerosAhead);
  EXPECT_FALSE(flaw(running));
  EXPECT_EQ(store->get(store::Family::disclosures, "open").value(), "yes");
  store.reset();
  // Closed in order, it ends where it ends; what a crash left opens too.
  std::filesystem::remove(folder.path / "000001.log");
  write(log(), read(log()) + std::string(store::kZerosAhead, '\0'));
  open();
  EXPECT_EQ(store->get(store::Family::disclosures, "open").value(), "yes");
}

TEST_F(RecordFile, ZerosBehindTheManifestAreNothing) {
  open();
  ASSERT_TRUE(store->create_generation(2));
  store.reset();
  for (const auto& file : std::filesystem::directory_iterator(path()))
    if (file.path().filename().string().starts_with("MANIFEST"))
      write(file.path(), read(file.path()) + std::string(19, '\0'));
  open();
  put("open", "yes");
  EXPECT_EQ(store->get(store::Family::disclosures, "open").value(), "yes");
}

TEST_F(RecordFile, DamageBeforeZerosIsNoTornEnd) {
  const std::string zeros(70'000, '\0');
  for (std::size_t at = 0; at < original.size(); ++at) {
    std::string bytes = original + zeros;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const auto found = flaw(bytes);
    ASSERT_TRUE(found) << at;
    EXPECT_NE(found->kind, Flaw::Kind::cut) << at;
  }
  for (const std::size_t at : {original.size(), original.size() + 5, original.size() + 40'000}) {
    std::string bytes = original + zeros;
    bytes[at] = 1;
    EXPECT_TRUE(flaw(bytes)) << at;
  }
}

TEST_F(RecordFile, AnEndWhoseSectorsWereNotWrittenIsCut) {
  open();
  put("long", std::string(5'000, 'y'));
  std::string bytes;
  for (const auto& file : std::filesystem::directory_iterator(path()))
    if (file.path().extension() == ".log" && file.file_size() > 0) bytes = read(file.path());
  const std::size_t end = bytes.find_last_not_of('\0') + 1;
  for (std::size_t sector = (end - 5'000) / 512 + 1; sector * 512 < end; ++sector) {
    std::string torn = bytes;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(sector * 512), torn.end(), '\0');
    const auto found = flaw(torn);
    if (sector * 512 <= end - 5'000 - 30) continue;
    ASSERT_TRUE(found) << sector;
    EXPECT_EQ(found->kind, Flaw::Kind::cut) << sector;
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
  bytes.resize(bytes.find_last_not_of('\0') + 1);
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
