#include "ledger/rules/time/deadlines.h"

#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/law.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

constexpr SignatoryId kNobody{0};  // the clock alone

using Out = std::vector<Deadline>;

Day day_from(Timestamp t, std::uint32_t days) {
  return add_days(legal_day(t), static_cast<int>(days));
}

/// End of the n-th day after the moment.
Timestamp after_days(const Registry& r, Timestamp from, Parameter t) {
  return end_of(day_from(from, r.parameters[t]));
}
Timestamp after_hours(const Registry& r, Timestamp from, Parameter t) {
  return Timestamp{from.value + static_cast<std::int64_t>(r.parameters[t]) * kHourMs};
}

int retention_months(const Parameters& terms) {
  return static_cast<int>(terms[Parameter::retention_years]) * 12;
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
                     after_hours(r, c.opened_at, Parameter::minor_protection_hours),
                     c.opened_at,
                     c.holder,
                     {}});
  } else {
    out.push_back({DeadlineKind::adult_first_contact,
                   after_days(r, c.opened_at, Parameter::adult_first_contact_days),
                   c.opened_at,
                   c.holder,
                   {}});
  }
}

/// A case that is not erased never is without a deadline: those of all cases are derived anew by
/// the list of those that have one.
void of_open_case(const CaseState& c, const Registry& r, Out& out) {
  const bool reported = c.minor() && !c.reports.empty();
  if (c.phase != CasePhase::detected || reported) {
    const bool immediate = c.risk == schema::Risk::IMMEDIATE;
    out.push_back({DeadlineKind::risk_reassessment,
                   immediate ? after_hours(r, c.risk_assessed_at, Parameter::immediate_risk_hours)
                             : after_days(r, c.risk_assessed_at, Parameter::risk_reassessment_days),
                   c.risk_assessed_at,
                   c.holder,
                   {}});
  }
  if (c.phase == CasePhase::in_support || c.phase == CasePhase::psp ||
      c.phase == CasePhase::dormant)
    out.push_back({DeadlineKind::inactivity,
                   after_days(r, c.last_act_at, Parameter::inactivity_alert_days),
                   c.last_act_at,
                   c.holder,
                   {}});
  if (const auto last = dormancy_begins_after(c, r.parameters))
    out.push_back({DeadlineKind::dormancy, end_of(*last), c.last_act_at, kNobody, {}});
  if (c.phase == CasePhase::dormant)
    out.push_back({DeadlineKind::last_contact,
                   end_of(add_months(legal_day(c.last_act_at), retention_months(r.parameters))),
                   c.last_act_at,
                   c.holder,
                   {}});
  if (c.minor() && c.age_band == schema::AgeBand::FROM16_TO17)
    out.push_back({DeadlineKind::majority,
                   start_of(add_months(Day{c.age_stated_on}, law::months_to_majority(16))),
                   start_of(Day{c.age_stated_on}),
                   c.holder,
                   {}});
  if (c.transfer)
    out.push_back({DeadlineKind::transfer_answer,
                   after_days(r, c.transfer->requested_at, Parameter::transfer_answer_days),
                   c.transfer->requested_at,
                   c.transfer->to,
                   {}});
  for (const Contribution& k : c.contributions)
    if (!k.delivered && !k.lapsed && k.due_on != 0)
      out.push_back(
          {DeadlineKind::contribution, end_of(Day{k.due_on}), c.opened_at, k.by, to_string(k.id)});
}

void of_referral(const Referral& f, const Registry& r, Out& out) {
  const std::string id = to_string(f.id);
  if (f.phase == ReferralPhase::requested) {
    const auto days = static_cast<int>(r.parameters[Parameter::referral_receipt_working_days]);
    out.push_back({DeadlineKind::referral_receipt,
                   end_of(add_working_days(legal_day(f.requested_at), days)), f.requested_at, f.to,
                   id});
  }
  if (f.pending()) {
    out.push_back({DeadlineKind::referral_answer,
                   after_days(r, f.requested_at, Parameter::referral_answer_days), f.requested_at,
                   f.to, id});
    out.push_back({DeadlineKind::referral_expiry, end_of(answer_ends(f, r.parameters)),
                   f.requested_at, f.from, id});
  }
  if (f.phase == ReferralPhase::accepted)
    out.push_back({DeadlineKind::referral_completion,
                   after_days(r, f.changed_at, Parameter::referral_completion_days), f.changed_at,
                   f.to, id});
}

