// case.legal_hold_*: what was disclosed is needed for somebody's rights before a court or an
// authority. A hold keeps the case from being erased, and does nothing else (RGPD art. 17(3)(e)).
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

Error hold_id(const Judgement& j, Errc code, std::string rule, std::string message) {
  return refusal(j.act, code, std::move(rule), std::move(message)).at("data.hold_id");
}

/// In months.
int longest_hold(const Parameters& terms) {
  return static_cast<int>(terms[Parameter::legal_hold_years]) * 12;
}

Status check_end(const Judgement& j, Day ends) {
  const Day first = today(j);
  const Day last = add_months(first, longest_hold(j.registry().parameters));
  if (ends >= first && ends <= last) return {};
  return fail(refusal(j.act, Errc::invalid, "legal-hold-term",
                      ends < first ? "the hold would have ended already"
                                   : "the hold lasts longer than legal-hold-years")
                  .at("data.ends_on")
                  .accepts(to_date(first) + " to " + to_date(last)));
}

/// Whose rights may need what the case discloses: its holder's; the applicant's while its parcours
/// runs or an appeal is pending, and as long as it may appeal against an end or a refusal that
/// others decided (CJA R421-1). Who ended the parcours itself has no part any more. An appeal of
/// which nobody says how it was judged is no ground for ever: legal-hold-years from its filing.
bool may_need_it(const CaseState& c, SignatoryId who, Day today, const Parameters& terms) {
  if (c.holder == who) return true;
  const Psp& p = c.psp;
  if (p.applicant != who) return false;
  switch (p.phase) {
    case PspPhase::none:
    case PspPhase::final_refusal:
      return false;
    case PspPhase::ended:
      if (c.acts.at(p.ended - 1).by == who) return false;
      [[fallthrough]];
    case PspPhase::refused:
      return today <= last_day_of_appeal(Day{std::max(p.ended_on, p.notified_on)});
    case PspPhase::appealed:
      return today <= add_months(Day{p.appealed_on}, longest_hold(terms));
    default:
      return true;
  }
}

Status check_part(const Judgement& j) {
  if (may_need_it(*j.subject, j.emitter->id, today(j), j.registry().parameters)) return {};
  return fail(
      refusal(j.act, Errc::forbidden, "part-ended",
              "the parcours that " + j.emitter->slug + " applied for has ended, or was refused")
          .accepts(
              "the holder of the case; the association that applied for its parcours, "
              "until it ended; where others ended or refused it, until the appeal's term is over")
          .from("RGPD art. 17(3)(e); CJA R421-1"));
}

Status decide_placed(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  RELAIS_TRY(check_part(j));
  const auto placed = j.data().getCaseLegalHoldPlaced();
  RELAIS_TRY(check_end(j, accepted_date(placed.getEndsOn())));
  const auto& holds = j.subject->holds;
  const Uuid id = accepted_uuid(placed.getHoldId());
  if (std::ranges::find(holds, id, &LegalHold::id) != holds.end())
    return fail(hold_id(j, Errc::conflict, "hold-id-taken", "the case has a hold of this id")
                    .accepts("a new UUID")
                    .in_state(std::string(to_string(j.subject->phase))));
  if (!has_room(j, holds, kMaxHolds))
    return fail(conflict(
        j, "limit-holds",
        "a signatory has at most " + std::to_string(kMaxHolds / 10) + " legal holds in a case"));
  return {};
}

void evolve_placed(const Change& change) {
  const auto placed = change.data().getCaseLegalHoldPlaced();
  change.subject->holds.push_back({accepted_uuid(placed.getHoldId()), change.act.signatory(),
                                   placed.getReason(), change.act.received_at(),
                                   accepted_date(placed.getEndsOn()).value});
  advance(*change.subject, change.act);
}

Status decide_lifted(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const CaseState& c = *j.subject;
  const Uuid id = accepted_uuid(j.data().getCaseLegalHoldLifted().getHoldId());
  const auto hold = std::ranges::find(c.holds, id, &LegalHold::id);
  if (hold == c.holds.end())
    return fail(hold_id(j, Errc::not_found, "hold-unknown", "the case has no hold of this id"));
  if (!hold->in_force(today(j)))
    return fail(hold_id(j, Errc::conflict, "hold-over", "the hold has ended already")
                    .accepts("a hold that is in force")
                    .in_state(std::string(to_string(c.phase))));
  // The person's request to erase is not for who has no part any more to refuse: the holder lifts
  // what that one could not place now.
  const bool in_its_place =
      c.holder == j.emitter->id && !may_need_it(c, hold->by, today(j), j.registry().parameters);
  if (hold->by == j.emitter->id || in_its_place) return {};
  return fail(hold_id(j, Errc::forbidden, "hold-not-own",
                      "the hold was placed by another signatory, whose rights it may serve")
                  .accepts("the signatory that placed the hold"));
}

void evolve_lifted(const Change& change) {
  const Uuid id = accepted_uuid(change.data().getCaseLegalHoldLifted().getHoldId());
  auto& holds = change.subject->holds;
  const auto hold = std::ranges::find(holds, id, &LegalHold::id);
  check(hold != holds.end(), "an accepted event is about an unknown hold");
  hold->lifted = true;
  advance(*change.subject, change.act);
}

}  // namespace

std::span<const Rule> hold_rules() {
  // A full case takes them: each signatory has a tenth of kMaxHolds, and each is lifted once.
  static constexpr Rule kRules[] = {
      {"case.legal_hold_placed",
       decide_placed,
       evolve_placed,
       {only_by("case.legal_hold_lifted"), kTakenWhenFull, RefTo::nothing, Touches::file}},
      {"case.legal_hold_lifted",
       decide_lifted,
       evolve_lifted,
       {only_by("case.legal_hold_placed anew"), kTakenWhenFull, RefTo::nothing, Touches::file}},
  };
  return kRules;
}

}  // namespace relais::rules
