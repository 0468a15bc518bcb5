// referral.*: who may be asked, on what legal basis, and how the case follows.
#include <gmock/gmock.h>

#include "tests/support/acts.h"

namespace relais::tests {
namespace {

using rules::CasePhase;
using rules::ReferralPhase;

/// Case 1 of ml1, assessed, without a consent.
void assess_case(Scene& scene, std::string_view age_band = "18_21") {
  scene.detect("ml1", 1, age_band);
  scene.assess("ml1", 1);
}

Error refused_request(Scene& scene, json::object payload) {
  return scene.refused("ml1", "referral.requested", case_subject(1), std::move(payload));
}

void move(Scene& scene, const char* who, const char* event, std::uint64_t referral,
          std::string_view more = "{}") {
  scene.expect(who, event, case_subject(1), Scene::on_referral(referral, more));
}

TEST(Referral, TakesAConsentThatCoversTheAddressee) {
  Scene scene;
  assess_case(scene);
  const Error none = refused_request(scene, Scene::referral_data(101, "aa1"));
  EXPECT_EQ(none.rule, "consent-missing");
  EXPECT_EQ(none.code, Errc::conflict);
  EXPECT_EQ(none.state, "ASSESSED");
  EXPECT_EQ(none.source, "RGPD art. 6(1)(a), 9(2)(a)");
  scene.expect("ml1", "case.consent_given", case_subject(1), Scene::consent_data("sharing"));
  EXPECT_EQ(refused_request(scene, Scene::referral_data(101, "aa1")).rule, "consent-missing")
      << "another scope";

  json::object narrow = Scene::consent_data();
  narrow["recipients"] = json::array{"ml2"};
  narrow["expires_on"] = "2026-03-03";
  scene.expect("ml1", "case.consent_given", case_subject(1), narrow);
  EXPECT_EQ(refused_request(scene, Scene::referral_data(101, "aa1")).rule, "consent-missing")
      << "another recipient";
  scene.refer("ml1", 1, 101, "ml2");
  scene.clock.advance_ms(2 * 86'400'000);
  EXPECT_EQ(refused_request(scene, Scene::referral_data(102, "ml2")).rule, "consent-missing")
      << "expired";
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 102, "aa1");
  scene.expect("ml1", "case.consent_withdrawn", case_subject(1), data(R"({"scope":"referral"})"));
  EXPECT_EQ(refused_request(scene, Scene::referral_data(103, "aa1")).rule, "consent-missing")
      << "withdrawn";
  for (const rules::Referral& r : scene.find(1)->referrals)
    EXPECT_EQ(r.phase, rules::ReferralPhase::cancelled) << "RGPD art. 7(3)";
  EXPECT_EQ(scene.find(1)->phase, rules::CasePhase::assessed);
}

/// RGPD art. 7(3): at any time. Who has had a referral keeps what it had, as before the end.
TEST(Referral, AConsentIsTakenBackAfterTheEndOfTheCaseToo) {
  Scene scene;
  assess_case(scene);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  move(scene, "aa1", "referral.received", 101);
  move(scene, "aa1", "referral.accepted", 101);
  move(scene, "aa1", "referral.completed", 101, R"({"outcome":"attended"})");
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"goals_met"})"));
  const auto closed_at = scene.find(1)->closed_at;
  scene.clock.advance_ms(86'400'000);
  const json::object taken_back = data(R"({"scope":"referral"})");
  EXPECT_EQ(scene.refused("aa1", "case.consent_withdrawn", case_subject(1), taken_back).rule,
            "not-holder");
  scene.expect("ml1", "case.consent_withdrawn", case_subject(1), taken_back);
  const rules::CaseState& c = *scene.find(1);
  EXPECT_EQ(c.phase, CasePhase::closed);
  EXPECT_EQ(c.closed_at, closed_at) << "the retention period has not moved";
  EXPECT_TRUE(c.consents.empty());
  const rules::Referral& r = c.referrals[0];
  EXPECT_EQ(r.phase, ReferralPhase::completed);
  EXPECT_EQ(r.consent_ended, c.version);
  const Day today = rules::legal_day(scene.clock.now());
  EXPECT_TRUE(r.consented(c.version - 1, today)) << "what was confided before";
  EXPECT_FALSE(r.consented(c.version, today)) << "what comes after, the case reopened or not";
  scene.expect("ml1", "case.reopened", case_subject(1));
  EXPECT_EQ(refused_request(scene, Scene::referral_data(102, "aa1")).rule, "consent-missing");
}

