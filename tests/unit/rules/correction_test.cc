// case.corrected, case.annulled, case.data_erased: what the state says afterwards, and what is
// marked.
#include <gtest/gtest.h>

#include "tests/support/acts.h"

namespace relais::tests {
namespace {

using rules::CasePhase;
using rules::StepPhase;

json::object erasure(std::string_view basis) {
  json::object d;
  d["basis"] = basis;
  return d;
}

json::object step_done(std::uint64_t step) {
  json::object d = Scene::step_data(step);
  d["result"] = "done";
  return d;
}

json::object postponed(std::uint64_t step) {
  json::object d = data(R"({"reason":"postponed"})");
  d["step_id"] = test_uuid(step);
  return d;
}

json::object contribution(std::uint64_t id, std::string_view more = "{}") {
  json::object d = data(more);
  d["contribution_id"] = test_uuid(id);
  return d;
}

rules::CaseState& state(Scene& scene) {
  return *scene.world().mutable_case(*parse_uuid(test_uuid(1)));
}

void correct(Scene& scene, std::uint32_t version, std::string_view values) {
  scene.expect("ml1", "case.corrected", case_subject(1), on_target(version, values));
}

void annul(Scene& scene, std::uint32_t version) {
  scene.expect("ml1", "case.annulled", case_subject(1), on_target(version));
}

Error no_annulment(Scene& scene, std::uint32_t version, const char* who = "ml1") {
  return scene.refused(who, "case.annulled", case_subject(1), on_target(version));
}

void close(Scene& scene) {
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"goals_met"})"));
}

// --- corrections

TEST(Correction, TheStateTakesTheNewValuesAndTheActIsMarked) {
  Scene scene;
  scene.detect("ml1", 1);
  const std::size_t before = scene.log.size();
  correct(scene, 1,
          R"({"age_band":"16_17","territory":"69264","channel":"outreach","risk":"high"})");
  const rules::CaseState& c = *scene.find(1);
  EXPECT_EQ(c.age_band, schema::AgeBand::FROM16_TO17);
  EXPECT_EQ(c.territory, "69264");
  EXPECT_EQ(c.channel, schema::Channel::OUTREACH);
  EXPECT_EQ(c.risk, schema::Risk::HIGH);
  EXPECT_EQ(c.phase, CasePhase::detected);
  ASSERT_EQ(c.acts.size(), 2U);
  EXPECT_TRUE(c.acts[0].corrected);
  EXPECT_FALSE(c.acts[0].annulled);
  EXPECT_FALSE(c.acts[1].corrected);
  EXPECT_EQ(scene.log.size(), before + 1) << "the log keeps both";
  correct(scene, 1, R"({"channel":"disclosure"})");
  EXPECT_EQ(scene.find(1)->channel, schema::Channel::DISCLOSURE) << "the last correction holds";
}

TEST(Correction, ARiskIsCorrectedWhereItIsTheOneThatHolds) {
  Scene scene;
  scene.detect("ml1", 1);  // medium
  scene.assess("ml1", 1);  // high
  correct(scene, 1, R"({"risk":"immediate"})");
  EXPECT_EQ(scene.find(1)->risk, schema::Risk::HIGH) << "the assessment came later";
  EXPECT_TRUE(scene.find(1)->acts[0].corrected);
  correct(scene, 2, R"({"risk":"low"})");
  EXPECT_EQ(scene.find(1)->risk, schema::Risk::LOW);
  scene.assess("ml1", 1);  // version 5: high
  correct(scene, 2, R"({"risk":"immediate"})");
  EXPECT_EQ(scene.find(1)->risk, schema::Risk::HIGH);
}

TEST(Correction, ThePersonsAgeIsOfTheDetectionUnlessItIsNew) {
  Scene scene;
  scene.detect("ml1", 1);
  const auto said = scene.find(1)->age_stated_on;
  scene.clock.advance_ms(10LL * 86'400'000);
  correct(scene, 1, R"({"age_band":"16_17"})");
  EXPECT_EQ(scene.find(1)->age_stated_on, said);
  correct(scene, 1, R"({"age_band":"16_17","reason":"new_information"})");
  EXPECT_EQ(scene.find(1)->age_stated_on, said + 10);
}

