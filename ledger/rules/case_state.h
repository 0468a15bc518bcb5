// The state of one case, folded from the events of its stream: what the rules judge on, and what
// the read model serves.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/id.h"
#include "ledger/rules/calendar.h"
#include "schemas/vocabulary.capnp.h"

namespace relais::rules {

/// docs/DOMAIN.md, section 3. The numbers are stored.
enum class CasePhase : std::uint8_t {
  detected = 1,
  dismissed,
  assessed,
  referred,
  in_support,
  psp,
  dormant,
  closed,
  erased,
};
/// FHIR Task's statuses, plus expired.
enum class ReferralPhase : std::uint8_t {
  requested = 1,
  received,
  held,
  accepted,
  declined,
  expired,
  cancelled,
  completed,
  failed,
};
enum class StepPhase : std::uint8_t { planned = 1, done, missed };

std::string_view to_string(CasePhase p);      ///< "IN_SUPPORT"
std::string_view to_string(ReferralPhase p);  ///< "REQUESTED"
std::string_view to_string(StepPhase p);

/// docs/DOMAIN.md, section 3. RENEWAL_DUE: a renewal was asked for and is not decided. FINAL: the
/// refusal stands.
enum class PspPhase : std::uint8_t {
  none = 0,
  applied,
  opined,
  adjourned,
  authorised,
  active,
  suspended,
  renewal_due,
  refused,
  appealed,
  final_refusal,
  ended,
};
std::string_view to_string(PspPhase p);
enum class PermitPhase : std::uint8_t { none = 0, requested, issued, refused };
std::string_view to_string(PermitPhase p);

struct Referral {
  Uuid id;
  SignatoryId from;
  SignatoryId to;
  std::string need;
  schema::Urgency urgency{};
  schema::LegalBasis legal_basis{};
  ReferralPhase phase = ReferralPhase::requested;
  Timestamp requested_at;
  Timestamp changed_at;
  LogIndex requested_index;
  schema::DeclineReason decline_reason{};
  std::optional<SignatoryId> alternative;
  schema::ReferralOutcome outcome{};
  // Of the consent that it rests on, where that is its basis.
  std::optional<std::int32_t> consent_until;  ///< last day it holds, days since 1970-01-01
  std::uint32_t consent_ended = 0;  ///< version of the event by which it was taken back; 0: none
  std::uint32_t completed = 0;      ///< version of the event by which it came to its end; 0: none

  /// Whether the consent was there for an event of this version, on this day.
  bool consented(std::uint32_t version, Day day) const {
    return (consent_ended == 0 || version < consent_ended) &&
           (!consent_until || day.value <= *consent_until);
  }
  /// Whether its addressee supported the person when this event came, and may know what it says.
  bool covers(std::uint32_t version, Day day) const {
    return consented(version, day) && (completed == 0 || version < completed);
  }
  /// Not answered yet.
  bool pending() const {
    return phase == ReferralPhase::requested || phase == ReferralPhase::received ||
           phase == ReferralPhase::held;
  }
  /// Pending, or accepted and not at its end.
  bool open() const { return pending() || phase == ReferralPhase::accepted; }
};

struct SupportStep {
  Uuid id;
  SignatoryId by;
  std::string need;
  StepPhase phase = StepPhase::planned;
  Timestamp changed_at;
};

struct Consent {
  schema::ConsentScope scope{};
  std::vector<SignatoryId> recipients;  ///< empty: all signatories
  Timestamp given_at;
  std::optional<std::int32_t> expires_on;  ///< last day it holds, days since 1970-01-01
  bool covers(SignatoryId to, Timestamp at) const;
};

/// The parcours de sortie of a case (CASF L121-9). Days count from 1970-01-01, in Europe/Paris.
struct Psp {
  PspPhase phase = PspPhase::none;
  SignatoryId applicant;  ///< the association that presented the file
  Timestamp applied_at;
  std::int32_t applied_on = 0;  ///< the day that was said, or that of receipt
  std::string session;          ///< of the last opinion
  schema::OpinionKind opinion{};
  Timestamp opinion_at;
  Timestamp decided_at;
  bool refused_renewal =
      false;  ///< the refusal was of a renewal: authorising anew returns to ACTIVE
  std::int32_t notified_on = 0;   ///< of the last decision: appeals run from here
  std::int32_t appealed_on = 0;   ///< when the last appeal was filed, as it was said
  std::int32_t started_on = 0;    ///< 0: not started
  std::int32_t term_ends_on = 0;  ///< last day of the current term
  Timestamp term_recorded_at;     ///< when the ledger learned of the current term
  std::uint8_t terms = 0;         ///< terms authorised so far, 1 to 4
  std::int32_t ended_on = 0;
  std::uint32_t ended = 0;             ///< version of the event by which it ended; 0: none
  std::int32_t previous_ended_on = 0;  ///< of the parcours before this one, where there was one
  schema::PspEnd outcome{};
  std::int32_t afis_opened_on = 0;  ///< 0: none open
  PermitPhase permit = PermitPhase::none;
  Timestamp permit_requested_at;
  std::int32_t permit_requested_on = 0;  ///< the day that was said
  std::int32_t permit_valid_until = 0;
};

/// A pending change of holder.
struct Transfer {
  SignatoryId to;
  schema::TransferKind kind{};
  Timestamp requested_at;
};

/// A report to the CRIP or to the prosecutor (CASF L226-2-1, L226-4).
struct ProtectionReport {
  SignatoryId by;
  bool prosecutor = false;
  schema::Crip crip{};
  Timestamp at;
  schema::ProtectionOutcome outcome{};  ///< UNSPECIFIED until it is recorded
};

struct Contribution {
  Uuid id;
  SignatoryId by;
  schema::ContributionKind kind{};
  std::int32_t due_on = 0;  ///< 0: none named
  bool delivered = false;
  bool lapsed = false;  ///< the case ended before: nobody waits for it any more
};

/// That what was disclosed is needed for somebody's rights: nothing of the case is erased meanwhile
/// (RGPD art. 17(3)(e)).
struct LegalHold {
  Uuid id;
  SignatoryId by;
  schema::HoldReason reason{};
  Timestamp placed_at;
  std::int32_t ends_on = 0;  ///< last day, days since 1970-01-01
  bool lifted = false;