TEST(Referral, AMinorIsProtectedWithoutConsent) {
  for (const char* band : {"under_13", "13_15", "16_17"}) {
    Scene scene;
    assess_case(scene, band);
    scene.expect("ml1", "referral.requested", case_subject(1),
                 Scene::referral_data(101, "aa1", "l226_2_2"));
  }
  for (const char* band : {"18_21", "22_25", "26_plus"}) {
    Scene scene;
    assess_case(scene, band);
    scene.consent("ml1", 1);
    const Error e = refused_request(scene, Scene::referral_data(101, "aa1", "l226_2_2"));
    EXPECT_EQ(e.rule, "legal-basis-not-minor") << band;
    EXPECT_EQ(e.source, "CASF L226-2-2");
    EXPECT_EQ(e.field, "data.legal_basis");
  }
}

TEST(Referral, RequestIsRefused) {
  Scene scene;
  assess_case(scene);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  struct Row {
    std::uint64_t referral;
    const char* to;
    const char* rule;
    Errc code;
    const char* field;
    const char* state;
  };
  for (const Row& row : {
           Row{102, "nobody", "signatory-unknown", Errc::invalid, "data.to", ""},
           Row{102, "ml1", "referral-to-self", Errc::invalid, "data.to", ""},
           Row{102, "pref", "addressee-cannot-receive", Errc::invalid, "data.to", ""},
           Row{102, "udml", "addressee-cannot-receive", Errc::invalid, "data.to", ""},
           Row{102, "relais", "addressee-cannot-receive", Errc::invalid, "data.to", ""},
           Row{101, "aa2", "referral-id-taken", Errc::conflict, "data.referral_id", "REQUESTED"},
       }) {
    const Error e = refused_request(scene, Scene::referral_data(row.referral, row.to));
    EXPECT_EQ(e.rule, row.rule) << row.to;
    EXPECT_EQ(e.code, row.code) << row.to;
    EXPECT_EQ(e.field, row.field) << row.to;
    EXPECT_EQ(e.state, row.state) << row.to;
  }
}

TEST(Referral, ReferralsOfACaseAreBounded) {
  Scene scene;
  assess_case(scene);
  scene.consent("ml1", 1);
  auto* c = scene.world().mutable_case(*parse_uuid(test_uuid(1)));
  const auto fill = [&](std::size_t n, ReferralPhase phase) {
    for (std::size_t i = 0; i < n; ++i) {
      rules::Referral r;
      r.id = Uuid{static_cast<std::uint64_t>(phase), i};
      r.phase = phase;
      c->referrals.push_back(std::move(r));
    }
  };
  fill(99, ReferralPhase::accepted);
  scene.refer("ml1", 1, 101, "aa1");
  const Error open = refused_request(scene, Scene::referral_data(102, "aa1"));
  EXPECT_EQ(open.rule, "limit-open-referrals");
  EXPECT_EQ(open.state, "REFERRED");
  c->referrals.clear();
  fill(999, ReferralPhase::declined);
  scene.refer("ml1", 1, 101, "aa1");
  const Error all = refused_request(scene, Scene::referral_data(102, "aa1"));
  EXPECT_EQ(all.rule, "limit-referrals");
  EXPECT_EQ(all.state, "REFERRED");
}

