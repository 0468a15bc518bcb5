// Who handed a case over rules it no more: what the case rests on is the present holder's, whoever
// recorded it (decision 0009).
#include <gtest/gtest.h>

#include "tests/support/acts.h"
#include "tests/unit/rules/example.h"

namespace relais::tests {
namespace {

using rules::CasePhase;

/// From ml1, which detected it, to aa1.
void hand_over(Scene& scene, const char* from = "ml1", const char* to = "aa1") {
  json::object d = data(R"({"kind":"permanent","reason":"competence"})");
  d["to"] = to;
  scene.expect(from, "case.transfer_requested", case_subject(1), std::move(d));
  scene.expect(to, "case.transfer_accepted", case_subject(1));
}

TEST(HandedOver, TheHolderDismissesAndNobodyElse) {
  Scene scene;
  scene.detect("ml1", 1, "16_17");
  hand_over(scene);
  const json::object duplicate = data(R"({"reason":"duplicate"})");
  const Error e = scene.refused("ml1", "case.dismissed", case_subject(1), duplicate);
  EXPECT_EQ(e.rule, "not-holder");
  EXPECT_EQ(e.code, Errc::forbidden);
  hand_over(scene, "aa1", "aa2");
  for (const char* who : {"ml1", "aa1"})
    EXPECT_EQ(scene.refused(who, "case.dismissed", case_subject(1), duplicate).rule, "not-holder");
  EXPECT_EQ(scene.find(1)->phase, CasePhase::detected);
  scene.expect("aa2", "case.dismissed", case_subject(1), duplicate);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::dismissed);
}

TEST(HandedOver, TheHolderAloneSaysThePersonsAgeAndTerritory) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  hand_over(scene);
  for (const char* values :
       {R"({"age_band":"under_13"})", R"({"age_band":"26_plus"})", R"({"territory":"69264"})"})
    EXPECT_EQ(scene.refused("ml1", "case.corrected", case_subject(1), on_target(1, values)).rule,
              "not-holder-or-accepted")
        << values;
  EXPECT_EQ(
      scene.refused("ml1", "case.corrected", case_subject(1), on_target(2, R"({"risk":"low"})"))
          .rule,
      "not-holder-or-accepted");
  EXPECT_EQ(scene.find(1)->age_band, schema::AgeBand::FROM18_TO21);
  EXPECT_EQ(scene.find(1)->risk, schema::Risk::HIGH);
  scene.expect("aa1", "case.corrected", case_subject(1),
               on_target(1, R"({"age_band":"16_17","territory":"69264"})"));
  scene.expect("aa1", "case.corrected", case_subject(1), on_target(2, R"({"risk":"immediate"})"));
  EXPECT_EQ(scene.find(1)->age_band, schema::AgeBand::FROM16_TO17);
  EXPECT_EQ(scene.find(1)->territory, "69264");
  EXPECT_EQ(scene.find(1)->risk, schema::Risk::IMMEDIATE);
}

TEST(HandedOver, AnAuthorThatHasAcceptedSaysNothingOfTheDetectionEither) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  hand_over(scene);
  scene.refer("aa1", 1, 101, "ml1");
  scene.expect("ml1", "referral.received", case_subject(1), Scene::on_referral(101));
  scene.expect("ml1", "referral.accepted", case_subject(1), Scene::on_referral(101));
  EXPECT_EQ(scene
                .refused("ml1", "case.corrected", case_subject(1),
                         on_target(1, R"({"age_band":"16_17"})"))
                .rule,
            "not-author");
  scene.expect("ml1", "case.corrected", case_subject(1), on_target(2, R"({"risk":"immediate"})"));
  EXPECT_EQ(scene.find(1)->risk, schema::Risk::IMMEDIATE) << "its own assessment";
  scene.expect("ml1", "referral.completed", case_subject(1),
               Scene::on_referral(101, R"({"outcome":"attended"})"));
  EXPECT_EQ(
      scene.refused("ml1", "case.corrected", case_subject(1), on_target(2, R"({"risk":"low"})"))
          .rule,
      "not-holder-or-accepted")
      << "its part has ended";
}

TEST(HandedOver, ConsentsAreAnnulledByTheHolder) {
  Scene scene;
  scene.detect("ml1", 1);   // 1
  scene.assess("ml1", 1);   // 2
  scene.consent("ml1", 1);  // 3
  hand_over(scene);
  scene.refer("aa1", 1, 101, "aa2");
  const Error e = scene.refused("ml1", "case.annulled", case_subject(1), on_target(3));
  EXPECT_EQ(e.rule, "not-author");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_EQ(scene.find(1)->referrals[0].phase, rules::ReferralPhase::requested);
  scene.expect("aa1", "case.annulled", case_subject(1), on_target(3));
  EXPECT_TRUE(scene.find(1)->consents.empty());
  EXPECT_EQ(scene.find(1)->referrals[0].phase, rules::ReferralPhase::cancelled);
}

/// A detection that was handed over has the acts of that: nothing is left to annul it for.
TEST(HandedOver, SupportIsTakenBackByTheHolderInItsAuthorsStead) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_done", case_subject(1),
               with(Scene::step_data(201), "result", "done"));  // 3
  hand_over(scene);
  const Error e = scene.refused("ml1", "case.annulled", case_subject(1), on_target(3));
  EXPECT_EQ(e.rule, "part-ended");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
  scene.expect("aa1", "case.annulled", case_subject(1), on_target(3));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed);
}

TEST(HandedOver, AReviewOfAnAccessIsTheHolders) {
  Scene scene;
  scene.detect("ml1", 1);
  json::object access = an_emergency(501);
  access["until"] = to_rfc3339(Timestamp{scene.clock.now().value + 3'600'000});
  scene.expect("ml2", "case.emergency_access_opened", case_subject(1), std::move(access));
  json::object review = on_access(501);
  review["outcome"] = "not_justified";
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1), std::move(review));  // 3
  hand_over(scene);
  EXPECT_EQ(scene.refused("ml1", "case.annulled", case_subject(1), on_target(3)).rule,
            "not-author");
  EXPECT_FALSE(scene.find(1)->accesses[0].open(scene.clock.now()));
  scene.expect("aa1", "case.annulled", case_subject(1), on_target(3));
  EXPECT_TRUE(scene.find(1)->accesses[0].open(scene.clock.now()));
}

}  // namespace
}  // namespace relais::tests
