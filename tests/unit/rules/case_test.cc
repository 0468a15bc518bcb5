// case.* and support.*: relations, consent, closure, steps.
#include <gmock/gmock.h>

#include <set>

#include "tests/unit/rules/payloads.h"

namespace relais::tests {
namespace {

using rules::CasePhase;

json::object detected(std::string_view territory) {
  json::object d = data(R"({"channel":"outreach","age_band":"16_17","risk":"low"})");
  d["territory"] = territory;
  return d;
}

json::object done(std::uint64_t step, std::string_view need = "shelter") {
  json::object d = Scene::step_data(step, need);
  d["result"] = "done";
  return d;
}

json::object missed(std::uint64_t step) {
  json::object d;
  d["step_id"] = test_uuid(step);
  d["reason"] = "did_not_come";
  return d;
}

/// Case 1 of ml1, in support; aa1 has accepted referral 101, aa2 has not answered referral 102.
void share_with_aa1(Scene& scene) {
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  scene.refer("ml1", 1, 102, "aa2");
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(101));
  scene.expect("aa1", "referral.accepted", case_subject(1), Scene::on_referral(101));
}

TEST(Case, Detection) {
  Scene scene;
  scene.expect("aa1", "case.detected", case_subject(1), detected("69123"));
  const rules::CaseState* c = scene.find(1);
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->phase, CasePhase::detected);
  EXPECT_EQ(c->author, scene.ordinal_of("aa1"));
  EXPECT_EQ(c->holder, scene.ordinal_of("aa1"));
  EXPECT_THAT(c->participants, testing::ElementsAre(scene.ordinal_of("aa1")));
  EXPECT_EQ(c->territory, "69123");
  EXPECT_EQ(c->risk, schema::Risk::LOW);
  EXPECT_EQ(c->channel, schema::Channel::OUTREACH);
  EXPECT_TRUE(c->minor());
  EXPECT_EQ(c->version, 1U);
  EXPECT_EQ(c->opened_at, kSceneStart);
}

TEST(Case, TerritoryIsOfTheConvention) {
  const std::vector<std::pair<std::string, bool>> rows = {
      {"69123", true},  {"2A004", true},  {"97411", true},  {"metropole", true}, {"rhone", true},
      {"75056", false}, {"2B033", false}, {"97209", false}, {"01004", false},
  };
  Scene scene;
  for (std::uint64_t n = 0; const auto& [territory, allowed] : rows) {
    ++n;
    if (allowed) {
      scene.expect("ml1", "case.detected", case_subject(n), detected(territory));
      continue;
    }
    const Error e = scene.refused("ml1", "case.detected", case_subject(n), detected(territory));
    EXPECT_EQ(e.rule, "territory-not-of-convention") << territory;
    EXPECT_EQ(e.field, "data.territory");
    EXPECT_EQ(e.code, Errc::invalid);
  }
}

TEST(Case, RelationOfTheEmitter) {
  struct Row {
    const char* who;
    const char* event;
    json::object payload;
    const char* rule;
  };
  const std::vector<Row> rows = {
      {"aa1", "case.dismissed", data(R"({"reason":"duplicate"})"), "not-holder"},
      {"aa1", "case.consent_given", Scene::consent_data(), "not-holder"},
      {"aa1", "case.consent_withdrawn", data(R"({"scope":"referral"})"), "not-holder"},
      {"aa1", "case.closed", data(R"({"reason":"moved"})"), "not-holder"},
      {"aa1", "case.reopened", data("{}"), "not-holder"},
      {"aa1", "referral.requested", Scene::referral_data(109, "aa2"), "not-holder"},
      {"aa2", "case.risk_assessed", data(R"({"risk":"low","grid_version":"1"})"),
       "not-holder-or-accepted"},
      {"aa2", "support.step_planned", Scene::step_data(201), "not-holder-or-accepted"},
      {"aa2", "support.step_done", done(201), "not-holder-or-accepted"},
      {"aa2", "support.step_missed", missed(201), "not-holder-or-accepted"},
  };
  Scene scene;
  share_with_aa1(scene);
  for (const Row& row : rows) {
    const Error e = scene.refused(row.who, row.event, case_subject(1), row.payload);
    EXPECT_EQ(e.rule, row.rule) << row.event;
    EXPECT_EQ(e.code, Errc::forbidden) << row.event;
    EXPECT_FALSE(e.accepted.empty()) << row.event;
  }
  scene.expect("aa1", "support.step_planned", case_subject(1), Scene::step_data(201));
  scene.expect("aa1", "case.risk_assessed", case_subject(1),
               data(R"({"risk":"immediate","grid_version":"2"})"));
  EXPECT_EQ(scene.find(1)->risk, schema::Risk::IMMEDIATE);
  scene.expect("aa1", "referral.completed", case_subject(1),
               Scene::on_referral(101, R"({"outcome":"attended"})"));
  EXPECT_EQ(scene.refused("aa1", "support.step_done", case_subject(1), done(201)).rule,
            "not-holder-or-accepted")
      << "the referral is at its end";
}

