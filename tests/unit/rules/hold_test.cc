// case.legal_hold_*: what a hold keeps from being erased, for how long, and what it leaves alone.
#include <gmock/gmock.h>

#include "ledger/rules/time/deadlines.h"
#include "tests/unit/rules/parcours.h"
#include "tests/unit/rules/payloads.h"

namespace relais::tests {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

json::object a_hold(std::uint64_t id, std::string_view ends_on) {
  json::object d = on_hold(id, R"({"reason":"defence_of_rights"})");
  d["ends_on"] = ends_on;
  return d;
}

/// Case 1 of ml1, closed today.
void close_case(Scene& scene) {
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"goals_met"})"));
}

TEST(LegalHold, SuspendsBothErasuresUntilItsLastDayIsOver) {
  Scene scene;
  close_case(scene);
  scene.expect("ml1", "case.legal_hold_placed", case_subject(1), a_hold(1, "2026-03-31"));
  scene.expect("ml1", "case.legal_hold_placed", case_subject(1), a_hold(2, "2026-03-10"));
  for (const char* erasure : {R"({"basis":"art17"})", R"({"basis":"art17","targets":[1]})"}) {
    const Error e = scene.refused("ml1", "case.data_erased", case_subject(1), data(erasure));
    EXPECT_EQ(e.rule, "legal-hold");
    EXPECT_EQ(e.source, "RGPD art. 17(3)(e)");
    EXPECT_THAT(e.accepted, testing::HasSubstr("2026-04-01")) << "the hold that ends last counts";
  }
  scene.clock.set(Timestamp{rules::end_of(*parse_date("2026-03-31")).value - 1});
  EXPECT_EQ(
      scene.refused("ml1", "case.data_erased", case_subject(1), data(R"({"basis":"art17"})")).rule,
      "legal-hold");
  scene.clock.advance_ms(1);
  scene.expect("ml1", "case.data_erased", case_subject(1), data(R"({"basis":"art17"})"));
}

TEST(LegalHold, TheClockErasesWhenTheHoldIsOverAndNotBefore) {
  Scene scene;
  close_case(scene);
  scene.expect("ml1", "case.legal_hold_placed", case_subject(1), a_hold(1, "2028-06-30"));
  const json::object retention = data(R"({"basis":"retention"})");
  scene.clock.set(rules::end_of(*parse_date("2028-03-02")));  // two years are over
  EXPECT_EQ(scene.refused("relais", "case.data_erased", case_subject(1), retention).rule,
            "legal-hold");
  scene.clock.set(rules::end_of(*parse_date("2028-06-30")));
  scene.expect("relais", "case.data_erased", case_subject(1), retention);
}

TEST(LegalHold, StopsNothingElse) {
  Scene scene;
  close_case(scene);
  const Timestamp last = scene.find(1)->last_act_at;
  scene.clock.advance_ms(kDayMs);
  scene.expect("ml1", "case.legal_hold_placed", case_subject(1), a_hold(1, "2027-01-01"));
  EXPECT_EQ(scene.find(1)->last_act_at, last) << "it is no contact with the person";
  EXPECT_EQ(scene.find(1)->phase, rules::CasePhase::closed);
  scene.expect("ml1", "case.reopened", case_subject(1));
  scene.assess("ml1", 1);
  scene.expect("ml1", "case.corrected", case_subject(1),
               data(R"({"target_version":1,"reason":"wrong_value","channel":"outreach"})"));
  scene.expect("ml1", "case.legal_hold_lifted", case_subject(1), on_hold(1));
  EXPECT_TRUE(scene.find(1)->holds[0].lifted);
}

TEST(LegalHold, IsLiftedByWhoPlacedItOrInItsPlace) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.legal_hold_placed", case_subject(1), a_hold(1, "2027-01-01"));
  scene.expect("ml1", "case.transfer_requested", case_subject(1),
               data(R"({"to":"ml2","reason":"moved","kind":"permanent"})"));
  scene.expect("ml2", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(scene.refused("ml1", "case.legal_hold_lifted", case_subject(1), on_hold(1)).rule,
            "not-holder-or-applicant");
  scene.expect("ml2", "case.legal_hold_lifted", case_subject(1), on_hold(1));
}

/// The association whose parcours runs has a hold; the case is then ml1's.
void hold_of_the_applicant(Parcours& p) {
  p.reach_active();
  p.expect("aa1", "case.legal_hold_placed", kCase, a_hold(1, "2027-01-01"));
  p.expect("aa1", "case.transfer_requested", kCase,
           data(R"({"to":"ml1","reason":"moved","kind":"permanent"})"));
  p.expect("ml1", "case.transfer_accepted", kCase);
}

TEST(LegalHold, IsNotForWhoHasEndedTheParcoursItself) {
  Parcours p;
  hold_of_the_applicant(p);
  p.expect("aa1", "case.legal_hold_placed", kCase, a_hold(2, "2027-01-01"));
  EXPECT_EQ(p.refused("ml1", "case.legal_hold_lifted", kCase, on_hold(1)).rule, "hold-not-own");
  p.expect("aa1", "psp.ended", kCase, p.dated("ended_on", R"({"outcome":"withdrawn"})"));
  const Error e = p.refused("aa1", "case.legal_hold_placed", kCase, a_hold(3, "2027-01-01"));
  EXPECT_EQ(e.rule, "part-ended");
  EXPECT_EQ(e.code, Errc::forbidden);
  const json::object erasure = data(R"({"basis":"art17","targets":[1]})");
  EXPECT_EQ(p.refused("ml1", "case.data_erased", kCase, erasure).rule, "legal-hold");
  for (const std::uint64_t id : {1, 2})
    p.expect("ml1", "case.legal_hold_lifted", kCase, on_hold(id));
  p.expect("ml1", "case.data_erased", kCase, erasure);
}

