#include "ledger/rules/time/deadline_rows.h"

#include <array>

#include "ledger/base/stored.h"
#include "ledger/rules/calendar.h"

namespace relais::rules {
namespace {

/// The day whose end made the deadline pass.
std::string last_day(const Deadline& d) {
  return to_date(legal_day(Timestamp{d.due_at.value - 1}));
}

json::object cause(const Deadline& d) {
  return {{"cause", to_string(d.kind)}};
}

json::object expired_referral(const Deadline& d) {
  return {{"referral_id", d.ref}, {"cause", to_string(d.kind)}};
}

json::object ended_parcours(const Deadline& d) {
  return {{"outcome", d.ref}, {"ended_on", last_day(d)}};
}

json::object kept_long_enough(const Deadline&) {
  return {{"basis", "retention"}};
}

json::object complete_file(const Deadline& d) {
  return {{"complete_on", last_day(d)}, {"cause", to_string(d.kind)}};
}

json::object tacit_grant(const Deadline& d) {
  return {{"granted_on", last_day(d)}, {"cause", to_string(d.kind)}};
}

json::object expired_accreditation(const Deadline& d) {
  return {{"expired_on", last_day(d)}, {"cause", to_string(d.kind)}};
}

json::object passed_on(const Deadline& d) {
  return {{"to", d.ref}, {"cause", to_string(d.kind)}};
}

using enum DeadlineKind;
constexpr bool kTheClocksAlone = false;

constexpr DeadlineRow kRows[] = {
    {minor_protection, "minor_protection",
     "minor-protection-hours after the detection of a minor (ours; CASF L226-2-1 says without "
     "delay)"},
    {adult_first_contact, "adult_first_contact",
     "adult-first-contact-days after the detection of an adult (ours)"},
    {risk_reassessment, "risk_reassessment",
     "risk-reassessment-days after the last assessment (ours); immediate-risk-hours where the "
     "danger is immediate"},
    {referral_receipt, "referral_receipt",
     "referral-receipt-working-days after a request that was not received yet (ours)"},
    {referral_answer, "referral_answer",
     "referral-answer-days after a request that was not answered yet (ours)"},
    {referral_expiry,
     "referral_expiry",
     "referral-expiry-days after a request that was not answered yet (ours)",
     true,
     {"referral.expired", expired_referral}},
    {referral_completion, "referral_completion",
     "referral-completion-days after a referral was accepted (ours)"},
    {inactivity, "inactivity",
     "inactivity-alert-days after the last act on a case in support, in a parcours or dormant "
     "(ours)"},
    {protection_follow_up, "protection_follow_up",
     "protection-follow-up-days after a report without an outcome (ours)"},
    {transfer_answer, "transfer_answer",
     "transfer-answer-days after the request of a transfer (ours)"},
    {contribution, "contribution", "the day that was committed to"},
    {majority, "majority", "the last day on which the person can be a minor (Code civil 388)"},
    {retention,
     "retention",
     "retention-years after the end of the case (CNIL référentiel), and not before its last legal "
     "hold ends (RGPD art. 17(3)(e))",
     true,
     {"case.data_erased", kept_long_enough}},
    {psp_review, "psp_review", "psp-review-days before the end of a term (ours)"},
    {psp_renewal_decision, "psp_renewal_decision",
     "psp-renewal-alert-days before the end of a term, while a renewal waits (ours)"},
    {psp_term,
     "psp_term",
     "the end of a term that nobody asked to renew (CASF L121-9), or of the appeal against the "
     "refusal of a renewal",
     true,
     {"psp.ended", ended_parcours}},
    {psp_appeal, "psp_appeal", "from the notification of a refusal", true, {}, &law::kAppeal},
    {accreditation_silence,
     "accreditation_silence",
     "from the complete file",
     true,
     {"accreditation.tacitly_granted", tacit_grant},
     &law::kSilence},
    {accreditation_warning, "accreditation_warning",
     "accreditation-first-warning-days, then accreditation-last-warning-days, before the end "
     "(ours)"},
    {accreditation_expiry,
     "accreditation_expiry",
     "from the grant",
     true,
     {"accreditation.expired", expired_accreditation},
     &law::kAccreditation},
    {capacity_stale, "capacity_stale",
     "capacity-stale-days after the capacity was last said (ours)"},
    {dormancy,
     "dormancy",
     "dormant-after-days after the last act on a case in support (ours)",
     kTheClocksAlone,
     {"case.became_dormant", cause}},
    {last_contact, "last_contact",
     "retention-years after the last act on a dormant case (CNIL référentiel)"},
    {accreditation_completeness,
     "accreditation_completeness",
     "from the filing, when no document was asked for",
     true,
     {"accreditation.deemed_complete", complete_file},
     &law::kCompleteness},
    {retention_warning, "retention_warning",
     "retention-first-warning-days, then retention-last-warning-days, before the retention period "
     "or "
     "the last legal hold ends (ours)"},
    {emergency_review, "emergency_review",
     "emergency-review-days after an emergency access was opened that is not reviewed (ours)"},
    {succession,
     "succession",
     "at once, where the holder was withdrawn and another was named for its cases",
     kTheClocksAlone,
     {"case.passed_on", passed_on}},
};

consteval bool complete() {
  std::size_t n = 0;
  for (const DeadlineRow& row : kRows) {
    if (static_cast<std::size_t>(row.kind) != ++n) return false;
    if (row.name.empty() || row.period.empty()) return false;
    if (row.effect.event.empty() != (row.effect.payload == nullptr)) return false;
    if (!row.listed && row.effect.event.empty()) return false;  // nobody's deadline at all
  }
  return n == static_cast<std::size_t>(kLastDeadlineKind);
}
static_assert(complete(), "a row for each kind of deadline, in the order of their numbers");

}  // namespace

std::string DeadlineRow::due() const {
  if (law == nullptr) return std::string(period);
  return law->words() + " " + std::string(period) + " (" + law->law() + ")";
}

std::span<const DeadlineRow> deadline_rows() {
  return kRows;
}

const DeadlineRow& row_of(DeadlineKind kind) {
  const auto number = static_cast<std::size_t>(kind);
  require_stored(number >= 1 && number <= std::size(kRows), "a kind of deadline that has no row");
  return kRows[number - 1];
}

std::string_view to_string(DeadlineKind k) {
  return row_of(k).name;
}

bool has_effect(DeadlineKind k) {
  return !row_of(k).effect.event.empty();
}

}  // namespace relais::rules
