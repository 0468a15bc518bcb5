#include "ledger/rules/time/deadline_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "ledger/rules/calendar.h"
#include "tests/support/acts.h"

namespace relais::tests {
namespace {

using rules::Deadline;
using rules::DeadlineKind;

std::vector<Deadline> of_case(Scene& scene, std::uint64_t n) {
  return rules::deadlines_of(*scene.find(n), scene.registry());
}

const Deadline* find(const std::vector<Deadline>& all, DeadlineKind kind) {
  const auto it = std::ranges::find(all, kind, &Deadline::kind);
  return it == all.end() ? nullptr : &*it;
}

std::string due(const std::vector<Deadline>& all, DeadlineKind kind) {
  const Deadline* d = find(all, kind);
  return d == nullptr ? "none" : to_rfc3339(d->due_at);
}

// The scene begins on Monday 2 March 2026, 08:00 UTC (09:00 in Paris); midnight in Paris is 23:00
// UTC in winter and 22:00 UTC in summer.
TEST(Deadlines, AMinorWaitsADayForAProtectionDecision) {
  Scene scene;
  scene.detect("ml1", 1, "16_17");
  const auto all = of_case(scene, 1);
  EXPECT_EQ(due(all, DeadlineKind::minor_protection), "2026-03-03T08:00:00Z");
  EXPECT_EQ(find(all, DeadlineKind::minor_protection)->who, scene.ordinal_of("ml1"));
  EXPECT_EQ(find(all, DeadlineKind::adult_first_contact), nullptr);
  scene.assess("ml1", 1);
  EXPECT_EQ(find(of_case(scene, 1), DeadlineKind::minor_protection), nullptr);
}

TEST(Deadlines, AnAdultWaitsTenDaysForAFirstContact) {
  Scene scene;
  scene.detect("ml1", 1);
  const auto all = of_case(scene, 1);
  EXPECT_EQ(due(all, DeadlineKind::adult_first_contact), "2026-03-12T23:00:00Z");
  EXPECT_EQ(find(all, DeadlineKind::minor_protection), nullptr);
}

TEST(Deadlines, ARiskIsAssessedAgainAfterNinetyDaysOrADay) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  EXPECT_EQ(due(of_case(scene, 1), DeadlineKind::risk_reassessment), "2026-05-31T22:00:00Z");
  scene.expect("ml1", "case.risk_assessed", case_subject(1),
               data(R"({"risk":"immediate","grid_version":"2"})"));
  EXPECT_EQ(due(of_case(scene, 1), DeadlineKind::risk_reassessment), "2026-03-03T08:00:00Z");
}

TEST(Deadlines, AReferralIsReceivedAnsweredAndEnded) {
  Scene scene;
  scene.clock.set(*parse_rfc3339("2026-04-30T10:00:00Z"));  // a Thursday before a bank holiday
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 10, "aa1");
  auto all = of_case(scene, 1);
  EXPECT_EQ(due(all, DeadlineKind::referral_receipt),
            "2026-05-05T22:00:00Z");  // Monday and Tuesday
  EXPECT_EQ(due(all, DeadlineKind::referral_answer), "2026-05-10T22:00:00Z");
  EXPECT_EQ(due(all, DeadlineKind::referral_expiry), "2026-05-30T22:00:00Z");
  EXPECT_EQ(find(all, DeadlineKind::referral_answer)->who, scene.ordinal_of("aa1"));
  EXPECT_EQ(find(all, DeadlineKind::referral_answer)->ref, test_uuid(10));
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(10));
  EXPECT_EQ(find(of_case(scene, 1), DeadlineKind::referral_receipt), nullptr);
  scene.expect("aa1", "referral.accepted", case_subject(1), Scene::on_referral(10));
  all = of_case(scene, 1);
  EXPECT_EQ(find(all, DeadlineKind::referral_answer), nullptr);
  EXPECT_EQ(find(all, DeadlineKind::referral_expiry), nullptr);
  EXPECT_EQ(due(all, DeadlineKind::referral_completion), "2026-06-29T22:00:00Z");
  EXPECT_EQ(due(all, DeadlineKind::inactivity), "2026-06-29T22:00:00Z");
}

TEST(Deadlines, AClosedCaseIsKeptTwoYears) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(20));
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"goals_met"})"));
  const auto all = of_case(scene, 1);
  ASSERT_EQ(all.size(), 3U) << "two warnings, and the end";
  EXPECT_EQ(due(all, DeadlineKind::retention), "2028-03-02T23:00:00Z");
}