TEST(Case, DismissedAndNothingMore) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.dismissed", case_subject(1), data(R"({"reason":"not_concerned"})"));
  const Error e = scene.refused("ml1", "case.risk_assessed", case_subject(1),
                                data(R"({"risk":"low","grid_version":"1"})"));
  EXPECT_EQ(e.rule, "case-transition");
  EXPECT_EQ(e.state, "DISMISSED");
  EXPECT_EQ(e.accepted, "DETECTED, ASSESSED, REFERRED, IN_SUPPORT, PSP, DORMANT");
  EXPECT_EQ(e.source, "Convention, axis 1");
}

TEST(Consent, ReplacedWithdrawnExpired) {
  Scene scene;
  scene.detect("ml1", 1);
  json::object first = Scene::consent_data();
  first["recipients"] = json::array{"aa1", "ml2"};
  scene.expect("ml1", "case.consent_given", case_subject(1), first);
  scene.expect("ml1", "case.consent_given", case_subject(1), Scene::consent_data("statistics"));
  json::object second = Scene::consent_data();
  second["expires_on"] = "2026-03-02";  // the scene's first day
  scene.expect("ml1", "case.consent_given", case_subject(1), second);
  const auto& consents = scene.find(1)->consents;
  ASSERT_EQ(consents.size(), 2U);
  EXPECT_EQ(consents[0].scope, schema::ConsentScope::REFERRAL);
  EXPECT_TRUE(consents[0].recipients.empty());
  EXPECT_TRUE(consents[0].covers(SignatoryId{6}, kSceneStart));
  // Its last day is one of Paris: it ends at 23:00 UTC in winter.
  const Timestamp end = *parse_rfc3339("2026-03-02T23:00:00Z");
  EXPECT_TRUE(consents[0].covers(SignatoryId{6}, Timestamp{end.value - 1}));
  EXPECT_FALSE(consents[0].covers(SignatoryId{6}, end));

  scene.expect("ml1", "case.consent_withdrawn", case_subject(1), data(R"({"scope":"referral"})"));
  EXPECT_EQ(scene.find(1)->consents.size(), 1U);
  const Error e = scene.refused("ml1", "case.consent_withdrawn", case_subject(1),
                                data(R"({"scope":"referral"})"));
  EXPECT_EQ(e.rule, "consent-not-given");
  EXPECT_EQ(e.state, "DETECTED");
}

TEST(Consent, IsRefused) {
  Scene scene;
  scene.detect("ml1", 1);
  json::object late = Scene::consent_data();
  late["expires_on"] = "2026-03-01";
  const Error expired = scene.refused("ml1", "case.consent_given", case_subject(1), late);
  EXPECT_EQ(expired.rule, "consent-expired");
  EXPECT_EQ(expired.accepted, "2026-03-02 or later");
  json::object stranger = Scene::consent_data();
  stranger["recipients"] = json::array{"aa1", "nobody"};
  const Error unknown = scene.refused("ml1", "case.consent_given", case_subject(1), stranger);
  EXPECT_EQ(unknown.rule, "signatory-unknown");
  EXPECT_EQ(unknown.field, "data.recipients");
  scene.world().mutable_registry().mutable_signatory(scene.ordinal_of("aa2")).active = false;
  stranger["recipients"] = json::array{"aa2"};
  EXPECT_EQ(scene.refused("ml1", "case.consent_given", case_subject(1), stranger).rule,
            "signatory-unknown");
}

