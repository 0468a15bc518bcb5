// The state machines (docs/DOMAIN.md, section 3) as tables, and the one way to consult them.
#include <array>
#include <bit>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/stream_states.h"

namespace relais::rules {
namespace {

using enum CasePhase;

// case.detected is not here: it comes from nowhere, and leads to DETECTED.
constexpr CaseTransition kMoves[] = {
    {detected, "case.dismissed", dismissed},

    {detected, "case.risk_assessed", assessed},
    {assessed, "case.risk_assessed", assessed},
    {referred, "case.risk_assessed", referred},
    {in_support, "case.risk_assessed", in_support},
    {psp, "case.risk_assessed", psp},
    {dormant, "case.risk_assessed", dormant},

    {detected, "case.consent_given", detected},
    {assessed, "case.consent_given", assessed},
    {referred, "case.consent_given", referred},
    {in_support, "case.consent_given", in_support},
    {psp, "case.consent_given", psp},
    {dormant, "case.consent_given", dormant},

    {detected, "case.consent_withdrawn", detected},
    {assessed, "case.consent_withdrawn", assessed},
    {referred, "case.consent_withdrawn", referred},
    {in_support, "case.consent_withdrawn", in_support},
    {psp, "case.consent_withdrawn", psp},
    {dormant, "case.consent_withdrawn", dormant},

    {assessed, "referral.requested", referred},
    {referred, "referral.requested", referred},
    {in_support, "referral.requested", referred},

    // A referral that is not answered yet keeps its case REFERRED; the answer to the last of them
    // lets it go on.
    {referred, "referral.received", referred},
    {referred, "referral.held", referred},
    {referred, "referral.accepted", referred},
    {referred, "referral.accepted", in_support},
    {referred, "referral.declined", referred},
    {referred, "referral.declined", in_support},
    {referred, "referral.declined", assessed},
    {referred, "referral.cancelled", referred},
    {referred, "referral.cancelled", in_support},
    {referred, "referral.cancelled", assessed},

    // An accepted referral runs beside the support it is part of.
    {in_support, "referral.cancelled", in_support},
    {psp, "referral.cancelled", psp},
    {dormant, "referral.cancelled", dormant},
    {referred, "referral.completed", referred},
    {in_support, "referral.completed", in_support},
    {psp, "referral.completed", psp},
    {dormant, "referral.completed", dormant},

    {assessed, "support.step_planned", in_support},
    {referred, "support.step_planned", referred},
    {in_support, "support.step_planned", in_support},
    {psp, "support.step_planned", psp},
    {dormant, "support.step_planned", in_support},

    {assessed, "support.step_done", in_support},
    {referred, "support.step_done", referred},
    {in_support, "support.step_done", in_support},
    {psp, "support.step_done", psp},
    {dormant, "support.step_done", in_support},

    // A step that did not take place is no support. ASSESSED: it was planned before the case was
    // closed and reopened.
    {assessed, "support.step_missed", assessed},
    {referred, "support.step_missed", referred},
    {in_support, "support.step_missed", in_support},
    {psp, "support.step_missed", psp},
    {dormant, "support.step_missed", dormant},

    {referred, "referral.expired", referred},
    {referred, "referral.expired", in_support},
    {referred, "referral.expired", assessed},

    {in_support, "psp.started", psp},
    {psp, "psp.ended", in_support},
    // A parcours that never started is taken back beside whatever support there is.
    {assessed, "psp.ended", assessed},
    {referred, "psp.ended", referred},
    {in_support, "psp.ended", in_support},
    {dormant, "psp.ended", dormant},

    {in_support, "case.became_dormant", dormant},

    // A detection that is taken back leaves no case; the last act of support that is taken back, no
    // support.
    {detected, "case.annulled", dismissed},
    {in_support, "case.annulled", assessed},

    // A consent that goes takes the pending referrals with it that rest on it (RGPD art. 7(3)).
    {referred, "case.consent_withdrawn", in_support},
    {referred, "case.consent_withdrawn", assessed},
    {referred, "case.consent_given", in_support},  // a narrower one
    {referred, "case.consent_given", assessed},
    {referred, "case.annulled", in_support},
    {referred, "case.annulled", assessed},

    {in_support, "case.closed", closed},
    {dormant, "case.closed", closed},
    {closed, "case.reopened", assessed},

    // Everything that was disclosed is destroyed; erasure of single acts keeps the phase (below).
    {dismissed, "case.data_erased", erased},
    {closed, "case.data_erased", erased},
};

constexpr CasePhase kOpen[] = {detected, assessed, referred, in_support, psp, dormant};
constexpr CasePhase kNotErased[] = {detected,   dismissed, assessed, referred,
                                    in_support, psp,       dormant,  closed};
constexpr CasePhase kAfterDetection[] = {assessed, referred, in_support, psp, dormant};
constexpr CasePhase kInSupport[] = {in_support};
constexpr CasePhase kWithPsp[] = {in_support, psp, referred, dormant, assessed};

/// Events that leave the phase of the case as it is, and the phases in which they are drawn.
struct Keeps {
  std::string_view event;
  std::span<const CasePhase> phases;
};
constexpr Keeps kKeeps[] = {
    {"protection.report_transmitted", kOpen},
    {"protection.prosecutor_notified", kOpen},
    {"protection.outcome_recorded", kNotErased},
    {"case.transfer_requested", kOpen},
    {"case.transfer_accepted", kOpen},
    {"case.transfer_declined", kOpen},
    {"case.corrected", kNotErased},
    {"case.annulled", kNotErased},
    {"case.data_erased", kNotErased},
    {"coordination.meeting_held", kOpen},
    {"plan.agreed", kAfterDetection},
    {"contribution.committed", kOpen},
    {"contribution.delivered", kOpen},
    {"external_referral.recorded", kAfterDetection},
    // A parcours is applied for while the person is supported; what follows is judged by the
    // parcours' own machine, since support goes on meanwhile.
    {"psp.applied", kInSupport},
    {"psp.opinion_given", kWithPsp},
    {"psp.decided", kWithPsp},
    {"psp.review_filed", kWithPsp},
    {"psp.renewal_requested", kWithPsp},
    {"psp.renewal_decided", kWithPsp},
    {"psp.suspended", kWithPsp},
    {"psp.resumed", kWithPsp},
    {"psp.appeal_filed", kWithPsp},
    {"psp.appeal_judged", kWithPsp},
    {"afis.opened", kWithPsp},
    {"afis.closed", kNotErased},
    {"residence_permit.requested", kWithPsp},
    {"residence_permit.issued", kNotErased},
    {"residence_permit.refused", kNotErased},
};

std::vector<CaseTransition> all_case_transitions() {
  std::vector<CaseTransition> rows(std::begin(kMoves), std::end(kMoves));
  for (const Keeps& k : kKeeps)
    for (const CasePhase p : k.phases) rows.push_back({p, k.event, p});
  return rows;
}

using Q = PspPhase;

// CASF L121-9, R121-12-8 and following. psp.applied comes from nowhere, or from an end.
constexpr PspTransition kPsp[] = {
    {Q::none, "psp.applied", Q::applied},
    {Q::ended, "psp.applied", Q::applied},
    {Q::final_refusal, "psp.applied", Q::applied},
    {Q::refused, "psp.applied", Q::applied},

    {Q::applied, "psp.opinion_given", Q::opined},
    {Q::applied, "psp.opinion_given", Q::adjourned},
    {Q::adjourned, "psp.opinion_given", Q::opined},
    {Q::adjourned, "psp.opinion_given", Q::adjourned},

    {Q::opined, "psp.decided", Q::authorised},
    {Q::opined, "psp.decided", Q::refused},

    {Q::authorised, "psp.started", Q::active},

    {Q::active, "psp.suspended", Q::suspended},
    {Q::suspended, "psp.resumed", Q::active},

    {Q::active, "psp.review_filed", Q::active},
    {Q::suspended, "psp.review_filed", Q::suspended},
    {Q::active, "psp.renewal_requested", Q::renewal_due},
    {Q::renewal_due, "psp.review_filed", Q::renewal_due},
    {Q::renewal_due, "psp.renewal_decided", Q::active},
    {Q::renewal_due, "psp.renewal_decided", Q::refused},

    // Our addition to the drawing: a person who changes her or his mind before the start could
    // otherwise never apply again.
    {Q::applied, "psp.ended", Q::ended},
    {Q::opined, "psp.ended", Q::ended},
    {Q::adjourned, "psp.ended", Q::ended},
    {Q::authorised, "psp.ended", Q::ended},

    {Q::active, "psp.ended", Q::ended},
    {Q::suspended, "psp.ended", Q::ended},
    {Q::renewal_due, "psp.ended", Q::ended},
    // A refused renewal lets the running term come to its end.
    {Q::refused, "psp.ended", Q::ended},
    {Q::final_refusal, "psp.ended", Q::ended},
    {Q::appealed, "psp.ended", Q::ended},

    {Q::refused, "psp.appeal_filed", Q::appealed},
    {Q::appealed, "psp.appeal_judged", Q::authorised},
    {Q::appealed, "psp.appeal_judged", Q::active},  // it replaced the refusal of a renewal
    {Q::appealed, "psp.appeal_judged", Q::final_refusal},
};

using A = AccreditationPhase;

// CASF R121-12-1 to R121-12-5.
constexpr AccreditationTransition kAccreditation[] = {
    {A::none, "accreditation.requested", A::requested},
    {A::refused, "accreditation.requested", A::requested},
    {A::expired, "accreditation.requested", A::requested},

    {A::requested, "accreditation.documents_requested", A::incomplete},
    {A::incomplete, "accreditation.documents_supplied", A::requested},
    {A::requested, "accreditation.deemed_complete", A::complete},
    {A::requested, "accreditation.completed", A::complete},
    {A::incomplete, "accreditation.completed", A::complete},
    {A::incomplete, "accreditation.refused", A::refused},
    {A::complete, "accreditation.granted", A::granted},
    {A::complete, "accreditation.tacitly_granted", A::tacitly_granted},
    {A::complete, "accreditation.refused", A::refused},
    {A::requested, "accreditation.refused", A::refused},

    {A::granted, "accreditation.expired", A::expired},
    {A::tacitly_granted, "accreditation.expired", A::expired},
};

using R = ReferralPhase;

// referral.requested comes from nowhere, and leads to REQUESTED.
constexpr ReferralTransition kReferral[] = {
    {R::requested, "referral.received", R::received},
    // Our addition to the drawing: a requester whose addressee never reads the request could
    // otherwise not take it back, and a silent addressee would block the closure of the case.
    {R::requested, "referral.cancelled", R::cancelled},
    // "30 d without an answer": a silent addressee is one that never said it received the request,
    // too.
    {R::requested, "referral.expired", R::expired},
    {R::received, "referral.expired", R::expired},
    {R::held, "referral.expired", R::expired},

    {R::received, "referral.held", R::held},
    {R::received, "referral.accepted", R::accepted},
    {R::received, "referral.declined", R::declined},
    {R::received, "referral.cancelled", R::cancelled},

    {R::held, "referral.received", R::received},
    {R::held, "referral.accepted", R::accepted},
    {R::held, "referral.declined", R::declined},
    {R::held, "referral.cancelled", R::cancelled},

    {R::accepted, "referral.cancelled", R::cancelled},
    {R::accepted, "referral.completed", R::completed},
    {R::accepted, "referral.completed", R::failed},  // did_not_come
};

/// By ordinal of the event type and by phase: the phases it may lead to, a bit each. Built once
/// from a table, so that replay looks a transition up without comparing names.
template <class Phase>
class Machine {
 public:
  template <class Row>
  explicit Machine(std::span<const Row> rows) : to_(statement::catalogue().all().size()) {
    for (const Row& row : rows) {
      const auto* type = statement::catalogue().find("relais." + std::string(row.event) + ".v1");
      check(type != nullptr, "a transition names no event type of the schema");
      auto& targets = to_.at(type->ordinal)[static_cast<std::size_t>(row.from)];
      const std::uint32_t bit = 1U << static_cast<unsigned>(row.to);
      check((targets & bit) == 0, "a transition is drawn twice");
      targets |= bit;
    }
  }

