// convention.* and what is asked of every event: emitter, convention in force, time, stream.
#include <gmock/gmock.h>

#include <set>

#include "tests/unit/rules/payloads.h"

namespace relais::tests {
namespace {

using rules::Registry;

json::object hash_data(char fill = 'A') {
  json::object o;
  o["document_hash"] = std::string(43, fill);
  return o;
}

/// Opening with one thing changed.
Error refused_opening(const std::function<void(json::object&)>& change) {
  Scene scene(Scene::Stage::empty);
  json::object o = opening(scene_members());
  change(o);
  return scene.refused("relais", "convention.opened", Scene::convention_subject(), std::move(o));
}

json::object& signatory(json::object& opened, std::size_t i) {
  return opened["signatories"].as_array()[i].as_object();
}

TEST(Convention, OpeningFillsTheRegistry) {
  Scene scene(Scene::Stage::opened);
  const Registry& r = scene.registry();
  EXPECT_EQ(r.convention, "rhone");
  EXPECT_EQ(r.title, "Convention");
  EXPECT_EQ(r.origin, kOrigin);
  EXPECT_EQ(r.document_hash, std::string(43, 'A'));
  EXPECT_EQ(r.log_key, test_key("log").public_key());
  EXPECT_THAT(r.territories, testing::ElementsAre("69", "2a", "974", "metropole", "rhone"));
  EXPECT_EQ(r.parameters[rules::Parameter::referral_answer_days], 10U);
  EXPECT_EQ(r.quorums.at("admit-signatory").approvals, 2U);
  EXPECT_EQ(r.quorums.at("admit-signatory").roles, 1U << static_cast<unsigned>(schema::Role::PREF));
  EXPECT_FALSE(r.in_force);

  ASSERT_EQ(r.signatories().size(), 9U);
  const rules::Signatory& system = r.signatories()[0];
  EXPECT_EQ(system.slug, "relais");
  EXPECT_TRUE(system.role_set().has(schema::Role::SYSTEM));
  EXPECT_FALSE(system.founding);
  EXPECT_EQ(r.find_source("urn:relais:rhone:ml1")->id, SignatoryId{3});
  EXPECT_EQ(r.find_slug("ml1"), r.find(SignatoryId{3}));
  EXPECT_TRUE(r.find_slug("pref")->founding);
  EXPECT_FALSE(r.find_slug("member")->founding);
  EXPECT_FALSE(r.find_slug("analyst")->founding);
  EXPECT_EQ(r.find_slug("nobody"), nullptr);
  EXPECT_EQ(r.find(SignatoryId{9}), nullptr);
  EXPECT_EQ(r.find_source("urn:relais:paris:ml1"), nullptr);

  ASSERT_EQ(r.keys().size(), 9U);
  const rules::Key* key = r.find_key(crypto::thumbprint(test_key("ml1").public_key()));
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->owner, SignatoryId{3});
  EXPECT_EQ(key->valid_from, kSceneStart);
}

TEST(Convention, OpeningIsRefusedForItsContent) {
  struct Row {
    std::string rule;
    std::string field;
    std::function<void(json::object&)> change;
  };
  const std::string pref_key = crypto::to_text(test_key("pref").public_key());
  const std::vector<Row> rows = {
      {"slug-taken", "data.signatories[3].id", [](auto& o) { signatory(o, 3)["id"] = "ml1"; }},
      {"slug-taken", "data.signatories[0].id", [](auto& o) { signatory(o, 0)["id"] = "relais"; }},
      {"roles-missing", "data.signatories[1].roles",
       [](auto& o) { signatory(o, 1)["roles"] = json::array{}; }},
      {"role-reserved", "data.signatories[1].roles",
       [](auto& o) { signatory(o, 1)["roles"] = json::array{"udml", "system"}; }},
      {"key-known", "data.signatories[2].public_key",
       [&](auto& o) { signatory(o, 2)["public_key"] = pref_key; }},
      {"key-known", "data.signatories[0].public_key",
       [](auto& o) { signatory(o, 0)["public_key"] = o["system_key"]; }},
      {"founders-missing", "data.signatories",
       [](auto& o) {
         for (std::size_t i = 1; i < 6; ++i) signatory(o, i)["roles"] = json::array{"member"};
       }},
      {"quorum-repeated", "data.quorums[1].act",
       [](auto& o) { o["quorums"].as_array().push_back(o["quorums"].as_array()[0]); }},
      {"quorum-out-of-range", "data.quorums[0].approvals",
       [](auto& o) { o["quorums"].as_array()[0].as_object()["approvals"] = 0; }},
      {"quorum-unreachable", "data.quorums[0]",
       [](auto& o) { o["quorums"].as_array()[0].as_object()["approvals"] = 7; }},
      {"quorum-unreachable", "data.quorums[0]",
       [](auto& o) { o["quorums"].as_array()[0].as_object()["roles"] = json::array{"member"}; }},
      {"quorum-unreachable", "data.quorums[0]",
       [](auto& o) {
         o["quorums"] = json::array{data(R"({"act":"revoke-key","approvals":6,"roles":[]})")};
       }},
      {"term-repeated", "data.terms[1].name",
       [](auto& o) { o["terms"].as_array().push_back(o["terms"].as_array()[0]); }},
      {"term-unknown", "data.terms[0].name",
       [](auto& o) { o["terms"].as_array()[0].as_object()["name"] = "referral-answer-weeks"; }},
      {"term-out-of-range", "data.terms[0].value",
       [](auto& o) { o["terms"].as_array()[0].as_object()["value"] = 0; }},
      {"term-out-of-range", "data.terms[0].value",
       [](auto& o) { o["terms"].as_array()[0].as_object()["value"] = 3'651; }},
      {"quorum-act-unknown", "data.quorums[0].act",
       [](auto& o) { o["quorums"].as_array()[0].as_object()["act"] = "admit-anyone"; }},
  };
  for (const Row& row : rows) {
    const Error e = refused_opening(row.change);
    EXPECT_EQ(e.rule, row.rule);
    EXPECT_EQ(e.code, Errc::invalid) << row.rule;
    EXPECT_EQ(e.field, row.field);
    EXPECT_FALSE(e.source.empty()) << row.rule;
  }
}

TEST(Convention, OpeningIsSignedByTheKeyItNames) {
  const Error e = refused_opening(
      [](json::object& o) { o["system_key"] = crypto::to_text(test_key("other").public_key()); });
  EXPECT_EQ(e.rule, "system-key-differs");
  EXPECT_EQ(e.code, Errc::forbidden);
}

TEST(Convention, OpensOnceAtIndexZero) {
  Scene scene;
  EXPECT_EQ(scene
                .refused("relais", "convention.opened", Scene::convention_subject(),
                         opening(scene_members()))
                .rule,
            "stream-exists");
  const Error e =
      scene.refused("relais", "convention.opened", "convention/second", opening(scene_members()));
  EXPECT_EQ(e.rule, "convention-opened-once");
  EXPECT_EQ(e.state, "IN_FORCE");

  Scene late(Scene::Stage::empty);
  late.log.emplace_back("an entry before");
  EXPECT_EQ(late.refused("relais", "convention.opened", Scene::convention_subject(),
                         opening(scene_members()))
                .rule,
            "convention-opened-once");
}

TEST(Convention, ComesIntoForceWithTheLastFounder) {
  Scene scene(Scene::Stage::opened);
  for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1"}) {
    scene.sign(founder);
    EXPECT_FALSE(scene.registry().in_force) << founder;
  }
  scene.sign("aa2");
  EXPECT_TRUE(scene.registry().in_force);
  EXPECT_FALSE(scene.registry().find_slug("member")->signed_convention);
}

TEST(Convention, SignatureIsRefused) {
  Scene scene(Scene::Stage::opened);
  const auto subject = Scene::convention_subject();
  scene.sign("ml1");
  const Error twice = scene.refused("ml1", "convention.signed", subject, hash_data());
  EXPECT_EQ(twice.rule, "convention-signed-already");
  EXPECT_EQ(twice.code, Errc::conflict);
  EXPECT_EQ(twice.state, "SIGNED");
  const Error other = scene.refused("ml2", "convention.signed", subject, hash_data('E'));
  EXPECT_EQ(other.rule, "document-hash-differs");
  EXPECT_EQ(other.field, "data.document_hash");
  for (const char* reader : {"member", "analyst"})
    EXPECT_EQ(scene.refused(reader, "convention.signed", subject, hash_data()).rule,
              "emitter-forbidden");
  const Error elsewhere = scene.refused("ml2", "convention.signed", "convention/x", hash_data());
  EXPECT_EQ(elsewhere.rule, "stream-unknown");
  EXPECT_EQ(elsewhere.code, Errc::not_found);
}

/// Two founders can act together, and decide on nobody's exclusion.
TEST(Convention, AQuorumIsInReachOfTheFounders) {
  const auto open_with = [](const char* quorum) {
    Scene scene(Scene::Stage::empty);
    json::object o =
        opening({{"pref", R"(["pref","sec"])"}, {"ml1", R"(["ml"])"}, {"member", R"(["member"])"}});
    o["quorums"] = json::array{data(quorum)};
    const Status done =
        scene.act("relais", "convention.opened", Scene::convention_subject(), std::move(o));
    return done ? std::string() : done.error().rule + ": " + done.error().accepted;
  };
  const std::string few = "quorum-unreachable: no quorum for it while so few have a vote";
  EXPECT_EQ(open_with(R"({"act":"admit-signatory","approvals":1,"roles":["sec","ml"]})"), "");
  EXPECT_EQ(open_with(R"({"act":"admit-signatory","approvals":3,"roles":[]})"),
            "quorum-unreachable: at most 2 approvals, of roles that voting signatories have");
  EXPECT_EQ(open_with(R"({"act":"withdraw-signatory","approvals":1,"roles":[]})"), few);
  EXPECT_EQ(open_with(R"({"act":"revoke-key","approvals":2,"roles":[]})"), few);
}

/// The emitters of the schema are those that can ever sign: who founds (decision 0001).
TEST(Convention, IsSignedByTheRolesThatFound) {
  const auto* type = statement::catalogue().find("relais.convention.signed.v1");
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(statement::to_string(type->emitters), "pref, ml, udml, aa");
  Scene scene;
  const SignatoryId aa1 = scene.registry().find_slug("aa1")->id;
  scene.world().mutable_registry().mutable_signatory(aa1).founding = false;  // joined later
  EXPECT_EQ(
      scene.refused("aa1", "convention.signed", Scene::convention_subject(), hash_data()).rule,
      "not-founder");
}

TEST(Convention, BeforeItIsInForceOnlySignaturesAndOwnKeys) {
  Scene scene(Scene::Stage::opened);
  const Error e = scene.refused(
      "ml1", "case.detected", case_subject(1),
      data(R"({"channel":"outreach","age_band":"18_21","territory":"69123","risk":"low"})"));
  EXPECT_EQ(e.rule, "convention-not-in-force");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.state, "OPENED");
  json::object key;
  key["public_key"] = crypto::to_text(test_key("ml1-new").public_key());
  key["proof"] = statement::make_key_proof(test_key("ml1-new"), Scene::source_of("ml1"), kOrigin);
  scene.expect("ml1", "key.enrolled", "signatory/ml1", key);
}

TEST(Common, WhoMaySign) {
  struct Row {
    const char* who;
    const char* rule;
  };
  for (const Row& row : {Row{"pref", "emitter-forbidden"}, Row{"udml", "emitter-forbidden"},
                         Row{"member", "emitter-forbidden"}, Row{"analyst", "emitter-forbidden"},
                         Row{"relais", "emitter-forbidden"}}) {
    Scene scene;
    const Error e = scene.refused(
        row.who, "case.detected", case_subject(1),
        data(R"({"channel":"outreach","age_band":"18_21","territory":"69123","risk":"low"})"));
    EXPECT_EQ(e.rule, row.rule) << row.who;
    EXPECT_EQ(e.code, Errc::forbidden);
    EXPECT_EQ(e.accepted, "roles ml, aa");
  }
}

TEST(Common, OnlyTheSystemOpensTheConvention) {
  Scene scene;
  EXPECT_EQ(
      scene.refused("pref", "convention.opened", "convention/x", opening(scene_members())).rule,
      "emitter-forbidden");
}

TEST(Common, UnknownAndInactiveEmitters) {
  Scene empty(Scene::Stage::empty);
  const Error unknown =
      empty.refused("ml1", "convention.signed", Scene::convention_subject(), hash_data());
  EXPECT_EQ(unknown.rule, "emitter-unknown");
  EXPECT_EQ(unknown.code, Errc::forbidden);

  Scene scene;
  scene.detect("ml1", 1);
  scene.world().mutable_registry().mutable_signatory(scene.ordinal_of("ml1")).active = false;
  EXPECT_EQ(
      scene.refused("ml1", "case.dismissed", case_subject(1), data(R"({"reason":"duplicate"})"))
          .rule,
      "emitter-inactive");
}

TEST(Common, TimeMayRunFiveMinutesAhead) {
  Scene scene;
  const auto detected =
      data(R"({"channel":"outreach","age_band":"18_21","territory":"69123","risk":"low"})");
  scene.claimed_time = Timestamp{kSceneStart.value + 5 * 60 * 1000 + 1};
  const Error e = scene.refused("ml1", "case.detected", case_subject(1), detected);
  EXPECT_EQ(e.rule, "time-in-future");
  EXPECT_EQ(e.field, "time");
  scene.claimed_time = Timestamp{kSceneStart.value + 5 * 60 * 1000};
  scene.expect("ml1", "case.detected", case_subject(1), detected);
  scene.claimed_time = Timestamp{kSceneStart.value - 365LL * 86'400'000};
  scene.expect("ml1", "case.detected", case_subject(2), detected);
}

TEST(Common, AStreamOfAnotherKindAndAWrongVersion) {
  Scene scene;
  auto s = scene.statement("ml1", "case.detected", case_subject(1), data(R"({"channel":"outreach",
      "age_band":"18_21","territory":"69123","risk":"low"})"));
  ASSERT_TRUE(s.has_value());
  auto typed = s->event->getRoot<schema::Event>();
  rules::Act act = rules::act_of(LogIndex{scene.log.size()}, typed.asReader());
  act.stream = *statement::parse_subject("signatory/ml1");
  EXPECT_EQ(rules::decide(scene.world(), act).error().rule, "stream-kind");
  typed.setVersion(2);
  act = rules::act_of(LogIndex{scene.log.size()}, typed.asReader());
  const Error version = rules::decide(scene.world(), act).error();
  EXPECT_EQ(version.rule, "stream-version");
  EXPECT_EQ(version.code, Errc::corrupt);
}

/// RGPD art. 5(1)(f): who has no part in a case gets, for every event, the answer for a case that
/// does not exist; and where its role may sign the event at all, that there is no such stream.
TEST(Common, AStrangerDoesNotLearnThatACaseExists) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  std::set<std::string> asked;
  for (const CaseEvent& e : case_events()) {
    const auto* type = statement::catalogue().find("relais." + e.event + ".v1");
    ASSERT_NE(type, nullptr) << e.event;
    asked.insert(e.event);
    if (type->relation == schema::Relation::NOT_HOLDER) continue;  // tells it by a trace alone
    bool one_may_sign = false;
    for (const char* stranger : {"pref", "udml", "ml2", "aa1", "aa2", "member", "analyst"}) {
      SCOPED_TRACE(e.event + " by " + stranger);
      const Error there = scene.refused(stranger, e.event, case_subject(1), e.payload);
      const Error nowhere = scene.refused(stranger, e.event, case_subject(2), e.payload);
      EXPECT_EQ(to_string(there), to_string(nowhere));
      const bool may = scene.registry().find_slug(stranger)->role_set().intersects(type->emitters);
      EXPECT_EQ(there.rule, may ? "stream-unknown" : "emitter-forbidden");
      EXPECT_EQ(there.code, may ? Errc::not_found : Errc::forbidden);
      EXPECT_TRUE(there.state.empty());
      one_may_sign |= may;
    }
    // The ledger's own key is no stranger to any case.
    const bool of_the_clock =
        type->emitters == rules::RoleSet{1U << static_cast<int>(schema::Role::SYSTEM)};
    EXPECT_NE(one_may_sign, of_the_clock) << e.event;
  }
  std::size_t on_cases = 0;
  for (const auto& type : statement::catalogue().all())
    if (type->stream == schema::StreamKind::CASE && !type->opens) ++on_cases;
  EXPECT_EQ(asked.size(), on_cases) << "an event type is missing in payloads.h";
  const Error taken = scene.refused(
      "aa2", "case.detected", case_subject(1),
      data(R"({"channel":"outreach","age_band":"18_21","territory":"69123","risk":"low"})"));
  EXPECT_EQ(taken.rule, "stream-exists");
  EXPECT_EQ(taken.state, "EXISTS");
}

}  // namespace
}  // namespace relais::tests