TEST(Case, ClosesWhenNoReferralIsOpen) {
  Scene scene;
  share_with_aa1(scene);
  const json::object reason = data(R"({"reason":"goals_met"})");
  EXPECT_EQ(scene.refused("ml1", "case.closed", case_subject(1), reason).rule, "case-transition");
  scene.expect("ml1", "referral.cancelled", case_subject(1), Scene::on_referral(102));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
  const Error e = scene.refused("ml1", "case.closed", case_subject(1), reason);
  EXPECT_EQ(e.rule, "referral-open");
  EXPECT_EQ(e.state, "IN_SUPPORT");
  EXPECT_THAT(e.message, testing::HasSubstr(test_uuid(101)));
  EXPECT_THAT(e.message, testing::Not(testing::HasSubstr(test_uuid(102))));
  scene.expect("aa1", "referral.completed", case_subject(1),
               Scene::on_referral(101, R"({"outcome":"service_given"})"));
  scene.expect("ml1", "case.closed", case_subject(1), reason);
  EXPECT_EQ(scene.find(1)->close_reason, schema::CloseReason::GOALS_MET);
  scene.expect("ml1", "case.reopened", case_subject(1));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed);
  EXPECT_FALSE(scene.find(1)->supported);
  EXPECT_EQ(scene.find(1)->close_reason, schema::CloseReason::UNSPECIFIED);
}

TEST(Case, ATransferThatNobodyAnsweredEndsWithTheCase) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  scene.expect("ml1", "case.transfer_requested", case_subject(1),
               data(R"({"to":"aa1","reason":"competence","kind":"permanent"})"));
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"moved"})"));
  EXPECT_FALSE(scene.find(1)->transfer.has_value());
  scene.expect("ml1", "case.reopened", case_subject(1));
  EXPECT_EQ(scene.refused("aa1", "case.transfer_accepted", case_subject(1)).rule,
            "transfer-not-pending");
  EXPECT_EQ(scene.find(1)->holder, scene.ordinal_of("ml1"));
}

/// A case with as many events as it may have, in this state; the last is one of the prepared ones.
rules::CaseState& fill(Scene& scene, std::string_view event, CasePhase phase,
                       std::size_t acts = 10'000) {
  rules::CaseState& c = prepare(scene, event, phase);
  const rules::ActMark assessment = c.acts.at(2);
  c.acts.resize(acts, assessment);
  c.version = static_cast<std::uint32_t>(acts);
  return c;
}
std::uint16_t rules_type(std::string_view event) {
  return statement::catalogue().find("relais." + std::string(event) + ".v1")->ordinal;
}

/// A phase in which the event is drawn, in this very form.
CasePhase drawn_phase(const CaseEvent& e) {
  if (e.event == "referral.completed")
    return CasePhase::in_support;  // its referral is the only one
  const bool erases_all = e.event == "case.data_erased" && !e.payload.contains("targets");
  for (const auto& t : rules::case_transitions()) {
    if (t.event != e.event || (t.to == CasePhase::erased) != erases_all) continue;
    if (e.event != "case.annulled" || t.from == t.to) return t.from;
  }
  ADD_FAILURE() << e.event << " is drawn nowhere";
  return CasePhase::erased;
}

