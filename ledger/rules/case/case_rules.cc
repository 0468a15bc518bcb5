// case.*: detection, dismissal, risk, consent, closure.
#include <algorithm>
#include <cctype>
#include <ranges>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::rules {
namespace {

Status decide_by_transition(const Judgement& j) {
  return check_transition(*j.subject, j.act);
}

void evolve_by_transition(const Change& change) {
  advance(*change.subject, change.act);
}

std::string lower(std::string s) {
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

}  // namespace

bool territory_of_convention(const Registry& registry, const std::string& territory) {
  const bool commune = !territory.empty() && territory[0] >= '0' && territory[0] <= '9';
  if (commune && territory.size() != 5) return false;
  const std::string wanted =
      commune ? lower(territory.substr(0, territory.starts_with("97") ? 3 : 2)) : territory;
  return std::ranges::any_of(registry.territories,
                             [&](const std::string& t) { return lower(t) == wanted; });
}

std::string accepted_territories(const Registry& registry) {
  std::string accepted = "communes of, or one of:";
  for (const std::string& t : registry.territories) accepted += " " + t;
  return accepted;
}

Status check_territory(const Judgement& j, const std::string& territory) {
  if (territory_of_convention(j.registry(), territory)) return {};
  return fail(refusal(j.act, Errc::invalid, "territory-not-of-convention",
                      "the territory is not one of the convention's")
                  .at("data.territory")
                  .accepts(accepted_territories(j.registry())));
}

namespace {

Status decide_detected(const Judgement& j) {
  return check_territory(j, text(j.data().getCaseDetected().getTerritory()));
}

void evolve_detected(const Change& change) {
  const auto detected = change.data().getCaseDetected();
  CaseState& c = *change.subject;
  c.phase = CasePhase::detected;
  c.author = change.act.signatory();
  c.holder = change.act.signatory();
  c.age_band = detected.getAgeBand();
  c.age_stated_on = today(change).value;
  c.channel = detected.getChannel();
  c.risk = detected.getRisk();
  c.territory = text(detected.getTerritory());
  c.opened_at = change.act.received_at();
  c.risk_assessed_at = change.act.received_at();
  join(change, change.act.signatory());
}

void evolve_risk_assessed(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->risk = change.data().getCaseRiskAssessed().getRisk();
  change.subject->risk_assessed_at = change.act.received_at();
}

Status decide_consent_given(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto given = j.data().getCaseConsentGiven();
  for (const capnp::Text::Reader slug : given.getRecipients())
    RELAIS_TRY(known_signatory(j, text(slug), "data.recipients"));
  const auto expires = parse_date(text(given.getExpiresOn()));
  const Day today = legal_day(j.act.received_at());
  if (expires && *expires < today)
    return fail(refusal(j.act, Errc::invalid, "consent-expired",
                        "the consent ends before the ledger received it")
                    .at("data.expires_on")
                    .accepts(to_date(today) + " or later"));
  return {};
}

auto of_scope(schema::ConsentScope scope) {
  return [scope](const Consent& c) { return c.scope == scope; };
}

/// A later consent of one scope replaces the earlier one whole, recipients and term included.
void evolve_consent_given(const Change& change) {
  const auto given = change.data().getCaseConsentGiven();
  Consent consent{given.getScope(), {}, change.act.received_at(), {}};
  change.ref = static_cast<std::uint32_t>(consent.scope);
  for (const capnp::Text::Reader slug : given.getRecipients()) {
    const Signatory* s = change.world.registry().find_slug(text(slug));
    check(s != nullptr, "an accepted consent names an unknown signatory");
    consent.recipients.push_back(s->id);
  }
  if (const auto expires = parse_date(text(given.getExpiresOn())))
    consent.expires_on = expires->value;
  auto& consents = change.subject->consents;
  std::erase_if(consents, of_scope(consent.scope));
  const auto after = std::ranges::upper_bound(consents, consent.scope, {}, &Consent::scope);
  consents.insert(after, std::move(consent));
  if (given.getScope() == schema::ConsentScope::REFERRAL) review_consents_of_referrals(change);
  advance(*change.subject, change.act, resting_phase(*change.subject));
}

/// One that has expired may be withdrawn too: taking a consent back is never harder than giving it
/// (RGPD art. 7(3)).
Status decide_consent_withdrawn(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto scope = j.data().getCaseConsentWithdrawn().getScope();
  if (std::ranges::any_of(j.subject->consents, of_scope(scope))) return {};
  return fail(conflict(j, "consent-not-given", "no consent of this scope is in force")
                  .at("data.scope")
                  .accepts("the scope of a consent that was given"));
}

void evolve_consent_withdrawn(const Change& change) {
  const auto scope = change.data().getCaseConsentWithdrawn().getScope();
  std::erase_if(change.subject->consents, of_scope(scope));
  if (scope == schema::ConsentScope::REFERRAL) review_consents_of_referrals(change);
  advance(*change.subject, change.act, resting_phase(*change.subject));
}

Status decide_became_dormant(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto last = dormancy_begins_after(*j.subject, j.registry().parameters);
  if (last && j.act.received_at() >= end_of(*last)) return {};
  return fail(conflict(j, "case-not-at-rest",
                       last ? "somebody acted on the case less than dormant-after-days ago"
                            : "an application for a parcours waits for its answer")
                  .accepts(last ? to_date(add_days(*last, 1)) + " or later" : "an answer")
                  .from("Ours: dormant-after-days of the convention"));
}

Status decide_closed(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  std::string open;
  for (const Referral& r : j.subject->referrals) {
    if (!r.open()) continue;
    if (!open.empty()) open += ", ";
    open += to_string(r.id);
    open.append(" (").append(to_string(r.phase)).append(")");
  }
  if (open.empty()) return {};
  return fail(conflict(j, "referral-open", "referrals of the case are not at their end: " + open)
                  .accepts("a case whose referrals are all declined, cancelled or completed"));
}

void evolve_closed(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->close_reason = change.data().getCaseClosed().getReason();
}

void evolve_reopened(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->supported = false;
  change.subject->close_reason = {};
  change.subject->closed_at.reset();
}

// --- case.annulled

/// The detection may go while nothing rests on it.
bool nothing_rests_on_detection(const CaseState& c, const ActMark&) {
  return c.phase == CasePhase::detected &&
         std::ranges::count_if(c.acts, [](const ActMark& a) {
           return !a.annulled && rule_of(a.type).of_case.ref_to != RefTo::other_acts;
         }) == 1;
}

constexpr Annulment kDetectionAnnulled{
    nothing_rests_on_detection, nullptr,
    "case.dismissed while the case is DETECTED; case.closed later"};

/// A consent that a later one of its scope has replaced is not in force; its own annulment leaves
/// the later one. Nor does the annulment of the later one revive it: less is disclosed, never more.
void take_back_consent(const Change& change, const ActMark& target) {
  CaseState& c = *change.subject;
  for (const ActMark& a : c.acts | std::views::reverse) {
    if (a.type != target.type || a.ref != target.ref) continue;
    if (&a != &target) return;
    break;
  }
  std::erase_if(c.consents, [&](const Consent& consent) {
    return static_cast<std::uint32_t>(consent.scope) == target.ref;
  });
  review_consents_of_referrals(change);
}

constexpr Annulment kConsentAnnulled{kAnyTime.possible, take_back_consent,
                                     "case.consent_withdrawn"};

}  // namespace

std::span<const Rule> case_rules() {
  static constexpr Rule kRules[] = {
      {"case.detected", decide_detected, evolve_detected, {kDetectionAnnulled, kRefusedWhenFull}},
      {"case.dismissed",
       decide_by_transition,
       evolve_by_transition,
       {only_by("case.detected of a new case"), kTakenWhenFull}},
      {"case.risk_assessed",
       decide_by_transition,
       evolve_risk_assessed,
       {only_by("case.corrected, or case.risk_assessed anew"), kRefusedWhenFull}},
      {"case.consent_given",
       decide_consent_given,
       evolve_consent_given,
       {kConsentAnnulled, kRefusedWhenFull, RefTo::consent}},
      {"case.consent_withdrawn",
       decide_consent_withdrawn,
       evolve_consent_withdrawn,
       {only_by("case.consent_given"), kTakenWhenFull}},
      {"case.became_dormant",
       decide_became_dormant,
       evolve_by_transition,
       {kByALaterAct, kTakenWhenFull}},
      {"case.closed", decide_closed, evolve_closed, {only_by("case.reopened"), kTakenWhenFull}},
      {"case.reopened",
       decide_by_transition,
       evolve_reopened,
       {only_by("case.closed"), kRefusedWhenFull}},
  };
  return kRules;
}

}  // namespace relais::rules
