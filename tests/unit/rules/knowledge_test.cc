// library/* and network/*: knowledge and networks, shared by any signatory.
#include <gmock/gmock.h>

#include "tests/support/acts.h"

namespace relais::tests {
namespace {

/// `base` with one member set, or removed where the text is empty.
json::object with_member(json::object base, std::string_view member, std::string_view value) {
  if (value.empty())
    base.erase(member);
  else
    base[member] = *json::parse(value);
  return base;
}

json::object training() {
  return data(R"({"theme":"Repérage","audience":"professionals","headcount":18,
      "held_on":"2026-03-02","hours":7})");
}

json::object tool(std::string_view version) {
  json::object d = data(R"({"title":"Grille de repérage","media_type":"application/pdf",
      "link":"https://example.org/grille"})");
  d["version"] = version;
  d["content_hash"] = std::string(43, 'A');
  return d;
}

json::object partner() {
  return data(R"({"partner_id":"dora--42","nom":"Centre social","siret":"13003013300016",
      "code_insee":"13055","code_postal":"13001","date_maj":"2026-03-02",
      "reseaux_porteurs":["mission-locale"]})");
}

json::object joint_action() {
  return data(R"({"title":"Maraude commune","held_on":"2026-02-27","signatories":["ml1","aa1"]})");
}

TEST(Knowledge, AnySignatoryShares) {
  Scene scene;
  for (const char* who : {"pref", "udml", "ml1", "aa1", "member"})
    scene.expect(who, "training.delivered", "library/formations", training());
  scene.expect("aa1", "tool.published", "library/grille", tool("2024-1"));
  scene.expect("ml1", "practice.shared", "library/accueil",
               data(R"({"title":"Accueil sans rendez-vous","summary":"Deux matinées."})"));
  scene.expect("ml1", "need.observed", "library/besoins",
               data(R"({"audience":"jeunes","need":"shelter","territory":"69123",
                        "summary":"Aucune place la nuit."})"));
  scene.expect("aa1", "partner.introduced", "network/partenaires", partner());
  scene.expect("aa1", "pathway.published", "network/soins",
               data(R"({"title":"Vers le soin","need":"psychotrauma","steps":["ml","aa","CMP"]})"));
  scene.expect("pref", "joint_action.recorded", "network/maraudes", joint_action());
}

/// Each type is refused to those who only read, and to the ledger's own key.
TEST(Knowledge, IsNotForTheAnalystNorTheLedger) {
  const std::vector<std::tuple<const char*, const char*, json::object>> rows = {
      {"training.delivered", "library/x", training()},
      {"tool.published", "library/x", tool("1")},
      {"practice.shared", "library/x", data(R"({"title":"t","summary":"s"})")},
      {"need.observed", "library/x",
       data(R"({"audience":"jeunes","need":"shelter","territory":"69123","summary":"s"})")},
      {"partner.introduced", "network/x", partner()},
      {"pathway.published", "network/x", data(R"({"title":"t","need":"shelter","steps":["s"]})")},
      {"joint_action.recorded", "network/x", joint_action()},
  };
  Scene scene;
  for (const auto& [event, subject, payload] : rows)
    for (const char* who : {"analyst", "relais"}) {
      const Error e = scene.refused(who, event, subject, payload);
      EXPECT_EQ(e.rule, "emitter-forbidden") << event << " by " << who;
      EXPECT_FALSE(e.source.empty());
    }
}

