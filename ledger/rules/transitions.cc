// The state machines (DOMAIN.md, section 3) as tables, and the one way to consult them.
#include <array>
#include <bit>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

using enum CasePhase;

// case.detected is not here: it comes from nowhere, and leads to DETECTED.
constexpr CaseTransition kCase[] = {
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

    {in_support, "case.closed", closed},
    {dormant, "case.closed", closed},
    {closed, "case.reopened", assessed},
};

using R = ReferralPhase;

// referral.requested comes from nowhere, and leads to REQUESTED. EXPIRED is drawn with the clock's
// own events.
constexpr ReferralTransition kReferral[] = {
    {R::requested, "referral.received", R::received},
    // Our addition to the drawing: a requester whose addressee never reads the request could
    // otherwise not take it back, and a silent addressee would block the closure of the case.
    {R::requested, "referral.cancelled", R::cancelled},

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
  static constexpr std::size_t kPhases = 10;  // from 1 to 9, in either machine
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
  return kCase;
}
std::span<const ReferralTransition> referral_transitions() {
  return kReferral;
}

Status drawn(const CaseState& c, const Act& act) {
  return drawn_from(c.phase, act, "case-transition", "case");
}

Status drawn(const Referral& r, const Act& act) {
  return drawn_from(r.phase, act, "referral-transition", "referral");
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

void check_transitions_name_types() {
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