TEST(Case, AFullCaseTakesWhatEndsItAndNothingElse) {
  const std::set<std::string> taken = {"case.dismissed",
                                       "case.became_dormant",
                                       "case.closed",
                                       "case.data_erased",
                                       "case.consent_withdrawn",
                                       "referral.received",
                                       "referral.accepted",
                                       "referral.declined",
                                       "referral.cancelled",
                                       "referral.completed",
                                       "referral.expired",
                                       "psp.ended",
                                       "protection.report_transmitted",
                                       "protection.prosecutor_notified",
                                       "protection.outcome_recorded",
                                       "case.corrected",
                                       "case.transfer_accepted",
                                       "case.transfer_declined",
                                       "case.passed_on",
                                       "contribution.delivered",
                                       "psp.decided",
                                       "psp.renewal_decided",
                                       "psp.appeal_judged",
                                       "afis.closed",
                                       "residence_permit.issued",
                                       "residence_permit.refused",
                                       "case.legal_hold_placed",
                                       "case.legal_hold_lifted",
                                       "case.emergency_access_opened",
                                       "case.emergency_access_reviewed"};
  for (const CaseEvent& e : case_events()) {
    const CasePhase phase = drawn_phase(e);
    SCOPED_TRACE(e.event + " by " + e.who + " in " + std::string(to_string(phase)));
    // Of the holder and of the clock; others come to the end of their room before.
    const std::size_t room = e.who == "aa1" || e.who == "relais" ? 10'000 : 7'500;
    Scene one_left;
    fill(one_left, e.event, phase, room - 1);
    one_left.expect(e.who, e.event, case_subject(1), e.payload);
    Scene full;
    fill(full, e.event, phase, room);
    const Status done = full.act(e.who, e.event, case_subject(1), e.payload);
    ASSERT_EQ(done.has_value(), taken.contains(e.event));
    if (done) continue;
    EXPECT_EQ(done.error().rule, "limit-acts");
    EXPECT_EQ(done.error().code, Errc::conflict);
    EXPECT_EQ(done.error().state, to_string(phase));
    EXPECT_FALSE(done.error().accepted.empty());
  }
}

TEST(Case, AFullCaseComesToItsEnd) {
  Scene scene;
  fill(scene, "referral.accepted", CasePhase::referred);
  scene.expect("aa2", "referral.accepted", case_subject(1), Scene::on_referral(kReferral));
  EXPECT_EQ(scene
                .refused("aa1", "case.risk_assessed", case_subject(1),
                         data(R"({"risk":"low","grid_version":"1"})"))
                .rule,
            "limit-acts");
  scene.expect("aa2", "referral.completed", case_subject(1),
               Scene::on_referral(kReferral, R"({"outcome":"attended"})"));
  scene.expect("aa1", "case.closed", case_subject(1), data(R"({"reason":"goals_met"})"));
  EXPECT_EQ(scene.refused("aa1", "case.reopened", case_subject(1)).rule, "limit-acts");
  scene.expect("aa1", "case.data_erased", case_subject(1), data(R"({"basis":"art17"})"));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::erased);
}