  std::uint32_t targets(const Act& act, Phase from) const {
    return to_[act.type->ordinal][static_cast<std::size_t>(from)];
  }
  /// "IN_SUPPORT, DORMANT": where the event is allowed.
  std::string sources(const Act& act) const {
    std::string out;
    for (std::size_t from = 0; from < kPhases; ++from) {
      if (to_[act.type->ordinal][from] == 0) continue;
      if (!out.empty()) out += ", ";
      out += to_string(static_cast<Phase>(from));
    }
    return out;
  }

 private:
  static constexpr std::size_t kPhases = 12;  // from 0 to 11, in any machine
  std::vector<std::array<std::uint32_t, kPhases>> to_;
};

const Machine<CasePhase>& machine(CasePhase) {
  static const Machine<CasePhase> kMachine(case_transitions());
  return kMachine;
}

const Machine<ReferralPhase>& machine(ReferralPhase) {
  static const Machine<ReferralPhase> kMachine(referral_transitions());
  return kMachine;
}

const Machine<PspPhase>& machine(PspPhase) {
  static const Machine<PspPhase> kMachine(psp_transitions());
  return kMachine;
}

const Machine<AccreditationPhase>& machine(AccreditationPhase) {
  static const Machine<AccreditationPhase> kMachine(accreditation_transitions());
  return kMachine;
}

template <class Phase>
Status drawn_from(Phase from, const Act& act, std::string rule, std::string_view thing) {
  const auto& states = machine(from);
  if (states.targets(act, from) != 0) return {};
  std::string message = act.type->name + " is not drawn for a ";
  message.append(thing).append(" that is ").append(to_string(from));
  return fail(refusal(act, Errc::conflict, std::move(rule), std::move(message))
                  .accepts(states.sources(act))
                  .in_state(std::string(to_string(from))));
}

template <class Phase>
Phase only_target(Phase from, const Act& act) {
  const std::uint32_t targets = machine(from).targets(act, from);
  check(std::has_single_bit(targets), "an accepted event has no single transition");
  return static_cast<Phase>(std::countr_zero(targets));
}

template <class Phase>
Phase drawn_target(Phase from, const Act& act, Phase to) {
  check(((machine(from).targets(act, from) >> static_cast<unsigned>(to)) & 1U) != 0,
        "an accepted event makes a transition that is not drawn");
  return to;
}

}  // namespace

std::span<const CaseTransition> case_transitions() {
  static const std::vector<CaseTransition> kRows = all_case_transitions();
  return kRows;
}
std::span<const ReferralTransition> referral_transitions() {
  return kReferral;
}
std::span<const PspTransition> psp_transitions() {
  return kPsp;
}
std::span<const AccreditationTransition> accreditation_transitions() {
  return kAccreditation;
}

Status drawn(const CaseState& c, const Act& act) {
  return drawn_from(c.phase, act, "case-transition", "case");
}

Status drawn(const Referral& r, const Act& act) {
  return drawn_from(r.phase, act, "referral-transition", "referral");
}

Status drawn(const Psp& p, const Act& act) {
  return drawn_from(p.phase, act, "psp-transition", "parcours");
}

Status drawn(const Accreditation& a, const Act& act) {
  return drawn_from(a.phase, act, "accreditation-transition", "accreditation");
}

void advance(CaseState& c, const Act& act) {
  c.phase = only_target(c.phase, act);
}
void advance(Referral& r, const Act& act) {
  r.phase = only_target(r.phase, act);
}

void advance(CaseState& c, const Act& act, CasePhase to) {
  c.phase = drawn_target(c.phase, act, to);
}

void advance(Referral& r, const Act& act, ReferralPhase to) {
  r.phase = drawn_target(r.phase, act, to);
}

void advance(Psp& p, const Act& act) {
  p.phase = only_target(p.phase, act);
}
void advance(Psp& p, const Act& act, PspPhase to) {
  p.phase = drawn_target(p.phase, act, to);
}
void advance(Accreditation& a, const Act& act) {
  a.phase = only_target(a.phase, act);
}

void check_transitions_name_types() {
  static_cast<void>(machine(PspPhase{}));
  static_cast<void>(machine(AccreditationPhase{}));
  static_cast<void>(machine(CasePhase{}));
  static_cast<void>(machine(ReferralPhase{}));
}

bool is_open(CasePhase p) {
  return p != dismissed && p != closed && p != erased;
}

CasePhase settled(const CaseState& c) {
  for (const Referral& r : c.referrals)
    if (r.pending()) return referred;
  // PSP and DORMANT have no pending referral: neither begins nor ends with one.
  if (c.phase != referred) return c.phase;
  return c.supported ? in_support : assessed;
}

}  // namespace relais::rules
