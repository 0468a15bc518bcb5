#include "ledger/rules/parameters.h"

#include <algorithm>

namespace relais::rules {
namespace {

constexpr std::uint32_t kDays = 3'650;   // ten years
constexpr std::uint32_t kHours = 8'760;  // a year

constexpr ParameterInfo kAll[] = {
    {"adult-first-contact-days", 10, 1, kDays, "detection of an adult to the first contact"},
    {"minor-protection-hours", 24, 1, kHours, "detection of a minor to the protection decision"},
    {"risk-reassessment-days", 90, 1, kDays, "an assessment to the next"},
    {"immediate-risk-hours", 24, 1, kHours, "the same where the danger is immediate"},
    {"referral-receipt-working-days", 2, 1, 365, "a request to its receipt"},
    {"referral-answer-days", 10, 1, kDays, "a request to its answer"},
    {"referral-expiry-days", 30, 1, kDays, "silence that ends a request"},
    {"referral-completion-days", 60, 1, kDays, "acceptance to completion"},
    {"inactivity-alert-days", 60, 1, kDays, "time without an act on a case in support"},
    {"dormant-after-days", 180, 1, kDays, "time without an act that makes it dormant"},
    {"protection-follow-up-days", 90, 1, kDays, "a report to its chase"},
    {"retention-years", 2, 1, 20, "active base after the last contact (CNIL référentiel)"},
    {"capacity-stale-days", 30, 1, kDays, "a capacity to its next confirmation"},
    {"transfer-answer-days", 10, 1, kDays, "request of a transfer to its answer"},
    {"accreditation-renewal-days", 365, 1, 1'095,
     "before the end: from when a renewal can be asked"},
    {"accreditation-first-warning-days", 180, 1, 1'095, "before the end: the first warning"},
    {"accreditation-last-warning-days", 60, 1, 1'095, "before the end: the last warning"},
    {"psp-review-days", 60, 15, 180, "before the end of a term: from when its review may be filed"},
    {"psp-renewal-alert-days", 15, 1, 180, "before the end of a term: a renewal must be decided"},
    {"small-cell-threshold", 5, 3, 1'000, "counts under it are hidden"},
    {"small-cell-threshold-public", 11, 3, 1'000, "the same where a table is public"},
    {"retention-first-warning-days", 60, 1, 365,
     "before what was disclosed is erased: the first warning"},
    {"retention-last-warning-days", 30, 1, 365,
     "before what was disclosed is erased: the last warning"},
    {"legal-hold-years", 5, 1, 10, "a legal hold, at most"},
    {"emergency-access-hours", 24, 1, 24, "an emergency access, at most"},
    {"emergency-review-days", 7, 1, 60, "an emergency access to its review"},
};
static_assert(std::size(kAll) == kParameters);

constexpr ParameterOrder kOrders[] = {
    {Parameter::referral_answer_days, Parameter::referral_expiry_days},
    {Parameter::inactivity_alert_days, Parameter::dormant_after_days},
    {Parameter::accreditation_last_warning_days, Parameter::accreditation_first_warning_days},
    {Parameter::accreditation_first_warning_days, Parameter::accreditation_renewal_days},
    {Parameter::psp_renewal_alert_days, Parameter::psp_review_days},
    {Parameter::small_cell_threshold, Parameter::small_cell_threshold_public},
    {Parameter::retention_last_warning_days, Parameter::retention_first_warning_days},
};

}  // namespace

std::span<const ParameterOrder> parameter_orders() {
  return kOrders;
}

const ParameterInfo& info(Parameter t) {
  return kAll[static_cast<std::size_t>(t)];
}

std::optional<Parameter> find_parameter(std::string_view name) {
  const auto* found = std::ranges::find(kAll, name, &ParameterInfo::name);
  if (found == std::end(kAll)) return std::nullopt;
  return static_cast<Parameter>(found - std::begin(kAll));
}

}  // namespace relais::rules