TEST(Correction, IsRefused) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(101));
  struct Row {
    std::uint32_t version;
    const char* values;
    const char* rule;
    Errc code;
    const char* field;
  };
  for (const Row& row : {
           Row{0, R"({"risk":"low"})", "target-unknown", Errc::not_found, "data.target_version"},
           Row{6, R"({"risk":"low"})", "target-unknown", Errc::not_found, "data.target_version"},
           Row{5, R"({"risk":"low"})", "correction-not-of-target", Errc::invalid, "data.risk"},
           Row{1, "{}", "correction-empty", Errc::invalid, "data"},
           Row{2, R"({"age_band":"16_17"})", "correction-not-of-target", Errc::invalid,
               "data.age_band"},
           Row{2, R"({"territory":"69264"})", "correction-not-of-target", Errc::invalid,
               "data.territory"},
           Row{2, R"({"channel":"outreach"})", "correction-not-of-target", Errc::invalid,
               "data.channel"},
           Row{3, R"({"risk":"low"})", "correction-not-of-target", Errc::invalid, "data.risk"},
           Row{1, R"({"territory":"75056"})", "territory-not-of-convention", Errc::invalid,
               "data.territory"},
       }) {
    const Error e =
        scene.refused("ml1", "case.corrected", case_subject(1), on_target(row.version, row.values));
    EXPECT_EQ(e.rule, row.rule) << row.version << row.values;
    EXPECT_EQ(e.code, row.code) << row.version << row.values;
    EXPECT_EQ(e.field, row.field) << row.version << row.values;
  }
  correct(scene, 2, R"({"risk":"low"})");
  EXPECT_EQ(
      scene.refused("ml1", "case.corrected", case_subject(1), on_target(6, R"({"risk":"medium"})"))
          .rule,
      "correction-not-of-target")
      << "a correction has no value of its own";
}

// docs/DOMAIN.md, section 1: "Minors (under 18): no PSP".
TEST(Correction, NobodyBecomesAMinorWhileAParcoursIsUnderWay) {
  using rules::PspPhase;
  for (const PspPhase p :
       {PspPhase::applied, PspPhase::opined, PspPhase::adjourned, PspPhase::authorised,
        PspPhase::active, PspPhase::suspended, PspPhase::renewal_due, PspPhase::appealed}) {
    Scene scene;
    scene.detect("ml1", 1);
    state(scene).psp.phase = p;
    const Error e = scene.refused("ml1", "case.corrected", case_subject(1),
                                  on_target(1, R"({"age_band":"16_17"})"));
    EXPECT_EQ(e.rule, "psp-adult-only") << to_string(p);
    EXPECT_EQ(e.code, Errc::conflict);
    EXPECT_EQ(e.field, "data.age_band");
    EXPECT_EQ(e.source, "CASF L121-9");
    EXPECT_EQ(e.state, to_string(p));
    correct(scene, 1, R"({"age_band":"22_25"})");
    EXPECT_EQ(scene.find(1)->age_band, schema::AgeBand::FROM22_TO25);
  }
  for (const PspPhase p :
       {PspPhase::none, PspPhase::refused, PspPhase::final_refusal, PspPhase::ended}) {
    Scene scene;
    scene.detect("ml1", 1);
    state(scene).psp.phase = p;
    correct(scene, 1, R"({"age_band":"16_17"})");
  }
  Scene scene;
  scene.detect("ml1", 1);
  state(scene).psp.phase = PspPhase::refused;
  state(scene).psp.refused_renewal = true;
  EXPECT_EQ(scene
                .refused("ml1", "case.corrected", case_subject(1),
                         on_target(1, R"({"age_band":"16_17"})"))
                .rule,
            "psp-adult-only")
      << "the running term goes on";
}

// --- annulments

TEST(Annulment, ADetectionThatIsAlone) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.consent("ml1", 1);
  const Error e = no_annulment(scene, 1);
  EXPECT_EQ(e.rule, "annul-not-possible");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.field, "data.target_version");
  EXPECT_EQ(e.state, "DETECTED");
  EXPECT_NE(e.accepted.find("case.dismissed"), std::string::npos);
  correct(scene, 1, R"({"risk":"low"})");
  annul(scene, 2);
  EXPECT_TRUE(scene.find(1)->consents.empty());
  annul(scene, 1);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::dismissed);
  EXPECT_TRUE(scene.find(1)->acts[0].annulled);
  EXPECT_TRUE(scene.find(1)->acts[1].annulled);
  EXPECT_FALSE(scene.find(1)->acts[2].annulled);
}

