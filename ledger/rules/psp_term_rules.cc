// psp.*, from the start to the end: reviews and renewals, suspension, the end. Terms of six months,
// 24 months in all (CASF L121-9).
#include "ledger/base/check.h"
#include "ledger/rules/decisions.h"
#include "ledger/rules/psp_rules.h"

namespace relais::rules {
namespace {

/// Ours: how long before the end of a term its review is in season.
constexpr std::uint32_t kReviewDays = 60;

Status judge_season(const Judgement& j) {
  const auto days = static_cast<int>(term(j.registry(), "psp-review-days", kReviewDays));
  const Day from = add_days(Day{j.subject->psp.term_ends_on}, -days);
  if (today(j) >= from) return {};
  return fail(psp_conflict(j, "renewal-too-early",
                           "the term runs until " + to_date(Day{j.subject->psp.term_ends_on}))
                  .accepts(to_date(from) + " or later")
                  .from("Ours: psp-review-days of the convention"));
}

Status decide_review_filed(const Judgement& j) {
  RELAIS_TRY(judge_applicant_move(j));
  return judge_season(j);
}

void evolve_by_transition(const Change& change) {
  advance(*change.subject, change.act);
  advance(change.subject->psp, change.act);
}

Status decide_renewal_requested(const Judgement& j) {
  RELAIS_TRY(judge_applicant_move(j));
  if (j.subject->psp.terms >= kMaxTerms)
    return fail(psp_conflict(j, "psp-24-months",
                             "the parcours has had its four terms of six months: 24 months in all")
                    .accepts("a parcours with fewer than three renewals")
                    .from("CASF L121-9"));
  return judge_season(j);
}

Status decide_renewal_decided(const Judgement& j) {
  RELAIS_TRY(judge_psp_move(j));
  const auto decided = j.data().getPspRenewalDecided();
  if (decided.getDecision() == schema::RenewalDecision::REFUSED)
    RELAIS_TRY(judge_refusal(j, decided.getReasons(), decided.getAppealRoute()));
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
  if (renewed) begin_term(p);
}

/// A refused renewal lets the term end and no more; `term` says that it did.
Status judge_outcome(const Judgement& j, schema::PspEnd outcome, Day ended_on) {
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

Status decide_ended(const Judgement& j) {
  RELAIS_TRY(judge_party_move(j));
  const auto ended = j.data().getPspEnded();
  const Day ended_on = accepted_date(ended.getEndedOn());
  RELAIS_TRY(not_in_future(j, ended_on, "data.ended_on"));
  return judge_outcome(j, ended.getOutcome(), ended_on);
}

void evolve_ended(const Change& change) {
  const auto ended = change.data().getPspEnded();
  Psp& p = change.subject->psp;
  advance(*change.subject, change.act);
  advance(p, change.act);
  p.ended_on = accepted_date(ended.getEndedOn()).value;
  p.outcome = ended.getOutcome();
}

}  // namespace

std::span<const Rule> psp_term_rules() {
  static constexpr Rule kRules[] = {
      {"psp.review_filed", decide_review_filed, evolve_by_transition},
      {"psp.renewal_requested", decide_renewal_requested, evolve_by_transition},
      {"psp.renewal_decided", decide_renewal_decided, evolve_renewal_decided},
      {"psp.suspended", judge_party_move, evolve_by_transition},
      {"psp.resumed", judge_party_move, evolve_by_transition},
      {"psp.ended", decide_ended, evolve_ended},
  };
  return kRules;
}

}  // namespace relais::rules
