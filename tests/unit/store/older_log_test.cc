// Write-ahead logs that another follows: what is in one of them alone is lost with none of its
// bytes unnoticed, although all that the newest write names is there.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "ledger/store/log_file.h"
#include "tests/unit/store/folder.h"

namespace relais::tests {
namespace {

class OlderLog : public StoreFolder {
 protected:
  static constexpr std::size_t kBuffer = 64 * 1024;

  /// A store whose older log has disclosures that are in no file, beside entries that are; as a
  /// kill leaves it, in crashed().
  void SetUp() override {
    store::Options options;
    options.path = path();
    options.create = true;
    options.write_buffer_bytes = kBuffer;
    auto opened = store::Store::open(options);
    ASSERT_TRUE(opened) << to_string(opened.error());
    store = std::move(*opened);
    put("first", "disclosed");
    std::size_t n = 0;
    for (; logs(path()).size() < 2; ++n) {
      ASSERT_LT(n, 10'000U);
      put("entry" + std::to_string(n), std::string(kBuffer / 16, 'e'), store::Family::entries);
      put("with" + std::to_string(n), "disclosed");
    }
    count = n;
    put("behind", "disclosed");  // by the newest log
    written = store->sequence();
    std::filesystem::copy(path(), crashed(), std::filesystem::copy_options::recursive);
    store.reset();
    older = logs(crashed()).front();
    bytes = read(older);
  }

  std::filesystem::path crashed() const { return folder.path / "crashed"; }

  /// Those that something is in, oldest first.
  static std::vector<std::filesystem::path> logs(const std::filesystem::path& in) {
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::directory_iterator(in))
      if (file.path().extension() == ".log") found.push_back(file.path());
    std::ranges::sort(found);
    return found;
  }

  /// The rule that the opening of a copy is refused with; or "lost", or "whole" with `written`.
  std::string opened(bool read_only) {
    const auto copy = folder.path / "copy";
    std::filesystem::remove_all(copy);
    std::filesystem::copy(crashed(), copy, std::filesystem::copy_options::recursive);
    store::Options options;
    options.path = copy;
    options.read_only = read_only;
    const auto opened = store::Store::open(options);
    if (!opened) return opened.error().rule;
    EXPECT_EQ((*opened)->sequence(), written);
    bool all = (*opened)->get(store::Family::disclosures, "first").value().has_value();
    for (std::size_t n = 0; n < count; ++n)
      all = all && (*opened)
                       ->get(store::Family::disclosures, "with" + std::to_string(n))
                       .value()
                       .has_value();
    return all ? "whole" : "lost";
  }

  /// Where the whole writes of the older log end, but its last: a record is CRC (4) ‖ length (2,
  /// little-endian) ‖ type (1) ‖ payload, in blocks of 32 KiB; types 1 and 4 end a write.
  std::vector<std::size_t> ends_of_writes() const {
    constexpr std::size_t kBlock = 32'768, kHeader = 7;
    std::vector<std::size_t> ends;
    for (std::size_t at = 0; at + kHeader < bytes.size();) {
      if (kBlock - at % kBlock < kHeader) at += kBlock - at % kBlock;
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
      const unsigned type = byte(6);
      at += kHeader + (byte(4) | byte(5) << 8U);
      if ((type == 1 || type == 4) && at < bytes.size()) ends.push_back(at);
    }
    return ends;
  }

  std::size_t count = 0;
  std::uint64_t written = 0;
  std::filesystem::path older;
  std::string bytes;
};

TEST_F(OlderLog, EndsWhereItsRecordsEndBeforeTheNextIsBegun) {
  ASSERT_FALSE(bytes.empty());
  EXPECT_LT(bytes.size(), store::kZerosAhead);
  EXPECT_EQ(opened(true), "whole");
  EXPECT_EQ(opened(false), "whole");
}

TEST_F(OlderLog, CutInsideARecordIsDamage) {
  for (const std::size_t less : {1, 3})
    for (const bool read_only : {true, false}) {
      write(older, bytes.substr(0, bytes.size() - less));
      EXPECT_EQ(opened(read_only), "store-file-damaged") << less;
    }
}

/// All that is left is whole: that something is missing is told by its length alone.
TEST_F(OlderLog, CutBehindAWholeRecordIsMissed) {
  const auto ends = ends_of_writes();
  ASSERT_GT(ends.size(), 4U);
  for (const std::size_t end :
       {ends[0], ends[ends.size() / 2], ends[ends.size() - 2], std::size_t{0}})
    for (const bool read_only : {true, false}) {
      write(older, bytes.substr(0, end));
      EXPECT_EQ(opened(read_only), "store-file-damaged") << end;
    }
}

TEST_F(OlderLog, ZerosAtItsEndAreDamage) {
  for (const std::size_t zeros : {std::size_t{1}, std::size_t{4'096}, bytes.size() - 1}) {
    std::string changed = bytes;
    std::fill(changed.end() - static_cast<std::ptrdiff_t>(zeros), changed.end(), '\0');
    write(older, changed);
    for (const bool read_only : {true, false})
      EXPECT_EQ(opened(read_only), "store-file-damaged") << zeros;
  }
}

TEST_F(OlderLog, OneThatIsGoneIsMissed) {
  std::filesystem::remove(older);
  for (const bool read_only : {true, false}) EXPECT_EQ(opened(read_only), "store-file-damaged");
}

/// What a crash leaves behind the last log's records is gone before that one has a successor.
TEST_F(OlderLog, TheLastOneIsEndedBeforeAnotherFollows) {
  const auto last = logs(crashed()).back();
  ASSERT_GE(std::filesystem::file_size(last), store::kZerosAhead);
  const auto copy = folder.path / "again";
  std::filesystem::copy(crashed(), copy, std::filesystem::copy_options::recursive);
  store::Options options;
  options.path = copy;
  for (int start = 0; start < 3; ++start) {
    const auto opened = store::Store::open(options);
    ASSERT_TRUE(opened) << to_string(opened.error());
    EXPECT_EQ((*opened)->get(store::Family::disclosures, "behind").value(), "disclosed");
    const auto there = logs(copy);
    for (const auto& log : there)
      if (log != there.back()) {
        EXPECT_LT(std::filesystem::file_size(log), store::kZerosAhead);
      }
  }
}

}  // namespace
}  // namespace relais::tests