TEST(Annulment, IsByTheAuthorOnceAndOfAnEventThatIsThere) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  for (const std::uint32_t version : {0U, 5U}) {
    const Error e = no_annulment(scene, version);
    EXPECT_EQ(e.rule, "target-unknown") << version;
    EXPECT_EQ(e.code, Errc::not_found);
    EXPECT_EQ(e.accepted, "a version as the emitter reads it");
  }
  const Error other = no_annulment(scene, 3, "aa1");
  EXPECT_EQ(other.rule, "not-author");
  EXPECT_EQ(other.code, Errc::forbidden);
  annul(scene, 3);
  const Error again = no_annulment(scene, 3);
  EXPECT_EQ(again.rule, "target-annulled");
  EXPECT_EQ(again.code, Errc::conflict);
  EXPECT_EQ(
      scene.refused("ml1", "case.corrected", case_subject(1), on_target(3, R"({"risk":"low"})"))
          .rule,
      "target-annulled");
}

TEST(Annulment, WhatOthersRestOnNamesItsCounterAct) {
  Scene scene;
  scene.detect("ml1", 1);                                                               // 1
  scene.assess("ml1", 1);                                                               // 2
  scene.consent("ml1", 1);                                                              // 3
  scene.refer("ml1", 1, 101, "aa1");                                                    // 4
  scene.expect("ml1", "referral.cancelled", case_subject(1), Scene::on_referral(101));  // 5
  scene.expect("ml1", "case.consent_withdrawn", case_subject(1), data(R"({"scope":"referral"})"));
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));  // 7
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"moved"})"));   // 8
  scene.expect("ml1", "case.reopened", case_subject(1));                                // 9
  correct(scene, 2, R"({"risk":"immediate"})");                                         // 10
  scene.expect("ml1", "protection.prosecutor_notified", case_subject(1),
               data(R"({"court":"Lyon"})"));  // 11
  scene.expect("ml1", "case.transfer_requested", case_subject(1),
               data(R"({"to":"ml2","reason":"moved","kind":"permanent"})"));  // 12
  scene.expect("ml2", "case.transfer_declined", case_subject(1),
               data(R"({"decline_reason":"other"})"));  // 13
  annul(scene, 7);                                      // 14
  struct Row {
    std::uint32_t version;
    const char* counter;
  };
  for (const Row& row :
       {Row{1, "case.closed"}, Row{2, "case.corrected"}, Row{4, "referral.cancelled"},
        Row{5, "referral.requested"}, Row{6, "case.consent_given"}, Row{8, "case.reopened"},
        Row{9, "case.closed"}, Row{10, "case.corrected"}, Row{11, "protection.outcome_recorded"},
        Row{12, "case.transfer_requested"}, Row{14, "recorded anew"}}) {
    const Error e = no_annulment(scene, row.version);
    EXPECT_EQ(e.rule, "annul-not-possible") << row.version;
    EXPECT_NE(e.accepted.find(row.counter), std::string::npos) << row.version << e.accepted;
  }
}

