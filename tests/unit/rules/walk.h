// Random walks: acts drawn at random, most of them plausible, on a few cases; what is refused is
// part of the walk.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "ledger/base/archive.h"
#include "tests/support/acts.h"

namespace relais::tests {

struct WalkStep {
  int event = 0;                  ///< which act
  int actor = 0;                  ///< one in four is by the wrong signatory
  std::uint64_t case_number = 1;  ///< 1 to 3; the holder is ml1, ml2, aa1 in turn
  int item = 0;                   ///< which referral, step or key
  int variant = 0;
};

inline void showValue(const WalkStep& s, std::ostream& os) {
  os << "{event " << s.event << ", actor " << s.actor << ", case " << s.case_number << ", item "
     << s.item << ", variant " << s.variant << "}";
}

inline constexpr int kWalkEvents = 20;

/// What the walk plays on cases that are there: the cases themselves, their referrals, their
/// support, what is said of the file. Other families have walks of their own (PspMachine) or are
/// prepared (Machines).
inline const std::set<std::string, std::less<>> kWalkCaseEvents = {"case.legal_hold_placed",
                                                                   "case.legal_hold_lifted",
                                                                   "case.emergency_access_opened",
                                                                   "case.emergency_access_reviewed",
                                                                   "case.dismissed",
                                                                   "case.risk_assessed",
                                                                   "case.consent_given",
                                                                   "case.consent_withdrawn",
                                                                   "case.closed",
                                                                   "case.reopened",
                                                                   "referral.requested",
                                                                   "referral.received",
                                                                   "referral.held",
                                                                   "referral.accepted",
                                                                   "referral.declined",
                                                                   "referral.cancelled",
                                                                   "referral.completed",
                                                                   "support.step_planned",
                                                                   "support.step_done",
                                                                   "support.step_missed"};

inline rc::Gen<std::vector<WalkStep>> walk_steps(std::size_t at_least) {
  const auto step = rc::gen::build<WalkStep>(
      rc::gen::set(&WalkStep::event, rc::gen::inRange(0, kWalkEvents)),
      rc::gen::set(&WalkStep::actor, rc::gen::inRange(0, 8)),
      rc::gen::set(&WalkStep::case_number, rc::gen::inRange<std::uint64_t>(1, 4)),
      rc::gen::set(&WalkStep::item, rc::gen::inRange(0, 4)),
      rc::gen::set(&WalkStep::variant, rc::gen::inRange(0, 6)));
  return rc::gen::mapcat(
      rc::gen::inRange<std::size_t>(at_least, 2 * at_least),
      [step](std::size_t n) { return rc::gen::container<std::vector<WalkStep>>(n, step); });
}

struct WalkOutcome {
  std::string event;
  bool subject_is_case = true;
  Status done;
};

inline std::string walk_holder(std::uint64_t case_number) {
  return case_number == 1 ? "ml1" : case_number == 2 ? "ml2" : "aa1";
}

/// Payload and type of a step, and who is right to take it.
struct WalkAct {
  std::string event;
  std::string who;
  json::object payload;
};

inline WalkAct referral_act(const Scene& scene, const WalkStep& s, const rules::CaseState* c) {
  static constexpr const char* kEvents[] = {"referral.received",  "referral.accepted",
                                            "referral.declined",  "referral.completed",
                                            "referral.cancelled", "referral.held"};
  WalkAct a;
  a.event = kEvents[s.variant];
  a.who = "aa2";
  a.payload["referral_id"] = test_uuid(999);
  if (c != nullptr && !c->referrals.empty()) {
    // Most often one that is open, and of those that nobody has looked at, a received.
    std::vector<const rules::Referral*> choice;
    for (const rules::Referral& r : c->referrals)
      if (s.item == 3 || r.open()) choice.push_back(&r);
    if (choice.empty()) choice.push_back(&c->referrals.back());
    const rules::Referral& r = *choice[static_cast<std::size_t>(s.item) % choice.size()];
    if (r.phase == rules::ReferralPhase::requested && s.variant < 4) a.event = kEvents[0];
    a.who = scene.registry().find(r.to)->slug;
    a.payload["referral_id"] = to_string(r.id);
  }
  if (a.event == "referral.declined") a.payload["decline_reason"] = "no_capacity";
  if (a.event == "referral.completed")
    a.payload["outcome"] = s.item % 2 == 0 ? "attended" : "did_not_come";
  return a;
}

inline WalkAct support_act(const WalkStep& s, const rules::CaseState* c) {
  static constexpr const char* kEvents[] = {"support.step_planned", "support.step_done",
                                            "support.step_missed"};
  WalkAct a;
  a.event = kEvents[s.variant % 3];
  a.who = walk_holder(s.case_number);
  const std::size_t known = c == nullptr ? 0 : c->steps.size();
  const bool fresh = a.event == "support.step_planned" || known == 0 || s.item == 3;
  a.payload["step_id"] = fresh ? test_uuid(2000 + known) : to_string(c->steps.back().id);
  if (a.event != "support.step_missed") a.payload["need"] = "shelter";
  if (a.event == "support.step_done") a.payload["result"] = "done";
  if (a.event == "support.step_missed") a.payload["reason"] = "postponed";
  return a;
}

inline WalkAct key_act(const WalkStep& s, const std::string& who) {
  WalkAct a;
  a.who = who;
  const std::string name = "walk-" + std::to_string(s.item);
  if (s.variant == 0) {
    a.event = "key.revoked";
    a.payload["kid"] = crypto::to_text(crypto::thumbprint(test_key(name).public_key()));
    a.payload["reason"] = "lost";
    return a;
  }
  a.event = "key.enrolled";
  a.payload["public_key"] = crypto::to_text(test_key(name).public_key());
  a.payload["proof"] = statement::make_key_proof(test_key(name), Scene::source_of(who), kOrigin);
  return a;
}

/// Holds and emergency accesses. Who opens one may take part in the case or not; one review in four
/// finds it not justified.
inline WalkAct file_act(const Scene& scene, const WalkStep& s, const rules::CaseState* c) {
  static constexpr const char* kOutsiders[] = {"pref", "aa2", "ml2", "ml1"};
  const std::string holder = walk_holder(s.case_number);
  const std::size_t holds = c == nullptr ? 0 : c->holds.size();
  const std::size_t accesses = c == nullptr ? 0 : c->accesses.size();
  const Timestamp now = scene.clock.now();
  if (s.variant == 0 || (s.variant == 1 && holds == 0)) {
    json::object d = data(R"({"reason":"complaint"})");
    d["hold_id"] = test_uuid(3000 + holds);
    d["ends_on"] = to_date(rules::add_days(rules::legal_day(now), 10 * s.item));
    return {"case.legal_hold_placed", holder, std::move(d)};
  }
  if (s.variant == 1) {
    const auto held = std::ranges::find(c->holds, false, &rules::LegalHold::lifted);
    json::object d;
    d["hold_id"] = to_string(held == c->holds.end() ? c->holds[0].id : held->id);
    return {"case.legal_hold_lifted", holder, std::move(d)};
  }
  if (s.variant <= 3 || accesses == 0) {
    json::object d = data(R"({"reason":"medical","note":"Brought to hospital, unconscious."})");
    d["access_id"] = test_uuid(4000 + accesses);
    d["until"] = to_rfc3339(Timestamp{now.value + 6 * 3'600'000});
    return {"case.emergency_access_opened", kOutsiders[s.item], std::move(d)};
  }
  const auto waiting = std::ranges::find_if(
      c->accesses, [](const rules::EmergencyAccess& a) { return !a.reviewed(); });
  json::object d;
  d["access_id"] = to_string(waiting == c->accesses.end() ? c->accesses[0].id : waiting->id);
  d["outcome"] = s.item == 0 ? "not_justified" : "justified";
  return {"case.emergency_access_reviewed", holder, std::move(d)};
}

inline WalkAct walk_act(Scene& scene, const WalkStep& s) {
  const rules::CaseState* c = scene.find(s.case_number);
  const std::string holder = walk_holder(s.case_number);
  switch (s.event) {
    case 0:
    case 1: {
      json::object d = data(R"({"channel":"interview","territory":"69123","risk":"medium"})");
      d["age_band"] = s.variant < 3 ? "16_17" : "22_25";
      return {"case.detected", holder, std::move(d)};
    }
    case 2:
    case 3:
      return {"case.risk_assessed", holder, data(R"({"risk":"high","grid_version":"1"})")};
    case 4:
    case 5:
      if (s.variant == 1) {  // narrower than what a pending referral may rest on
        json::object d = Scene::consent_data("referral");
        d["recipients"] = json::array{"ml2"};
        return {"case.consent_given", holder, std::move(d)};
      }
      return {"case.consent_given", holder,
              Scene::consent_data(s.variant == 0 ? "statistics" : "referral")};
    case 6:
      return {"case.consent_withdrawn", holder, data(R"({"scope":"referral"})")};
    case 7:
      return {"case.closed", holder, data(R"({"reason":"goals_met"})")};
    case 8:
      return {"case.reopened", holder, {}};
    case 9:
      if (s.variant == 0) return {"case.dismissed", holder, data(R"({"reason":"duplicate"})")};
      return key_act(s, holder);
    case 10:
    case 11: {
      static constexpr const char* kTo[] = {"aa2", "aa1", "ml1", "ml2"};
      const std::uint64_t id = 1000 + (c == nullptr ? 0 : c->referrals.size());
      return {"referral.requested", holder,
              Scene::referral_data(id, kTo[s.item], s.variant == 0 ? "l226_2_2" : "consent")};
    }
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
      return referral_act(scene, s, c);
    case 19:
      return file_act(scene, s, c);
    default:
      return support_act(s, c);
  }
}

/// Takes one step, an hour after the one before.
inline WalkOutcome take(Scene& scene, const WalkStep& s) {
  static constexpr const char* kStrangers[] = {"ml2", "aa2"};
  scene.clock.advance_ms(3'600'000);
  WalkAct a = walk_act(scene, s);
  if (s.actor < 2) a.who = kStrangers[s.actor];
  const bool on_case = !a.event.starts_with("key.");
  const std::string subject = on_case ? case_subject(s.case_number) : "signatory/" + a.who;
  WalkOutcome outcome{a.event, on_case, {}};
  outcome.done = scene.act(a.who, a.event, subject, std::move(a.payload));
  return outcome;
}

}  // namespace relais::tests
