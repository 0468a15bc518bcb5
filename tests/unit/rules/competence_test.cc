// capability.*, capacity.updated, focal_point.designated: what a signatory says of itself.
#include <gmock/gmock.h>

#include "tests/support/acts.h"

namespace relais::tests {
namespace {

json::object capability(std::string_view id, std::string_view more = "{}") {
  json::object d = data(R"({"service_type":"accompagnement","publics":["jeunes","femmes"],
      "needs":["shelter","sante--sante-mentale"],"territories":["69123","rhone"]})");
  d["capability_id"] = id;
  for (const auto& member : data(more)) d[member.key()] = member.value();
  return d;
}

json::object capacity(std::string_view id, std::string_view level) {
  json::object d;
  d["capability_id"] = id;
  d["level"] = level;
  d["places"] = 0;
  return d;
}

const rules::Capability& capability_of(Scene& scene, const std::string& slug,
                                       const std::string& id) {
  return scene.world().find_signatory(scene.ordinal_of(slug))->capabilities.at(id);
}

TEST(Capability, IsDeclaredAndReplacedUnderItsId) {
  Scene scene;
  scene.expect("aa1", "capability.declared", "signatory/aa1",
               capability("abri", R"({"label":"Mise à l'abri"})"));
  scene.expect("aa1", "capacity.updated", "signatory/aa1", capacity("abri", "limited"));
  const rules::Capability& first = capability_of(scene, "aa1", "abri");
  EXPECT_EQ(first.service_type, "accompagnement");
  EXPECT_THAT(first.publics, testing::ElementsAre("jeunes", "femmes"));
  EXPECT_THAT(first.needs, testing::ElementsAre("shelter", "sante--sante-mentale"));
  EXPECT_THAT(first.territories, testing::ElementsAre("69123", "rhone"));
  EXPECT_EQ(first.label, "Mise à l'abri");

  scene.expect("aa1", "capability.declared", "signatory/aa1",
               capability("abri", R"({"needs":["complaint"],"service_type":"information"})"));
  const rules::Capability& second = capability_of(scene, "aa1", "abri");
  EXPECT_EQ(second.service_type, "information");
  EXPECT_THAT(second.needs, testing::ElementsAre("complaint"));
  EXPECT_EQ(second.label, "");
  EXPECT_EQ(second.level, schema::CapacityLevel::LIMITED) << "the room that was said still holds";
  EXPECT_EQ(second.capacity_at, scene.clock.now());
}

TEST(Capability, IsWithdrawn) {
  Scene scene;
  scene.expect("aa1", "capability.declared", "signatory/aa1", capability("abri"));
  scene.expect("aa1", "capability.withdrawn", "signatory/aa1", data(R"({"capability_id":"abri"})"));
  EXPECT_TRUE(scene.world().find_signatory(scene.ordinal_of("aa1"))->capabilities.empty());
  const Error e = scene.refused("aa1", "capability.withdrawn", "signatory/aa1",
                                data(R"({"capability_id":"abri"})"));
  EXPECT_EQ(e.rule, "capability-unknown");
  EXPECT_EQ(e.code, Errc::not_found);
  EXPECT_EQ(e.field, "data.capability_id");
}

TEST(Capability, IsRefusedForItsContent) {
  struct Row {
    std::string rule;
    std::string field;
    const char* more;
  };
  for (const Row& row :
       {Row{"capability-incomplete", "data.publics", R"({"publics":[]})"},
        Row{"capability-incomplete", "data.needs", R"({"needs":[]})"},
        Row{"capability-incomplete", "data.territories", R"({"territories":[]})"},
        Row{"territory-not-of-convention", "data.territories[1]",
            R"({"territories":["69123","75056"]})"},
        Row{"territory-not-of-convention", "data.territories[0]", R"({"territories":["ain"]})"}}) {
    Scene scene;
    const Error e =
        scene.refused("aa1", "capability.declared", "signatory/aa1", capability("abri", row.more));
    EXPECT_EQ(e.rule, row.rule);
    EXPECT_EQ(e.field, row.field);
    EXPECT_EQ(e.code, Errc::invalid);
  }
}

TEST(Capability, EachSpeaksForItselfOnly) {
  Scene scene;
  scene.expect("aa1", "capability.declared", "signatory/aa1", capability("abri"));
  const std::vector<std::pair<const char*, json::object>> rows = {
      {"capability.declared", capability("abri")},
      {"capability.withdrawn", data(R"({"capability_id":"abri"})")},
      {"capacity.updated", capacity("abri", "full")},
      {"focal_point.designated", data(R"({"mailbox":"accueil@example.org"})")},
  };
  for (const auto& [event, payload] : rows) {
    EXPECT_EQ(scene.refused("aa2", event, "signatory/aa1", payload).rule, "stream-not-own");
    EXPECT_EQ(scene.refused("relais", event, "signatory/relais", payload).rule,
              "emitter-forbidden");
  }
}

TEST(Capability, FiveHundredAtMost) {
  Scene scene;
  for (int i = 0; i < 500; ++i)
    scene.world().mutable_signatory(scene.ordinal_of("aa1")).capabilities["c" + std::to_string(i)];
  const Error e =
      scene.refused("aa1", "capability.declared", "signatory/aa1", capability("one-more"));
  EXPECT_EQ(e.rule, "limit-capabilities");
  EXPECT_EQ(e.code, Errc::conflict);
  scene.expect("aa1", "capability.declared", "signatory/aa1", capability("c7"));
}

/// Each capacity that is said writes all of them anew.
TEST(Capability, AQuarterOfAMebibyteInAll) {
  Scene scene;
  auto& own = scene.world().mutable_signatory(scene.ordinal_of("aa1")).capabilities;
  for (int i = 0; i < 255; ++i)
    own["c" + std::to_string(i)].territories.assign(1, std::string(1'020, 'x'));
  scene.expect("aa1", "capability.declared", "signatory/aa1", capability("c7"));
  own["c8"].label = std::string(8'192, 'x');
  const Error e =
      scene.refused("aa1", "capability.declared", "signatory/aa1", capability("one-more"));
  EXPECT_EQ(e.rule, "limit-capability-bytes");
  EXPECT_EQ(e.code, Errc::conflict);
  scene.expect("aa1", "capability.declared", "signatory/aa1", capability("c8"));
  scene.expect("aa1", "capability.declared", "signatory/aa1", capability("one-more"));
}

TEST(Capacity, IsThatOfADeclaredCapability) {
  Scene scene;
  EXPECT_EQ(
      scene.refused("aa1", "capacity.updated", "signatory/aa1", capacity("abri", "open")).rule,
      "capability-unknown");
  scene.expect("aa1", "capability.declared", "signatory/aa1", capability("abri"));
  json::object open = capacity("abri", "open");
  open["places"] = 4;
  scene.clock.advance_ms(60'000);
  scene.expect("aa1", "capacity.updated", "signatory/aa1", open);
  EXPECT_EQ(capability_of(scene, "aa1", "abri").places, 4U);
  EXPECT_EQ(capability_of(scene, "aa1", "abri").level, schema::CapacityLevel::OPEN);
  EXPECT_EQ(capability_of(scene, "aa1", "abri").capacity_at, scene.clock.now());

  json::object full = capacity("abri", "full");
  scene.expect("aa1", "capacity.updated", "signatory/aa1", full);
  EXPECT_EQ(capability_of(scene, "aa1", "abri").places, std::nullopt);
  full["places"] = 1;
  const Error e = scene.refused("aa1", "capacity.updated", "signatory/aa1", full);
  EXPECT_EQ(e.rule, "places-when-full");
  EXPECT_EQ(e.field, "data.places");
}

TEST(FocalPoint, OneATopic) {
  Scene scene;
  const auto designate = [](std::string_view mailbox, std::string_view topic) {
    json::object d;
    d["mailbox"] = mailbox;
    if (!topic.empty()) d["topic"] = topic;
    return d;
  };
  scene.expect("ml1", "focal_point.designated", "signatory/ml1", designate("a@example.org", ""));
  scene.expect("ml1", "focal_point.designated", "signatory/ml1",
               designate("b@example.org", "logement"));
  scene.expect("ml1", "focal_point.designated", "signatory/ml1", designate("c@example.org", ""));
  auto& points = scene.world().mutable_signatory(scene.ordinal_of("ml1")).focal_points;
  EXPECT_THAT(points, testing::ElementsAre(testing::Pair("", "c@example.org"),
                                           testing::Pair("logement", "b@example.org")));
  for (int i = 0; points.size() < 100; ++i) points["topic" + std::to_string(i)] = "x@example.org";
  EXPECT_EQ(scene
                .refused("ml1", "focal_point.designated", "signatory/ml1",
                         designate("d@example.org", "santé"))
                .rule,
            "limit-focal-points");
  scene.expect("ml1", "focal_point.designated", "signatory/ml1",
               designate("d@example.org", "logement"));
}

}  // namespace
}  // namespace relais::tests