  bool in_force(Day today) const { return !lifted && today.value <= ends_on; }
};

/// That a signatory read beyond its rights in immediate danger, and what the holder says of it.
struct EmergencyAccess {
  Uuid id;
  SignatoryId by;
  schema::EmergencyReason reason{};
  Timestamp opened_at;
  Timestamp until;                ///< exclusive
  schema::AccessReview review{};  ///< UNSPECIFIED until the holder has reviewed it
  Timestamp reviewed_at;

  bool reviewed() const { return review != schema::AccessReview::UNSPECIFIED; }
  /// One that was found not justified has ended.
  bool open(Timestamp at) const {
    return at < until && review != schema::AccessReview::NOT_JUSTIFIED;
  }
};

/// One event of the stream, for what acts on it later: corrections and annulments.
struct ActMark {
  std::uint16_t type = 0;  ///< EventOrdinal
  SignatoryId by;
  bool annulled = false;
  bool corrected = false;
  /// The erasure that destroyed its disclosures: one more than its place in CaseState::erasures; 0:
  /// none.
  std::uint32_t erased = 0;
  /// What it acted on: the position of the step, report, contribution or reviewed access in the
  /// case's list; the scope of the consent; the ordinal of who holds the case from then on, where
  /// it was passed on. 0 for other types.
  std::uint32_t ref = 0;
};

/// That what was disclosed was destroyed: when, by whom and why.
struct Erasure {
  SignatoryId by;
  Timestamp at;
  schema::ErasureBasis basis{};
};

struct CaseState {
  Uuid id;
  std::uint32_t version = 0;
  CasePhase phase = CasePhase::detected;
  bool supported =
      false;           ///< support has begun: where the case returns when no referral is pending
  SignatoryId author;  ///< who detected
  SignatoryId holder;
  schema::AgeBand age_band{};
  std::int32_t age_stated_on =
      0;  ///< legal day on which the age band was said, days since 1970-01-01
  schema::Channel channel{};
  schema::Risk risk{};
  std::string territory;
  Timestamp opened_at;   ///< received_at of the first event
  Timestamp changed_at;  ///< received_at of the last event
  schema::CloseReason close_reason{};
  std::vector<Consent> consents;    ///< in force, by scope
  std::vector<Referral> referrals;  ///< in order of request
  std::vector<SupportStep> steps;   ///< in order of first mention
  std::vector<ActMark> acts;        ///< by version, from 1 at index 0
  std::vector<ProtectionReport> reports;
  std::optional<Transfer> transfer;
  std::vector<Contribution> contributions;
  std::vector<LegalHold> holds;           ///< in order, those that have ended too
  std::vector<EmergencyAccess> accesses;  ///< in order, for ever
  Psp psp;
  std::vector<Erasure> erasures;  ///< in order
  Timestamp risk_assessed_at;     ///< of the last assessment; the detection counts
  /// Last act for the person, the commission's debates excepted: inactivity runs from here.
  Timestamp last_act_at;
  std::optional<Timestamp> closed_at;
  std::set<SignatoryId> participants;  ///< who has acted in the case or has been addressed in it
  std::set<SignatoryId> stepped_back;  ///< from this file of the commission, in whatever session

