// The timeline of a case.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "tests/unit/projections/support.h"

namespace relais::tests {
namespace {

using projections::timeline;
using projections::TimelineItem;

const auto kEveryLine = [](const TimelineItem&) { return true; };

TEST(Timeline, HasALineForEachEventOfTheCase) {
  Scene scene;
  scene.detect("ml1", 1);  // entry 7
  scene.detect("ml2", 2);
  scene.clock.advance_ms(60'000);
  scene.claimed_time = Timestamp{kSceneStart.value + 5'000};
  auto s = scene.statement("ml1", "case.risk_assessed", case_subject(1),
                           data(R"({"risk":"high","grid_version":"1","factors":["a","b"]})"));
  ASSERT_TRUE(s.has_value());
  ASSERT_TRUE(scene.act(*s).has_value());

  const MemoryRecords records = folded(scene);
  const auto page = timeline(records, id_of(1), 0, 50, kEveryLine);
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_TRUE(page.next.empty());
  const TimelineItem& first = page.items[0];
  EXPECT_EQ(first.version, 1U);
  EXPECT_EQ(first.index, LogIndex{7});
  EXPECT_EQ(statement::catalogue().at(first.type).name, "case.detected");
  EXPECT_EQ(first.phase, static_cast<std::uint8_t>(rules::CasePhase::detected));
  EXPECT_EQ(first.withheld, 0U);
  const TimelineItem& second = page.items[1];
  EXPECT_EQ(second.version, 2U);
  EXPECT_EQ(second.index, LogIndex{9});
  EXPECT_EQ(statement::catalogue().at(second.type).name, "case.risk_assessed");
  EXPECT_EQ(second.signatory, kMl1);
  EXPECT_EQ(second.time, *scene.claimed_time);
  EXPECT_EQ(second.received_at, Timestamp{kSceneStart.value + 60'000});
  EXPECT_EQ(second.id, s->id);
  EXPECT_EQ(second.phase, static_cast<std::uint8_t>(rules::CasePhase::assessed));
  EXPECT_EQ(second.withheld, s->event->getRoot<schema::Event>().getWithheld());
  EXPECT_GT(second.withheld, 0U);
}

TEST(Timeline, IsEmptyBehindItsEndAndForAnUnknownCase) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.detect("ml1", 2);
  const MemoryRecords records = folded(scene);
  EXPECT_TRUE(timeline(records, id_of(3), 0, 50, kEveryLine).items.empty());
  EXPECT_TRUE(timeline(records, id_of(1), 1, 50, kEveryLine).items.empty())
      << "not the next case's";
  constexpr auto kLast = std::numeric_limits<std::uint32_t>::max();
  EXPECT_TRUE(timeline(records, id_of(1), kLast, 50, kEveryLine).items.empty());
}

TEST(Timeline, LeavesOutWhatIsNotWantedAndTellsNothingOfIt) {
  Scene scene;
  scene.detect("ml1", 1);
  for (int i = 0; i < 4; ++i) scene.assess("ml1", 1);
  const MemoryRecords records = folded(scene);
  const auto odd = [](const TimelineItem& i) { return i.version % 2 == 1 && i.version < 5; };
  const auto page = timeline(records, id_of(1), 0, 2, odd);
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[1].version, 3U);
  EXPECT_TRUE(page.next.empty()) << "what follows is not wanted";
  EXPECT_EQ(timeline(records, id_of(1), 0, 1, odd).next, "1");
  EXPECT_EQ(projections::timeline_item(records, id_of(1), 5)->version, 5U);
  EXPECT_FALSE(projections::timeline_item(records, id_of(1), 6));
}

RC_GTEST_PROP(Timeline, PagingGivesEachEventOnceInOrder, ()) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.detect("ml1", 2);
  const auto events = *rc::gen::inRange<std::uint32_t>(0, 20);
  for (std::uint32_t i = 0; i < events; ++i) {
    scene.assess("ml1", 1);
    scene.assess("ml1", 2);
  }
  const MemoryRecords records = folded(scene);
  const auto limit = *rc::gen::inRange<std::size_t>(1, 8);
  const auto after = *rc::gen::inRange<std::uint32_t>(0, events + 1);
  const auto got = all_pages<TimelineItem>([&](const std::string& cursor) {
    const auto from = cursor.empty() ? after : static_cast<std::uint32_t>(std::stoul(cursor));
    return timeline(records, id_of(1), from, limit, kEveryLine);
  });
  RC_ASSERT(got.size() == events + 1 - after);
  for (std::size_t i = 0; i < got.size(); ++i) RC_ASSERT(got[i].version == after + 1 + i);
}

}  // namespace
}  // namespace relais::tests
