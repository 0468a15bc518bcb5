// The numbers of a convention: deadlines and limits that are ours or published practice, and that
// the convention names and can amend. What the law fixes is no such number and stands in the rules.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/archive.h"

namespace relais::rules {

/// The order is stored: new ones at the end.
enum class Parameter : std::uint8_t {
  adult_first_contact_days,
  minor_protection_hours,
  risk_reassessment_days,
  immediate_risk_hours,
  referral_receipt_working_days,
  referral_answer_days,
  referral_expiry_days,
  referral_completion_days,
  inactivity_alert_days,
  dormant_after_days,
  protection_follow_up_days,
  retention_years,
  capacity_stale_days,
  transfer_answer_days,
  accreditation_renewal_days,
  accreditation_first_warning_days,
  accreditation_last_warning_days,
  psp_review_days,
  psp_renewal_alert_days,
  small_cell_threshold,
  small_cell_threshold_public,
  retention_first_warning_days,
  retention_last_warning_days,
  legal_hold_years,
  emergency_access_hours,
  emergency_review_days,
};
inline constexpr std::size_t kParameters = 26;

struct ParameterInfo {
  std::string_view name;    ///< as the convention writes it: "referral-answer-days"
  std::uint32_t ours = 0;   ///< where the convention does not name it
  std::uint32_t least = 1;  ///< accepted values, both included
  std::uint32_t most = 0;
  std::string_view meaning;
};
const ParameterInfo& info(Parameter t);
std::optional<Parameter> find_parameter(std::string_view name);
/// Two numbers of which the first may not be greater than the second, or they would make no sense
/// together.
struct ParameterOrder {
  Parameter lesser;
  Parameter greater;
};
std::span<const ParameterOrder> parameter_orders();

/// What a convention says of each.
class Parameters {
 public:
  std::uint32_t operator[](Parameter t) const {
    const std::uint32_t set = values_[static_cast<std::size_t>(t)];
    return set != 0 ? set : info(t).ours;
  }
  /// `value` is in the term's range, so never 0.
  void set(Parameter t, std::uint32_t value) { values_[static_cast<std::size_t>(t)] = value; }
  bool operator==(const Parameters&) const = default;

  template <class Ar>
  friend void archive(Ar& ar, Parameters& t) {
    std::vector<std::uint32_t> values(t.values_.begin(), t.values_.end());
    ar(values);
    if constexpr (Ar::kReading)
      for (std::size_t i = 0; i < kParameters && i < values.size(); ++i) t.values_[i] = values[i];
  }

 private:
  std::array<std::uint32_t, kParameters> values_{};  // 0: not named
};

}  // namespace relais::rules