TEST(Annulment, AStepGoesBackOneAct) {
  Scene scene;
  scene.detect("ml1", 1);                                                               // 1
  scene.assess("ml1", 1);                                                               // 2
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));  // 3
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(202));  // 4
  scene.expect("ml1", "support.step_done", case_subject(1),
               step_done(203));  // 5, not planned before
  scene.expect("ml1", "support.step_done", case_subject(1), step_done(202));    // 6
  scene.expect("ml1", "support.step_missed", case_subject(1), postponed(201));  // 7

  const Error e = no_annulment(scene, 3);
  EXPECT_EQ(e.rule, "annul-not-possible");
  EXPECT_NE(e.accepted.find("support.step_missed"), std::string::npos);
  annul(scene, 7);  // missed → planned
  EXPECT_EQ(scene.find(1)->steps[0].phase, StepPhase::planned);
  annul(scene, 3);  // the first step is gone; the others move up
  ASSERT_EQ(scene.find(1)->steps.size(), 2U);
  EXPECT_EQ(to_string(scene.find(1)->steps[0].id), test_uuid(202));
  annul(scene, 6);  // 202: done → planned
  EXPECT_EQ(scene.find(1)->steps[0].phase, StepPhase::planned);
  EXPECT_EQ(scene.find(1)->steps[1].phase, StepPhase::done);
  annul(scene, 5);  // 203 was never planned
  ASSERT_EQ(scene.find(1)->steps.size(), 1U);
  EXPECT_EQ(to_string(scene.find(1)->steps[0].id), test_uuid(202));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
  scene.expect("ml1", "support.step_done", case_subject(1), step_done(202));
  EXPECT_EQ(no_annulment(scene, 4).rule, "annul-not-possible");
}

TEST(Annulment, WithoutItsSupportACaseIsAssessedAgain) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_done", case_subject(1), step_done(201));  // 3
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
  annul(scene, 3);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed);
  EXPECT_FALSE(scene.find(1)->supported);
  EXPECT_TRUE(scene.find(1)->steps.empty());

  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(202));  // 7
  annul(scene, 7);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::referred);
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(101));
  scene.expect("aa1", "referral.declined", case_subject(1),
               Scene::on_referral(101, R"({"decline_reason":"other"})"));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed) << "nothing of the support is left";

  scene.refer("ml1", 1, 102, "aa1");
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(102));
  scene.expect("aa1", "referral.accepted", case_subject(1), Scene::on_referral(102));
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(203));  // 14
  annul(scene, 14);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support) << "the accepted referral is support";
}

TEST(Annulment, ASupportUnderAParcoursStays) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  state(scene).psp.phase = rules::PspPhase::applied;
  annul(scene, 3);
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
}

TEST(Annulment, AConsentThatIsInForce) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.consent_given", case_subject(1), Scene::consent_data("sharing"));  // 2
  scene.consent("ml1", 1);                                                                     // 3
  scene.consent("ml1", 1);  // 4 replaces 3
  annul(scene, 3);
  EXPECT_EQ(scene.find(1)->consents.size(), 2U) << "3 was not in force any more";
  annul(scene, 4);
  ASSERT_EQ(scene.find(1)->consents.size(), 1U);
  EXPECT_EQ(scene.find(1)->consents[0].scope, schema::ConsentScope::SHARING);
  annul(scene, 2);
  EXPECT_TRUE(scene.find(1)->consents.empty());
}

TEST(Annulment, AnOlderConsentIsNotRevived) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.consent("ml1", 1);  // 2
  scene.consent("ml1", 1);  // 3
  annul(scene, 3);
  EXPECT_TRUE(scene.find(1)->consents.empty()) << "less is disclosed, never more";
}

