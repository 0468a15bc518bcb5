// case.corrected, case.annulled, case.data_erased: what was wrong is put right, taken back or
// destroyed. None of them touches the log: they change what the state says, and mark the act they
// are about.
#include <algorithm>
#include <ranges>
#include <set>

#include "ledger/base/check.h"
#include "ledger/rules/case/annulment.h"
#include "ledger/rules/relation.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::rules {
namespace {

const std::string& name_of(const ActMark& mark) {
  return statement::catalogue().at(mark.type).name;
}

/// Position of what its signer counts as `version` (relation.h).
std::optional<std::uint32_t> target_of(const Judgement& j, std::uint32_t version) {
  return version_at(*j.subject, j.emitter->role_set(), version);
}
/// The same of an act that was accepted. The ledger's own key names no targets.
std::uint32_t target_of(const Change& change, std::uint32_t version) {
  const Signatory* by = change.world.registry().find(change.act.signatory());
  check(by != nullptr, "an accepted act of an unknown signatory");
  const auto target = version_at(*change.subject, by->role_set(), version);
  check(target.has_value(), "an accepted act is about no event of its case");
  return *target;
}

/// How many events there are is not for who no longer takes part.
Error target_unknown(const Judgement& j, const std::string& field) {
  return refusal(j.act, Errc::not_found, "target-unknown", "the case has no event of this version")
      .at(field)
      .accepts("a version as the emitter reads it");
}

/// What the case as a whole rests on is its present holder's, whoever recorded it: who handed the
/// case over says nothing of the person any more (RGPD art. 5(1)(d), 24).
bool of_the_holder(Kind k) {
  return k == Kind::CASE_DETECTED || k == Kind::CASE_CONSENT_GIVEN ||
         k == Kind::CASE_EMERGENCY_ACCESS_REVIEWED;
}

Error not_author(const Judgement& j, std::string who) {
  return refusal(j.act, Errc::forbidden, "not-author",
                 j.act.type->name + " is for " + who + ", which " + j.emitter->slug + " is not")
      .at("data.target_version")
      .accepts(
          "an event of the emitter's own; of the holder, also what is the holder's, and what "
          "was recorded by who has no part in the case any more");
}

/// Who puts the act right: the holder what is the holder's, else its author. Where something comes
/// of the act, its author does while it has a part in the case, and the holder does in its stead
/// afterwards.
Status check_hand(const Judgement& j, const ActMark& target) {
  const CaseState& c = *j.subject;
  const bool holds = c.holder == j.emitter->id;
  const bool own = target.by == j.emitter->id;
  const Kind kind = kind_of(target);
  if (of_the_holder(kind)) {
    if (holds) return {};
    return fail(not_author(j, "the holder of the case"));
  }
  if (!own) {
    const Signatory* by = j.registry().find(target.by);
    const bool gone = by == nullptr || !by->active || !has_a_part(c, *by);
    if (holds && (gone || kind == Kind::CASE_RISK_ASSESSED)) return {};
    return fail(not_author(j, "the author of the event that is acted on"));
  }
  const bool stands_alone = rule_of(target.type).of_case.annulment.take_back == nullptr;
  if (stands_alone || has_a_part(c, *j.emitter)) return {};
  return fail(refusal(j.act, Errc::forbidden, "part-ended",
                      "what " + j.emitter->slug + " had to do with the case has come to its end")
                  .at("data.target_version")
                  .accepts("the holder of the case, in its stead"));
}

/// What is acted on: an event of this case, the emitter's to put right, that was not taken back.
Result<std::uint32_t> check_target(const Judgement& j, std::uint32_t counted) {
  const auto version = target_of(j, counted);
  if (!version) return fail(target_unknown(j, "data.target_version"));
  const ActMark& target = j.subject->acts[*version - 1];
  RELAIS_TRY(check_hand(j, target));
  if (target.annulled)
    return fail(conflict(j, "target-annulled", "the event was annulled already")
                    .at("data.target_version")
                    .accepts("an event that was not annulled"));
  return *version;
}

// --- case.corrected (RGPD art. 16)

using Corrected = schema::CaseCorrected::Reader;

/// The day on which a corrected age band is taken to have been said. A wrong value was wrong from
/// the detection on; new information is about the person as she is today. Ours.
Day age_stated_on(const CaseState& c, Corrected corrected, Day today) {
  return corrected.getReason() == schema::CorrectionReason::NEW_INFORMATION ? today
                                                                            : Day{c.age_stated_on};
}

Status check_value_of(const Judgement& j, const ActMark& target, bool given, std::string_view field,
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

Status check_values(const Judgement& j, Corrected corrected, std::uint32_t version) {
  const ActMark& target = j.subject->acts[version - 1];
  const bool age_band = corrected.getAgeBand() != schema::AgeBand::UNSPECIFIED;
  const bool risk = corrected.getRisk() != schema::Risk::UNSPECIFIED;
  const bool channel = corrected.getChannel() != schema::Channel::UNSPECIFIED;
  if (!age_band && !corrected.hasTerritory() && !risk && !channel)
    return fail(refusal(j.act, Errc::invalid, "correction-empty", "no value is corrected")
                    .at("data")
                    .accepts("at least one of age_band, territory, risk, channel"));
  RELAIS_TRY(check_value_of(j, target, age_band, "age_band", false));
  RELAIS_TRY(check_value_of(j, target, corrected.hasTerritory(), "territory", false));
  RELAIS_TRY(check_value_of(j, target, channel, "channel", false));
  return check_value_of(j, target, risk, "risk", true);
}

/// A parcours is for adults (CASF L121-9): while one is under way nobody becomes a minor again.
Status check_age_band(const Judgement& j, Corrected corrected) {
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
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto corrected = j.data().getCaseCorrected();
  RELAIS_ASSIGN(const std::uint32_t version, check_target(j, corrected.getTargetVersion()));
  RELAIS_TRY(check_values(j, corrected, version));
  if (corrected.hasTerritory()) RELAIS_TRY(check_territory(j, text(corrected.getTerritory())));
  return check_age_band(j, corrected);
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
  const std::uint32_t version = target_of(change, corrected.getTargetVersion());
  if (corrected.getAgeBand() != schema::AgeBand::UNSPECIFIED) {
    c.age_band = corrected.getAgeBand();
    c.age_stated_on = age_stated_on(c, corrected, today(change)).value;
  }
  if (corrected.hasTerritory()) c.territory = text(corrected.getTerritory());
  if (corrected.getChannel() != schema::Channel::UNSPECIFIED) c.channel = corrected.getChannel();
  if (corrected.getRisk() != schema::Risk::UNSPECIFIED && said_the_risk(c, version))
    c.risk = corrected.getRisk();
  c.acts[version - 1].corrected = true;
  change.effects.amends = Amends{version, corrected.getReason()};
  advance(c, change.act, c.phase);
}

// --- case.annulled (RGPD art. 16)

Status decide_annulled(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  RELAIS_ASSIGN(const std::uint32_t version,
                check_target(j, j.data().getCaseAnnulled().getTargetVersion()));
  const ActMark& target = j.subject->acts[version - 1];
  const Annulment& annulment = rule_of(target.type).of_case.annulment;
  if (annulment.possible != nullptr && annulment.possible(*j.subject, target)) return {};
  return fail(
      conflict(j, "annul-not-possible", "what came after " + name_of(target) + " rests on it")
          .at("data.target_version")
          .accepts(std::string(annulment.instead)));
}

/// Where the case stands without the act. A parcours rests on the support it was applied for in.
CasePhase phase_without(const CaseState& c, Kind annulled) {
  if (annulled == Kind::CASE_DETECTED) return CasePhase::dismissed;
  if (c.phase == CasePhase::in_support && !c.supported) return CasePhase::assessed;
  return resting_phase(c);
}

void evolve_annulled(const Change& change) {
  CaseState& c = *change.subject;
  const std::uint32_t version =
      target_of(change, change.data().getCaseAnnulled().getTargetVersion());
  ActMark& target = c.acts[version - 1];
  target.annulled = true;
  change.effects.amends = Amends{version, change.data().getCaseAnnulled().getReason()};
  if (const auto take_back = rule_of(target.type).of_case.annulment.take_back)
    take_back(change, target);
  advance(c, change.act, phase_without(c, kind_of(target)));
}

// --- case.data_erased (RGPD art. 17; CNIL référentiel). What storage must be destroyed follows
// from the marks; the ledger does that.

/// The person's right is exercised through the holder; only the clock knows that a period has run
/// out.
Status check_basis(const Judgement& j, schema::ErasureBasis basis) {
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
Status check_retention(const Judgement& j) {
  const Day last = retention_ends(*j.subject, j.registry().parameters);
  if (j.act.received_at() >= end_of(last)) return {};
  return fail(conflict(j, "retention-not-due",
                       "what was disclosed is kept until the end of " + to_date(last))
                  .accepts(to_date(add_days(last, 1)) + " or later")
                  .from("CNIL référentiel, active base; RGPD art. 5(1)(e)"));
}

/// check_transition() knows both erasures; this is the one that ends the case.
Status check_whole_case(const Judgement& j) {
  const CasePhase phase = j.subject->phase;
  if (phase == CasePhase::closed || phase == CasePhase::dismissed) return {};
  return fail(conflict(j, "case-transition",
                       "case.data_erased of the whole case is not drawn for a case that is " +
                           std::string(to_string(phase)))
                  .accepts("DISMISSED, CLOSED; or targets, which may be all other acts"));
}

Status check_targets(const Judgement& j, capnp::List<std::uint32_t>::Reader targets) {
  if (targets.size() == 0)
    return fail(
        refusal(j.act, Errc::invalid, "targets-empty",
                "an empty list does not say what is to be erased")
            .at("data.targets")
            .accepts("versions of the case's events; no targets at all for the whole case"));
  std::set<std::uint32_t> named;
  for (const std::uint32_t counted : targets) {
    const auto version = target_of(j, counted);
    if (!version) return fail(target_unknown(j, "data.targets"));
    if (!named.insert(*version).second)
      return fail(refusal(j.act, Errc::invalid, "target-repeated", "a target is named twice")
                      .at("data.targets")
                      .accepts("each version once"));
    if (kind_of(j.subject->acts[*version - 1]) == Kind::CASE_DATA_ERASED)
      return fail(refusal(j.act, Errc::invalid, "target-is-erasure",
                          "an erasure discloses nothing that could be destroyed")
                      .at("data.targets")
                      .accepts("versions of other acts"));
    if (j.subject->acts[*version - 1].erased != 0)
      return fail(conflict(j, "target-erased", "what was disclosed there is destroyed already")
                      .at("data.targets")
                      .accepts("versions whose disclosures are not erased"));
  }
  return {};
}

/// A hold suspends both erasures, and nothing else.
Status check_no_hold(const Judgement& j) {
  const LegalHold* hold = j.subject->hold_in_force(today(j));
  if (hold == nullptr) return {};
  const Day last{hold->ends_on};
  return fail(
      conflict(j, "legal-hold", "a legal hold is in force until the end of " + to_date(last))
          .accepts(to_date(add_days(last, 1)) +
                   " or later, or case.legal_hold_lifted by who placed it first")
          .from("RGPD art. 17(3)(e)"));
}

Status decide_data_erased(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto erased = j.data().getCaseDataErased();
  RELAIS_TRY(check_basis(j, erased.getBasis()));
  RELAIS_TRY(check_no_hold(j));
  if (erased.getBasis() == schema::ErasureBasis::RETENTION) {
    if (erased.hasTargets())
      return fail(refusal(j.act, Errc::invalid, "retention-whole-case",
                          "the period of retention is that of the whole case")
                      .at("data.targets")
                      .accepts("no targets"));
    RELAIS_TRY(check_whole_case(j));
    return check_retention(j);
  }
  return erased.hasTargets() ? check_targets(j, erased.getTargets()) : check_whole_case(j);
}

void evolve_data_erased(const Change& change) {
  const auto erased = change.data().getCaseDataErased();
  CaseState& c = *change.subject;
  c.erasures.push_back({change.act.signatory(), change.act.received_at(), erased.getBasis()});
  const auto this_one = static_cast<std::uint32_t>(c.erasures.size());
  if (!erased.hasTargets()) {
    for (ActMark& a : c.acts)
      if (a.erased == 0) a.erased = this_one;
    for (std::uint32_t version = 1; version <= c.acts.size(); ++version)
      change.effects.erased.push_back(version);
    advance(c, change.act, CasePhase::erased);
    return;
  }
  for (const std::uint32_t counted : erased.getTargets()) {
    const std::uint32_t version = target_of(change, counted);
    c.acts[version - 1].erased = this_one;
    change.effects.erased.push_back(version);
  }
  advance(c, change.act, c.phase);
}

/// Erasures of single acts that a full case still takes. Each is of up to a thousand acts, so that
/// this is room for all of them (RGPD art. 17).
constexpr std::size_t kMaxErasuresBeyond = 1'000;

/// What is wrong can be put right, once for each act that holds a value (RGPD art. 5(1)(d), 16).
bool correction_when_full(const Judgement& j) {
  const auto version = target_of(j, j.data().getCaseCorrected().getTargetVersion());
  return version && !j.subject->acts[*version - 1].corrected;
}

bool erasure_when_full(const Judgement& j) {
  if (!j.data().getCaseDataErased().hasTargets()) return true;
  const auto beyond = j.subject->acts | std::views::drop(RoomOfACase::kMost);
  const auto erasures = std::ranges::count_if(
      beyond, [](const ActMark& a) { return kind_of(a) == Kind::CASE_DATA_ERASED; });
  return static_cast<std::size_t>(erasures) < kMaxErasuresBeyond;
}

}  // namespace

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

std::span<const Rule> correction_rules() {
  static constexpr Rule kRules[] = {
      {"case.corrected",
       decide_corrected,
       evolve_corrected,
       {only_by("case.corrected anew, of the same target"), correction_when_full,
        RefTo::other_acts}},
      {"case.annulled",
       decide_annulled,
       evolve_annulled,
       {only_by("the act that was annulled, recorded anew"), kRefusedWhenFull, RefTo::other_acts}},
      {"case.data_erased",
       decide_data_erased,
       evolve_data_erased,
       {kByALaterAct, erasure_when_full, RefTo::other_acts}},
  };
  return kRules;
}

}  // namespace relais::rules
