// The log of writes: sorted, it is the map that the same writes make.
#include "ledger/base/write_log.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/record_keys.h"

namespace relais {
namespace {

using tests::record_keys;

RC_GTEST_PROP(WriteLog, SortedIsTheLastWriteOfEachKeyInOrder, ()) {
  const auto steps = *rc::gen::container<std::vector<std::pair<bool, std::string>>>(
      rc::gen::pair(rc::gen::arbitrary<bool>(), record_keys()));
  WriteLog log;
  std::map<std::string, std::optional<std::string>> expected;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& [put, key] = steps[i];
    if (put) {
      log.put(key, std::to_string(i));
      expected[key] = std::to_string(i);
    } else {
      log.erase(key);
      expected[key] = std::nullopt;
    }
    RC_ASSERT(log.key(i) == key);
    RC_ASSERT(log.first(i) == static_cast<unsigned char>(key[0]));
  }
  log.sort();
  RC_ASSERT(log.size() == expected.size());
  std::size_t i = 0;
  for (const auto& [key, value] : expected) {
    RC_ASSERT(log.key(i) == key);
    RC_ASSERT(log.erased(i) == !value.has_value());
    RC_ASSERT(log.value(i) == value.value_or(""));
    RC_ASSERT(log.find(key) == i);
    ++i;
  }
  const std::string other = *record_keys();
  RC_ASSERT((log.find(other) != log.size()) == expected.contains(other));
}

TEST(WriteLog, OfNothingIsEmpty) {
  WriteLog log;
  log.sort();
  EXPECT_EQ(log.size(), 0U);
  EXPECT_EQ(log.find("a"), 0U);
  EXPECT_EQ(log.bytes(), 0U);
}

TEST(WriteLog, TakesRecordsLargerThanItsBlocks) {
  WriteLog log;
  const std::string large(std::size_t{5} << 20, 'x');
  for (int i = 0; i < 3; ++i) {
    log.put("large " + std::to_string(i), large);
    log.put("small " + std::to_string(i), std::to_string(i));
  }
  log.put("large 1", "");
  log.sort();
  ASSERT_EQ(log.size(), 6U);
  EXPECT_EQ(log.value(0), large);
  EXPECT_EQ(log.value(1), "");
  EXPECT_EQ(log.value(5), "2");
}

}  // namespace
}  // namespace relais