/// First day from which a review may be filed, and other days counted back from the end of the
/// term.
Timestamp before_term(const Psp& p, const Registry& r, Parameter t) {
  return start_of(add_days(Day{p.term_ends_on}, -static_cast<int>(r.parameters[t])));
}

void of_psp(const CaseState& c, const Registry& r, Out& out) {
  const Psp& p = c.psp;
  const bool runs = p.phase == PspPhase::active || p.phase == PspPhase::suspended ||
                    p.phase == PspPhase::renewal_due;
  if (runs) {
    const Timestamp started = start_of(Day{p.started_on});
    if (p.phase != PspPhase::renewal_due) {
      out.push_back({DeadlineKind::psp_review,
                     before_term(p, r, Parameter::psp_review_days),
                     started,
                     p.applicant,
                     {}});
    } else {
      // A request that is pending keeps the parcours from ending: its decision is what is due.
      out.push_back({DeadlineKind::psp_renewal_decision,
                     before_term(p, r, Parameter::psp_renewal_alert_days),
                     started,
                     first_with(r, schema::Role::PREF),
                     {}});
    }
  }
  if (const auto ending = psp_ending(p))
    out.push_back({DeadlineKind::psp_term, end_of(ending->last), start_of(Day{p.started_on}),
                   p.applicant, std::string(statement::wire_name(ending->outcome))});
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
  const Day last = retention_ends(c, r.parameters);
  for (const Parameter t :
       {Parameter::retention_first_warning_days, Parameter::retention_last_warning_days})
    out.push_back({DeadlineKind::retention_warning,
                   end_of(add_days(last, -static_cast<int>(r.parameters[t]))), from, c.holder,
                   std::to_string(r.parameters[t])});
  out.push_back({DeadlineKind::retention, end_of(last), from, c.holder, {}});
}

void of_accesses(const CaseState& c, const Registry& r, Out& out) {
  if (c.phase == CasePhase::erased) return;
  for (const EmergencyAccess& a : c.accesses)
    if (!a.reviewed())
      out.push_back({DeadlineKind::emergency_review,
                     after_days(r, a.opened_at, Parameter::emergency_review_days), a.opened_at,
                     c.holder, to_string(a.id)});
}

void of_accreditation(SignatoryId id, const Accreditation& a, const Registry& r, Out& out) {
  if (a.phase == AccreditationPhase::requested)
    out.push_back({DeadlineKind::accreditation_completeness,
                   end_of(completeness_ends(a)),
                   start_of(Day{a.filed_on}),
                   first_with(r, schema::Role::PREF),
                   {}});
  if (a.phase == AccreditationPhase::complete)
    out.push_back({DeadlineKind::accreditation_silence,
                   end_of(silence_ends(a)),
                   start_of(Day{std::max(a.complete_on, a.filed_on)}),
                   first_with(r, schema::Role::PREF),
                   {}});
  if (!a.granted()) return;
  const Timestamp granted = start_of(Day{a.granted_on});
  for (const Parameter t :
       {Parameter::accreditation_first_warning_days, Parameter::accreditation_last_warning_days})
    out.push_back({DeadlineKind::accreditation_warning,
                   start_of(add_days(Day{a.expires_on}, -static_cast<int>(r.parameters[t]))),
                   granted, id, std::to_string(r.parameters[t])});
  out.push_back({DeadlineKind::accreditation_expiry, end_of(Day{a.expires_on}), granted, id, {}});
}

}  // namespace

Day completeness_ends(const Accreditation& a) {
  return add_months(Day{a.filed_on}, law::kCompleteness.months());
}

Day silence_ends(const Accreditation& a) {
  const Day complete = a.phase == AccreditationPhase::requested
                           ? completeness_ends(a)
                           : Day{std::max(a.complete_on, a.filed_on)};
  return add_months(complete, law::kSilence.months());
}