TEST(Referral, BelongsToItsTwoSides) {
  Scene scene;
  assess_case(scene);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  scene.refer("ml1", 1, 102, "aa2");
  EXPECT_THAT(scene.find(1)->participants,
              testing::ElementsAre(scene.ordinal_of("ml1"), scene.ordinal_of("aa1"),
                                   scene.ordinal_of("aa2")));
  const std::vector<std::pair<const char*, const char*>> addressee_only = {
      {"referral.received", "{}"},
      {"referral.held", "{}"},
      {"referral.accepted", "{}"},
      {"referral.declined", R"({"decline_reason":"no_capacity"})"},
      {"referral.completed", R"({"outcome":"attended"})"},
  };
  for (const auto& [event, more] : addressee_only) {
    for (const char* who : {"ml1", "aa2"}) {
      const Error e = scene.refused(who, event, case_subject(1), Scene::on_referral(101, more));
      EXPECT_EQ(e.rule, "not-addressee") << who << " " << event;
      EXPECT_EQ(e.code, Errc::forbidden);
    }
    const Error unknown =
        scene.refused("aa1", event, case_subject(1), Scene::on_referral(109, more));
    EXPECT_EQ(unknown.rule, "referral-unknown") << event;
    EXPECT_EQ(unknown.code, Errc::not_found);
  }
  EXPECT_EQ(
      scene.refused("aa2", "referral.cancelled", case_subject(1), Scene::on_referral(101)).rule,
      "not-requester-or-addressee");
  move(scene, "ml1", "referral.cancelled", 101);
  move(scene, "aa2", "referral.cancelled", 102);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed);
}

TEST(Referral, TheCaseFollowsItsReferrals) {
  Scene scene;
  assess_case(scene);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  EXPECT_EQ(scene.find(1)->phase, CasePhase::referred);
  move(scene, "aa1", "referral.received", 101);
  move(scene, "aa1", "referral.held", 101);
  move(scene, "aa1", "referral.received", 101);
  move(scene, "aa1", "referral.declined", 101,
       R"({"decline_reason":"no_capacity","alternative":"aa2"})");
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed);
  EXPECT_EQ(scene.find(1)->referrals[0].decline_reason, schema::DeclineReason::NO_CAPACITY);
  EXPECT_EQ(scene.find(1)->referrals[0].alternative, scene.ordinal_of("aa2"));

  scene.refer("ml1", 1, 102, "aa1");
  scene.refer("ml1", 1, 103, "aa2");
  move(scene, "aa1", "referral.received", 102);
  move(scene, "aa1", "referral.accepted", 102);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::referred) << "103 is pending";
  EXPECT_TRUE(scene.find(1)->supported);
  move(scene, "aa2", "referral.received", 103);
  move(scene, "aa2", "referral.declined", 103, R"({"decline_reason":"safety"})");
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);

  scene.refer("ml1", 1, 104, "ml2");
  EXPECT_EQ(scene.find(1)->phase, CasePhase::referred);
  move(scene, "ml2", "referral.cancelled", 104);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
  move(scene, "aa1", "referral.completed", 102, R"({"outcome":"did_not_come"})");
  EXPECT_EQ(scene.find(1)->referrals[1].phase, ReferralPhase::failed);
  EXPECT_EQ(scene.find(1)->referrals[1].outcome, schema::ReferralOutcome::DID_NOT_COME);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
}

TEST(Referral, AnAlternativeIsASignatory) {
  Scene scene;
  assess_case(scene);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  move(scene, "aa1", "referral.received", 101);
  const Error e = scene.refused(
      "aa1", "referral.declined", case_subject(1),
      Scene::on_referral(101, R"({"decline_reason":"not_our_public","alternative":"nobody"})"));
  EXPECT_EQ(e.rule, "signatory-unknown");
  EXPECT_EQ(e.field, "data.alternative");
}

}  // namespace
}  // namespace relais::tests
