#include "ledger/rules/deadlines.h"

#include "ledger/base/check.h"
#include "ledger/rules/decisions.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

using Out = std::vector<Deadline>;

Day day_from(Timestamp t, std::uint32_t days) {
  return add_days(legal_day(t), static_cast<int>(days));
}

/// End of the n-th day after the moment.
Timestamp after_days(const Registry& r, Timestamp from, std::string_view name, std::uint32_t ours) {
  return end_of(day_from(from, term(r, name, ours)));
}
Timestamp after_hours(const Registry& r, Timestamp from, std::string_view name,
                      std::uint32_t ours) {
  return Timestamp{from.value + static_cast<std::int64_t>(term(r, name, ours)) * kHourMs};
}

SignatoryId first_with(const Registry& r, schema::Role role) {
  for (const Signatory& s : r.signatories())
    if (s.active && s.role_set().has(role)) return s.id;
  return SignatoryId{0};
}

void of_detection(const CaseState& c, const Registry& r, Out& out) {
  if (c.phase != CasePhase::detected) return;
  if (c.minor()) {
    if (c.reports.empty())
      out.push_back({DeadlineKind::minor_protection,
                     after_hours(r, c.opened_at, "minor-protection-hours", 24),
                     c.opened_at,
                     c.holder,
                     {}});
  } else {
    out.push_back({DeadlineKind::adult_first_contact,
                   after_days(r, c.opened_at, "adult-first-contact-days", 10),
                   c.opened_at,
                   c.holder,
                   {}});
  }
}

void of_open_case(const CaseState& c, const Registry& r, Out& out) {
  if (c.phase != CasePhase::detected) {
    const bool immediate = c.risk == schema::Risk::IMMEDIATE;
    out.push_back({DeadlineKind::risk_reassessment,
                   immediate ? after_hours(r, c.risk_assessed_at, "immediate-risk-hours", 24)
                             : after_days(r, c.risk_assessed_at, "risk-reassessment-days", 90),
                   c.risk_assessed_at,
                   c.holder,
                   {}});
  }
  if (c.phase == CasePhase::in_support || c.phase == CasePhase::psp ||
      c.phase == CasePhase::dormant)
    out.push_back({DeadlineKind::inactivity,
                   after_days(r, c.last_act_at, "inactivity-alert-days", 60),
                   c.last_act_at,
                   c.holder,
                   {}});
  if (c.minor() && c.age_band == schema::AgeBand::FROM16_TO17)
    out.push_back({DeadlineKind::majority,
                   start_of(add_months(Day{c.age_stated_on}, 24)),
                   start_of(Day{c.age_stated_on}),
                   c.holder,
                   {}});
  if (c.transfer)
    out.push_back({DeadlineKind::transfer_answer,
                   after_days(r, c.transfer->requested_at, "transfer-answer-days", 10),
                   c.transfer->requested_at,
                   c.transfer->to,
                   {}});
  for (const Contribution& k : c.contributions)
    if (!k.delivered && k.due_on != 0)
      out.push_back(
          {DeadlineKind::contribution, end_of(Day{k.due_on}), c.opened_at, k.by, to_string(k.id)});
}

void of_referral(const Referral& f, const Registry& r, Out& out) {
  const std::string id = to_string(f.id);
  if (f.phase == ReferralPhase::requested) {
    const auto days = static_cast<int>(term(r, "referral-receipt-working-days", 2));
    out.push_back({DeadlineKind::referral_receipt,
                   end_of(add_working_days(legal_day(f.requested_at), days)), f.requested_at, f.to,
                   id});
  }
  if (f.pending()) {
    out.push_back({DeadlineKind::referral_answer,
                   after_days(r, f.requested_at, "referral-answer-days", 10), f.requested_at, f.to,
                   id});
    out.push_back({DeadlineKind::referral_expiry,
                   after_days(r, f.requested_at, "referral-expiry-days", 30), f.requested_at,
                   f.from, id});
  }
  if (f.phase == ReferralPhase::accepted)
    out.push_back({DeadlineKind::referral_completion,
                   after_days(r, f.changed_at, "referral-completion-days", 60), f.changed_at, f.to,
                   id});
}

/// First day from which a review may be filed, and other days counted back from the end of the
/// term.
Timestamp before_term(const Psp& p, const Registry& r, std::string_view name, std::uint32_t ours) {
  return start_of(add_days(Day{p.term_ends_on}, -static_cast<int>(term(r, name, ours))));
}