Day answer_ends(const Referral& r, const Parameters& terms) {
  return add_days(legal_day(r.requested_at),
                  static_cast<int>(terms[Parameter::referral_expiry_days]));
}

Day retention_ends(const CaseState& c, const Parameters& terms) {
  Day last = add_months(legal_day(c.closed_at.value_or(c.last_act_at)), retention_months(terms));
  for (const LegalHold& h : c.holds)
    if (!h.lifted) last = std::max(last, Day{h.ends_on});
  return last;
}

std::optional<Day> dormancy_begins_after(const CaseState& c, const Parameters& terms) {
  switch (c.psp.phase) {
    case PspPhase::applied:
    case PspPhase::opined:
    case PspPhase::adjourned:
    case PspPhase::authorised:
    case PspPhase::appealed:
      return std::nullopt;
    default:
      break;
  }
  if (c.phase != CasePhase::in_support) return std::nullopt;
  const Day rest_begins = std::max(legal_day(c.last_act_at), Day{c.psp.ended_on});
  return add_days(rest_begins, static_cast<int>(terms[Parameter::dormant_after_days]));
}

std::optional<PspEnding> psp_ending(const Psp& p) {
  const Day term_ends{p.term_ends_on};
  if (p.phase == PspPhase::active || p.phase == PspPhase::suspended) {
    if (end_of(term_ends) <= p.term_recorded_at) return std::nullopt;
    return PspEnding{term_ends, schema::PspEnd::TERM};
  }
  if (!p.refused_renewal) return std::nullopt;
  if (p.phase == PspPhase::refused)
    return PspEnding{std::max(term_ends, last_day_of_appeal(Day{p.notified_on})),
                     schema::PspEnd::NOT_RENEWED};
  if (p.phase == PspPhase::final_refusal) return PspEnding{term_ends, schema::PspEnd::NOT_RENEWED};
  return std::nullopt;
}

std::vector<Deadline> deadlines_of(const CaseState& c, const Registry& registry) {
  Out out;
  if (const auto s = registry.succession_of(c.holder); s && c.phase != CasePhase::erased)
    out.push_back({DeadlineKind::succession, s->at, s->at, kNobody, registry.find(s->to)->slug});
  of_detection(c, registry, out);
  if (is_open(c.phase)) {
    of_open_case(c, registry, out);
    for (const Referral& f : c.referrals) of_referral(f, registry, out);
    of_psp(c, registry, out);
  }
  for (std::size_t i = 0; i < c.reports.size(); ++i) {
    const ProtectionReport& p = c.reports[i];
    if (c.phase != CasePhase::erased && p.outcome == schema::ProtectionOutcome::UNSPECIFIED)
      out.push_back({DeadlineKind::protection_follow_up,
                     after_days(registry, p.at, Parameter::protection_follow_up_days), p.at, p.by,
                     std::to_string(i + 1)});
  }
  of_closed_case(c, registry, out);
  of_accesses(c, registry, out);
  return out;
}

std::vector<Deadline> deadlines_of(SignatoryId id, const SignatoryState& s,
                                   const Registry& registry) {
  Out out;
  const Signatory* signatory = registry.find(id);
  check(signatory != nullptr, "a signatory's state without the signatory");
  if (!signatory->active) {
    // Nobody is to act any more; what was granted ends all the same.
    if (s.accreditation.granted()) of_accreditation(id, s.accreditation, registry, out);
    std::erase_if(out, [](const Deadline& d) { return !has_effect(d.kind); });
    return out;
  }
  of_accreditation(id, s.accreditation, registry, out);
  if (s.renewal) of_accreditation(id, *s.renewal, registry, out);
  for (const auto& [name, capability] : s.capabilities)
    if (capability.capacity_at)
      out.push_back({DeadlineKind::capacity_stale,
                     after_days(registry, *capability.capacity_at, Parameter::capacity_stale_days),
                     *capability.capacity_at, id, name});
  return out;
}

}  // namespace relais::rules
