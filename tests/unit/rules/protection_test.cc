// protection.* and external_referral.recorded: whose CRIP, which danger, and that no consent is
// asked for.
#include <gtest/gtest.h>

#include "ledger/rules/metropole_lyon.h"
#include "tests/support/acts.h"

namespace relais::tests {
namespace {

json::object report(std::string_view crip) {
  json::object d = data(R"({"parents_informed":"not_in_interest"})");
  d["crip"] = crip;
  return d;
}

json::object notice() {
  return data(R"({"court":"Tribunal judiciaire de Lyon"})");
}

json::object outcome(std::string_view value) {
  json::object d;
  d["outcome"] = value;
  return d;
}

json::object external() {
  return data(R"({"destination":"health","need":"shelter"})");
}

void detect_at(Scene& scene, std::uint64_t n, std::string_view territory,
               std::string_view risk = "medium", std::string_view age_band = "16_17") {
  json::object d = data(R"({"channel":"interview"})");
  d["territory"] = territory;
  d["risk"] = risk;
  d["age_band"] = age_band;
  scene.expect("ml1", "case.detected", case_subject(n), std::move(d));
}

TEST(Protection, TheMetropoleHas58CommunesAndTheArrondissementsOfLyon) {
  int communes = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string code = std::to_string(69'000 + i);
    communes += rules::is_commune_of_metropole(code) ? 1 : 0;
  }
  EXPECT_EQ(communes, 58 + 1 + 9) << "Pierre-Bénite has kept its code in what is older than 2024";
  for (const char* code : {"69123", "69266", "69149", "69152", "69381", "69389", "69091", "69296"})
    EXPECT_TRUE(rules::is_commune_of_metropole(code)) << code;
  for (const char* code : {"69264", "69001", "69380", "69390", "69141", "01004", "", "metropole"})
    EXPECT_FALSE(rules::is_commune_of_metropole(code)) << code;
}

// docs/DOMAIN.md, section 1: "goes without delay to the CRIP of the competent department: Métropole
// de Lyon or Département du Rhône, by territory".
TEST(Protection, TheCripIsThatOfTheTerritory) {
  struct Row {
    const char* territory;
    const char* right;
    const char* wrong;
  };
  std::uint64_t n = 0;
  for (const Row& row : {
           Row{"69123", "metropole", "rhone"},
           Row{"69383", "metropole", "rhone"},
           Row{"69266", "metropole", "rhone"},
           Row{"metropole", "metropole", "rhone"},
           Row{"69264", "rhone", "metropole"},  // Villefranche-sur-Saône
           Row{"69001", "rhone", "metropole"},
           Row{"rhone", "rhone", "metropole"},
       }) {
    Scene scene;
    detect_at(scene, ++n, row.territory);
    const Error e =
        scene.refused("ml1", "protection.report_transmitted", case_subject(n), report(row.wrong));
    EXPECT_EQ(e.rule, "crip-of-territory") << row.territory;
    EXPECT_EQ(e.code, Errc::invalid);
    EXPECT_EQ(e.field, "data.crip");
    EXPECT_EQ(e.accepted, row.right);
    scene.expect("ml1", "protection.report_transmitted", case_subject(n), report(row.right));
    ASSERT_EQ(scene.find(n)->reports.size(), 1U);
    EXPECT_FALSE(scene.find(n)->reports[0].prosecutor);
    EXPECT_EQ(scene.find(n)->phase, rules::CasePhase::detected) << "it runs beside the others";
  }
}

TEST(Protection, ACommuneOutside69HasNeitherCrip) {
  Scene scene;
  detect_at(scene, 1, "97411");
  for (const char* crip : {"metropole", "rhone"}) {
    const Error e =
        scene.refused("ml1", "protection.report_transmitted", case_subject(1), report(crip));
    EXPECT_EQ(e.rule, "crip-of-territory") << crip;
    EXPECT_NE(e.accepted.find("case.corrected"), std::string::npos);
  }
}

// docs/DOMAIN.md, section 1: "Consent never gates protection."
TEST(Protection, NoConsentIsAskedFor) {
  Scene scene;
  detect_at(scene, 1, "69123", "immediate");
  EXPECT_TRUE(scene.find(1)->consents.empty());
  scene.expect("ml1", "protection.report_transmitted", case_subject(1), report("metropole"));
  scene.expect("ml1", "protection.prosecutor_notified", case_subject(1), notice());
  scene.consent("ml1", 1);
  scene.expect("ml1", "case.consent_withdrawn", case_subject(1), data(R"({"scope":"referral"})"));
  scene.expect("ml1", "protection.report_transmitted", case_subject(1), report("metropole"));
  EXPECT_EQ(scene.find(1)->reports.size(), 3U);
}

TEST(Protection, AnInformationPreoccupanteIsAboutAMinor) {
  for (const char* band : {"18_21", "22_25", "26_plus"}) {
    Scene scene;
    detect_at(scene, 1, "69123", "immediate", band);
    const Error e =
        scene.refused("ml1", "protection.report_transmitted", case_subject(1), report("metropole"));
    EXPECT_EQ(e.rule, "protection-minor-only") << band;
    EXPECT_EQ(e.code, Errc::conflict);
    EXPECT_EQ(e.source, "CASF L226-2-1");
    EXPECT_EQ(e.state, "DETECTED");
    // An adult in grave danger is for the prosecutor.
    scene.expect("ml1", "protection.prosecutor_notified", case_subject(1), notice());
    EXPECT_TRUE(scene.find(1)->reports[0].prosecutor);
  }
}

// Turning 18 is a derived change: two years after 16_17 was said, nobody is a minor any more.
TEST(Protection, WhoHasTurned18IsAnAdult) {
  Scene scene;
  detect_at(scene, 1, "69123");
  scene.clock.advance_ms(729LL * 86'400'000);  // 2028-02-29
  scene.expect("ml1", "protection.report_transmitted", case_subject(1), report("metropole"));
  scene.clock.advance_ms(2LL * 86'400'000);  // 2028-03-02
  EXPECT_EQ(
      scene.refused("ml1", "protection.report_transmitted", case_subject(1), report("metropole"))
          .rule,
      "protection-minor-only");
}

TEST(Protection, TheProsecutorIsNotifiedOfGraveDanger) {
  for (const char* band : {"13_15", "22_25"}) {
    Scene scene;
    std::uint64_t n = 0;
    for (const char* risk : {"low", "medium"}) {
      detect_at(scene, ++n, "69123", risk, band);
      const Error e =
          scene.refused("ml1", "protection.prosecutor_notified", case_subject(n), notice());
      EXPECT_EQ(e.rule, "prosecutor-grave-danger") << risk;
      EXPECT_EQ(e.code, Errc::conflict);
      EXPECT_NE(e.source.find("L226-4"), std::string::npos);
    }
    for (const char* risk : {"high", "immediate"}) {
      detect_at(scene, ++n, "69123", risk, band);
      scene.expect("ml1", "protection.prosecutor_notified", case_subject(n), notice());
    }
    scene.assess("ml1", 1);  // high now
    scene.expect("ml1", "protection.prosecutor_notified", case_subject(1), notice());
  }
}

TEST(Protection, AnOutcomeIsOfTheEmittersOldestReportWithoutOne) {
  Scene scene;
  detect_at(scene, 1, "69123", "high");
  Error e =
      scene.refused("ml1", "protection.outcome_recorded", case_subject(1), outcome("assessment"));
  EXPECT_EQ(e.rule, "not-author");
  EXPECT_EQ(e.code, Errc::forbidden);
  scene.expect("ml1", "protection.report_transmitted", case_subject(1), report("metropole"));
  scene.expect("ml1", "protection.prosecutor_notified", case_subject(1), notice());
  scene.expect("ml1", "protection.outcome_recorded", case_subject(1), outcome("assessment"));
  const auto& reports = scene.find(1)->reports;
  EXPECT_EQ(reports[0].outcome, schema::ProtectionOutcome::ASSESSMENT);
  EXPECT_EQ(reports[1].outcome, schema::ProtectionOutcome::UNSPECIFIED);

  scene.assess("ml1", 1);
  scene.expect("ml1", "referral.requested", case_subject(1),
               Scene::referral_data(101, "aa1", "l226_2_2"));
  EXPECT_EQ(
      scene.refused("aa1", "protection.outcome_recorded", case_subject(1), outcome("measure")).rule,
      "not-author")
      << "a participant that did not report";
  scene.expect("ml1", "protection.outcome_recorded", case_subject(1), outcome("no_follow_up"));
  EXPECT_EQ(scene.find(1)->reports[1].outcome, schema::ProtectionOutcome::NO_FOLLOW_UP);
  e = scene.refused("ml1", "protection.outcome_recorded", case_subject(1), outcome("unknown"));
  EXPECT_EQ(e.rule, "outcome-recorded");
  EXPECT_EQ(e.code, Errc::conflict);
}

TEST(Protection, ReportsOfACaseAreBounded) {
  Scene scene;
  detect_at(scene, 1, "69123", "high");
  auto& reports = scene.world().mutable_case(*parse_uuid(test_uuid(1)))->reports;
  reports.resize(1'000, {scene.ordinal_of("aa1"), true, {}, kSceneStart, {}});
  scene.expect("ml1", "protection.report_transmitted", case_subject(1), report("metropole"));
  reports.assign(100, {scene.ordinal_of("ml1"), true, {}, kSceneStart, {}});
  EXPECT_EQ(
      scene.refused("ml1", "protection.report_transmitted", case_subject(1), report("metropole"))
          .rule,
      "limit-reports");
  EXPECT_EQ(scene.refused("ml1", "protection.prosecutor_notified", case_subject(1), notice()).rule,
            "limit-reports");
}

TEST(Protection, TheOutsideIsReachedWithAnOpenConsentToSharing) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);  // of another scope
  const auto refused = [&] {
    return scene.refused("ml1", "external_referral.recorded", case_subject(1), external());
  };
  const Error e = refused();
  EXPECT_EQ(e.rule, "consent-missing");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.source, "RGPD art. 6(1)(a), 9(2)(a)");
  json::object narrow = Scene::consent_data("sharing");
  narrow["recipients"] = json::array{"aa1"};
  scene.expect("ml1", "case.consent_given", case_subject(1), narrow);
  EXPECT_EQ(refused().rule, "consent-missing") << "it names who may know, and they are inside";
  json::object open = Scene::consent_data("sharing");
  open["expires_on"] = "2026-03-03";
  scene.expect("ml1", "case.consent_given", case_subject(1), open);
  scene.expect("ml1", "external_referral.recorded", case_subject(1), external());
  scene.clock.advance_ms(2 * 86'400'000);
  EXPECT_EQ(refused().rule, "consent-missing") << "expired";
}

TEST(Protection, AMinorReachesTheOutsideWithoutConsent) {
  Scene scene;
  scene.detect("ml1", 1, "16_17");
  EXPECT_EQ(scene.refused("ml1", "external_referral.recorded", case_subject(1), external()).rule,
            "case-transition")
      << "not before the case was assessed";
  scene.assess("ml1", 1);
  scene.expect("ml1", "external_referral.recorded", case_subject(1), external());
}

TEST(Protection, IsForWhoSupportsThePersonInAnOpenCase) {
  Scene scene;
  detect_at(scene, 1, "69123", "high");
  EXPECT_EQ(scene.refused("pref", "protection.prosecutor_notified", case_subject(1), notice()).rule,
            "emitter-forbidden");
  EXPECT_EQ(scene.refused("ml2", "protection.prosecutor_notified", case_subject(1), notice()).rule,
            "stream-unknown");
  scene.expect("ml1", "case.dismissed", case_subject(1), data(R"({"reason":"not_concerned"})"));
  EXPECT_EQ(scene.refused("ml1", "protection.prosecutor_notified", case_subject(1), notice()).rule,
            "case-transition");
}

}  // namespace
}  // namespace relais::tests