void of_psp(const CaseState& c, const Registry& r, Out& out) {
  const Psp& p = c.psp;
  const bool runs = p.phase == PspPhase::active || p.phase == PspPhase::suspended ||
                    p.phase == PspPhase::renewal_due;
  if (runs) {
    const Timestamp started = start_of(Day{p.started_on});
    if (p.phase != PspPhase::renewal_due)
      out.push_back({DeadlineKind::psp_review,
                     before_term(p, r, "psp-review-days", 60),
                     started,
                     p.applicant,
                     {}});
    else
      out.push_back({DeadlineKind::psp_renewal_decision,
                     before_term(p, r, "psp-renewal-alert-days", 15),
                     started,
                     first_with(r, schema::Role::PREF),
                     {}});
    out.push_back({DeadlineKind::psp_term, end_of(Day{p.term_ends_on}), started, p.applicant, {}});
  }
  if (p.phase == PspPhase::refused)
    out.push_back({DeadlineKind::psp_appeal,
                   end_of(last_day_of_appeal(Day{p.notified_on})),
                   start_of(Day{p.notified_on}),
                   p.applicant,
                   {}});
}

/// For a case that was dismissed the last act is the last contact, as for case.data_erased.
void of_closed_case(const CaseState& c, const Registry& r, Out& out) {
  if (c.phase != CasePhase::closed && c.phase != CasePhase::dismissed) return;
  const Timestamp from = c.closed_at.value_or(c.last_act_at);
  const auto months = static_cast<int>(term(r, "retention-years", 2)) * 12;
  out.push_back(
      {DeadlineKind::retention, end_of(add_months(legal_day(from), months)), from, c.holder, {}});
}

void of_accreditation(SignatoryId id, const Accreditation& a, const Registry& r, Out& out) {
  if (a.phase == AccreditationPhase::complete)
    out.push_back({DeadlineKind::accreditation_silence,
                   end_of(add_months(Day{a.complete_on}, 4)),
                   start_of(Day{a.complete_on}),
                   first_with(r, schema::Role::PREF),
                   {}});
  if (a.phase != AccreditationPhase::granted && a.phase != AccreditationPhase::tacitly_granted)
    return;
  const Timestamp granted = start_of(Day{a.granted_on});
  for (const auto& [name, ours] : {std::pair{"accreditation-first-warning-days", 180U},
                                   std::pair{"accreditation-last-warning-days", 60U}})
    out.push_back({DeadlineKind::accreditation_warning,
                   start_of(add_days(Day{a.expires_on}, -static_cast<int>(term(r, name, ours)))),
                   granted, id, std::to_string(term(r, name, ours))});
  out.push_back({DeadlineKind::accreditation_expiry, end_of(Day{a.expires_on}), granted, id, {}});
}

}  // namespace

std::string_view to_string(DeadlineKind k) {
  static constexpr std::string_view kNames[] = {"minor_protection",
                                                "adult_first_contact",
                                                "risk_reassessment",
                                                "referral_receipt",
                                                "referral_answer",
                                                "referral_expiry",
                                                "referral_completion",
                                                "inactivity",
                                                "protection_follow_up",
                                                "transfer_answer",
                                                "contribution",
                                                "majority",
                                                "retention",
                                                "psp_review",
                                                "psp_renewal_decision",
                                                "psp_term",
                                                "psp_appeal",
                                                "accreditation_silence",
                                                "accreditation_warning",
                                                "accreditation_expiry",
                                                "capacity_stale"};
  const auto ordinal = static_cast<std::size_t>(k);
  check(ordinal >= 1 && ordinal <= std::size(kNames), "a kind of deadline has no name");
  return kNames[ordinal - 1];
}

bool has_effect(DeadlineKind k) {
  return k == DeadlineKind::referral_expiry || k == DeadlineKind::retention ||
         k == DeadlineKind::accreditation_silence || k == DeadlineKind::accreditation_expiry;
}

std::vector<Deadline> deadlines_of(const CaseState& c, const Registry& registry) {
  Out out;
  of_detection(c, registry, out);
  if (is_open(c.phase)) {
    of_open_case(c, registry, out);
    for (const Referral& f : c.referrals) of_referral(f, registry, out);
    of_psp(c, registry, out);
  }
  for (const ProtectionReport& p : c.reports)
    if (c.phase != CasePhase::erased && p.outcome == schema::ProtectionOutcome::UNSPECIFIED)
      out.push_back({DeadlineKind::protection_follow_up,
                     after_days(registry, p.at, "protection-follow-up-days", 90),
                     p.at,
                     p.by,
                     {}});
  of_closed_case(c, registry, out);
  return out;
}

std::vector<Deadline> deadlines_of(SignatoryId id, const SignatoryState& s,
                                   const Registry& registry) {
  Out out;
  of_accreditation(id, s.accreditation, registry, out);
  for (const auto& [name, capability] : s.capabilities)
    if (capability.capacity_at)
      out.push_back({DeadlineKind::capacity_stale,
                     after_days(registry, *capability.capacity_at, "capacity-stale-days", 30),
                     *capability.capacity_at, id, name});
  return out;
}

}  // namespace relais::rules
