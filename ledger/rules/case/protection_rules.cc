// protection.* and external_referral.recorded: what goes to the CRIP, to the prosecutor, and to
// organisations outside the convention.
//
// Protection never consults a consent: a report on a minor in danger is a duty of those who take
// part in child protection (CASF L226-2-1), and professional secrecy gives way to it (Code pénal
// 226-14). No rule here but that of the external referral looks at the consents of the case.
#include <algorithm>
#include <optional>

#include "ledger/base/check.h"
#include "ledger/rules/metropole_lyon.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

/// Reports of one case. Ours: far above any case, so that it never stands in the way of one.
constexpr std::size_t kMaxReports = 1'000;

Status check_new_report(const Judgement& j) {
  if (has_room(j, j.subject->reports, kMaxReports)) return {};
  return fail(conflict(
      j, "limit-reports",
      "a case has at most " + std::to_string(kMaxReports) + " reports, of one signatory a tenth"));
}

std::string_view name_of(schema::Crip crip) {
  return crip == schema::Crip::METROPOLE ? "metropole" : "rhone";
}

/// Whether this CRIP may be the one of the territory. A named territory that is neither of the two
/// does not say which: either is accepted. A commune outside 69 is neither's.
bool competent(schema::Crip crip, std::string_view territory) {
  if (territory == "metropole") return crip == schema::Crip::METROPOLE;
  if (territory == "rhone") return crip == schema::Crip::RHONE;
  const bool commune = !territory.empty() && territory[0] >= '0' && territory[0] <= '9';
  if (!commune) return true;
  if (!territory.starts_with("69")) return false;
  return (crip == schema::Crip::METROPOLE) == is_commune_of_metropole(territory);
}

Status check_crip(const Judgement& j, schema::Crip crip) {
  const std::string& territory = j.subject->territory;
  if (competent(crip, territory)) return {};
  const auto other =
      crip == schema::Crip::METROPOLE ? schema::Crip::RHONE : schema::Crip::METROPOLE;
  const bool either = competent(other, territory);
  return fail(refusal(j.act, Errc::invalid, "crip-of-territory",
                      "the CRIP " + std::string(name_of(crip)) + " is not that of " + territory +
                          ", where the case is")
                  .at("data.crip")
                  .accepts(either ? std::string(name_of(other))
                                  : "a case of a commune of 69: case.corrected of the territory")
                  .from("CASF L226-2-1; loi no. 2014-58 (MAPTAM) art. 26"));
}

Status decide_report_transmitted(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (!j.subject->minor_on(today(j)))
    return fail(conflict(j, "protection-minor-only",
                         "an information préoccupante is about a minor; the case is an adult's")
                    .accepts("a case of age_band under_13, 13_15 or 16_17; for an adult in grave "
                             "danger, protection.prosecutor_notified")
                    .from("CASF L226-2-1"));
  RELAIS_TRY(check_crip(j, j.data().getProtectionReportTransmitted().getCrip()));
  return check_new_report(j);
}

void evolve_report_transmitted(const Change& change) {
  const auto transmitted = change.data().getProtectionReportTransmitted();
  change.subject->reports.push_back(ProtectionReport{
      change.act.signatory(), false, transmitted.getCrip(), change.act.received_at(), {}});
  advance(*change.subject, change.act);
}

/// Minors and adults: the duty to report a crime that can still be limited (Code pénal 434-1), and
/// the ill-treatment of who cannot protect herself or himself (434-3), know no age.
Status decide_prosecutor_notified(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const schema::Risk risk = j.subject->risk;
  if (risk != schema::Risk::HIGH && risk != schema::Risk::IMMEDIATE)
    return fail(conflict(j, "prosecutor-grave-danger",
                         "the prosecutor is notified of grave danger; the risk was last assessed "
                         "as lower than high")
                    .accepts("case.risk_assessed of risk high or immediate first")
                    .from("CASF L226-4; Code pénal 434-1, 434-3"));
  return check_new_report(j);
}