/// When each warning of the end of retention is due, by how many days before.
std::map<std::string, std::string> warnings(const std::vector<Deadline>& all) {
  std::map<std::string, std::string> out;
  for (const Deadline& d : all)
    if (d.kind == DeadlineKind::retention_warning) out[d.ref] = to_rfc3339(d.due_at);
  return out;
}

TEST(Deadlines, AHoldPutsOffTheEndOfRetentionAndItsWarnings) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.dismissed", case_subject(1), data(R"({"reason":"duplicate"})"));
  const std::string without = due(of_case(scene, 1), DeadlineKind::retention);
  scene.clock.advance_ms(86'400'000);
  const auto hold = [&](std::uint64_t id, std::string_view ends) {
    json::object d = data(R"({"reason":"inspection"})");
    d["hold_id"] = test_uuid(id);
    d["ends_on"] = ends;
    scene.expect("ml1", "case.legal_hold_placed", case_subject(1), std::move(d));
  };
  hold(1, "2027-01-01");
  EXPECT_EQ(due(of_case(scene, 1), DeadlineKind::retention), without)
      << "it ends before, and is no act for the person";
  hold(2, "2030-06-30");
  auto all = of_case(scene, 1);
  EXPECT_EQ(due(all, DeadlineKind::retention), "2030-06-30T22:00:00Z");
  EXPECT_EQ(warnings(all).at("30"), "2030-05-31T22:00:00Z");
  json::object lifted;
  lifted["hold_id"] = test_uuid(2);
  scene.expect("ml1", "case.legal_hold_lifted", case_subject(1), std::move(lifted));
  EXPECT_EQ(due(of_case(scene, 1), DeadlineKind::retention), without);
}

TEST(Deadlines, AnEmergencyAccessWaitsForTheHoldersReview) {
  Scene scene;
  scene.detect("ml1", 1);
  const auto open = [&](const std::string& who, std::uint64_t id) {
    json::object d = data(R"({"reason":"medical","note":"Brought to hospital, unconscious.",
                              "until":"2026-03-02T18:00:00Z"})");
    d["access_id"] = test_uuid(id);
    scene.expect(who, "case.emergency_access_opened", case_subject(1), std::move(d));
  };
  open("aa1", 1);
  open("pref", 2);
  std::map<std::string, Deadline> reviews;
  for (const Deadline& d : of_case(scene, 1))
    if (d.kind == DeadlineKind::emergency_review) reviews.emplace(d.ref, d);
  ASSERT_EQ(reviews.size(), 2U) << "each for itself";
  EXPECT_EQ(reviews.at(test_uuid(1)).who, scene.ordinal_of("ml1"));
  EXPECT_EQ(to_rfc3339(reviews.at(test_uuid(2)).due_at), "2026-03-09T23:00:00Z");
  json::object review = data(R"({"outcome":"justified"})");
  review["access_id"] = test_uuid(1);
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1), std::move(review));
  const auto left = of_case(scene, 1);
  ASSERT_NE(find(left, DeadlineKind::emergency_review), nullptr);
  EXPECT_EQ(find(left, DeadlineKind::emergency_review)->ref, test_uuid(2));
}

// From the dismissal, as case.data_erased judges it: who corrects an act of its own cannot have
// what was disclosed kept for longer.
TEST(Deadlines, ADismissedCaseIsKeptTwoYears) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.clock.advance_ms(86'400'000);
  scene.expect("ml1", "case.dismissed", case_subject(1), data(R"({"reason":"duplicate"})"));
  auto all = of_case(scene, 1);
  ASSERT_EQ(all.size(), 3U) << "two warnings, and the end";
  EXPECT_EQ(due(all, DeadlineKind::retention), "2028-03-03T23:00:00Z");
  for (const Deadline& d : all) {
    EXPECT_EQ(d.who, scene.ordinal_of("ml1"));
    EXPECT_EQ(to_rfc3339(d.since), "2026-03-03T08:00:00Z");
  }
  EXPECT_EQ(warnings(all), (std::map<std::string, std::string>{{"60", "2028-01-03T23:00:00Z"},
                                                               {"30", "2028-02-02T23:00:00Z"}}));

  scene.clock.advance_ms(86'400'000);
  scene.expect("ml1", "case.corrected", case_subject(1),
               data(R"({"target_version":1,"reason":"wrong_value","channel":"outreach"})"));
  EXPECT_EQ(due(of_case(scene, 1), DeadlineKind::retention), "2028-03-03T23:00:00Z");

  // Due is when the clock may erase: not a millisecond earlier, and from then on.
  const json::object retention = data(R"({"basis":"retention"})");
  all = of_case(scene, 1);
  const Timestamp due_at = find(all, DeadlineKind::retention)->due_at;
  scene.clock.set(Timestamp{due_at.value - 1});
  EXPECT_EQ(scene.refused("relais", "case.data_erased", case_subject(1), retention).rule,
            "retention-not-due");
  scene.clock.set(due_at);
  scene.expect("relais", "case.data_erased", case_subject(1), retention);
  EXPECT_TRUE(of_case(scene, 1).empty());
}