TEST(Annulment, OutcomesMeetingsPlansAndContributions) {
  Scene scene;
  scene.detect("ml1", 1, "16_17");
  scene.assess("ml1", 1);
  scene.expect("ml1", "protection.report_transmitted", case_subject(1),
               data(R"({"crip":"metropole","parents_informed":"yes"})"));
  scene.expect("ml1", "protection.prosecutor_notified", case_subject(1),
               data(R"({"court":"Lyon"})"));
  scene.expect("ml1", "protection.outcome_recorded", case_subject(1),
               data(R"({"outcome":"assessment"})"));
  scene.expect("ml1", "protection.outcome_recorded", case_subject(1),
               data(R"({"outcome":"measure"})"));  // 6
  annul(scene, 6);
  EXPECT_EQ(scene.find(1)->reports[0].outcome, schema::ProtectionOutcome::ASSESSMENT);
  EXPECT_EQ(scene.find(1)->reports[1].outcome, schema::ProtectionOutcome::UNSPECIFIED);
  scene.world().mutable_case(scene.find(1)->id)->participants.insert(scene.ordinal_of("aa1"));
  scene.expect("ml1", "coordination.meeting_held", case_subject(1),
               data(R"({"held_on":"2026-03-02","attending":["ml1","aa1"]})"));  // 8
  scene.expect("ml1", "plan.agreed", case_subject(1),
               data(R"({"needs":["shelter"],"signatories":["ml1"]})"));  // 9
  scene.expect("ml1", "external_referral.recorded", case_subject(1),
               data(R"({"destination":"health","need":"shelter"})"));  // 10
  for (const std::uint32_t version : {8U, 9U, 10U}) {
    annul(scene, version);
    EXPECT_TRUE(scene.find(1)->acts[version - 1].annulled);
  }
  const auto commit = [&](std::uint64_t id) {
    scene.expect("ml1", "contribution.committed", case_subject(1),
                 contribution(id, R"({"kind":"expertise"})"));
  };
  commit(301);                                                                        // 14
  commit(302);                                                                        // 15
  scene.expect("ml1", "contribution.delivered", case_subject(1), contribution(302));  // 16
  annul(scene, 14);
  ASSERT_EQ(scene.find(1)->contributions.size(), 1U);
  EXPECT_EQ(to_string(scene.find(1)->contributions[0].id), test_uuid(302));
  const Error e = no_annulment(scene, 15);
  EXPECT_EQ(e.rule, "annul-not-possible");
  EXPECT_NE(e.accepted.find("contribution.delivered"), std::string::npos);
  annul(scene, 16);
  EXPECT_FALSE(scene.find(1)->contributions[0].delivered);
  annul(scene, 15);
  EXPECT_TRUE(scene.find(1)->contributions.empty());
}

TEST(Annulment, ATransferThatNobodyAnswers) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.transfer_requested", case_subject(1),
               data(R"({"to":"ml2","reason":"moved","kind":"permanent"})"));  // 2
  annul(scene, 2);
  EXPECT_FALSE(scene.find(1)->transfer.has_value());
  scene.expect("ml1", "case.transfer_requested", case_subject(1),
               data(R"({"to":"aa1","reason":"moved","kind":"permanent"})"));  // 4
  scene.expect("aa1", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(no_annulment(scene, 4).rule, "part-ended");
  EXPECT_EQ(no_annulment(scene, 4, "aa1").rule, "annul-not-possible");
}

TEST(Annulment, TheMarksOutliveAReplay) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(202));
  annul(scene, 3);
  correct(scene, 2, R"({"risk":"low"})");
  scene.expect("ml1", "support.step_done", case_subject(1), step_done(202));
  annul(scene, 7);
  MemoryRecords at_once;
  MemoryRecords each;
  Scene::replay(scene.log, at_once, [](std::size_t) { return false; });
  Scene::replay(scene.log, each, [](std::size_t) { return true; }, 1);
  rules::WorldState a(at_once);
  rules::WorldState b(each);
  for (rules::WorldState* world : {&a, &b}) {
    const rules::CaseState* c = world->find_case(*parse_uuid(test_uuid(1)));
    ASSERT_NE(c, nullptr);
    EXPECT_TRUE(c->acts[2].annulled);
    EXPECT_TRUE(c->acts[1].corrected);
    EXPECT_EQ(c->risk, schema::Risk::LOW);
    ASSERT_EQ(c->steps.size(), 1U);
    EXPECT_EQ(c->steps[0].phase, StepPhase::planned);
    EXPECT_EQ(c->acts[3].ref, 0U);
  }
}

// --- erasure

TEST(Erasure, OfSingleActsKeepsThePhase) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  json::object d = erasure("art17");
  d["targets"] = json::array{1};
  scene.expect("ml1", "case.data_erased", case_subject(1), std::move(d));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed);
  EXPECT_TRUE(scene.find(1)->acts[0].erased);
  EXPECT_FALSE(scene.find(1)->acts[1].erased);
  EXPECT_FALSE(scene.find(1)->acts[2].erased);
}

TEST(Erasure, OfTheWholeCaseIsTerminal) {
  Scene scene;
  close(scene);
  scene.expect("ml1", "case.data_erased", case_subject(1), erasure("art17"));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::erased);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(scene.find(1)->acts[i].erased) << i;
  for (const Error& e :
       {scene.refused("ml1", "case.data_erased", case_subject(1), erasure("art17")),
        scene.refused("ml1", "case.corrected", case_subject(1), on_target(1, R"({"risk":"low"})")),
        no_annulment(scene, 3), scene.refused("ml1", "case.reopened", case_subject(1))}) {
    EXPECT_EQ(e.rule, "case-transition");
    EXPECT_EQ(e.state, "ERASED");
  }
}

