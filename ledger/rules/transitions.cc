// The state machines (docs/DOMAIN.md, section 3) as tables, and the one way to consult them.
#include <array>
#include <bit>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/stream_states.h"

namespace relais::rules {
namespace {

/// Phases of one machine.
template <class Phase>
struct Phases {
  constexpr Phases(Phase p) : bits(1U << static_cast<unsigned>(p)) {}  // NOLINT: one is a set too
  constexpr explicit Phases(std::uint32_t b) : bits(b) {}
  constexpr bool has(Phase p) const { return ((bits >> static_cast<unsigned>(p)) & 1U) != 0; }
  friend constexpr Phases operator|(Phases a, Phases b) { return Phases(a.bits | b.bits); }
  std::uint32_t bits;
};

struct Keeps {};
constexpr Keeps kKeeps;  // the phase is the same after the event

/// From each of these phases the event leads to any of those.
template <class Phase>
struct Row {
  constexpr Row(Phases<Phase> f, std::string_view e, Phases<Phase> t) : from(f), event(e), to(t) {}
  constexpr Row(Phases<Phase> f, std::string_view e, Keeps)
      : from(f), event(e), to(0U), keeps(true) {}
  Phases<Phase> from;
  std::string_view event;
  Phases<Phase> to;
  bool keeps = false;
};

constexpr std::size_t kMaxPhases = 12;  // from 0 to 11, in any machine

// --- The case. case.detected is not here: it comes from nowhere, and leads to DETECTED.

using C = Phases<CasePhase>;
constexpr C kDetected = CasePhase::detected, kDismissed = CasePhase::dismissed,
            kAssessed = CasePhase::assessed, kReferred = CasePhase::referred,
            kInSupport = CasePhase::in_support, kInPsp = CasePhase::psp,
            kDormant = CasePhase::dormant, kClosed = CasePhase::closed, kErased = CasePhase::erased;
constexpr C kSupported = kInSupport | kInPsp | kDormant;
constexpr C kAfterDetection = kAssessed | kReferred | kSupported;
constexpr C kOpen = kDetected | kAfterDetection;
constexpr C kNotErased = kOpen | kDismissed | kClosed;

constexpr Row<CasePhase> kCase[] = {
    {kDetected, "case.dismissed", kDismissed},
    {kInSupport | kDormant, "case.closed", kClosed},
    {kClosed, "case.reopened", kAssessed},
    {kInSupport, "case.became_dormant", kDormant},

    {kDetected, "case.risk_assessed", kAssessed},
    {kAfterDetection, "case.risk_assessed", kKeeps},

    // A consent that goes, or gets narrower, takes the pending referrals with it that rest on it.
    // It can be taken back at any time, an end of the case notwithstanding (RGPD art. 7(3)).
    {kOpen, "case.consent_given", kKeeps},
    {kReferred, "case.consent_given", kInSupport | kAssessed},
    {kNotErased, "case.consent_withdrawn", kKeeps},
    {kReferred, "case.consent_withdrawn", kInSupport | kAssessed},

    // A referral that is not answered yet keeps its case REFERRED; the answer to the last of them
    // lets it go on. An accepted referral runs beside the support it is part of.
    {kAssessed | kReferred | kInSupport, "referral.requested", kReferred},
    {kReferred, "referral.received", kKeeps},
    {kReferred, "referral.held", kKeeps},
    {kReferred, "referral.accepted", kReferred | kInSupport},
    {kReferred, "referral.declined", kReferred | kInSupport | kAssessed},
    {kReferred, "referral.expired", kReferred | kInSupport | kAssessed},
    {kReferred, "referral.cancelled", kReferred | kInSupport | kAssessed},
    {kSupported, "referral.cancelled", kKeeps},
    {kReferred | kSupported, "referral.completed", kKeeps},

    // A step that did not take place is no support. ASSESSED: it was planned before the case was
    // closed and reopened.
    {kAssessed | kDormant, "support.step_planned", kInSupport},
    {kReferred | kInSupport | kInPsp, "support.step_planned", kKeeps},
    {kAssessed | kDormant, "support.step_done", kInSupport},
    {kReferred | kInSupport | kInPsp, "support.step_done", kKeeps},
    {kAfterDetection, "support.step_missed", kKeeps},

    {kOpen, "protection.report_transmitted", kKeeps},
    {kOpen, "protection.prosecutor_notified", kKeeps},
    {kNotErased, "protection.outcome_recorded", kKeeps},
    {kOpen, "case.transfer_requested", kKeeps},
    {kOpen, "case.transfer_accepted", kKeeps},
    {kOpen, "case.transfer_declined", kKeeps},
    {kNotErased, "case.passed_on", kKeeps},
    {kOpen, "coordination.meeting_held", kKeeps},
    {kAfterDetection, "plan.agreed", kKeeps},
    {kOpen, "contribution.committed", kKeeps},
    {kOpen, "contribution.delivered", kKeeps},
    {kAfterDetection, "external_referral.recorded", kKeeps},

    // A detection that is taken back leaves no case; the last act of support that is taken back, no
    // support; a request that is, none.
    {kNotErased, "case.corrected", kKeeps},
    {kNotErased, "case.annulled", kKeeps},
    {kDetected, "case.annulled", kDismissed},
    {kInSupport, "case.annulled", kAssessed},
    {kReferred, "case.annulled", kInSupport | kAssessed},

    // Erasure of single acts keeps the phase; of everything, it is the end.
    {kNotErased, "case.data_erased", kKeeps},
    {kDismissed | kClosed, "case.data_erased", kErased},

    // What is said of the file changes nothing of the support.
    {kNotErased, "case.legal_hold_placed", kKeeps},
    {kNotErased, "case.legal_hold_lifted", kKeeps},
    {kNotErased, "case.emergency_access_opened", kKeeps},
    {kNotErased, "case.emergency_access_reviewed", kKeeps},

    // A parcours is applied for while the person is supported; what follows is judged by the
    // parcours' own machine, since support goes on meanwhile. One that never started is taken back
    // beside whatever support there is.
    {kInSupport, "psp.applied", kKeeps},
    {kInSupport, "psp.started", kInPsp},
    {kInPsp, "psp.ended", kInSupport},
    {kAssessed | kReferred | kInSupport | kDormant, "psp.ended", kKeeps},
    {kAfterDetection, "psp.opinion_given", kKeeps},
    {kAfterDetection, "psp.decided", kKeeps},
    {kAfterDetection, "psp.review_filed", kKeeps},
    {kAfterDetection, "psp.renewal_requested", kKeeps},
    {kAfterDetection, "psp.renewal_decided", kKeeps},
    {kAfterDetection, "psp.suspended", kKeeps},
    {kAfterDetection, "psp.resumed", kKeeps},
    {kAfterDetection, "psp.appeal_filed", kKeeps},
    // Somebody must be able to say that a court has judged, wherever the case stands by then.
    {kAfterDetection | kClosed, "psp.appeal_judged", kKeeps},
    {kAfterDetection, "afis.opened", kKeeps},
    {kNotErased, "afis.closed", kKeeps},
    {kAfterDetection, "residence_permit.requested", kKeeps},
    {kNotErased, "residence_permit.issued", kKeeps},
    {kNotErased, "residence_permit.refused", kKeeps},
};

// --- The parcours (CASF L121-9, R121-12-8 and following). psp.applied comes from nowhere, or from
// an end.

using P = Phases<PspPhase>;
constexpr P kNone = PspPhase::none, kApplied = PspPhase::applied, kOpined = PspPhase::opined,
            kAdjourned = PspPhase::adjourned, kAuthorised = PspPhase::authorised,
            kActive = PspPhase::active, kSuspended = PspPhase::suspended,
            kRenewalDue = PspPhase::renewal_due, kRefused = PspPhase::refused,
            kAppealed = PspPhase::appealed, kFinalRefusal = PspPhase::final_refusal,
            kEnded = PspPhase::ended;
constexpr P kNotStarted = kApplied | kOpined | kAdjourned | kAuthorised;
constexpr P kRunning = kActive | kSuspended | kRenewalDue;

constexpr Row<PspPhase> kPsp[] = {
    {kNone | kEnded | kFinalRefusal | kRefused, "psp.applied", kApplied},
    {kApplied | kAdjourned, "psp.opinion_given", kOpined | kAdjourned},
    {kOpined, "psp.decided", kAuthorised | kRefused},
    {kAuthorised, "psp.started", kActive},
    {kActive, "psp.suspended", kSuspended},
    {kSuspended, "psp.resumed", kActive},
    {kRunning, "psp.review_filed", kKeeps},
    {kActive, "psp.renewal_requested", kRenewalDue},
    {kRenewalDue, "psp.renewal_decided", kActive | kRefused},
    {kRunning, "psp.ended", kEnded},
    // Our addition to the drawing: a person who changes her or his mind before the start could
    // otherwise never apply again.
    {kNotStarted, "psp.ended", kEnded},
    // A refused renewal lets the running term come to its end.
    {kRefused | kFinalRefusal | kAppealed, "psp.ended", kEnded},
    {kRefused, "psp.appeal_filed", kAppealed},
    // ACTIVE: the judgement replaced the refusal of a renewal.
    {kAppealed, "psp.appeal_judged", kAuthorised | kActive | kFinalRefusal},
};

// --- The agrément (CASF R121-12-1 to R121-12-5).

using A = AccreditationPhase;
using Files = Phases<A>;

constexpr Row<A> kAccreditation[] = {
    {Files(A::none) | A::refused | A::expired, "accreditation.requested", A::requested},
    {A::requested, "accreditation.documents_requested", A::incomplete},
    {A::incomplete, "accreditation.documents_supplied", A::requested},
    {A::requested, "accreditation.deemed_complete", A::complete},
    {Files(A::requested) | A::incomplete, "accreditation.completed", A::complete},
    {A::complete, "accreditation.granted", A::granted},
    {A::complete, "accreditation.tacitly_granted", A::tacitly_granted},
    {Files(A::requested) | A::incomplete | A::complete, "accreditation.refused", A::refused},
    {Files(A::granted) | A::tacitly_granted, "accreditation.expired", A::expired},
};

// --- The referral. referral.requested comes from nowhere, and leads to REQUESTED.

using R = ReferralPhase;
using Requests = Phases<R>;
constexpr Requests kBeforeTheAddressee = Requests(R::received) | R::held;
constexpr Requests kPending = Requests(R::requested) | kBeforeTheAddressee;

constexpr Row<R> kReferral[] = {
    {Requests(R::requested) | R::held, "referral.received", R::received},
    {R::received, "referral.held", R::held},
    {kBeforeTheAddressee, "referral.accepted", R::accepted},
    {kBeforeTheAddressee, "referral.declined", R::declined},
    // REQUESTED is our addition to the drawing: a requester whose addressee never reads the request
    // could otherwise not take it back, and a silent addressee would block the closure of the case.
    {kPending | R::accepted, "referral.cancelled", R::cancelled},
    // "30 d without an answer": a silent addressee is one that never said it received the request,
    // too.
    {kPending, "referral.expired", R::expired},
    {R::accepted, "referral.completed", Requests(R::completed) | R::failed},  // did_not_come
};

/// Every single transition of a table, in its order.
template <class Phase, std::size_t N>
std::vector<Transition<Phase>> flat(const Row<Phase> (&rows)[N]) {
  std::vector<Transition<Phase>> out;
  for (const Row<Phase>& row : rows)
    for (std::size_t f = 0; f < kMaxPhases; ++f) {
      const auto from = static_cast<Phase>(f);
      if (!row.from.has(from)) continue;
      for (std::size_t t = 0; t < kMaxPhases; ++t) {
        const auto to = static_cast<Phase>(t);
        if (row.keeps ? from == to : row.to.has(to)) out.push_back({from, row.event, to});
      }
    }
  return out;
}

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
    for (std::size_t from = 0; from < kMaxPhases; ++from) {
      if (to_[act.type->ordinal][from] == 0) continue;
      if (!out.empty()) out += ", ";
      out += to_string(static_cast<Phase>(from));
    }
    return out;
  }

