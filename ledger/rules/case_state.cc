#include "ledger/rules/case_state.h"

#include <algorithm>

#include "ledger/base/stored.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/law.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/stream_states.h"

namespace relais::rules {
namespace {

template <class Phase, std::size_t N>
std::string_view name_of(Phase p, const std::string_view (&names)[N]) {
  const auto ordinal = static_cast<std::size_t>(p);
  require_stored(ordinal >= 1 && ordinal <= N, "a stored phase has no name");
  return names[ordinal - 1];
}

}  // namespace

std::string_view to_string(CasePhase p) {
  static constexpr std::string_view kNames[] = {"DETECTED", "DISMISSED",  "ASSESSED",
                                                "REFERRED", "IN_SUPPORT", "PSP",
                                                "DORMANT",  "CLOSED",     "ERASED"};
  return name_of(p, kNames);
}

std::string_view to_string(ReferralPhase p) {
  static constexpr std::string_view kNames[] = {"REQUESTED", "RECEIVED",  "HELD",
                                                "ACCEPTED",  "DECLINED",  "EXPIRED",
                                                "CANCELLED", "COMPLETED", "FAILED"};
  return name_of(p, kNames);
}

std::string_view to_string(StepPhase p) {
  static constexpr std::string_view kNames[] = {"PLANNED", "DONE", "MISSED"};
  return name_of(p, kNames);
}

std::string_view to_string(PspPhase p) {
  static constexpr std::string_view kNames[] = {
      "APPLIED",     "OPINED",  "ADJOURNED", "AUTHORISED", "ACTIVE", "SUSPENDED",
      "RENEWAL_DUE", "REFUSED", "APPEALED",  "FINAL",      "ENDED"};
  return p == PspPhase::none ? "NONE" : name_of(p, kNames);
}

std::string_view to_string(PermitPhase p) {
  static constexpr std::string_view kNames[] = {"REQUESTED", "ISSUED", "REFUSED"};
  return p == PermitPhase::none ? "NONE" : name_of(p, kNames);
}

std::string_view to_string(AccreditationPhase p) {
  static constexpr std::string_view kNames[] = {
      "REQUESTED", "COMPLETE", "GRANTED", "TACITLY_GRANTED", "REFUSED", "EXPIRED", "INCOMPLETE"};
  return p == AccreditationPhase::none ? "NONE" : name_of(p, kNames);
}

std::string_view to_string(Proposal::Phase p) {
  static constexpr std::string_view kNames[] = {"OPEN",      "APPROVED", "REJECTED",
                                                "WITHDRAWN", "EFFECTED", "OVERTAKEN"};
  return name_of(p, kNames);
}

bool Consent::covers(SignatoryId to, Timestamp at) const {
  if (expires_on && legal_day(at).value > *expires_on) return false;
  return recipients.empty() || std::ranges::find(recipients, to) != recipients.end();
}

bool CaseState::minor() const {
  return age_band == schema::AgeBand::UNDER13 || age_band == schema::AgeBand::FROM13_TO15 ||
         age_band == schema::AgeBand::FROM16_TO17;
}

bool CaseState::minor_on(Day d) const {
  int youngest = 0;  // of who may be meant
  switch (age_band) {
    case schema::AgeBand::UNDER13:
      break;
    case schema::AgeBand::FROM13_TO15:
      youngest = 13;
      break;
    case schema::AgeBand::FROM16_TO17:
      youngest = 16;
      break;
    default:
      return false;
  }
  return d < add_months(Day{age_stated_on}, law::months_to_majority(youngest));
}

// The latest are the likeliest to be asked for.
Referral* CaseState::find_referral(const Uuid& wanted) {
  for (auto it = referrals.rbegin(); it != referrals.rend(); ++it)
    if (it->id == wanted) return &*it;
  return nullptr;
}

const Consent* CaseState::referral_consent(SignatoryId to, Timestamp at) const {
  const auto it = std::ranges::find_if(consents, [&](const Consent& consent) {
    return consent.scope == schema::ConsentScope::REFERRAL && consent.covers(to, at);
  });
  return it == consents.end() ? nullptr : &*it;
}

const LegalHold* CaseState::hold_in_force(Day today) const {
  const LegalHold* longest = nullptr;
  for (const LegalHold& h : holds)
    if (h.in_force(today) && (longest == nullptr || h.ends_on > longest->ends_on)) longest = &h;
  return longest;
}

bool emergency_access(const CaseState& c, SignatoryId who, Timestamp at) {
  return std::ranges::any_of(c.accesses,
                             [&](const EmergencyAccess& a) { return a.by == who && a.open(at); });
}

bool access_unreviewed(const CaseState& c, SignatoryId who) {
  return std::ranges::any_of(
      c.accesses, [&](const EmergencyAccess& a) { return a.by == who && !a.reviewed(); });
}

SupportStep* CaseState::find_step(const Uuid& wanted) {
  for (auto it = steps.rbegin(); it != steps.rend(); ++it)
    if (it->id == wanted) return &*it;
  return nullptr;
}

}  // namespace relais::rules
