#include "ledger/base/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace relais {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MemoryRecords sample() {
  MemoryRecords records;
  for (const char* key : {"a", "b", "b/1", "b/2", "b/3", "b0", "c"}) records.put(key, key);
  return records;
}

std::vector<std::string> forward(const MemoryRecords& records, std::string_view prefix,
                                 std::string_view from, std::size_t most = 100) {
  std::vector<std::string> keys;
  records.scan(prefix, from, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return keys.size() < most;
  });
  return keys;
}

std::vector<std::string> backward(const MemoryRecords& records, std::string_view prefix,
                                  std::string_view from, std::size_t most = 100) {
  std::vector<std::string> keys;
  records.scan_back(prefix, from, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return keys.size() < most;
  });
  return keys;
}

TEST(MemoryRecords, PutGetErase) {
  MemoryRecords records;
  EXPECT_EQ(records.get("k"), std::nullopt);
  records.put("k", "1");
  records.put("k", "2");
  EXPECT_EQ(records.get("k"), "2");
  records.erase("absent");
  records.erase("k");
  EXPECT_EQ(records.get("k"), std::nullopt);
  EXPECT_TRUE(records.all().empty());
}

TEST(MemoryRecords, ScanStaysWithinThePrefix) {
  const MemoryRecords records = sample();
  EXPECT_THAT(forward(records, "b/", ""), ElementsAre("b/1", "b/2", "b/3"));
  EXPECT_THAT(forward(records, "b/", "b/2"), ElementsAre("b/2", "b/3"));
  EXPECT_THAT(forward(records, "b/", "b/25"), ElementsAre("b/3"));
  EXPECT_THAT(forward(records, "b/", "b/4"), IsEmpty());
  EXPECT_THAT(forward(records, "b/", "", 2), ElementsAre("b/1", "b/2"));
  EXPECT_THAT(forward(records, "", "b0"), ElementsAre("b0", "c"));
  EXPECT_THAT(forward(records, "d", ""), IsEmpty());
}

TEST(MemoryRecords, ScanBackStaysWithinThePrefix) {
  const MemoryRecords records = sample();
  EXPECT_THAT(backward(records, "b/", ""), ElementsAre("b/3", "b/2", "b/1"));
  EXPECT_THAT(backward(records, "b/", "b/2"), ElementsAre("b/2", "b/1"));
  EXPECT_THAT(backward(records, "b/", "b/25"), ElementsAre("b/2", "b/1"));
  EXPECT_THAT(backward(records, "b/", "b/0"), IsEmpty());
  EXPECT_THAT(backward(records, "b/", "", 1), ElementsAre("b/3"));
  EXPECT_THAT(backward(records, "", ""), ElementsAre("c", "b0", "b/3", "b/2", "b/1", "b", "a"));
  EXPECT_THAT(backward(records, "d", ""), IsEmpty());
}

TEST(MemoryRecords, ScanGivesTheValues) {
  MemoryRecords records;
  records.put("k1", "one");
  records.put("k2", "two");
  std::string seen;
  records.scan("k", "", [&](std::string_view, std::string_view value) {
    seen.append(value).append(" ");
    return true;
  });
  EXPECT_EQ(seen, "one two ");
}

/// Keys over three letters, 0xff among them, so that prefixes are often met.
std::string arbitrary_key(int most) {
  std::string key;
  for (int i = *rc::gen::inRange(0, most + 1); i > 0; --i)
    key.push_back(*rc::gen::element('a', 'b', '\xff'));
  return key;
}

RC_GTEST_PROP(MemoryRecords, ScansAgreeWithTheirDefinition, ()) {
  MemoryRecords records;
  for (int i = *rc::gen::inRange(0, 30); i > 0; --i) records.put(arbitrary_key(4), "v");
  const std::string prefix = arbitrary_key(2);
  const std::string from = *rc::gen::arbitrary<bool>() ? "" : prefix + arbitrary_key(3);

  std::vector<std::string> up;
  std::vector<std::string> down;
  for (const auto& [key, value] : records.all()) {
    if (!key.starts_with(prefix)) continue;
    if (key >= from) up.push_back(key);
    if (from.empty() || key <= from) down.insert(down.begin(), key);
  }
  RC_ASSERT(forward(records, prefix, from) == up);
  RC_ASSERT(backward(records, prefix, from) == down);
}

}  // namespace
}  // namespace relais
