// Every event type on case streams: who signs it, a payload that is right, and a case in which only
// the case's own state may object. One table, so that no test that goes through all types can leave
// one out.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/rules/calendar.h"
#include "tests/support/acts.h"

namespace relais::tests {

/// An event on case 1 of prepare(), which aa1 holds.
struct CaseEvent {
  std::string event;
  std::string who;
  json::object payload;
};

// What is there in the prepared case; one more is free.
inline constexpr std::uint64_t kReferral = 101;
inline constexpr std::uint64_t kStep = 201;
inline constexpr std::uint64_t kContribution = 301;
inline constexpr std::uint64_t kHold = 401;
inline constexpr std::uint64_t kAccess = 501;
// Versions of its events.
inline constexpr std::uint32_t kDetectedVersion = 1;
inline constexpr std::uint32_t kConsentVersion = 2;
inline constexpr std::uint32_t kStepVersion = 4;

/// {"step_id": …} and further members.
inline json::object on_step(std::uint64_t step, std::string_view more) {
  json::object d = data(more);
  d["step_id"] = test_uuid(step);
  return d;
}
inline json::object on_contribution(std::uint64_t contribution, std::string_view more = "{}") {
  json::object d = data(more);
  d["contribution_id"] = test_uuid(contribution);
  return d;
}
inline json::object on_hold(std::uint64_t hold, std::string_view more = "{}") {
  json::object d = data(more);
  d["hold_id"] = test_uuid(hold);
  return d;
}
inline json::object on_access(std::uint64_t access, std::string_view more = "{}") {
  json::object d = data(more);
  d["access_id"] = test_uuid(access);
  return d;
}
/// An emergency access until the evening of the day on which a Scene begins.
inline json::object an_emergency(std::uint64_t access) {
  return on_access(access, R"({"reason":"immediate_danger","until":"2026-03-02T20:00:00Z",
                               "note":"Threats on the phone, nobody answers."})");
}
inline json::object with_dossier() {
  json::object d;
  d["dossier_hash"] = std::string(43, 'A');
  return d;
}

inline std::vector<CaseEvent> events_of_detection() {
  return {
      {"case.dismissed", "aa1", data(R"({"reason":"duplicate"})")},
      {"case.risk_assessed", "aa1", data(R"({"risk":"low","grid_version":"1"})")},
      {"case.consent_given", "aa1", Scene::consent_data()},
      {"case.consent_withdrawn", "aa1", data(R"({"scope":"referral"})")},
      {"case.became_dormant", "relais", data(R"({"cause":"dormancy"})")},
      {"case.closed", "aa1", data(R"({"reason":"moved"})")},
      {"case.reopened", "aa1", {}},
      {"case.transfer_requested", "aa1",
       data(R"({"to":"ml1","reason":"competence","kind":"permanent"})")},
      {"case.transfer_accepted", "ml2", {}},
      {"case.transfer_declined", "ml2", data(R"({"decline_reason":"no_capacity"})")},
      {"case.passed_on", "relais", data(R"({"to":"ml2","cause":"succession"})")},
      {"case.corrected", "aa1",
       data(R"({"target_version":1,"reason":"wrong_value","channel":"outreach"})")},
      {"case.annulled", "aa1", data(R"({"target_version":2,"reason":"entered_by_mistake"})")},
      {"case.data_erased", "aa1", data(R"({"basis":"art17","targets":[1]})")},
      {"case.data_erased", "relais", data(R"({"basis":"retention"})")},
      {"case.legal_hold_placed", "aa1",
       on_hold(kHold + 1, R"({"reason":"complaint","ends_on":"2026-06-01"})")},
      {"case.legal_hold_lifted", "aa1", on_hold(kHold)},
      {"case.emergency_access_opened", "aa2", an_emergency(kAccess + 1)},
      {"case.emergency_access_reviewed", "aa1", on_access(kAccess, R"({"outcome":"justified"})")},
      {"protection.report_transmitted", "aa1",
       data(R"({"crip":"metropole","parents_informed":"not_in_interest"})")},
      {"protection.prosecutor_notified", "aa1", data(R"({"court":"Tribunal judiciaire"})")},
      {"protection.outcome_recorded", "aa1", data(R"({"outcome":"measure"})")},
  };
}

