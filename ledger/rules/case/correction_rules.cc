// case.corrected, case.annulled, case.data_erased: what was wrong is put right, taken back or
// destroyed. None of them touches the log: they change what the state says, and mark the act they
// are about.
#include <algorithm>
#include <ranges>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::rules {
namespace {

using Kind = schema::Event::Data::Which;  // its numbers are those of ActMark::type

Kind kind_of(const ActMark& mark) {
  return static_cast<Kind>(mark.type);
}

const std::string& name_of(const ActMark& mark) {
  return statement::catalogue().at(mark.type).name;
}

/// Acts about other acts: they have no content that could be wrong, and nothing rests on them.
bool about_acts(Kind k) {
  return k == Kind::CASE_CORRECTED || k == Kind::CASE_ANNULLED || k == Kind::CASE_DATA_ERASED;
}

bool has_version(const CaseState& c, std::uint32_t version) {
  return version >= 1 && version <= c.acts.size();
}

Error target_unknown(const Judgement& j, const std::string& field) {
  return refusal(j.act, Errc::not_found, "target-unknown", "the case has no event of this version")
      .at(field)
      .accepts("a version from 1 to " + std::to_string(j.subject->acts.size()));
}

/// What is acted on: an event of this case, by the emitter, that was not taken back.
Status judge_target(const Judgement& j, std::uint32_t version) {
  if (!has_version(*j.subject, version)) return fail(target_unknown(j, "data.target_version"));
  const ActMark& target = j.subject->acts[version - 1];
  if (target.by != j.emitter->id)
    return fail(refusal(j.act, Errc::forbidden, "not-author",
                        j.act.type->name + " is for the author of the event that is acted on, " +
                            "which " + j.emitter->slug + " is not")
                    .at("data.target_version")
                    .accepts("an event of the emitter's own"));
  if (target.annulled)
    return fail(conflict(j, "target-annulled", "the event was annulled already")
                    .at("data.target_version")
                    .accepts("an event that was not annulled"));
  return {};
}

// --- case.corrected (RGPD art. 16)

using Corrected = schema::CaseCorrected::Reader;

/// A parcours that runs, or that may still be decided on or authorised by an appeal. A refused
/// entry is not: a minor's application may have been refused for that very reason, and her
/// protection must not wait.
bool psp_under_way(const Psp& p) {
  switch (p.phase) {
    case PspPhase::none:
    case PspPhase::ended:
    case PspPhase::final_refusal:
      return false;
    case PspPhase::refused:
      return p.refused_renewal;
    default:
      return true;
  }
}

/// The day on which a corrected age band is taken to have been said. A wrong value was wrong from
/// the detection on; new information is about the person as she is today. Ours.
Day age_stated_on(const CaseState& c, Corrected corrected, Day today) {
  return corrected.getReason() == schema::CorrectionReason::NEW_INFORMATION ? today
                                                                            : Day{c.age_stated_on};
}

Status judge_value_of(const Judgement& j, const ActMark& target, bool given, std::string_view field,
                      bool of_assessment) {
  const Kind kind = kind_of(target);
  if (!given || kind == Kind::CASE_DETECTED || (of_assessment && kind == Kind::CASE_RISK_ASSESSED))
    return {};
  return fail(refusal(j.act, Errc::invalid, "correction-not-of-target",
                      name_of(target) + " has no value of this name that could be corrected")
                  .at("data." + std::string(field))
                  .accepts(of_assessment ? "a case.detected or case.risk_assessed as the target"
                                         : "a case.detected as the target"));
}

Status judge_values(const Judgement& j, Corrected corrected) {
  const ActMark& target = j.subject->acts[corrected.getTargetVersion() - 1];
  const bool age_band = corrected.getAgeBand() != schema::AgeBand::UNSPECIFIED;
  const bool risk = corrected.getRisk() != schema::Risk::UNSPECIFIED;
  const bool channel = corrected.getChannel() != schema::Channel::UNSPECIFIED;
  if (!age_band && !corrected.hasTerritory() && !risk && !channel)
    return fail(refusal(j.act, Errc::invalid, "correction-empty", "no value is corrected")
                    .at("data")
                    .accepts("at least one of age_band, territory, risk, channel"));
  RELAIS_TRY(judge_value_of(j, target, age_band, "age_band", false));
  RELAIS_TRY(judge_value_of(j, target, corrected.hasTerritory(), "territory", false));
  RELAIS_TRY(judge_value_of(j, target, channel, "channel", false));
  return judge_value_of(j, target, risk, "risk", true);
}

/// A parcours is for adults (CASF L121-9): while one is under way nobody becomes a minor again.
Status judge_age_band(const Judgement& j, Corrected corrected) {
  if (corrected.getAgeBand() == schema::AgeBand::UNSPECIFIED || !psp_under_way(j.subject->psp))
    return {};
  CaseState person;  // of whom only the age counts
  person.age_band = corrected.getAgeBand();
  person.age_stated_on = age_stated_on(*j.subject, corrected, today(j)).value;
  if (!person.minor_on(today(j))) return {};
  return fail(refusal(j.act, Errc::conflict, "psp-adult-only",
                      "a parcours de sortie is under way, which is for adults")
                  .at("data.age_band")
                  .accepts("an adult's age band, or the end of the parcours first")
                  .from("CASF L121-9")
                  .in_state(std::string(to_string(j.subject->psp.phase))));
}

Status decide_corrected(const Judgement& j) {
  RELAIS_TRY(drawn(*j.subject, j.act));
  const auto corrected = j.data().getCaseCorrected();
  RELAIS_TRY(judge_target(j, corrected.getTargetVersion()));
  RELAIS_TRY(judge_values(j, corrected));
  if (corrected.hasTerritory()) RELAIS_TRY(judge_territory(j, text(corrected.getTerritory())));
  return judge_age_band(j, corrected);
}

/// Whether the risk of the case is the one that this act said: no assessment came after it.
bool said_the_risk(const CaseState& c, std::uint32_t version) {
  return std::none_of(c.acts.begin() + version, c.acts.end(), [](const ActMark& later) {
    return kind_of(later) == Kind::CASE_RISK_ASSESSED;
  });
}

/// Age band, territory and channel are only ever said by the detection, so that its last correction
/// holds.
void evolve_corrected(const Change& change) {
  const auto corrected = change.data().getCaseCorrected();
  CaseState& c = *change.subject;
  const std::uint32_t version = corrected.getTargetVersion();
  check(has_version(c, version), "an accepted correction is of no event");
  if (corrected.getAgeBand() != schema::AgeBand::UNSPECIFIED) {
    c.age_band = corrected.getAgeBand();
    c.age_stated_on = age_stated_on(c, corrected, today(change)).value;
  }
  if (corrected.hasTerritory()) c.territory = text(corrected.getTerritory());
  if (corrected.getChannel() != schema::Channel::UNSPECIFIED) c.channel = corrected.getChannel();
  if (corrected.getRisk() != schema::Risk::UNSPECIFIED && said_the_risk(c, version))
    c.risk = corrected.getRisk();
  c.acts[version - 1].corrected = true;
  advance(c, change.act, c.phase);
}

// --- case.annulled (RGPD art. 16)

bool of_step(Kind k) {
  return k == Kind::SUPPORT_STEP_PLANNED || k == Kind::SUPPORT_STEP_DONE ||
         k == Kind::SUPPORT_STEP_MISSED;
}

bool of_contribution(Kind k) {
  return k == Kind::CONTRIBUTION_COMMITTED || k == Kind::CONTRIBUTION_DELIVERED;
}

/// What does the work of an annulment where what came after rests on the act.
std::string counter_act(Kind k) {
  switch (k) {
    case Kind::CASE_DETECTED:
      return "case.dismissed while the case is DETECTED; case.closed later";
    case Kind::CASE_DISMISSED:
      return "case.detected of a new case";
    case Kind::CASE_RISK_ASSESSED:
      return "case.corrected, or case.risk_assessed anew";
    case Kind::CASE_CONSENT_WITHDRAWN:
      return "case.consent_given";
    case Kind::CASE_CLOSED:
      return "case.reopened";
    case Kind::CASE_REOPENED:
      return "case.closed";
    case Kind::REFERRAL_REQUESTED:
    case Kind::REFERRAL_RECEIVED:
    case Kind::REFERRAL_HELD:
    case Kind::REFERRAL_ACCEPTED:
      return "referral.cancelled";
    case Kind::REFERRAL_DECLINED:
    case Kind::REFERRAL_CANCELLED:
    case Kind::REFERRAL_COMPLETED:
      return "referral.requested anew";
    case Kind::PROTECTION_REPORT_TRANSMITTED:
    case Kind::PROTECTION_PROSECUTOR_NOTIFIED:
      return "protection.outcome_recorded: what has left for the CRIP or the prosecutor stays so";
    case Kind::CASE_TRANSFER_REQUESTED:
    case Kind::CASE_TRANSFER_ACCEPTED:
    case Kind::CASE_TRANSFER_DECLINED:
      return "case.transfer_requested anew";
    case Kind::CASE_CORRECTED:
      return "case.corrected anew, of the same target";
    case Kind::CASE_ANNULLED:
      return "the act that was annulled, recorded anew";
    case Kind::SUPPORT_STEP_PLANNED:
      return "case.annulled of the support.step_done or support.step_missed first";
    case Kind::CONTRIBUTION_COMMITTED:
      return "case.annulled of the contribution.delivered first";
    default:
      return "a later act that says what holds now";
  }
}

/// The detection may go while nothing rests on it.
bool only_effective_act(const CaseState& c) {
  return std::ranges::count_if(
             c.acts, [](const ActMark& a) { return !a.annulled && !about_acts(kind_of(a)); }) == 1;
}

bool last_of_its_kind(const CaseState& c, const ActMark& target) {
  const auto last = std::ranges::find(c.acts.rbegin(), c.acts.rend(), target.type, &ActMark::type);
  return last != c.acts.rend() && &*last == &target;
}

const Step& step_of(const CaseState& c, const ActMark& target) {
  check(target.ref < c.steps.size(), "an act of support is of no step");
  return c.steps[target.ref];
}

/// Whether the act's effect can be taken back without rewriting what came after.
bool annullable(const CaseState& c, const ActMark& target) {
  switch (kind_of(target)) {
    case Kind::CASE_DETECTED:
      return c.phase == CasePhase::detected && only_effective_act(c);
    case Kind::SUPPORT_STEP_PLANNED:
      return step_of(c, target).phase == StepPhase::planned;
    case Kind::CONTRIBUTION_COMMITTED:
      check(target.ref < c.contributions.size(), "a commitment is of no contribution");
      return !c.contributions[target.ref].delivered;
    // A request that is not answered: nothing has come of it yet. The catalogue has no other act by
    // which the holder could turn to somebody else.
    case Kind::CASE_TRANSFER_REQUESTED:
      return c.transfer.has_value() && last_of_its_kind(c, target);
    case Kind::SUPPORT_STEP_DONE:
    case Kind::SUPPORT_STEP_MISSED:
    case Kind::CASE_CONSENT_GIVEN:
    case Kind::PROTECTION_OUTCOME_RECORDED:
    case Kind::COORDINATION_MEETING_HELD:
    case Kind::PLAN_AGREED:
    case Kind::CONTRIBUTION_DELIVERED:
    case Kind::EXTERNAL_REFERRAL_RECORDED:
      return true;
    default:
      return false;
  }
}

Status decide_annulled(const Judgement& j) {
  RELAIS_TRY(drawn(*j.subject, j.act));
  const std::uint32_t version = j.data().getCaseAnnulled().getTargetVersion();
  RELAIS_TRY(judge_target(j, version));
  const ActMark& target = j.subject->acts[version - 1];
  if (annullable(*j.subject, target)) return {};
  return fail(
      conflict(j, "annul-not-possible", "what came after " + name_of(target) + " rests on it")
          .at("data.target_version")
          .accepts(counter_act(kind_of(target))));
}

/// Takes one element out of a list that acts point into.
template <class T, class Of>
void take_out(CaseState& c, std::vector<T>& list, std::uint32_t position, Of of_list) {
  check(position < list.size(), "an annulment is of no element of its list");
  list.erase(list.begin() + position);
  for (ActMark& a : c.acts)
    if (of_list(kind_of(a)) && a.ref > position) --a.ref;
}

/// A step that was done or missed is planned again, where it was planned; else there is none.
void take_back_step(CaseState& c, const ActMark& target, Timestamp at) {
  const std::uint32_t position = target.ref;
  const bool planned = std::ranges::any_of(c.acts, [&](const ActMark& a) {
    return kind_of(a) == Kind::SUPPORT_STEP_PLANNED && !a.annulled && a.ref == position;
  });
  if (!planned) {
    take_out(c, c.steps, position, of_step);
    return;
  }
  c.steps.at(position).phase = StepPhase::planned;
  c.steps[position].changed_at = at;
}

/// Whether support has begun since the case was last opened, by what still holds.
bool support_holds(const CaseState& c) {
  for (const ActMark& a : c.acts | std::views::reverse) {
    const Kind k = kind_of(a);
    if (k == Kind::CASE_REOPENED) return false;
    if (a.annulled) continue;
    if (k == Kind::SUPPORT_STEP_PLANNED || k == Kind::SUPPORT_STEP_DONE ||
        k == Kind::REFERRAL_ACCEPTED)
      return true;
  }
  return false;
}

/// Where the case stands without the act. A parcours rests on the support it was applied for in.
CasePhase phase_without(const CaseState& c, Kind annulled) {
  if (annulled == Kind::CASE_DETECTED) return CasePhase::dismissed;
  if (c.phase == CasePhase::in_support && !c.supported) return CasePhase::assessed;
  return settled(c);
}

/// A consent that a later one of its scope has replaced is not in force; its own annulment leaves
/// the later one. Nor does the annulment of the later one revive it: less is disclosed, never more.
void take_back_consent(CaseState& c, const ActMark& target) {
  for (const ActMark& a : c.acts | std::views::reverse) {
    if (a.type != target.type || a.ref != target.ref) continue;
    if (&a != &target) return;
    break;
  }
  std::erase_if(c.consents, [&](const Consent& consent) {
    return static_cast<std::uint32_t>(consent.scope) == target.ref;
  });
}

void take_back(CaseState& c, const ActMark& target, Timestamp at) {
  switch (kind_of(target)) {
    case Kind::SUPPORT_STEP_PLANNED:
    case Kind::SUPPORT_STEP_DONE:
    case Kind::SUPPORT_STEP_MISSED:
      take_back_step(c, target, at);
      c.supported = support_holds(c) || (c.supported && psp_under_way(c.psp));
      return;
    case Kind::CASE_CONSENT_GIVEN:
      take_back_consent(c, target);
      return;
    case Kind::PROTECTION_OUTCOME_RECORDED:
      c.reports.at(target.ref).outcome = schema::ProtectionOutcome::UNSPECIFIED;
      return;
    case Kind::CONTRIBUTION_COMMITTED:
      take_out(c, c.contributions, target.ref, of_contribution);
      return;
    case Kind::CONTRIBUTION_DELIVERED:
      c.contributions.at(target.ref).delivered = false;
      return;
    case Kind::CASE_TRANSFER_REQUESTED:
      c.transfer.reset();
      return;
    default:  // the act stands for itself: the mark is all
      return;
  }
}

void evolve_annulled(const Change& change) {
  CaseState& c = *change.subject;
  const std::uint32_t version = change.data().getCaseAnnulled().getTargetVersion();
  check(has_version(c, version), "an accepted annulment is of no event");
  ActMark& target = c.acts[version - 1];
  target.annulled = true;
  take_back(c, target, change.act.received_at());
  if (kind_of(target) == Kind::CASE_CONSENT_GIVEN) review_consents_of_referrals(change);
  advance(c, change.act, phase_without(c, kind_of(target)));
}

// --- case.data_erased (RGPD art. 17; CNIL référentiel). What storage must be destroyed follows
// from the marks; the ledger does that.

/// The person's right is exercised through the holder; only the clock knows that a period has run
/// out.
Status judge_basis(const Judgement& j, schema::ErasureBasis basis) {
  const bool retention = basis == schema::ErasureBasis::RETENTION;
  if (retention == by_system(j)) return {};
  return fail(refusal(j.act, Errc::forbidden, "erasure-basis",
                      retention ? "the end of retention is for the ledger's clock to say"
                                : "a person's request is for the holder of the case to answer")
                  .at("data.basis")
                  .accepts(by_system(j) ? "retention" : "art17"));
}

/// Ours: 2 years, the CNIL référentiel's active base after the last contact. For a case that was
/// dismissed the last act is the last contact.
Status judge_retention(const Judgement& j) {
  const Day last = retention_ends(*j.subject, j.registry().terms);
  if (j.act.received_at() >= end_of(last)) return {};
  return fail(conflict(j, "retention-not-due",
                       "what was disclosed is kept until the end of " + to_date(last))
                  .accepts(to_date(add_days(last, 1)) + " or later")
                  .from("CNIL référentiel, active base; RGPD art. 5(1)(e)"));
}

/// drawn() knows both erasures; this is the one that ends the case.
Status judge_whole_case(const Judgement& j) {
  const CasePhase phase = j.subject->phase;
  if (phase == CasePhase::closed || phase == CasePhase::dismissed) return {};
  return fail(conflict(j, "case-transition",
                       "case.data_erased of the whole case is not drawn for a case that is " +
                           std::string(to_string(phase)))
                  .accepts("DISMISSED, CLOSED; or targets, which may be all versions"));
}

Status judge_targets(const Judgement& j, capnp::List<std::uint32_t>::Reader targets) {
  if (targets.size() == 0)
    return fail(
        refusal(j.act, Errc::invalid, "targets-empty",
                "an empty list does not say what is to be erased")
            .at("data.targets")
            .accepts("versions of the case's events; no targets at all for the whole case"));
  for (const std::uint32_t version : targets)
    if (!has_version(*j.subject, version)) return fail(target_unknown(j, "data.targets"));
  return {};
}

Status decide_data_erased(const Judgement& j) {
  RELAIS_TRY(drawn(*j.subject, j.act));
  const auto erased = j.data().getCaseDataErased();
  RELAIS_TRY(judge_basis(j, erased.getBasis()));
  if (erased.getBasis() == schema::ErasureBasis::RETENTION) {
    if (erased.hasTargets())
      return fail(refusal(j.act, Errc::invalid, "retention-whole-case",
                          "the period of retention is that of the whole case")
                      .at("data.targets")
                      .accepts("no targets"));
    RELAIS_TRY(judge_whole_case(j));
    return judge_retention(j);
  }
  return erased.hasTargets() ? judge_targets(j, erased.getTargets()) : judge_whole_case(j);
}

void evolve_data_erased(const Change& change) {
  const auto erased = change.data().getCaseDataErased();
  CaseState& c = *change.subject;
  if (!erased.hasTargets()) {
    for (ActMark& a : c.acts) a.erased = true;
    for (std::uint32_t version = 1; version <= c.acts.size(); ++version)
      change.effects.erased.push_back(version);
    advance(c, change.act, CasePhase::erased);
    return;
  }
  for (const std::uint32_t version : erased.getTargets()) {
    check(has_version(c, version), "an accepted erasure is of no event");
    c.acts[version - 1].erased = true;
    change.effects.erased.push_back(version);
  }
  advance(c, change.act, c.phase);
}

}  // namespace

std::span<const Rule> correction_rules() {
  static constexpr Rule kRules[] = {
      {"case.corrected", decide_corrected, evolve_corrected},
      {"case.annulled", decide_annulled, evolve_annulled},
      {"case.data_erased", decide_data_erased, evolve_data_erased},
  };
  return kRules;
}

}  // namespace relais::rules