 private:
  std::vector<std::array<std::uint32_t, kMaxPhases>> to_;
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
Status check_phase(Phase from, const Act& act, std::string rule, std::string_view thing) {
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
  static const auto kRows = flat(kCase);
  return kRows;
}
std::span<const ReferralTransition> referral_transitions() {
  static const auto kRows = flat(kReferral);
  return kRows;
}
std::span<const PspTransition> psp_transitions() {
  static const auto kRows = flat(kPsp);
  return kRows;
}
std::span<const AccreditationTransition> accreditation_transitions() {
  static const auto kRows = flat(kAccreditation);
  return kRows;
}

Status check_transition(const CaseState& c, const Act& act) {
  return check_phase(c.phase, act, "case-transition", "case");
}

Status check_transition(const Referral& r, const Act& act) {
  return check_phase(r.phase, act, "referral-transition", "referral");
}

Status check_transition(const Psp& p, const Act& act) {
  return check_phase(p.phase, act, "psp-transition", "parcours");
}

Status check_transition(const Accreditation& a, const Act& act) {
  return check_phase(a.phase, act, "accreditation-transition", "accreditation");
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
  return kOpen.has(p);
}

CasePhase resting_phase(const CaseState& c) {
  for (const Referral& r : c.referrals)
    if (r.pending()) return CasePhase::referred;
  // PSP and DORMANT have no pending referral: neither begins nor ends with one.
  if (c.phase != CasePhase::referred) return c.phase;
  return c.supported ? CasePhase::in_support : CasePhase::assessed;
}

}  // namespace relais::rules
