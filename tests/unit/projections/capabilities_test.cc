// "Who can help with this need, here, for this public, with room now."
#include <gmock/gmock.h>

#include "ledger/rules/calendar.h"
#include "ledger/rules/convention/governance.h"
#include "projections/records.h"
#include "tests/unit/projections/support.h"

namespace relais::tests {
namespace {

using projections::CapabilityItem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kDayMs = 86'400'000;

class Capabilities : public testing::Test {
 protected:
  /// A convention whose quorum lets a signatory be withdrawn.
  Capabilities() : scene(Scene::Stage::empty) {
    json::object o = opening(scene_members());
    o["quorums"] = *json::parse(R"([{"act":"withdraw-signatory","approvals":2,"roles":[]}])");
    scene.expect("relais", "convention.opened", Scene::convention_subject(), std::move(o));
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"}) scene.sign(founder);
  }
  void declare(const std::string& slug, std::string_view id, std::string_view more = "{}") {
    json::object d = data(R"({"service_type":"accompagnement","publics":["femmes"],
        "needs":["shelter"],"territories":["69123"]})");
    d["capability_id"] = id;
    for (const auto& member : data(more)) d[member.key()] = member.value();
    scene.expect(slug, "capability.declared", "signatory/" + slug, std::move(d));
  }
  void capacity(const std::string& slug, std::string_view id, std::string_view level) {
    json::object d;
    d["capability_id"] = id;
    d["level"] = level;
    d["places"] = 0;
    scene.expect(slug, "capacity.updated", "signatory/" + slug, std::move(d));
  }
  void offer(const std::string& slug, std::string_view id, std::string_view more = "{}",
             std::string_view level = "open") {
    declare(slug, id, more);
    capacity(slug, id, level);
  }

  std::vector<CapabilityItem> items(std::string_view need, std::string_view territory = {},
                                    std::string_view audience = {}) {
    const MemoryRecords records = folded(scene);
    return projections::find_capabilities(records, scene.registry(), need, territory, audience,
                                          rules::legal_day(scene.clock.now()));
  }
  std::vector<std::string> find(std::string_view need, std::string_view territory = {},
                                std::string_view audience = {}) {
    std::vector<std::string> ids;
    for (const auto& item : items(need, territory, audience)) ids.push_back(item.id);
    return ids;
  }
  /// How many records the index holds.
  std::size_t indexed() {
    const MemoryRecords records = folded(scene);
    std::size_t n = 0;
    for (const std::string_view prefix :
         {projections::kCapabilityPrefix, projections::kCapabilitiesOfPrefix})
      records.scan(prefix, prefix, [&n](std::string_view, std::string_view) {
        ++n;
        return true;
      });
    return n;
  }