inline std::vector<CaseEvent> events_of_coordination() {
  return {
      {"referral.requested", "aa1", Scene::referral_data(kReferral + 1, "ml1")},
      {"referral.received", "aa2", Scene::on_referral(kReferral)},
      {"referral.held", "aa2", Scene::on_referral(kReferral)},
      {"referral.accepted", "aa2", Scene::on_referral(kReferral)},
      {"referral.declined", "aa2", Scene::on_referral(kReferral, R"({"decline_reason":"other"})")},
      {"referral.cancelled", "aa2", Scene::on_referral(kReferral)},
      {"referral.completed", "aa2", Scene::on_referral(kReferral, R"({"outcome":"partial"})")},
      {"referral.expired", "relais",
       Scene::on_referral(kReferral, R"({"cause":"referral-expiry-days"})")},
      {"support.step_planned", "aa1", Scene::step_data(kStep + 1)},
      {"support.step_done", "aa1", on_step(kStep, R"({"need":"shelter","result":"done"})")},
      {"support.step_missed", "aa1", on_step(kStep, R"({"reason":"postponed"})")},
      {"coordination.meeting_held", "aa1",
       data(R"({"held_on":"2026-03-02","attending":["aa1","aa2"]})")},
      {"plan.agreed", "aa1", data(R"({"needs":["shelter"],"signatories":["aa1","aa2"]})")},
      {"contribution.committed", "aa2",
       on_contribution(kContribution + 1, R"({"kind":"expertise"})")},
      {"contribution.delivered", "aa1", on_contribution(kContribution)},
      {"external_referral.recorded", "aa1", data(R"({"destination":"health","need":"shelter"})")},
  };
}

inline std::vector<CaseEvent> events_of_parcours() {
  return {
      {"psp.applied", "aa1", with_dossier()},
      {"psp.opinion_given", "pref",
       data(R"({"session":"s1","opinion":"favourable","in_favour":2,"against":0,"abstained":0})")},
      {"psp.decided", "pref", data(R"({"decision":"authorised","notified_on":"2026-03-02"})")},
      {"psp.started", "aa1", data(R"({"starts_on":"2026-03-02"})")},
      {"psp.review_filed", "aa1", {}},
      {"psp.renewal_requested", "aa1", {}},
      {"psp.renewal_decided", "pref", data(R"({"decision":"renewed","notified_on":"2026-03-02"})")},
      {"psp.suspended", "aa1", data(R"({"reason":"health"})")},
      {"psp.resumed", "pref", {}},
      {"psp.ended", "aa1", data(R"({"outcome":"withdrawn","ended_on":"2026-03-02"})")},
      {"psp.appeal_filed", "aa1", data(R"({"route":"gracious","filed_on":"2026-03-02"})")},
      {"psp.appeal_judged", "pref", data(R"({"outcome":"rejected","judged_on":"2026-03-02"})")},
      {"afis.opened", "pref", data(R"({"opened_on":"2026-03-02"})")},
      {"afis.closed", "aa1", data(R"({"closed_on":"2026-03-02"})")},
      {"residence_permit.requested", "aa1",
       data(R"({"requested_on":"2026-03-02","cessation_attested":true})")},
      {"residence_permit.issued", "pref",
       data(R"({"issued_on":"2026-03-02","valid_until":"2026-09-01"})")},
      {"residence_permit.refused", "pref",
       data(R"({"reason":"public_order","reasons":"A danger to public order.",
                "appeal_route":"contentious","notified_on":"2026-03-02"})")},
  };
}

/// At least one event of each type on case streams but the one that opens them.
inline std::vector<CaseEvent> case_events() {
  std::vector<CaseEvent> all;
  for (auto family : {events_of_detection(), events_of_coordination(), events_of_parcours()})
    std::ranges::move(family, std::back_inserter(all));
  return all;
}

/// A phase of the referral in which it takes part in the event: for referral.cancelled ACCEPTED,
/// which lets the case be in other phases than REFERRED.
inline std::optional<rules::ReferralPhase> referral_for(std::string_view event) {
  if (event == "referral.cancelled") return rules::ReferralPhase::accepted;
  for (const auto& t : rules::referral_transitions())
    if (t.event == event) return t.from;
  return {};
}

/// A phase of the parcours in which it takes part in the event.
inline rules::PspPhase parcours_for(std::string_view event) {
  for (const auto& t : rules::psp_transitions())
    if (t.event == event) return t.from;
  const bool right = event.starts_with("afis.") || event.starts_with("residence_permit.");
  return right ? rules::PspPhase::active : rules::PspPhase::none;
}

/// What the commission and the préfecture know: aa1 is accredited, session s1 was held today, and
/// s0, which adjourns, the day before.
inline void prepare_commission(Scene& scene) {
  const Day today = rules::legal_day(kSceneStart);
  scene.world().mutable_signatory(scene.ordinal_of("aa1")).accreditation = {
      rules::AccreditationPhase::granted, today.value, today.value, today.value,
      rules::add_months(today, 1200).value};
  for (const char* name : {"s0", "s1"}) {
    rules::SessionState& s = scene.world().mutable_session(name);
    s.held_on = today.value - (name == std::string_view("s0") ? 1 : 0);
    s.members = s.present = {scene.ordinal_of("pref"), scene.ordinal_of("member")};
    s.quorum = 2;
    s.held = true;
  }
}