TEST(Deadlines, TheNumbersAreTheConventions) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.world().mutable_registry().parameters.set(rules::Parameter::adult_first_contact_days, 3);
  EXPECT_EQ(due(of_case(scene, 1), DeadlineKind::adult_first_contact), "2026-03-05T23:00:00Z");
}

TEST(Deadlines, TurningEighteenFollowsFromTheAgeBandAndItsDay) {
  Scene scene;
  scene.detect("ml1", 1, "16_17");
  const auto* state = scene.find(1);
  EXPECT_TRUE(state->minor_on(*parse_date("2028-03-01")));
  EXPECT_FALSE(state->minor_on(*parse_date("2028-03-02")));
  EXPECT_EQ(due(of_case(scene, 1), DeadlineKind::majority), "2028-03-01T23:00:00Z");
}

TEST(Deadlines, AnAccreditationIsGrantedBySilenceAndExpires) {
  rules::SignatoryState state;
  state.accreditation.phase = rules::AccreditationPhase::complete;
  state.accreditation.complete_on = parse_date("2026-01-31")->value;
  const Scene scene;
  const SignatoryId aa = scene.ordinal_of("aa1");
  auto all = rules::deadlines_of(aa, state, scene.registry());
  EXPECT_EQ(due(all, DeadlineKind::accreditation_silence), "2026-05-31T22:00:00Z");
  EXPECT_EQ(find(all, DeadlineKind::accreditation_silence)->who, scene.ordinal_of("pref"));

  state.accreditation.phase = rules::AccreditationPhase::granted;
  state.accreditation.granted_on = parse_date("2026-03-01")->value;
  state.accreditation.expires_on = parse_date("2029-02-28")->value;
  all = rules::deadlines_of(aa, state, scene.registry());
  EXPECT_EQ(due(all, DeadlineKind::accreditation_expiry), "2029-02-28T23:00:00Z");
  EXPECT_EQ(std::ranges::count(all, DeadlineKind::accreditation_warning, &Deadline::kind), 2);
}

TEST(Deadlines, ACapacityGrowsStale) {
  const Scene scene;
  rules::SignatoryState state;
  state.capabilities["shelter"].capacity_at = kSceneStart;
  const auto all = rules::deadlines_of(scene.ordinal_of("ml1"), state, scene.registry());
  EXPECT_EQ(due(all, DeadlineKind::capacity_stale), "2026-04-01T22:00:00Z");
}

TEST(Deadlines, ACaseInSupportComesToRestAndIsListedAtTheEndOfTheActiveBase) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  const auto all = of_case(scene, 1);
  EXPECT_EQ(due(all, DeadlineKind::dormancy), "2026-08-29T22:00:00Z");
  const Timestamp due_at = find(all, DeadlineKind::dormancy)->due_at;
  const json::object cause = data(R"({"cause":"dormancy"})");
  scene.clock.set(Timestamp{due_at.value - 1});
  EXPECT_EQ(scene.refused("relais", "case.became_dormant", case_subject(1), cause).rule,
            "case-not-at-rest");
  scene.clock.set(due_at);
  EXPECT_EQ(scene.refused("ml1", "case.became_dormant", case_subject(1), cause).rule,
            "emitter-forbidden");
  scene.expect("relais", "case.became_dormant", case_subject(1), cause);
  EXPECT_EQ(scene.find(1)->phase, rules::CasePhase::dormant);
  const auto at_rest = of_case(scene, 1);
  EXPECT_EQ(find(at_rest, DeadlineKind::dormancy), nullptr);
  EXPECT_EQ(due(at_rest, DeadlineKind::last_contact), "2028-03-02T23:00:00Z")
      << "two years after somebody's last act: the clock's is no contact";
  EXPECT_NE(find(at_rest, DeadlineKind::inactivity), nullptr);
}