void evolve_prosecutor_notified(const Change& change) {
  change.subject->reports.push_back(
      ProtectionReport{change.act.signatory(), true, {}, change.act.received_at(), {}});
  advance(*change.subject, change.act);
}

/// The emitter's oldest report that has no outcome yet: the one that is chased first.
template <class Reports>
auto awaiting_outcome(Reports& reports, SignatoryId by) {
  return std::ranges::find_if(reports, [by](const ProtectionReport& r) {
    return r.by == by && r.outcome == schema::ProtectionOutcome::UNSPECIFIED;
  });
}

Status decide_outcome_recorded(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto& reports = j.subject->reports;
  if (std::ranges::find(reports, j.emitter->id, &ProtectionReport::by) == reports.end())
    return fail(refusal(j.act, Errc::forbidden, "not-author",
                        "protection.outcome_recorded is for a signatory that has reported in this "
                        "case, which " +
                            j.emitter->slug + " has not")
                    .accepts("the signatory that transmitted a report or notified the prosecutor"));
  if (awaiting_outcome(reports, j.emitter->id) == reports.end())
    return fail(conflict(j, "outcome-recorded", "each of the emitter's reports has its outcome")
                    .accepts("a report without an outcome; case.annulled takes an outcome back"));
  return {};
}

void evolve_outcome_recorded(const Change& change) {
  auto& reports = change.subject->reports;
  const auto report = awaiting_outcome(reports, change.act.signatory());
  check(report != reports.end(), "an accepted outcome is of no report");
  report->outcome = change.data().getProtectionOutcomeRecorded().getOutcome();
  change.ref = static_cast<std::uint32_t>(report - reports.begin());
  advance(*change.subject, change.act);
}

/// An outside organisation is no signatory: a consent that names its recipients does not reach it.
bool shared_with_outside(const CaseState& c, Timestamp at) {
  return std::ranges::any_of(c.consents, [at](const Consent& consent) {
    return consent.scope == schema::ConsentScope::SHARING && consent.recipients.empty() &&
           consent.covers(SignatoryId{}, at);
  });
}

Status decide_external_referral(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  // What protects a minor is shared without a consent (CASF L226-2-2).
  if (j.subject->minor_on(today(j)) || shared_with_outside(*j.subject, j.act.received_at()))
    return {};
  return fail(conflict(j, "consent-missing",
                       "no consent to sharing that is open to an outside organisation is in force")
                  .accepts("case.consent_given of scope sharing, without recipients")
                  .from("RGPD art. 6(1)(a), 9(2)(a)"));
}

void evolve_external_referral(const Change& change) {
  advance(*change.subject, change.act);
}

void take_back_outcome(const Change& change, const ActMark& target) {
  change.subject->reports.at(target.ref).outcome = schema::ProtectionOutcome::UNSPECIFIED;
}

constexpr Annulment kOutcomeAnnulled{kAnyTime.possible, take_back_outcome, "case.annulled"};

}  // namespace

std::span<const Rule> protection_rules() {
  // No number stands in the way of a report: CASF L226-2-1 (without delay), L226-4.
  static constexpr Rule kRules[] = {
      {"protection.report_transmitted",
       decide_report_transmitted,
       evolve_report_transmitted,
       {only_by(
            "protection.outcome_recorded: what has left for the CRIP or the prosecutor stays so"),
        kTakenWhenFull}},
      {"protection.prosecutor_notified",
       decide_prosecutor_notified,
       evolve_prosecutor_notified,
       {only_by(
            "protection.outcome_recorded: what has left for the CRIP or the prosecutor stays so"),
        kTakenWhenFull}},
      {"protection.outcome_recorded",
       decide_outcome_recorded,
       evolve_outcome_recorded,
       {kOutcomeAnnulled, kTakenWhenFull, RefTo::report}},
      {"external_referral.recorded",
       decide_external_referral,
       evolve_external_referral,
       {kAnyTime, kRefusedWhenFull}},
  };
  return kRules;
}

}  // namespace relais::rules
