// psp.*, from the start to the end: reviews and renewals, suspension, the end. Terms of six months,
// 24 months in all (CASF L121-9).
#include "ledger/base/check.h"
#include "ledger/rules/commission/decisions.h"
#include "ledger/rules/commission/psp_rules.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::rules {
namespace {

Status check_season(const Judgement& j) {
  const auto days = static_cast<int>(j.registry().parameters[Parameter::psp_review_days]);
  const Day from = add_days(Day{j.subject->psp.term_ends_on}, -days);
  if (today(j) >= from) return {};
  return fail(psp_conflict(j, "renewal-too-early",
                           "the term runs until " + to_date(Day{j.subject->psp.term_ends_on}))
                  .accepts(to_date(from) + " or later")
                  .from("Ours: psp-review-days of the convention"));
}

Status decide_review_filed(const Judgement& j) {
  RELAIS_TRY(check_applicant_move(j));
  return check_season(j);
}

void evolve_by_transition(const Change& change) {
  advance(*change.subject, change.act);
  advance(change.subject->psp, change.act);
}

Status decide_renewal_requested(const Judgement& j) {
  RELAIS_TRY(check_applicant_move(j));
  if (j.subject->psp.terms >= kMaxTerms)
    return fail(
        psp_conflict(j, "psp-24-months",
                     "the parcours has had all its terms of " + law::kPspTerm.words() + ": " +
                         law::kPspTotal.words() + " in all")
            .accepts("a parcours with fewer than " + std::to_string(kMaxTerms - 1) + " renewals")
            .from(law::kPspTotal.law()));
  // As if the clock had signed at once.
  const auto ending = psp_ending(j.subject->psp);
  if (ending && j.act.received_at() >= end_of(ending->last))
    return fail(psp_conflict(j, "psp-term-over", "the term ended with " + to_date(ending->last))
                    .accepts("another application")
                    .from(law::kPspTerm.law()));
  return check_season(j);
}

Status decide_renewal_decided(const Judgement& j) {
  RELAIS_TRY(check_psp_move(j));
  const auto decided = j.data().getPspRenewalDecided();
  if (decided.getDecision() == schema::RenewalDecision::REFUSED)
    RELAIS_TRY(check_appeal_route(j, decided.getAppealRoute()));
  const Day notified_on = accepted_date(decided.getNotifiedOn());
  RELAIS_TRY(not_in_future(j, notified_on, "data.notified_on"));
  return not_before(j, notified_on, Day{j.subject->psp.started_on}, "data.notified_on",
                    "the parcours started");
}

void evolve_renewal_decided(const Change& change) {
  const auto decided = change.data().getPspRenewalDecided();
  Psp& p = change.subject->psp;
  advance(*change.subject, change.act);
  const bool renewed = decided.getDecision() == schema::RenewalDecision::RENEWED;
  advance(p, change.act, renewed ? PspPhase::active : PspPhase::refused);
  p.decided_at = change.act.received_at();
  p.notified_on = accepted_date(decided.getNotifiedOn()).value;
  p.refused_renewal = !renewed;
  if (renewed) begin_term(p, change);
}

/// A refused renewal lets the term end and no more; `term` says that it did.
Status check_outcome(const Judgement& j, schema::PspEnd outcome, Day ended_on) {
  const Psp& p = j.subject->psp;

  const Day last{p.term_ends_on};
  if (outcome == schema::PspEnd::TERM && (today(j) <= last || ended_on < last))
    return fail(
        psp_conflict(j, "psp-term-not-over", "the term runs until the end of " + to_date(last))
            .at("data.outcome")
            .accepts("another outcome, or " + to_date(last) + " and later once it is over"));
  if (outcome == schema::PspEnd::NOT_RENEWED && !p.refused_renewal)
    return fail(psp_conflict(j, "psp-not-refused", "no renewal was refused")
                    .at("data.outcome")
                    .accepts("another outcome"));
  return {};
}

/// What the clock signs: a term is over and nobody has asked for another, or was refused it for
/// good.
Status check_clocked_end(const Judgement& j) {
  RELAIS_TRY(check_psp_move(j));
  const auto ending = psp_ending(j.subject->psp);
  const auto ended = j.data().getPspEnded();
  if (ending && ended.getOutcome() == ending->outcome &&
      accepted_date(ended.getEndedOn()) == ending->last &&
      j.act.received_at() >= end_of(ending->last))
    return {};
  return fail(
      psp_conflict(j, "psp-term-not-over", "the clock ends a parcours when its term is over")
          .at("data.outcome")
          .accepts(ending ? std::string(statement::wire_name(ending->outcome)) +
                                ", after the end of " + to_date(ending->last)
                          : "nothing: no term of it runs, or a renewal is pending")
          .from(law::kPspTerm.law()));
}

/// Before the start it is for the person, and so for the association that supports her, to go no
/// further: an application ends in no other way without a decision and its reasons.
Status check_withdrawal(const Judgement& j) {
  RELAIS_TRY(check_applicant_move(j));
  const Psp& p = j.subject->psp;
  if (p.phase == PspPhase::refused || p.phase == PspPhase::appealed ||
      p.phase == PspPhase::final_refusal)
    return fail(psp_conflict(j, "psp-not-started", "a parcours that was refused has not begun")
                    .accepts("an appeal, or another application"));
  const auto outcome = j.data().getPspEnded().getOutcome();
  if (outcome == schema::PspEnd::WITHDRAWN || outcome == schema::PspEnd::ABANDONED) return {};
  return fail(psp_conflict(j, "psp-not-started", "the parcours has not started")
                  .at("data.outcome")
                  .accepts("withdrawn, abandoned"));
}

Status decide_ended(const Judgement& j) {
  if (by_system(j)) return check_clocked_end(j);
  RELAIS_TRY(check_party_move(j));
  const auto ended = j.data().getPspEnded();
  const Day ended_on = accepted_date(ended.getEndedOn());
  RELAIS_TRY(not_in_future(j, ended_on, "data.ended_on"));
  const Day started_on{j.subject->psp.started_on};
  if (started_on == Day{0}) return check_withdrawal(j);
  // A start that was said ahead can be given up before it comes.
  if (started_on <= today(j))
    RELAIS_TRY(not_before(j, ended_on, started_on, "data.ended_on", "the parcours started"));
  return check_outcome(j, ended.getOutcome(), ended_on);
}

void evolve_ended(const Change& change) {
  const auto ended = change.data().getPspEnded();
  Psp& p = change.subject->psp;
  advance(*change.subject, change.act);
  advance(p, change.act);
  p.ended_on = accepted_date(ended.getEndedOn()).value;
  p.ended = change.act.event.getVersion();
  p.outcome = ended.getOutcome();
}

}  // namespace

std::span<const Rule> psp_term_rules() {
  static constexpr Rule kRules[] = {
      {"psp.review_filed",
       decide_review_filed,
       evolve_by_transition,
       {kByALaterAct, kRefusedWhenFull}},
      {"psp.renewal_requested",
       decide_renewal_requested,
       evolve_by_transition,
       {kByALaterAct, kRefusedWhenFull}},
      {"psp.renewal_decided",
       decide_renewal_decided,
       evolve_renewal_decided,
       {kByALaterAct, kTakenWhenFull}},
      {"psp.suspended", check_party_move, evolve_by_transition, {kByALaterAct, kRefusedWhenFull}},
      {"psp.resumed", check_party_move, evolve_by_transition, {kByALaterAct, kRefusedWhenFull}},
      {"psp.ended", decide_ended, evolve_ended, {kByALaterAct, kTakenWhenFull}},
  };
  return kRules;
}

}  // namespace relais::rules
