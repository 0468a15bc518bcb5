#include "ledger/rules/case_state.h"

#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

template <class Phase, std::size_t N>
std::string_view name_of(Phase p, const std::string_view (&names)[N]) {
  const auto ordinal = static_cast<std::size_t>(p);
  check(ordinal >= 1 && ordinal <= N, "a phase has no name");
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

bool Consent::covers(SignatoryId to, Timestamp at) const {
  if (expires_on && day_of(at).value > *expires_on) return false;
  return recipients.empty() || std::ranges::find(recipients, to) != recipients.end();
}

bool CaseState::minor() const {
  return age_band == schema::AgeBand::UNDER13 || age_band == schema::AgeBand::FROM13_TO15 ||
         age_band == schema::AgeBand::FROM16_TO17;
}

// The latest are the likeliest to be asked for.
Referral* CaseState::find_referral(const Uuid& wanted) {
  for (auto it = referrals.rbegin(); it != referrals.rend(); ++it)
    if (it->id == wanted) return &*it;
  return nullptr;
}

Step* CaseState::find_step(const Uuid& wanted) {
  for (auto it = steps.rbegin(); it != steps.rend(); ++it)
    if (it->id == wanted) return &*it;
  return nullptr;
}

}  // namespace relais::rules
