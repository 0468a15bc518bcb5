// The state of one case, folded from the events of its stream: what the rules judge on, and what the read model serves.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/base/id.h"
#include "schemas/vocabulary.capnp.h"

namespace relais::rules {

/// DOMAIN.md, section 3. The numbers are stored.
enum class CasePhase : std::uint8_t {
  detected = 1, dismissed, assessed, referred, in_support, psp, dormant, closed, erased,
};
/// FHIR Task's statuses, plus expired.
enum class ReferralPhase : std::uint8_t {
  requested = 1, received, held, accepted, declined, expired, cancelled, completed, failed,
};
enum class StepPhase : std::uint8_t { planned = 1, done, missed };

std::string_view to_string(CasePhase p);      ///< "IN_SUPPORT"
std::string_view to_string(ReferralPhase p);  ///< "REQUESTED"
std::string_view to_string(StepPhase p);

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

  /// Not answered yet.
  bool pending() const { return phase == ReferralPhase::requested || phase == ReferralPhase::received || phase == ReferralPhase::held; }
  /// Pending, or accepted and not at its end.
  bool open() const { return pending() || phase == ReferralPhase::accepted; }
};

struct Step {
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

struct CaseState {
  Uuid id;
  std::uint32_t version = 0;
  CasePhase phase = CasePhase::detected;
  bool supported = false;  ///< support has begun: where the case returns when no referral is pending
  SignatoryId author;      ///< who detected
  SignatoryId holder;
  schema::AgeBand age_band{};
  schema::Channel channel{};
  schema::Risk risk{};
  std::string territory;
  Timestamp opened_at;     ///< received_at of the first event
  Timestamp changed_at;    ///< received_at of the last event
  schema::CloseReason close_reason{};
  std::vector<Consent> consents;    ///< in force, by scope
  std::vector<Referral> referrals;  ///< in order of request
  std::vector<Step> steps;          ///< in order of first mention
  std::set<SignatoryId> participants;  ///< who has acted in the case or has been addressed in it

  bool minor() const;
  Referral* find_referral(const Uuid& referral);
  const Referral* find_referral(const Uuid& referral) const { return const_cast<CaseState*>(this)->find_referral(referral); }
  Step* find_step(const Uuid& step);
  const Step* find_step(const Uuid& step) const { return const_cast<CaseState*>(this)->find_step(step); }
};

template <class Ar>
void archive(Ar& ar, Referral& r) {
  ar(r.id, r.from, r.to, r.need, r.urgency, r.legal_basis, r.phase, r.requested_at, r.changed_at, r.requested_index,
     r.decline_reason, r.alternative, r.outcome);
}
template <class Ar>
void archive(Ar& ar, Step& s) { ar(s.id, s.by, s.need, s.phase, s.changed_at); }
template <class Ar>
void archive(Ar& ar, Consent& c) { ar(c.scope, c.recipients, c.given_at, c.expires_on); }
template <class Ar>
void archive(Ar& ar, CaseState& s) {
  ar(s.id, s.version, s.phase, s.supported, s.author, s.holder, s.age_band, s.channel, s.risk, s.territory, s.opened_at,
     s.changed_at, s.close_reason, s.consents, s.referrals, s.steps, s.participants);
}

}  // namespace relais::rules