inline void prepare_parcours(rules::CaseState& c, std::string_view event) {
  const Day today = rules::legal_day(kSceneStart);
  rules::Psp& p = c.psp;
  p.phase = parcours_for(event);
  p.applicant = c.holder;
  p.session = event == "psp.opinion_given" ? "s0" : "s1";
  p.applied_on = today.value - 1;
  p.notified_on = p.appealed_on = p.started_on = today.value;
  p.terms = 1;
  p.term_ends_on = today.value + 30;
  if (event == "afis.closed") p.afis_opened_on = today.value;
  if (event == "residence_permit.issued" || event == "residence_permit.refused") {
    p.permit = rules::PermitPhase::requested;
    p.permit_requested_on = today.value;
  }
}

inline rules::Referral prepared_referral(Scene& scene, const rules::CaseState& c,
                                         rules::ReferralPhase phase) {
  rules::Referral r;
  r.id = *parse_uuid(test_uuid(kReferral));
  r.from = c.holder;
  r.to = scene.ordinal_of("aa2");
  r.phase = phase;
  r.requested_at = *parse_rfc3339("2026-01-01T12:00:00Z");  // past any term
  return r;
}

/// Case 1 of aa1 in this phase, with all that the event acts on in a state in which it is drawn: a
/// referral to aa2, a transfer to ml2, a report, a contribution, a parcours.
inline rules::CaseState& prepare(Scene& scene, std::string_view event, rules::CasePhase phase) {
  prepare_commission(scene);
  scene.detect("aa1", 1);
  scene.consent("aa1", 1);
  scene.assess("aa1", 1);
  scene.expect("aa1", "support.step_planned", case_subject(1), Scene::step_data(kStep));
  rules::CaseState& c = *scene.world().mutable_case(*parse_uuid(test_uuid(1)));
  c.phase = phase;
  c.supported = phase == rules::CasePhase::in_support || phase == rules::CasePhase::psp;
  for (const char* who : {"aa2", "ml2", "pref"}) c.participants.insert(scene.ordinal_of(who));
  const Timestamp long_ago = *parse_rfc3339("2023-01-01T12:00:00Z");
  c.last_act_at = long_ago;
  if (phase == rules::CasePhase::closed) c.closed_at = long_ago;
  c.consents.push_back({schema::ConsentScope::SHARING, {}, kSceneStart, {}});
  c.consents.push_back({schema::ConsentScope::PSP, {}, kSceneStart, {}});
  c.reports = {{c.holder, false, schema::Crip::METROPOLE, kSceneStart, {}}};
  c.contributions = {{*parse_uuid(test_uuid(kContribution)), c.holder,
                      schema::ContributionKind::EXPERTISE, 0, false}};
  if (event == "protection.report_transmitted") c.age_band = schema::AgeBand::FROM16_TO17;
  if (event == "case.transfer_accepted" || event == "case.transfer_declined")
    c.transfer =
        rules::Transfer{scene.ordinal_of("ml2"), schema::TransferKind::PERMANENT, kSceneStart};
  if (event == "case.passed_on") {
    rules::Signatory& holder = scene.world().mutable_registry().mutable_signatory(c.holder);
    holder.active = false;
    holder.succession = rules::Succession{scene.ordinal_of("ml2"), kSceneStart};
  }
  prepare_parcours(c, event);
  if (event == "contribution.committed")  // by who has accepted
    c.referrals = {prepared_referral(scene, c, rules::ReferralPhase::accepted)};
  if (event == "case.legal_hold_lifted")
    c.holds = {{*parse_uuid(test_uuid(kHold)), c.holder, schema::HoldReason::COMPLAINT, kSceneStart,
                rules::legal_day(kSceneStart).value}};
  if (event == "case.emergency_access_reviewed")
    c.accesses = {{*parse_uuid(test_uuid(kAccess)),
                   scene.ordinal_of("ml1"),
                   schema::EmergencyReason::MEDICAL,
                   long_ago,
                   long_ago,
                   {},
                   {}}};
  if (const auto referral = referral_for(event)) {
    c.referrals = {prepared_referral(scene, c, *referral)};
    c.supported |= *referral == rules::ReferralPhase::accepted;
  }
  return c;
}

}  // namespace relais::tests