  Scene scene;
};

TEST_F(Capabilities, AnswerToTheirNeedOnly) {
  offer("aa1", "abri");
  offer("aa2", "soin", R"({"needs":["psychotrauma","sexual_health"]})");
  EXPECT_THAT(find("shelter"), ElementsAre("abri"));
  EXPECT_THAT(find("psychotrauma"), ElementsAre("soin"));
  EXPECT_THAT(find("sexual_health"), ElementsAre("soin"));
  EXPECT_THAT(find("complaint"), IsEmpty());
  EXPECT_THAT(find("shelte"), IsEmpty());
  EXPECT_THAT(find(""), IsEmpty());
}

TEST_F(Capabilities, AreForThePublicOrForAll) {
  offer("aa1", "femmes");
  offer("aa2", "tous", R"({"publics":["tous-publics"]})");
  EXPECT_THAT(find("shelter", {}, "femmes"), ElementsAre("femmes", "tous"));
  EXPECT_THAT(find("shelter", {}, "jeunes"), ElementsAre("tous"));
  EXPECT_THAT(find("shelter", {}, "tous-publics"), ElementsAre("tous"));
  EXPECT_THAT(find("shelter"), ElementsAre("femmes", "tous"));
}

/// 69123 is Lyon, of the Métropole; 69264 is Villefranche-sur-Saône, of the Département du Rhône.
TEST_F(Capabilities, AreHereOrInTheTerritoryThatCoversIt) {
  offer("aa1", "lyon");
  offer("aa1", "metropole", R"({"territories":["metropole"]})");
  offer("aa1", "rhone", R"({"territories":["rhone"]})");
  offer("aa1", "both", R"({"territories":["metropole","rhone"]})");
  EXPECT_THAT(find("shelter", "69123"), ElementsAre("both", "lyon", "metropole"));
  EXPECT_THAT(find("shelter", "69264"), ElementsAre("both", "rhone"));
  EXPECT_THAT(find("shelter", "metropole"), ElementsAre("both", "metropole"));
  EXPECT_THAT(find("shelter", "rhone"), ElementsAre("both", "rhone"));
  EXPECT_THAT(find("shelter", "01004"), IsEmpty());
}

TEST_F(Capabilities, HaveRoomNow) {
  declare("aa1", "silent");
  offer("aa1", "full", "{}", "full");
  offer("aa1", "limited", "{}", "limited");
  offer("ml1", "open", "{}", "open");
  EXPECT_THAT(find("shelter"), ElementsAre("open", "limited"));
  capacity("ml1", "open", "full");
  EXPECT_THAT(find("shelter"), ElementsAre("limited"));
}

TEST_F(Capabilities, StandOpenBeforeLimitedAndFreshBeforeStale) {
  offer("aa1", "a-open-old");
  offer("aa1", "b-limited-old", "{}", "limited");
  scene.clock.advance_ms(31 * kDayMs);
  offer("aa1", "c-limited-new", "{}", "limited");
  offer("aa1", "d-open-new");
  offer("ml1", "e-open-new");
  const auto found = items("shelter");
  std::vector<std::pair<std::string, bool>> got;
  for (const auto& i : found) got.emplace_back(i.id, i.stale);
  EXPECT_THAT(got, ElementsAre(std::pair("e-open-new", false), std::pair("d-open-new", false),
                               std::pair("a-open-old", true), std::pair("c-limited-new", false),
                               std::pair("b-limited-old", true)));
}

/// Each has its first one before any has its second.
TEST_F(Capabilities, WhoDeclaresManyHidesNobody) {
  for (int i = 10; i < 40; ++i) offer("ml1", "many-" + std::to_string(i));
  offer("aa2", "few-1");
  offer("aa1", "two-1");
  offer("aa1", "two-2");
  auto found = find("shelter");
  ASSERT_EQ(found.size(), 33U);
  found.resize(6);
  EXPECT_THAT(found, ElementsAre("many-10", "two-1", "few-1", "many-11", "two-2", "many-12"));
  const auto all = items("shelter");
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &CapabilityItem::place));
  EXPECT_EQ(
      projections::find_capabilities(folded(scene), scene.registry(), "shelter", {}, {},
                                     rules::legal_day(scene.clock.now()), scene.ordinal_of("aa1"))
          .size(),
      2U);
}