TEST(LegalHold, IsForWhoCanAppealAgainstAnEndThatOthersDecided) {
  Parcours p;
  hold_of_the_applicant(p);
  p.expect("pref", "psp.ended", kCase, p.dated("ended_on", R"({"outcome":"withdrawn"})"));
  const Day last = rules::last_day_of_appeal(rules::legal_day(p.clock.now()));
  EXPECT_EQ(p.refused("ml1", "case.legal_hold_lifted", kCase, on_hold(1)).rule, "hold-not-own");
  p.clock.set(Timestamp{rules::end_of(last).value - 1});
  p.expect("aa1", "case.legal_hold_placed", kCase, a_hold(2, "2027-01-01"));
  EXPECT_EQ(p.refused("ml1", "case.legal_hold_lifted", kCase, on_hold(2)).rule, "hold-not-own");
  p.clock.advance_ms(1);
  EXPECT_EQ(p.refused("aa1", "case.legal_hold_placed", kCase, a_hold(3, "2027-01-01")).rule,
            "part-ended");
  p.expect("ml1", "case.legal_hold_lifted", kCase, on_hold(1));
  p.expect("aa1", "case.legal_hold_lifted", kCase, on_hold(2));
}

/// A refused application of aa1, appealed against, in a case that ml1 has closed; aa1 has a hold.
void appealed_and_closed(Scene& scene) {
  rules::CaseState& c = prepare(scene, "psp.appeal_judged", rules::CasePhase::closed);
  c.closed_at = kSceneStart;
  c.holder = scene.ordinal_of("ml1");
  c.participants.insert(c.holder);
  scene.expect("aa1", "case.legal_hold_placed", case_subject(1), a_hold(1, "2031-03-02"));
}

TEST(LegalHold, OfWhoAppealedEndsWithTheJudgementWhereTheCaseIsClosed) {
  Scene scene;
  appealed_and_closed(scene);
  EXPECT_EQ(scene.refused("ml1", "case.legal_hold_lifted", case_subject(1), on_hold(1)).rule,
            "hold-not-own");
  scene.expect("pref", "psp.appeal_judged", case_subject(1),
               data(R"({"outcome":"rejected","judged_on":"2026-03-02"})"));
  EXPECT_EQ(scene.find(1)->phase, rules::CasePhase::closed);
  scene.expect("ml1", "case.legal_hold_lifted", case_subject(1), on_hold(1));
  scene.expect("ml1", "case.data_erased", case_subject(1), data(R"({"basis":"art17"})"));
}

TEST(LegalHold, AnAppealWonInAClosedCaseOpensNoParcours) {
  Scene scene;
  appealed_and_closed(scene);
  scene.expect("pref", "psp.appeal_judged", case_subject(1),
               data(R"({"outcome":"decision_replaced","judged_on":"2026-03-02"})"));
  EXPECT_EQ(scene.find(1)->psp.phase, rules::PspPhase::ended);
  EXPECT_EQ(scene.find(1)->phase, rules::CasePhase::closed);
}

TEST(LegalHold, OfWhoAppealedIsNotForEverWhereNobodySaysWhatWasJudged) {
  Scene scene;
  appealed_and_closed(scene);
  scene.clock.set(Timestamp{rules::end_of(*parse_date("2031-03-02")).value - 1});
  scene.expect("aa1", "case.legal_hold_placed", case_subject(1), a_hold(2, "2036-03-01"));
  scene.clock.advance_ms(1);
  EXPECT_EQ(
      scene.refused("aa1", "case.legal_hold_placed", case_subject(1), a_hold(3, "2036-03-01")).rule,
      "part-ended");
  scene.expect("ml1", "case.legal_hold_lifted", case_subject(1), on_hold(2));
}

TEST(LegalHold, IsTakenByAFullCaseButNotWithoutEnd) {
  Scene scene;
  scene.detect("ml1", 1);
  rules::CaseState& c = *scene.world().mutable_case(*parse_uuid(test_uuid(1)));
  c.acts.resize(50'000);
  for (std::uint64_t id = 1; id <= 100; ++id)
    scene.expect("ml1", "case.legal_hold_placed", case_subject(1), a_hold(id, "2026-06-01"));
  EXPECT_EQ(
      scene.refused("ml1", "case.legal_hold_placed", case_subject(1), a_hold(101, "2026-06-01"))
          .rule,
      "limit-holds");
}

TEST(LegalHold, TheConventionSaysHowLongAtMost) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.world().mutable_registry().parameters.set(rules::Parameter::legal_hold_years, 1);
  EXPECT_EQ(scene.refused("ml1", "case.legal_hold_placed", case_subject(1), a_hold(1, "2027-03-03"))
                .accepted,
            "2026-03-02 to 2027-03-02");
  scene.expect("ml1", "case.legal_hold_placed", case_subject(1), a_hold(1, "2027-03-02"));
}

}  // namespace
}  // namespace relais::tests