TEST(Deadlines, AnApplicationThatWaitsIsNoRest) {
  Scene scene;
  scene.detect("aa1", 1);
  rules::CaseState c = *scene.find(1);
  c.phase = rules::CasePhase::in_support;
  c.psp.phase = rules::PspPhase::opined;
  EXPECT_EQ(rules::dormancy_begins_after(c, scene.registry().parameters), std::nullopt);
  c.psp.phase = rules::PspPhase::ended;
  c.psp.ended_on = parse_date("2026-09-01")->value;
  EXPECT_EQ(to_date(*rules::dormancy_begins_after(c, scene.registry().parameters)), "2027-02-28")
      << "from the end of the parcours";
}

TEST(Deadlines, ReportsOfOneDayAreFollowedEachByItself) {
  Scene scene;
  scene.detect("ml1", 1, "16_17");
  scene.expect("ml1", "case.risk_assessed", case_subject(1),
               data(R"({"risk":"immediate","grid_version":"2"})"));
  scene.expect("ml1", "protection.report_transmitted", case_subject(1),
               data(R"({"crip":"metropole","parents_informed":"yes"})"));
  scene.expect("ml1", "protection.prosecutor_notified", case_subject(1),
               data(R"({"court":"Tribunal judiciaire"})"));
  std::set<std::string> refs;
  for (const Deadline& d : of_case(scene, 1))
    if (d.kind == DeadlineKind::protection_follow_up) refs.insert(d.ref);
  EXPECT_EQ(refs, (std::set<std::string>{"1", "2"}));
}

TEST(Deadlines, AFileWaitsTwoMonthsForTheDocumentsItLacks) {
  const Scene scene;
  const SignatoryId aa = scene.ordinal_of("aa1");
  rules::SignatoryState state;
  state.accreditation.phase = rules::AccreditationPhase::granted;
  state.accreditation.expires_on = parse_date("2029-02-28")->value;
  state.renewal.emplace().phase = rules::AccreditationPhase::requested;
  state.renewal->filed_on = parse_date("2028-12-31")->value;
  const auto all = rules::deadlines_of(aa, state, scene.registry());
  EXPECT_EQ(due(all, DeadlineKind::accreditation_completeness), "2029-02-28T23:00:00Z");
  EXPECT_EQ(find(all, DeadlineKind::accreditation_completeness)->who, scene.ordinal_of("pref"));
  EXPECT_NE(find(all, DeadlineKind::accreditation_expiry), nullptr) << "both run";
}

TEST(Deadlines, OneThatHasLeftHasNothingToMeet) {
  Scene scene;
  const SignatoryId aa = scene.ordinal_of("aa1");
  rules::SignatoryState state;
  state.accreditation.phase = rules::AccreditationPhase::complete;
  state.capabilities["shelter"].capacity_at = kSceneStart;
  scene.world().mutable_registry().mutable_signatory(aa).active = false;
  EXPECT_TRUE(rules::deadlines_of(aa, state, scene.registry()).empty());
  state.accreditation.phase = rules::AccreditationPhase::granted;
  const auto all = rules::deadlines_of(aa, state, scene.registry());
  ASSERT_EQ(all.size(), 1U) << "what was granted ends all the same";
  EXPECT_EQ(all[0].kind, DeadlineKind::accreditation_expiry);
}

TEST(Deadlines, EffectsNameEventsThatTheLedgersOwnKeyMaySign) {
  int effects = 0;
  for (const rules::DeadlineRow& row : rules::deadline_rows()) {
    if (row.effect.event.empty()) continue;
    ++effects;
    const auto* type =
        statement::catalogue().find("relais." + std::string(row.effect.event) + ".v1");
    ASSERT_NE(type, nullptr) << row.effect.event;
    EXPECT_TRUE(type->emitters.has(schema::Role::SYSTEM)) << row.effect.event;
  }
  EXPECT_EQ(effects, 8);
}

}  // namespace
}  // namespace relais::tests