TEST(Knowledge, ContentIsRefused) {
  struct Row {
    std::string rule;
    std::string field;
    const char* event;
    const char* subject;
    json::object payload;
  };
  const json::object need =
      data(R"({"audience":"jeunes","need":"shelter","territory":"69123","summary":"s"})");
  const json::object pathway = data(R"({"title":"t","need":"shelter","steps":["s"]})");
  const std::vector<Row> rows = {
      {"date-in-future", "data.held_on", "training.delivered", "library/x",
       with_member(training(), "held_on", R"("2026-03-03")")},
      {"headcount-out-of-range", "data.headcount", "training.delivered", "library/x",
       with_member(training(), "headcount", "0")},
      {"headcount-out-of-range", "data.headcount", "training.delivered", "library/x",
       with_member(training(), "headcount", "100001")},
      {"hours-out-of-range", "data.hours", "training.delivered", "library/x",
       with_member(training(), "hours", "1001")},
      {"territory-not-of-convention", "data.territory", "need.observed", "library/x",
       with_member(need, "territory", R"("75056")")},
      {"date-in-future", "data.date_maj", "partner.introduced", "network/x",
       with_member(partner(), "date_maj", R"("2026-03-03")")},
      {"steps-missing", "data.steps", "pathway.published", "network/x",
       with_member(pathway, "steps", "[]")},
      {"date-in-future", "data.held_on", "joint_action.recorded", "network/x",
       with_member(joint_action(), "held_on", R"("2026-03-03")")},
      {"signatory-unknown", "data.signatories[1]", "joint_action.recorded", "network/x",
       with_member(joint_action(), "signatories", R"(["ml1","ml9"])")},
      {"signatory-repeated", "data.signatories[1]", "joint_action.recorded", "network/x",
       with_member(joint_action(), "signatories", R"(["ml1","ml1"])")},
      {"joint-action-alone", "data.signatories", "joint_action.recorded", "network/x",
       with_member(joint_action(), "signatories", R"(["ml1"])")},
  };
  for (const Row& row : rows) {
    Scene scene;
    const Error e = scene.refused("ml1", row.event, row.subject, row.payload);
    EXPECT_EQ(e.rule, row.rule) << row.event;
    EXPECT_EQ(e.code, Errc::invalid) << row.rule;
    EXPECT_EQ(e.field, row.field) << row.rule;
    EXPECT_FALSE(e.source.empty()) << row.rule;
  }
}

TEST(Knowledge, TheDayIsThatOfParis) {
  Scene scene;
  // 2026-03-02T22:59Z is 23:59 in Paris; one minute later the next day has come there.
  scene.clock.set(Timestamp{kSceneStart.value + (14 * 60 + 59) * 60'000});
  EXPECT_EQ(scene
                .refused("ml1", "training.delivered", "library/x",
                         with_member(training(), "held_on", R"("2026-03-03")"))
                .rule,
            "date-in-future");
  scene.clock.set(Timestamp{kSceneStart.value + 15 * 60 * 60'000});
  scene.expect("ml1", "training.delivered", "library/x",
               with_member(training(), "held_on", R"("2026-03-03")"));
}

TEST(Tool, AVersionIsPublishedOnce) {
  Scene scene;
  scene.expect("aa1", "tool.published", "library/grille", tool("2024-1"));
  scene.expect("ml1", "tool.published", "library/grille", tool("2024-2"));
  scene.expect("aa1", "tool.published", "library/guide", tool("2024-1"));
  const Error e = scene.refused("ml1", "tool.published", "library/grille", tool("2024-1"));
  EXPECT_EQ(e.rule, "version-known");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.field, "data.version");
  EXPECT_EQ(e.state, "PUBLISHED");
  EXPECT_THAT(scene.world().find_library("grille")->versions,
              testing::ElementsAre(testing::Key("2024-1"), testing::Key("2024-2")));
}

/// Whoever goes on with a tool leaves who began it its room.
TEST(Tool, IsNotFilledByOthers) {
  Scene scene;
  scene.expect("aa1", "tool.published", "library/grille", tool("first"));
  for (int i = 0; i < 100; ++i)
    scene.expect("ml1", "tool.published", "library/grille", tool("m" + std::to_string(i)));
  EXPECT_EQ(scene.refused("ml1", "tool.published", "library/grille", tool("m100")).rule,
            "limit-versions");
  scene.expect("aa1", "tool.published", "library/grille", tool("second"));
  scene.expect("ml2", "tool.published", "library/grille", tool("third"));
}

TEST(Tool, HasAThousandVersionsAtMost) {
  Scene scene;
  rules::LibraryState& library = scene.world().mutable_library("grille");
  library.publisher = scene.ordinal_of("aa1");
  for (int i = 0; i < 1'000; ++i) library.versions.emplace(std::to_string(i), library.publisher);
  EXPECT_EQ(scene.refused("aa1", "tool.published", "library/grille", tool("new")).rule,
            "limit-versions");
  EXPECT_EQ(scene.refused("aa1", "tool.published", "library/grille", tool("7")).rule,
            "version-known");
}

}  // namespace
}  // namespace relais::tests