TEST(Erasure, OfTheWholeCaseComesAfterItsEnd) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  const Error e = scene.refused("ml1", "case.data_erased", case_subject(1), erasure("art17"));
  EXPECT_EQ(e.rule, "case-transition");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.state, "ASSESSED");
  scene.detect("ml1", 2);
  scene.expect("ml1", "case.dismissed", case_subject(2), data(R"({"reason":"duplicate"})"));
  scene.expect("ml1", "case.data_erased", case_subject(2), erasure("art17"));
  EXPECT_EQ(scene.find(2)->phase, CasePhase::erased);
}

TEST(Erasure, TargetsAreEventsOfTheCase) {
  Scene scene;
  scene.detect("ml1", 1);
  const auto refused = [&](json::array targets) {
    json::object d = erasure("art17");
    d["targets"] = std::move(targets);
    return scene.refused("ml1", "case.data_erased", case_subject(1), std::move(d));
  };
  for (const std::uint32_t version : {0U, 2U}) {
    const Error e = refused({1, version});
    EXPECT_EQ(e.rule, "target-unknown") << version;
    EXPECT_EQ(e.field, "data.targets");
  }
  EXPECT_EQ(refused({}).rule, "targets-empty");
}

TEST(Erasure, EachBasisHasItsEmitter) {
  Scene scene;
  close(scene);
  scene.clock.advance_ms(800LL * 86'400'000);
  Error e = scene.refused("ml1", "case.data_erased", case_subject(1), erasure("retention"));
  EXPECT_EQ(e.rule, "erasure-basis");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_EQ(e.accepted, "art17");
  e = scene.refused("relais", "case.data_erased", case_subject(1), erasure("art17"));
  EXPECT_EQ(e.rule, "erasure-basis");
  EXPECT_EQ(e.accepted, "retention");
  json::object some = erasure("retention");
  some["targets"] = json::array{1};
  EXPECT_EQ(scene.refused("relais", "case.data_erased", case_subject(1), std::move(some)).rule,
            "retention-whole-case");
}

TEST(Erasure, IsForTheHolder) {
  Scene scene;
  close(scene);
  state(scene).participants.insert(scene.ordinal_of("aa1"));
  EXPECT_EQ(scene.refused("aa1", "case.data_erased", case_subject(1), erasure("art17")).rule,
            "not-holder");
}

TEST(Erasure, TheClockErasesTwoYearsAfterTheClosure) {
  Scene scene;
  close(scene);  // 2026-03-02
  go_to(scene, "2028-03-02T22:59:59.999Z");
  const Error e =
      scene.refused("relais", "case.data_erased", case_subject(1), erasure("retention"));
  EXPECT_EQ(e.rule, "retention-not-due");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.state, "CLOSED");
  EXPECT_EQ(e.accepted, "2028-03-03 or later");
  scene.clock.advance_ms(1);
  scene.expect("relais", "case.data_erased", case_subject(1), erasure("retention"));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::erased);
}

TEST(Erasure, TheConventionSetsThePeriodAndAReopenedCaseIsKept) {
  Scene scene;
  scene.world().mutable_registry().parameters.set(rules::Parameter::retention_years, 1);
  close(scene);
  scene.expect("ml1", "case.reopened", case_subject(1));
  scene.clock.advance_ms(400LL * 86'400'000);
  EXPECT_EQ(scene.refused("relais", "case.data_erased", case_subject(1), erasure("retention")).rule,
            "case-transition");
  scene.detect("ml1", 2);
  scene.expect("ml1", "case.dismissed", case_subject(2), data(R"({"reason":"duplicate"})"));
  EXPECT_EQ(scene.refused("relais", "case.data_erased", case_subject(2), erasure("retention")).rule,
            "retention-not-due");
  scene.clock.advance_ms(367LL * 86'400'000);
  scene.expect("relais", "case.data_erased", case_subject(2), erasure("retention"));
}

}  // namespace
}  // namespace relais::tests