  /// Whether the age band that was said is a minor's.
  bool minor() const;
  /// Whether the person may still be a minor on that day: turning 18 follows from the age band and
  /// the day it was said, and protection lasts until the last day it can.
  bool minor_on(Day d) const;
  Referral* find_referral(const Uuid& referral);
  const Referral* find_referral(const Uuid& referral) const {
    return const_cast<CaseState*>(this)->find_referral(referral);
  }
  /// The consent to referral that covers the signatory; nullptr where none does.
  const Consent* referral_consent(SignatoryId to, Timestamp at) const;
  /// Of those that keep the case from being erased on this day, the one that ends last; or null.
  const LegalHold* hold_in_force(Day today) const;
  SupportStep* find_step(const Uuid& step);
  const SupportStep* find_step(const Uuid& step) const {
    return const_cast<CaseState*>(this)->find_step(step);
  }
};

template <class Ar>
void archive(Ar& ar, Referral& r) {
  ar(r.id, r.from, r.to, r.need, r.urgency, r.legal_basis, r.phase, r.requested_at, r.changed_at,
     r.requested_index, r.decline_reason, r.alternative, r.outcome, r.consent_until,
     r.consent_ended, r.completed);
}
template <class Ar>
void archive(Ar& ar, SupportStep& s) {
  ar(s.id, s.by, s.need, s.phase, s.changed_at);
}
template <class Ar>
void archive(Ar& ar, Consent& c) {
  ar(c.scope, c.recipients, c.given_at, c.expires_on);
}
template <class Ar>
void archive(Ar& ar, Psp& p) {
  ar(p.phase, p.applicant, p.applied_at, p.applied_on, p.session, p.opinion, p.opinion_at,
     p.decided_at, p.refused_renewal, p.notified_on, p.appealed_on, p.started_on, p.term_ends_on,
     p.term_recorded_at, p.terms, p.ended_on, p.ended, p.previous_ended_on, p.outcome,
     p.afis_opened_on, p.permit, p.permit_requested_at, p.permit_requested_on,
     p.permit_valid_until);
}
template <class Ar>
void archive(Ar& ar, Transfer& t) {
  ar(t.to, t.kind, t.requested_at);
}
template <class Ar>
void archive(Ar& ar, ProtectionReport& r) {
  ar(r.by, r.prosecutor, r.crip, r.at, r.outcome);
}
template <class Ar>
void archive(Ar& ar, Contribution& c) {
  ar(c.id, c.by, c.kind, c.due_on, c.delivered, c.lapsed);
}
template <class Ar>
void archive(Ar& ar, Erasure& e) {
  ar(e.by, e.at, e.basis);
}
template <class Ar>
void archive(Ar& ar, LegalHold& h) {
  ar(h.id, h.by, h.reason, h.placed_at, h.ends_on, h.lifted);
}
template <class Ar>
void archive(Ar& ar, EmergencyAccess& a) {
  ar(a.id, a.by, a.reason, a.opened_at, a.until, a.review, a.reviewed_at);
}
template <class Ar>
void archive(Ar& ar, ActMark& a) {
  std::uint8_t flags = static_cast<std::uint8_t>((a.annulled ? 1 : 0) | (a.corrected ? 2 : 0) |
                                                 (a.erased != 0 ? 4 : 0));
  ar(a.type, a.by, flags, a.ref);
  if constexpr (Ar::kReading) {
    a.annulled = (flags & 1) != 0;
    a.corrected = (flags & 2) != 0;
  }
  if ((flags & 4) != 0) ar(a.erased);
}
template <class Ar>
void archive(Ar& ar, CaseState& s) {
  ar(s.id, s.version, s.phase, s.supported, s.author, s.holder, s.age_band, s.age_stated_on,
     s.channel, s.risk, s.territory, s.opened_at, s.changed_at, s.close_reason, s.consents,
     s.referrals, s.steps, s.acts, s.reports, s.transfer, s.contributions, s.holds, s.accesses,
     s.psp, s.erasures, s.risk_assessed_at, s.last_act_at, s.closed_at, s.participants,
     s.stepped_back);
}

/// Whether an emergency access of the signatory to the case is open: then it reads what the holder
/// reads, but the identity in an application.
bool emergency_access(const CaseState& c, SignatoryId who, Timestamp at);
/// Whether one of the signatory waits for its review.
bool access_unreviewed(const CaseState& c, SignatoryId who);

}  // namespace relais::rules