TEST_F(Capabilities, AreStaleAfterTheConventionsNumberOfDays) {
  offer("aa1", "abri");
  scene.clock.advance_ms(30 * kDayMs);
  EXPECT_FALSE(items("shelter").at(0).stale);
  scene.clock.advance_ms(kDayMs);
  EXPECT_TRUE(items("shelter").at(0).stale);
  rules::Registry registry = scene.registry();
  const MemoryRecords records = folded(scene);
  const Day today = rules::legal_day(scene.clock.now());
  const auto stale_after = [&](std::uint32_t days) {
    registry.parameters.set(rules::Parameter::capacity_stale_days, days);
    return projections::find_capabilities(records, registry, "shelter", {}, {}, today).at(0).stale;
  };
  EXPECT_FALSE(stale_after(31));
  EXPECT_TRUE(stale_after(10));
  EXPECT_FALSE(stale_after(3'650));
}

TEST_F(Capabilities, SayHowTheSignatoryIsReached) {
  offer("aa1", "abri");
  EXPECT_EQ(items("shelter").at(0).mailbox, "");
  scene.expect("aa1", "focal_point.designated", "signatory/aa1",
               data(R"({"mailbox":"sante@example.org","topic":"santé"})"));
  EXPECT_EQ(items("shelter").at(0).mailbox, "");
  scene.expect("aa1", "focal_point.designated", "signatory/aa1",
               data(R"({"mailbox":"accueil@example.org"})"));
  const CapabilityItem item = items("shelter").at(0);
  EXPECT_EQ(item.mailbox, "accueil@example.org");
  EXPECT_EQ(item.signatory, kAa1);
  EXPECT_EQ(item.capability.service_type, "accompagnement");
}

TEST_F(Capabilities, LeaveTheIndexWhenReplacedOrWithdrawn) {
  offer("aa1", "abri", R"({"needs":["shelter","complaint"]})");
  offer("aa1", "autre");
  EXPECT_EQ(indexed(), 5U) << "three needs, and what each of the two was";
  declare("aa1", "abri", R"({"needs":["complaint"]})");
  EXPECT_THAT(find("shelter"), ElementsAre("autre"));
  EXPECT_EQ(indexed(), 4U);
  for (const char* id : {"abri", "autre"}) {
    json::object d;
    d["capability_id"] = id;
    scene.expect("aa1", "capability.withdrawn", "signatory/aa1", std::move(d));
  }
  EXPECT_THAT(find("complaint"), IsEmpty());
  EXPECT_EQ(indexed(), 0U);
}

TEST_F(Capabilities, LeaveWithTheMissionLocale) {
  offer("ml2", "abri");
  json::object d;
  d["mission_locale"] = "ml2";
  d["proof"] = statement::make_key_proof(test_key("ml2"), Scene::source_of("ml2"),
                                         rules::leaving_audience(kOrigin));
  scene.expect("udml", "mission_locale.detached", "signatory/udml", std::move(d));
  EXPECT_THAT(find("shelter"), IsEmpty());
  EXPECT_EQ(indexed(), 0U);
}

TEST_F(Capabilities, LeaveWithTheSignatory) {
  offer("ml2", "abri");
  offer("aa1", "autre");
  const auto subject = Scene::convention_subject();
  scene.expect("pref", "governance.proposed", subject,
               data(R"({"proposal_id":"p1","act":"withdraw_signatory","signatory":"ml2",
                        "reason":"It closes."})"));
  scene.expect("aa1", "governance.approved", subject, data(R"({"proposal_id":"p1"})"));
  EXPECT_THAT(find("shelter"), ElementsAre("abri", "autre"));
  scene.expect("pref", "signatory.withdrawn", subject,
               data(R"({"proposal_id":"p1","reason":"own"})"));
  EXPECT_THAT(find("shelter"), ElementsAre("autre"));
  EXPECT_EQ(indexed(), 2U);
}

TEST_F(Capabilities, TheBestOfALongListComeFirst) {
  for (int i = 0; i < 300; ++i)
    for (const char* slug : {"aa1", "aa2"})
      offer(slug, "c" + std::to_string(i), "{}", i < 150 ? "limited" : "open");
  const auto found = items("shelter");
  ASSERT_EQ(found.size(), 600U);
  const auto limited =
      std::ranges::find(found, schema::CapacityLevel::LIMITED,
                        [](const CapabilityItem& i) { return i.capability.level; });
  EXPECT_EQ(limited - found.begin(), 300);
  EXPECT_EQ(std::ranges::count(limited, found.end(), schema::CapacityLevel::LIMITED,
                               [](const CapabilityItem& i) { return i.capability.level; }),
            300);
}

TEST_F(Capabilities, AFlushBehindEachEventGivesTheSameRecords) {
  offer("aa1", "abri", R"({"needs":["shelter","complaint"]})");
  offer("ml1", "autre");
  declare("aa1", "abri", R"({"needs":["complaint"]})");
  scene.expect("ml1", "capability.withdrawn", "signatory/ml1",
               data(R"({"capability_id":"autre"})"));
  MemoryRecords once, each;
  fold(scene.log, once);
  fold(scene.log, each, [](std::size_t) { return true; });
  EXPECT_EQ(once.all(), each.all());
}

}  // namespace
}  // namespace relais::tests