TEST(Case, ErasuresOfSingleActsAreBoundedToo) {
  Scene scene;
  rules::ActMark erasure;
  erasure.type = rules_type("case.data_erased");
  rules::CaseState& c = fill(scene, "case.closed", CasePhase::in_support);
  c.acts.resize(10'999, erasure);
  c.version = 10'999;
  const json::object one = data(R"({"basis":"art17","targets":[1]})");
  scene.expect("aa1", "case.data_erased", case_subject(1), one);
  EXPECT_EQ(scene.refused("aa1", "case.data_erased", case_subject(1), one).rule, "limit-acts");
  scene.expect("aa1", "case.closed", case_subject(1), data(R"({"reason":"goals_met"})"));
  scene.expect("aa1", "case.data_erased", case_subject(1), data(R"({"basis":"art17"})"));
}

/// The holder goes on, whatever one of the others has added.
TEST(Case, WhoDoesNotHoldACaseHasAShareOfItsRoom) {
  Scene scene;
  rules::CaseState& c = fill(scene, "contribution.committed", CasePhase::in_support, 5'000);
  for (std::size_t i = 0; i < 1'999; ++i) c.acts[1'000 + i].by = scene.ordinal_of("aa2");
  const auto commitment = [](std::uint64_t id) {
    return on_contribution(id, R"({"kind":"expertise"})");
  };
  scene.expect("aa2", "contribution.committed", case_subject(1), commitment(401));
  const Error e = scene.refused("aa2", "contribution.committed", case_subject(1), commitment(402));
  EXPECT_EQ(e.rule, "limit-acts");
  EXPECT_NE(e.message.find("2000"), std::string::npos) << e.message;
  EXPECT_FALSE(e.accepted.empty());
  scene.expect("aa2", "contribution.delivered", case_subject(1), on_contribution(401));
  scene.expect("aa1", "contribution.committed", case_subject(1), commitment(403));
  scene.expect("aa2", "referral.completed", case_subject(1),
               Scene::on_referral(kReferral, R"({"outcome":"attended"})"));
}

/// RGPD art. 16: each act that holds a value can be put right once, and no more, in a full case.
TEST(Case, AFullCaseTakesEachCorrectionOnce) {
  Scene scene;
  fill(scene, "case.corrected", CasePhase::in_support);
  const json::object first =
      data(R"({"target_version":1,"reason":"wrong_value","channel":"outreach"})");
  scene.expect("aa1", "case.corrected", case_subject(1), first);
  EXPECT_EQ(scene.refused("aa1", "case.corrected", case_subject(1), first).rule, "limit-acts");
}

/// RGPD art. 5(1)(f): nor does a stranger learn that a case is full.
TEST(Case, AStrangerDoesNotLearnThatACaseIsFull) {
  Scene scene;
  fill(scene, "case.risk_assessed", CasePhase::in_support);
  const json::object assessed = data(R"({"risk":"low","grid_version":"1"})");
  EXPECT_EQ(scene.refused("ml1", "case.risk_assessed", case_subject(1), assessed).rule,
            "stream-unknown");
}

TEST(Support, StepsBeginSupport) {
  Scene scene;
  for (std::uint64_t n = 1; n <= 2; ++n) {
    scene.detect("ml1", n);
    scene.assess("ml1", n);
  }
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
  scene.expect("ml1", "support.step_done", case_subject(1), done(201));
  EXPECT_EQ(scene.find(1)->steps.at(0).phase, rules::StepPhase::done);
  scene.expect("ml1", "support.step_done", case_subject(2), done(202));
  EXPECT_EQ(scene.find(2)->phase, CasePhase::in_support);
  scene.consent("ml1", 2);
  scene.refer("ml1", 2, 101, "aa1");
  EXPECT_EQ(scene.find(2)->phase, CasePhase::referred);
  scene.expect("ml1", "support.step_planned", case_subject(2), Scene::step_data(203));
  scene.expect("ml1", "support.step_missed", case_subject(2), missed(203));
  EXPECT_EQ(scene.find(2)->phase, CasePhase::referred);
  EXPECT_EQ(scene.find(2)->steps.at(1).phase, rules::StepPhase::missed);
}

TEST(Support, StepsWakeADormantCase) {
  Scene scene;
  for (const char* event : {"support.step_planned", "support.step_done"}) {
    const std::uint64_t n = event == std::string_view("support.step_done") ? 1 : 2;
    scene.detect("ml1", n);
    scene.world().mutable_case(*parse_uuid(test_uuid(n)))->phase = CasePhase::dormant;
    scene.expect("ml1", event, case_subject(n), n == 1 ? done(201) : Scene::step_data(201));
    EXPECT_EQ(scene.find(n)->phase, CasePhase::in_support) << event;
  }
}

TEST(Support, StepIsRefused) {
  Scene scene;
  share_with_aa1(scene);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  scene.expect("ml1", "support.step_done", case_subject(1), done(202));
  struct Row {
    const char* who;
    const char* event;
    json::object payload;
    const char* rule;
    Errc code;
    const char* state;
  };
  const std::vector<Row> rows = {
      {"ml1", "support.step_planned", Scene::step_data(201), "step-id-taken", Errc::conflict,
       "PLANNED"},
      {"ml1", "support.step_planned", Scene::step_data(202), "step-id-taken", Errc::conflict,
       "DONE"},
      {"ml1", "support.step_done", done(202), "step-transition", Errc::conflict, "DONE"},
      {"ml1", "support.step_missed", missed(202), "step-transition", Errc::conflict, "DONE"},
      {"aa1", "support.step_done", done(201), "step-not-own", Errc::forbidden, ""},
      {"aa1", "support.step_missed", missed(201), "step-not-own", Errc::forbidden, ""},
      {"ml1", "support.step_missed", missed(209), "step-unknown", Errc::not_found, ""},
      {"ml1", "support.step_done", done(201, "complaint"), "step-need-differs", Errc::invalid, ""},
  };
  for (const Row& row : rows) {
    const Error e = scene.refused(row.who, row.event, case_subject(1), row.payload);
    EXPECT_EQ(e.rule, row.rule) << row.event;
    EXPECT_EQ(e.code, row.code) << row.rule;
    EXPECT_EQ(e.state, row.state) << row.rule;
  }
}

}  // namespace
}  // namespace relais::tests
