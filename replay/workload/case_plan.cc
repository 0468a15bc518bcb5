#include "replay/workload/case_plan.h"

#include <algorithm>
#include <utility>

#include "ledger/base/json.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/metropole_lyon.h"
#include "replay/workload/case_life.h"
#include "replay/workload/plan_words.h"

namespace relais::replay {
namespace {

// Proportions: ours, after the orders of magnitude of docs/DOMAIN.md, section 4 (of 1,579 victims
// 659 minors).
constexpr double kByMissionLocale = 0.65;
constexpr double kDismissed = 0.07;
constexpr double kConsents = 0.8;
constexpr double kReports = 0.75;  // of minors
constexpr double kProsecutor = 0.25;
constexpr double kOutcomeKnown = 0.65;
constexpr double kHasReferral = 0.75;
constexpr double kSecondReferral = 0.3;
constexpr double kReasked = 0.5;  // of the declined and the expired
constexpr double kHeld = 0.25;
constexpr double kContributes = 0.3;
constexpr double kMeets = 0.15;
constexpr double kOutside = 0.12;
constexpr double kCorrected = 0.03;
constexpr double kAnnulled = 0.01;
constexpr double kTransferred = 0.05;
constexpr double kWithdrawn = 0.05;
constexpr double kClosed = 0.6;
constexpr double kReopened = 0.12;
constexpr double kErased = 0.03;
constexpr double kLegalHold = 0.02;
constexpr double kEmergency = 0.01;
constexpr double kJustified = 0.9;
constexpr double kNeverCompleted = 0.15;
constexpr double kParcours = 0.3;  // of adults whom an accredited association supports

/// Office hours in which an answer comes, or the clock ends the request: 30 days, and some.
constexpr int kExpiryDays = 32;

constexpr std::string_view kDeclines[] = {"no_capacity",    "not_our_territory",
                                          "not_our_public", "already_followed",
                                          "person_refuses", "information_missing"};
constexpr std::string_view kIndicators[] = {
    "fugues",           "argent sans origine connue", "emprise d'un tiers",
    "rupture scolaire", "annonces en ligne",          "violences subies"};
constexpr std::string_view kRisks[] = {"low", "medium", "high", "immediate"};

}  // namespace

Plan CaseLife::write() {
  by_mission_ = dice_.chance(kByMissionLocale);
  holder_ = pick(by_mission_ ? setting_.missions : setting_.associations);
  author_ = holder_;
  detect();
  if (dice_.chance(kDismissed)) {
    static constexpr std::string_view kReasons[] = {"not_concerned", "duplicate",
                                                    "entered_by_mistake"};
    act(holder_, "case.dismissed", 4, {{"reason", one_of(dice_, kReasons)}});
    return std::move(plan_);
  }
  assess(minor_ ? 2 : 20);
  if (minor_) protect();
  if (dice_.chance(kConsents)) give_consent("referral");
  live(true);
  return std::move(plan_);
}

void CaseLife::detect() {
  static constexpr std::string_view kBands[] = {"under_13", "13_15", "16_17",
                                                "18_21",    "22_25", "26_plus"};
  static constexpr std::string_view kChannels[] = {"interview",   "outreach",     "online_outreach",
                                                   "third_party", "helpline_119", "disclosure"};
  static constexpr std::string_view kGenders[] = {"woman",     "man",        "trans_woman",
                                                  "trans_man", "non_binary", "not_known"};
  // Missions locales serve people of 16 to 25.
  const std::size_t band = by_mission_ ? dice_.weighted({0, 0, 0.42, 0.36, 0.22, 0})
                                       : dice_.weighted({0.02, 0.16, 0.24, 0.2, 0.16, 0.22});
  minor_ = band <= 2;
  json::array indicators;
  for (std::size_t n = 1 + dice_.below(3); n > 0; --n)
    indicators.emplace_back(one_of(dice_, kIndicators));
  const std::size_t channel = by_mission_ ? dice_.weighted({0.6, 0.02, 0.03, 0.2, 0.05, 0.1})
                                          : dice_.weighted({0.2, 0.4, 0.2, 0.1, 0.05, 0.05});
  const std::size_t risk = dice_.weighted({0.2, 0.45, 0.27, 0.08});
  grave_ = risk >= 2;
  territory_ = one_of(dice_, kTerritories);
  plan_.subject = "case/" + uuid();
  act(holder_, "case.detected", 0,
      {{"channel", kChannels[channel]},
       {"age_band", kBands[band]},
       {"territory", territory_},
       {"risk", kRisks[risk]},
       {"indicators", std::move(indicators)},
       {"gender", kGenders[dice_.weighted({0.8, 0.1, 0.05, 0.01, 0.01, 0.03})]},
       {"note", "Observation " + std::to_string(dice_.below(1'000'000)) + " (exemple)"}});
  detected_ = hours_;
}

void CaseLife::assess(double mean_hours) {
  const std::size_t risk = dice_.weighted({0.25, 0.45, 0.25, 0.05});
  grave_ = risk >= 2;
  act(holder_, "case.risk_assessed", mean_hours,
      {{"risk", kRisks[risk]},
       {"grid_version", "2024-1"},
       {"factors", json::array{one_of(dice_, kIndicators)}}});
}

/// CASF L226-2-1: to the CRIP of the territory; grave danger to the prosecutor too.
void CaseLife::protect() {
  if (!dice_.chance(kReports)) return;
  const bool metropole = territory_ == "metropole" ||
                         (territory_ != "rhone" && rules::is_commune_of_metropole(territory_));
  static constexpr std::string_view kParents[] = {"yes", "not_in_interest", "pending"};
  act(holder_, "protection.report_transmitted", 3,
      {{"crip", metropole ? "metropole" : "rhone"},
       {"parents_informed", one_of(dice_, kParents)},
       {"receipt", "accusé de réception (exemple)"}});
  if (grave_ && dice_.chance(kProsecutor))
    act(holder_, "protection.prosecutor_notified", 3,
        {{"court", "Tribunal judiciaire de Lyon"}, {"reference", "référence (exemple)"}});
}

/// Of the oldest report; by who made it.
void CaseLife::outcome() {
  const bool reported = std::ranges::any_of(
      plan_.acts, [](const PlannedAct& a) { return a.type == "protection.report_transmitted"; });
  if (!reported || !dice_.chance(kOutcomeKnown)) return;
  static constexpr std::string_view kOutcomes[] = {"assessment", "measure", "no_follow_up",
                                                   "unknown"};
  act(author_, "protection.outcome_recorded", 15 * kDay,
      {{"outcome", kOutcomes[dice_.weighted({0.4, 0.3, 0.2, 0.1})]}});
}

void CaseLife::give_consent(std::string_view scope) {
  act(holder_, "case.consent_given", 8,
      {{"scope", scope}, {"form_hash", kHash}, {"given_by", "personne (exemple)"}});
  if (scope == "referral") consent_ = true;
}

/// Support from an assessed case on; `first` is false once it was reopened.
void CaseLife::live(bool first) {
  if (dice_.chance(kHasReferral)) refer(1);
  if (!over_ && dice_.chance(kSecondReferral)) refer(1);
  steps(holder_, 1 + dice_.below(first ? 5 : 3));
  if (first && !over_) {
    outcome();
    together();
    outside();
    correct();
    annul();
    emergency();
    legal_hold();
    transfer();
  }
  if (consent_ && dice_.chance(kWithdrawn)) {
    act(holder_, "case.consent_withdrawn", 60, {{"scope", "referral"}});
    consent_ = false;
  }
  if (dice_.chance(0.4)) assess(20 * kDay);
  if (!over_ && may_apply() && dice_.chance(kParcours)) parcours();
  if (!over_) close(first);
}

/// A request and what comes of it. `depth`: how often one without success was asked elsewhere.
void CaseLife::refer(int depth) {
  if (!consent_ && !minor_) return;
  std::size_t to = holder_;
  while (to == holder_) to = pick(dice_.chance(0.6) ? setting_.associations : setting_.missions);
  static constexpr std::string_view kUrgencies[] = {"routine", "urgent", "immediate"};
  const std::string id = uuid();
  const std::string_view need = one_of(dice_, kNeeds);
  // One need, one addressee, one request: most that were asked before are still open.
  if (!asked_.emplace(to, need).second) return;
  act(holder_, "referral.requested", 12,
      {{"referral_id", id},
       {"to", setting_.slug(to)},
       {"need", need},
       {"urgency", kUrgencies[dice_.weighted({0.6, 0.32, 0.08})]},
       {"legal_basis", consent_ ? "consent" : "l226_2_2"},
       {"payload", "situation et demande (exemple)"}});
  ++open_referrals_;
  // Accepted 60 %, declined 20 %, silent 12 %, taken back 8 %. All that is answered is answered
  // before the clock ends it: the pauses are cut off.
  const std::size_t end = dice_.weighted({0.6, 0.2, 0.12, 0.08});
  if (end == 2) return silent(id, hours_, depth);
  const json::object named{{"referral_id", id}};
  act(to, "referral.received", 9, named);
  if (dice_.chance(kHeld)) act(to, "referral.held", 10, named);
  if (end == 3) {
    act(holder_, "referral.cancelled", 25, named);
    --open_referrals_;
  } else if (end == 1) {
    decline(to, id, depth);
  } else {
    act(to, "referral.accepted", 25, named);
    partner_ = to;
    has_partner_ = true;
    serve(to, id, need);
  }
}

void CaseLife::silent(const std::string& id, double requested, int depth) {
  if (dice_.chance(0.4)) {
    act(holder_, "referral.cancelled", 4 * kDay, {{"referral_id", id}});
    --open_referrals_;
    return;
  }
  if (!setting_.clock) {
    unanswered_ = true;  // nobody ever reacts
    return;
  }
  wait_for(rules::add_days(rules::legal_day(from_office_hours(requested)), kExpiryDays));
  expired_ = true;
  --open_referrals_;
  if (now() >= setting_.end) over_ = true;
  if (!over_ && depth < 3 && dice_.chance(kReasked)) refer(depth + 1);
}

void CaseLife::decline(std::size_t to, const std::string& id, int depth) {
  json::object data{{"referral_id", id}, {"decline_reason", one_of(dice_, kDeclines)}};
  if (dice_.chance(0.5)) data["alternative"] = setting_.slug(pick(setting_.associations));
  act(to, "referral.declined", 30, data);
  --open_referrals_;
  if (!over_ && depth < 3 && dice_.chance(kReasked)) refer(depth + 1);
}

void CaseLife::serve(std::size_t to, const std::string& id, std::string_view need) {
  const std::string step = uuid();
  act(to, "support.step_planned", 15, {{"step_id", step}, {"need", need}});
  const std::size_t outcome = dice_.weighted({0.5, 0.15, 0.25, 0.1});
  if (outcome == 1) {
    act(to, "support.step_missed", 40, {{"step_id", step}, {"reason", "did_not_come"}});
  } else {
    act(to, "support.step_done", 40, {{"step_id", step}, {"need", need}, {"result", "done"}});
  }
  contribute();
  if (dice_.chance(kNeverCompleted)) return;  // never reported as completed
  static constexpr std::string_view kOutcomes[] = {"attended", "did_not_come", "service_given",
                                                   "partial"};
  act(to, "referral.completed", 80, {{"referral_id", id}, {"outcome", kOutcomes[outcome]}});
  --open_referrals_;
}

void CaseLife::steps(std::size_t by, std::size_t count) {
  for (; count > 0 && !over_; --count) {
    const std::string step = uuid();
    const std::string_view need = one_of(dice_, kNeeds);
    act(by, "support.step_planned", 50, {{"step_id", step}, {"need", need}});
    static constexpr std::string_view kMissed[] = {"did_not_come", "postponed",
                                                   "service_unavailable", "unreachable"};
    static constexpr std::string_view kResults[] = {"done", "partly_done", "handed_on"};
    if (dice_.chance(0.75)) {
      act(by, "support.step_done", 30,
          {{"step_id", step},
           {"need", need},
           {"result", one_of(dice_, kResults)},
           {"detail", "compte rendu (exemple)"}});
    } else if (dice_.chance(0.8)) {
      act(by, "support.step_missed", 30, {{"step_id", step}, {"reason", one_of(dice_, kMissed)}});
    }
  }
}

/// What a partner and the holder do on the case together.
void CaseLife::together() {
  if (!has_partner_) return;
  const json::array both{setting_.slug(holder_), setting_.slug(partner_)};
  if (dice_.chance(kMeets)) {
    act(holder_, "coordination.meeting_held", 40,
        {{"held_on", day()}, {"attending", both}, {"decisions", "relevé (exemple)"}});
    act(holder_, "plan.agreed", 4,
        {{"needs", json::array{one_of(dice_, kNeeds)}},
         {"signatories", both},
         {"review_on", day(90)},
         {"plan", "plan (exemple)"}});
  }
  if (!contribution_.empty() && dice_.chance(0.8))
    act(contributor_, "contribution.delivered", 6 * kDay, {{"contribution_id", contribution_}});
}

/// A partner commits itself while it still has something to do with the case.
void CaseLife::contribute() {
  if (!contribution_.empty() || !dice_.chance(kContributes)) return;
  static constexpr std::string_view kKinds[] = {"expertise", "co_follow_up", "accommodation",
                                                "material", "interpreting"};
  contribution_ = uuid();
  contributor_ = partner_;
  act(partner_, "contribution.committed", 20,
      {{"contribution_id", contribution_}, {"kind", one_of(dice_, kKinds)}, {"due_on", day(30)}});
}

void CaseLife::outside() {
  constexpr double kStillMinor = 400 * kDay;  // well before the two years after which she is not
  if (!dice_.chance(kOutside) || (minor_ && hours_ - detected_ > kStillMinor)) return;
  if (!minor_) give_consent("sharing");
  static constexpr std::string_view kWhere[] = {"health", "justice", "police", "social_services",
                                                "housing"};
  act(holder_, "external_referral.recorded", 20,
      {{"destination", one_of(dice_, kWhere)},
       {"need", one_of(dice_, kNeeds)},
       {"reference", "contact (exemple)"}});
}

void CaseLife::correct() {
  if (!dice_.chance(kCorrected)) return;
  act(holder_, "case.corrected", 10,
      {{"target_version", 1},
       {"reason", "wrong_value"},
       {"territory", one_of(dice_, kTerritories)}});
}

/// A visit that was another person's, and the right one. Where the clock has written too, the
/// position is not known here.
void CaseLife::annul() {
  if (expired_ || !dice_.chance(kAnnulled)) return;
  const std::string_view need = one_of(dice_, kNeeds);
  act(holder_, "support.step_done", 20, {{"step_id", uuid()}, {"need", need}, {"result", "done"}});
  if (over_) return;
  const auto position = plan_.acts.size();
  act(holder_, "case.annulled", 5,
      {{"target_version", position}, {"reason", "wrong_person"}, {"note", "erreur (exemple)"}});
  act(holder_, "support.step_done", 5, {{"step_id", uuid()}, {"need", need}, {"result", "done"}});
}

/// Somebody who does not hold the case meets the person in danger, and reads it for some hours. The
/// holder always reviews it, most often within the seven days.
void CaseLife::emergency() {
  if (!setting_.clock || !dice_.chance(kEmergency)) return;
  std::size_t by = holder_;
  while (by == holder_) by = pick(dice_.chance(0.7) ? setting_.associations : setting_.missions);
  static constexpr std::string_view kReasons[] = {"immediate_danger", "medical", "minor_at_risk",
                                                  "missing_person"};
  const std::string id = uuid();
  hours_ += dice_.pause(10 * kDay);
  const auto lasts = (1 + static_cast<std::int64_t>(dice_.below(4))) * kMsAnHour;
  const Timestamp until{next_act().value + lasts};
  act(by, "case.emergency_access_opened", 0,
      {{"access_id", id},
       {"reason", kReasons[minor_ ? dice_.below(4) : dice_.below(2)]},
       {"until", to_rfc3339(until)},
       {"note", "danger immédiat, vu par une équipe de rue (exemple)"}});
  act(holder_, "case.emergency_access_reviewed", 1.5 * kDay,
      {{"access_id", id}, {"outcome", dice_.chance(kJustified) ? "justified" : "not_justified"}});
}

/// What was disclosed is needed before a court; some holds end before their day.
void CaseLife::legal_hold() {
  if (!setting_.clock || !dice_.chance(kLegalHold)) return;
  static constexpr std::string_view kReasons[] = {"judicial_proceedings", "complaint", "inspection",
                                                  "defence_of_rights"};
  const std::string id = uuid();
  hours_ += dice_.pause(10 * kDay);
  act(holder_, "case.legal_hold_placed", 0,
      {{"hold_id", id},
       {"reason", one_of(dice_, kReasons)},
       {"ends_on", day(180)},
       {"note", "procédure devant un tribunal (exemple)"}});
  if (dice_.chance(0.5))
    act(holder_, "case.legal_hold_lifted", 20 * kDay, {{"hold_id", id}});
  else
    hold_ends_ = Day{today().value + 180};
}

void CaseLife::transfer() {
  if (!dice_.chance(kTransferred)) return;
  std::size_t to = holder_;
  while (to == holder_) to = pick(dice_.chance(0.5) ? setting_.associations : setting_.missions);
  static constexpr std::string_view kReasons[] = {"moved", "competence", "capacity", "person_asks"};
  act(holder_, "case.transfer_requested", 30,
      {{"to", setting_.slug(to)},
       {"reason", one_of(dice_, kReasons)},
       {"kind", dice_.chance(0.8) ? "permanent" : "temporary"}});
  if (dice_.chance(0.25)) {
    act(to, "case.transfer_declined", 25, {{"decline_reason", one_of(dice_, kDeclines)}});
  } else {
    act(to, "case.transfer_accepted", 25, {});
    holder_ = to;
  }
}

void CaseLife::close(bool first) {
  if (open_referrals_ > 0 || unanswered_ || !dice_.chance(kClosed)) return;
  static constexpr std::string_view kReasons[] = {"goals_met", "person_refuses", "lost_contact",
                                                  "moved"};
  act(holder_, "case.closed", 25 * kDay,
      {{"reason", psp_ended_ ? "psp_ended" : kReasons[dice_.weighted({0.5, 0.2, 0.2, 0.1})]}});
  if (over_) return;
  if (first && dice_.chance(kReopened)) {
    act(holder_, "case.reopened", 40 * kDay, {{"note", "retour (exemple)"}});
    assess(10);
    live(false);
  } else if (dice_.chance(kErased)) {
    if (hold_ends_) wait_for(rules::add_days(*hold_ends_, 1));
    act(holder_, "case.data_erased", 30 * kDay, {{"basis", "art17"}});
  }
}

Plan plan_case(const Setting& setting, std::uint64_t number, Timestamp arrival) {
  return CaseLife(setting, number, arrival).write();
}

}  // namespace relais::replay
