// The overlay: reads see what was written, and a flush writes each key once, in order.
#include "projections/overlay.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "tests/support/record_keys.h"

namespace relais::projections {
namespace {

using testing::ElementsAre;
using testing::Pair;
using tests::record_keys;

/// Keeps the writes as they come.
class Recorder final : public RecordSink {
 public:
  void put(std::string_view key, std::string_view value) override {
    writes.emplace_back(key, std::string(value));
  }
  void erase(std::string_view key) override { writes.emplace_back(key, std::nullopt); }
  std::vector<std::pair<std::string, std::optional<std::string>>> writes;
};

void flush(Overlay& overlay, RecordSink& out) {
  WriteLog writes = overlay.take();
  writes.sort();
  writes.each(out);
}

TEST(Overlay, ReadsWhatWasWrittenInFrontOfTheRecords) {
  MemoryRecords base;
  base.put("a", "base");
  base.put("b", "base");
  Overlay overlay(base);
  EXPECT_EQ(overlay.get("a"), "base");
  overlay.put("a", "new");
  EXPECT_EQ(overlay.get("a"), "new");
  overlay.erase("a");
  EXPECT_EQ(overlay.get("a"), std::nullopt);
  overlay.put("a", "");
  EXPECT_EQ(overlay.get("a"), "");
  EXPECT_EQ(overlay.get("b"), "base");
  EXPECT_EQ(overlay.get("c"), std::nullopt);
  EXPECT_EQ(base.get("a"), "base") << "nothing is written before the flush";
}

TEST(Overlay, FlushesTheLastWriteOfEachKeyInKeyOrder) {
  MemoryRecords base;
  Overlay overlay(base);
  const std::string long_key(40, 'k');
  overlay.put(long_key + "2", "x");
  overlay.put("b", "first");
  overlay.erase(long_key + "1");
  overlay.put("a", "kept");
  overlay.put("b", "last");
  overlay.put("a", "gone");
  overlay.erase("a");
  Recorder out;
  flush(overlay, out);
  EXPECT_THAT(out.writes,
              ElementsAre(Pair("a", std::nullopt), Pair("b", "last"),
                          Pair(long_key + "1", std::nullopt), Pair(long_key + "2", "x")));
}

TEST(Overlay, ForgetsWhatItFlushed) {
  MemoryRecords base;
  Overlay overlay(base);
  overlay.put("a", "1");
  EXPECT_EQ(overlay.get("a"), "1");
  Recorder out;
  flush(overlay, out);
  EXPECT_EQ(overlay.get("a"), std::nullopt) << "what was flushed is read from the records";
  flush(overlay, out);
  EXPECT_EQ(out.writes.size(), 1U);
}

TEST(Overlay, ListsKeysOfBothInOrder) {
  MemoryRecords base;
  for (const char* key : {"k1", "k3", "k5", "k7", "l"}) base.put(key, "");
  Overlay overlay(base);
  overlay.put("k2", "");
  overlay.put("j", "");
  overlay.put("k8", "");
  overlay.erase("k8");
  overlay.erase("k3");
  EXPECT_THAT(overlay.keys("k", "k", 10), ElementsAre("k1", "k2", "k5", "k7"));
  EXPECT_THAT(overlay.keys("k", "k1", 2), ElementsAre("k2", "k5"));
  EXPECT_THAT(overlay.keys("k", "k7", 2), ElementsAre());
}

RC_GTEST_PROP(Overlay, IsAMapInFrontOfAMap, ()) {
  MemoryRecords base;
  MemoryRecords expected;
  Overlay overlay(base);
  const auto steps = *rc::gen::container<std::vector<std::pair<int, std::string>>>(
      rc::gen::pair(rc::gen::inRange(0, 10), record_keys()));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& [action, key] = steps[i];
    if (action < 4) {
      overlay.put(key, std::to_string(i));
      expected.put(key, std::to_string(i));
    } else if (action < 7) {
      overlay.erase(key);
      expected.erase(key);
    } else if (action < 9) {
      RC_ASSERT(overlay.get(key) == expected.get(key));
    } else {
      Recorder out;
      flush(overlay, out);
      for (std::size_t w = 1; w < out.writes.size(); ++w)
        RC_ASSERT(out.writes[w - 1].first < out.writes[w].first);
      for (const auto& [written, value] : out.writes) {
        if (value) {
          base.put(written, *value);
        } else {
          base.erase(written);
        }
      }
      RC_ASSERT(base.all() == expected.all());
    }
  }
  flush(overlay, base);
  RC_ASSERT(base.all() == expected.all());
}

}  // namespace
}  // namespace relais::projections
