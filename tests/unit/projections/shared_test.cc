// What is shared, newest first, and which act is the last word on a thing.
#include <gmock/gmock.h>

#include "tests/unit/projections/support.h"

namespace relais::tests {
namespace {

using projections::SharedItem;
using projections::SharedKind;
using projections::Shelf;
using testing::ElementsAre;

class Shared : public testing::Test {
 protected:
  void publish(const std::string& slug, const std::string& tool, std::string_view version) {
    json::object o = data(R"({"title":"T","media_type":"text/plain"})");
    o["version"] = version;
    o["content_hash"] = std::string(43, 'A');
    scene.expect(slug, "tool.published", "library/" + tool, std::move(o));
  }
  void share(const std::string& slug) {
    scene.expect(slug, "practice.shared", "library/grid", data(R"({"title":"T","summary":"S"})"));
  }
  void introduce(const std::string& network, std::string_view partner) {
    json::object o = data(R"({"nom":"N","date_maj":"2026-01-02"})");
    o["partner_id"] = partner;
    scene.expect("ml1", "partner.introduced", "network/" + network, std::move(o));
  }
  void lead(const std::string& network) {
    scene.expect("ml1", "pathway.published", "network/" + network,
                 data(R"({"title":"T","need":"shelter","steps":["a"]})"));
  }
  /// Places of the acts behind those of the scene.
  std::vector<std::uint64_t> listed(projections::SharedFilter filter, std::size_t limit = 1,
                                    std::size_t max_asked = 100) {
    MemoryRecords records;
    fold(scene.log, records);
    std::vector<std::uint64_t> places;
    for (const auto& item : all_pages<SharedItem>([&](const std::string& cursor) {
           return projections::shared_items(records, filter, cursor, limit, max_asked);
         }))
      places.push_back(item.index.value - first);
    return places;
  }

  Scene scene;
  const std::uint64_t first = scene.log.size();
};

TEST_F(Shared, AToolIsItsLastVersion) {
  publish("ml1", "grid", "1");     // 0
  share("ml2");                    // 1, on the same stream
  publish("ml1", "leaflet", "1");  // 2
  publish("aa1", "grid", "2");     // 3
  share("ml2");                    // 4
  projections::SharedFilter filter{Shelf::library, {}, false, {}};
  EXPECT_THAT(listed(filter), ElementsAre(4, 3, 2, 1));
  filter.replaced = true;
  EXPECT_THAT(listed(filter), ElementsAre(4, 3, 2, 1, 0));
  filter.kind = SharedKind::tool;
  EXPECT_THAT(listed(filter), ElementsAre(3, 2, 0));
  EXPECT_THAT(listed({Shelf::network, {}, true, {}}), testing::IsEmpty());
}

TEST_F(Shared, APartnerAndAPathwayAreOfTheirStream) {
  introduce("a", "p");  // 0
  introduce("b", "p");  // 1
  introduce("a", "q");  // 2
  lead("a");            // 3
  introduce("a", "p");  // 4
  lead("a");            // 5
  EXPECT_THAT(listed({Shelf::network, {}, false, {}}), ElementsAre(5, 4, 2, 1));
  const MemoryRecords records = folded(scene);
  const auto all = projections::shared_items(records, {Shelf::network, {}, true, {}}, {}, 10, 10);
  ASSERT_EQ(all.items.size(), 6U);
  EXPECT_EQ(all.items[5].replaced_by, LogIndex{first + 4});
  EXPECT_EQ(all.items[2].replaced_by, LogIndex{first + 5});
  EXPECT_EQ(all.items[0].replaced_by, std::nullopt);
}

/// A page ends where enough was asked about, and the next goes on there.
TEST_F(Shared, NobodyIsAskedWithoutEnd) {
  for (int n = 0; n < 7; ++n) share("ml1");
  projections::SharedFilter filter{Shelf::library, {}, false, {}};
  filter.wanted = [&](const SharedItem& item) { return item.index.value % 3 == 0; };
  std::vector<std::uint64_t> expected;
  for (std::uint64_t n = 7; n-- > 0;)
    if ((first + n) % 3 == 0) expected.push_back(n);
  EXPECT_EQ(listed(filter, 10, 2), expected);
  const MemoryRecords records = folded(scene);
  const auto page = projections::shared_items(records, filter, {}, 10, 2);
  EXPECT_EQ(page.asked, 2U);
  EXPECT_FALSE(page.next.empty());
}

/// The records are a function of the events, wherever flushes and restarts come.
TEST_F(Shared, TheSameWhateverTheFlushes) {
  publish("ml1", "grid", "1");
  introduce("a", "p");
  publish("aa1", "grid", "2");
  introduce("a", "p");
  publish("aa1", "grid", "3");
  MemoryRecords once, often;
  fold(scene.log, once);
  fold(scene.log, often, [](std::size_t) { return true; });
  EXPECT_EQ(often.all(), once.all());
  for (std::size_t stop = first; stop <= scene.log.size(); ++stop) {
    MemoryRecords resumed;
    fold({scene.log.begin(), scene.log.begin() + static_cast<std::ptrdiff_t>(stop)}, resumed);
    go_on(scene.log, stop, resumed);
    EXPECT_EQ(resumed.all(), once.all()) << stop;
  }
}

}  // namespace
}  // namespace relais::tests
