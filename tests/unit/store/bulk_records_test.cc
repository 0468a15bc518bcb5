// A generation that is written past the log: what was written is read, from memory and from the
// store, and another process finds it once it counts.
#include "ledger/store/bulk_records.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "ledger/store/store.h"
#include "tests/unit/store/folder.h"

namespace relais::tests {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> all(const RecordSource& records) {
  std::map<std::string, std::string> found;
  records.scan({}, {}, [&](std::string_view key, std::string_view value) {
    found.emplace(key, value);
    return true;
  });
  return found;
}

/// The log's writes, and what they make of a map.
WriteLog log_of(const std::vector<std::pair<bool, std::uint8_t>>& steps, const std::string& value,
                std::map<std::string, std::string>& map) {
  WriteLog log;
  for (const auto& [put, n] : steps) {
    const std::string key = "key " + std::to_string(n);
    if (put) {
      log.put(key, value);
      map[key] = value;
    } else {
      log.erase(key);
      map.erase(key);
    }
  }
  return log;
}

class BulkRecordsOf : public testing::TestWithParam<std::uint32_t> {};

TEST_P(BulkRecordsOf, LogsAreTheMapThatTheyMake) {
  std::mt19937 random(GetParam());
  std::vector<std::vector<std::pair<bool, std::uint8_t>>> logs(4);
  for (auto& log : logs)
    for (std::uint32_t n = random() % 30; n > 0; --n)
      log.emplace_back(random() % 3 != 0, static_cast<std::uint8_t>(random() % 20));
  const TempFolder folder;
  store::Options options;
  options.path = folder.path / "store";
  options.create = true;
  std::map<std::string, std::string> expected;
  {
    const auto store = *store::Store::open(options);
    ASSERT_TRUE(store->create_generation(2).has_value());
    store::BulkRecords records(*store, 2);
    for (std::size_t i = 0; i < logs.size(); ++i) {
      ASSERT_TRUE(records.write(log_of(logs[i], std::to_string(i), expected)).has_value());
      for (int n = 0; n < 20; ++n) {
        const std::string key = "key " + std::to_string(n);
        const auto it = expected.find(key);
        ASSERT_TRUE(records.get(key) ==
                    (it == expected.end() ? std::nullopt : std::optional(it->second)));
      }
    }
    ASSERT_TRUE(records.finish().has_value());
    ASSERT_TRUE(all(records) == expected);
    store::Batch batch;
    store->switch_generation(batch, 2);
    ASSERT_TRUE(store->write(batch, true).has_value());
  }
  options.create = false;
  const auto again = *store::Store::open(options);
  ASSERT_TRUE(again->generation() == 2U);
  ASSERT_TRUE(all(*again->records(2)) == expected);
  ASSERT_TRUE(again->check_files()->by_blocks == 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BulkRecordsOf, testing::Range(1U, 6U));

class Bulk : public StoreFolder {
 protected:
  void SetUp() override {
    make();
    ASSERT_TRUE(store->create_generation(2));
  }
  Status write_one() {
    store::BulkRecords records(*store, 2);
    WriteLog log;
    log.put("a", "b");
    RELAIS_TRY(records.write(std::move(log)));
    return records.finish();
  }
};

TEST_F(Bulk, ThatWasCutShortIsGoneWithTheNextStart) {
  ASSERT_TRUE(write_one());
  EXPECT_EQ(all(*store->records(2)).size(), 1U);
  write(path() / "ingested.part", "the beginning of a table");
  open();
  EXPECT_EQ(store->generation(), 1U);
  EXPECT_FALSE(fs::exists(path() / "ingested.part"));
  ASSERT_TRUE(store->create_generation(2));
  EXPECT_TRUE(all(*store->records(2)).empty());
}

TEST_F(Bulk, SaysThatAFileCannotBeWritten) {
  fs::create_directory(path() / "ingested.part");
  EXPECT_FALSE(write_one());
  fs::remove(path() / "ingested.part");
  EXPECT_TRUE(write_one());
}

}  // namespace
}  // namespace relais::tests
