// psp.*, from the application to the start: who may apply, the commission's opinion, the préfet's
// decision, appeals (CASF L121-9, R121-12-6 to R121-12-13).
#include "ledger/rules/commission/psp_rules.h"

#include <algorithm>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/rules/commission/decisions.h"

namespace relais::rules {

Error psp_conflict(const Judgement& j, std::string rule, std::string message) {
  return refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
      .in_state(std::string(to_string(j.subject->psp.phase)));
}

Status check_party(const Judgement& j) {
  if (j.subject->psp.applicant == j.emitter->id || j.emitter->role_set().has(schema::Role::PREF))
    return {};
  return fail(refusal(j.act, Errc::forbidden, "psp-not-party",
                      j.act.type->name + " is for the two sides of the parcours")
                  .accepts("the préfecture, or the association that applied"));
}

Status check_psp_move(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  return check_transition(j.subject->psp, j.act);
}

// Where there has been no application there is no side to be on: the tables say so first.
Status check_party_move(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (j.subject->psp.phase != PspPhase::none) RELAIS_TRY(check_party(j));
  return check_transition(j.subject->psp, j.act);
}

Status check_applicant_move(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (j.subject->psp.phase != PspPhase::none && j.subject->psp.applicant != j.emitter->id)
    return fail(refusal(j.act, Errc::forbidden, "psp-not-applicant",
                        j.act.type->name + " is for the association that applied")
                    .accepts("the association that applied"));
  return check_transition(j.subject->psp, j.act);
}

void begin_term(Psp& p, const Change& change) {
  check(p.terms < kMaxTerms, "a parcours goes beyond its 24 months");
  ++p.terms;
  p.term_ends_on =
      add_days(add_months(Day{p.started_on}, law::kPspTerm.months() * p.terms), -1).value;
  p.term_recorded_at = change.act.received_at();
}

namespace {

/// How far ahead a start may be said. Ours: none is given.
constexpr int kMonthsToStart = 12;

Status check_accreditation(const Judgement& j) {
  const SignatoryState* s = j.world.find_signatory(j.emitter->id);
  if (s != nullptr && s->accreditation.valid_on(today(j).value)) return {};
  const AccreditationPhase phase = s == nullptr ? AccreditationPhase{} : s->accreditation.phase;
  return fail(refusal(j.act, Errc::conflict, "accreditation-missing",
                      j.emitter->slug + " has no accreditation that is valid today")
                  .accepts("an association whose accreditation is valid")
                  .from("CASF L121-9, R121-12-1")
                  .in_state(std::string(to_string(phase))));
}

/// The application shows the person to the préfecture, and so to those who decide on foreigners'
/// stay: it takes her consent to that (RGPD art. 6(1)(a), 9(2)(a)).
Status check_consent(const Judgement& j) {
  for (const Consent& consent : j.subject->consents) {
    if (consent.scope != schema::ConsentScope::PSP) continue;
    for (const Signatory& s : j.registry().signatories())
      if (s.active && s.role_set().has(schema::Role::PREF) &&
          consent.covers(s.id, j.act.received_at()))
        return {};
  }
  return fail(conflict(j, "consent-missing",
                       "no consent to a parcours that covers the préfecture is in force")
                  .accepts("case.consent_given of scope psp")
                  .from("CASF L121-9 (in agreement with the person); RGPD art. 6(1)(a), 9(2)(a)"));
}

/// Another application takes the place of the refused one, and the appeal with it: while that may
/// still be filed, it is for who was refused to choose.
Status check_appeal_not_taken(const Judgement& j) {
  const Psp& p = j.subject->psp;
  const Signatory* refused = j.registry().find(p.applicant);
  if (p.phase != PspPhase::refused || p.applicant == j.emitter->id || refused == nullptr ||
      !refused->active)
    return {};
  const Day last = last_day_of_appeal(Day{p.notified_on});
  if (today(j) > last) return {};
  return fail(
      psp_conflict(j, "psp-appeal-open",
                   "the association that was refused may appeal until the end of " + to_date(last))
          .accepts("the association that was refused, or " + to_date(add_days(last, 1)) +
                   " and later")
          .from(law::kAppeal.law()));
}

// Neither that prostitution has ceased nor that a complaint was filed is asked for, here or in the
// payload: Conseil d'État, 19 Nov 2021, no. 440802.
Status decide_applied(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (j.subject->minor_on(today(j)))
    return fail(conflict(j, "psp-adult-only",
                         "the person may still be a minor: child protection applies, no parcours")
                    .accepts("the case of an adult")
                    .from("CASF L121-9, L226-2-1"));
  RELAIS_TRY(check_transition(j.subject->psp, j.act));
  RELAIS_TRY(check_appeal_not_taken(j));
  RELAIS_TRY(check_accreditation(j));
  RELAIS_TRY(check_consent(j));
  const auto applied = j.data().getPspApplied();
  if (!applied.hasAppliedOn()) return {};
  return not_in_future(j, accepted_date(applied.getAppliedOn()), "data.applied_on");
}

void evolve_applied(const Change& change) {
  CaseState& c = *change.subject;
  advance(c, change.act);
  advance(c.psp, change.act);
  Psp fresh;
  fresh.phase = c.psp.phase;
  fresh.applicant = change.act.signatory();
  fresh.applied_at = change.act.received_at();
  const auto applied = change.data().getPspApplied();
  fresh.applied_on =
      (applied.hasAppliedOn() ? accepted_date(applied.getAppliedOn()) : today(change)).value;
  fresh.previous_ended_on = std::max(c.psp.ended_on, c.psp.previous_ended_on);
  // The allowance and the permit of an earlier parcours have ends of their own.
  fresh.afis_opened_on = c.psp.afis_opened_on;
  fresh.permit = c.psp.permit;
  fresh.permit_requested_at = c.psp.permit_requested_at;
  fresh.permit_requested_on = c.psp.permit_requested_on;
  fresh.permit_valid_until = c.psp.permit_valid_until;
  c.psp = std::move(fresh);
  // From here on, and not before, the préfecture takes part in the case.
  for (const Signatory& s : change.world.registry().signatories())
    if (s.active && (s.role_set().has(schema::Role::PREF) || s.role_set().has(schema::Role::SEC)))
      join(change, s.id);
}

/// Members present that vote on this case: neither those who were recused, nor the association that
/// presents it, whether or not it stepped back itself (CRPA R133-12; circulaire DGCS/B2/2017/18).
std::uint64_t voters(const SessionState& s, const CaseState& c) {
  const auto recused = s.recused.find(c.id);
  return static_cast<std::uint64_t>(std::ranges::count_if(s.present, [&](SignatoryId who) {
    return who != c.psp.applicant && (recused == s.recused.end() || !recused->second.contains(who));
  }));
}

Status check_tally(const Judgement& j, const SessionState& s,
                   schema::PspOpinionGiven::Reader given) {
  const std::uint64_t in_favour = given.getInFavour();
  const std::uint64_t against = given.getAgainst();
  const std::uint64_t voting = voters(s, *j.subject);
  const bool adjourned = given.getOpinion() == schema::OpinionKind::ADJOURNED;
  if (in_favour + against + given.getAbstained() != voting || (voting == 0 && !adjourned))
    return fail(refusal(j.act, Errc::invalid, "tally",
                        "the votes are not those of the members present, less those recused and "
                        "the association that presents the file")
                    .at("data.in_favour")
                    .accepts(voting == 0 ? "adjourned: nobody votes"
                                         : std::to_string(voting) + " votes in all")
                    .from("CRPA R133-11, R133-12; circulaire DGCS/B2/2017/18"));
  if (adjourned || in_favour == against) return {};  // equal votes: the president's decides
  const bool negative = given.getOpinion() == schema::OpinionKind::UNFAVOURABLE;
  if (negative == (against > in_favour)) return {};
  return fail(refusal(j.act, Errc::invalid, "tally-opinion", "the votes say otherwise")
                  .at("data.opinion")
                  .accepts(negative ? "favourable, reserved, adjourned" : "unfavourable, adjourned")
                  .from("CRPA R133-11"));
}

/// The commission has the application before it, and another time where it adjourned. A session is
/// known by its day: two of one day may have followed each other.
Status check_session_follows(const Judgement& j, const std::string& name, const SessionState& s) {
  const Psp& p = j.subject->psp;
  const Day applied_on{p.applied_on};
  if (Day{s.held_on} < applied_on)
    return fail(psp_conflict(j, "session-before-application",
                             "the session was held before the application was made")
                    .at("data.session")
                    .accepts("a session of " + to_date(applied_on) + " or later"));
  if (p.phase != PspPhase::adjourned) return {};
  const SessionState* adjourned = j.world.find_session(p.session);
  check(adjourned != nullptr, "an opinion was given by an unknown session");
  if (name != p.session && s.held_on >= adjourned->held_on) return {};
  return fail(
      psp_conflict(j, "session-not-later",
                   "the file was adjourned by " + p.session + " to a later session")
          .at("data.session")
          .accepts("another session, of " + to_date(Day{adjourned->held_on}) + " or later"));
}

Status decide_opinion(const Judgement& j) {
  RELAIS_TRY(check_psp_move(j));
  const auto given = j.data().getPspOpinionGiven();
  const std::string name = text(given.getSession());
  const SessionState* s = j.world.find_session(name);
  if (s == nullptr)
    return fail(refusal(j.act, Errc::invalid, "session-unknown", "no such session was convened")
                    .at("data.session")
                    .accepts("a session that was held"));
  if (!s->held)
    return fail(refusal(j.act, Errc::conflict, "session-not-held", "the session was not held yet")
                    .at("data.session")
                    .accepts("a session that was held")
                    .in_state("CONVENED"));
  if (!s->cases.empty() && !s->cases.contains(j.subject->id))
    return fail(refusal(j.act, Errc::invalid, "session-not-for-file",
                        "the case is none of the session's files")
                    .at("data.session")
                    .accepts("a session that had the case among its files, or named none"));
  RELAIS_TRY(check_session_follows(j, name, *s));
  return check_tally(j, *s, given);
}

void evolve_opinion(const Change& change) {
  const auto given = change.data().getPspOpinionGiven();
  Psp& p = change.subject->psp;
  advance(*change.subject, change.act);
  advance(p, change.act,
          given.getOpinion() == schema::OpinionKind::ADJOURNED ? PspPhase::adjourned
                                                               : PspPhase::opined);
  p.session = text(given.getSession());
  p.opinion = given.getOpinion();
  p.opinion_at = change.act.received_at();
  // Who stepped back before there was a case of this id.
  const SessionState* s = change.world.find_session(p.session);
  if (s == nullptr) return;  // the stream is folded by itself
  if (const auto recused = s->recused.find(change.subject->id); recused != s->recused.end())
    change.subject->stepped_back.insert(recused->second.begin(), recused->second.end());
}

Status decide_decided(const Judgement& j) {
  RELAIS_TRY(check_psp_move(j));
  const auto decided = j.data().getPspDecided();
  if (decided.getDecision() == schema::PspDecision::REFUSED)
    RELAIS_TRY(check_appeal_route(j, decided.getAppealRoute()));
  const Day notified_on = accepted_date(decided.getNotifiedOn());
  RELAIS_TRY(not_in_future(j, notified_on, "data.notified_on"));
  const SessionState* s = j.world.find_session(j.subject->psp.session);
  check(s != nullptr, "an opinion was given by an unknown session");
  return not_before(j, notified_on, Day{s->held_on}, "data.notified_on",
                    "the session that gave its opinion");
}

void evolve_decided(const Change& change) {
  const auto decided = change.data().getPspDecided();
  Psp& p = change.subject->psp;
  advance(*change.subject, change.act);
  advance(p, change.act,
          decided.getDecision() == schema::PspDecision::AUTHORISED ? PspPhase::authorised
                                                                   : PspPhase::refused);
  p.decided_at = change.act.received_at();
  p.notified_on = accepted_date(decided.getNotifiedOn()).value;
}

Status decide_started(const Judgement& j) {
  RELAIS_TRY(check_applicant_move(j));
  const Psp& p = j.subject->psp;
  const Day starts_on = accepted_date(j.data().getPspStarted().getStartsOn());
  RELAIS_TRY(
      not_before(j, starts_on, Day{p.notified_on}, "data.starts_on", "the decision was notified"));
  if (p.previous_ended_on != 0)
    RELAIS_TRY(not_before(j, starts_on, Day{p.previous_ended_on}, "data.starts_on",
                          "the parcours before it had ended"));
  const Day latest = add_months(today(j), kMonthsToStart);
  if (starts_on <= latest) return {};
  return fail(refusal(j.act, Errc::invalid, "start-too-far", "the start is more than a year away")
                  .at("data.starts_on")
                  .accepts(to_date(latest) + " or earlier")
                  .from("Ours: a start that far ahead is a slip of the pen"));
}

void evolve_started(const Change& change) {
  Psp& p = change.subject->psp;
  advance(*change.subject, change.act);
  advance(p, change.act);
  p.started_on = accepted_date(change.data().getPspStarted().getStartsOn()).value;
  begin_term(p, change);
}

Status decide_appeal_filed(const Judgement& j) {
  RELAIS_TRY(check_applicant_move(j));
  const Day filed_on = accepted_date(j.data().getPspAppealFiled().getFiledOn());
  const Day notified_on{j.subject->psp.notified_on};
  RELAIS_TRY(not_in_future(j, filed_on, "data.filed_on"));
  RELAIS_TRY(not_before(j, filed_on, notified_on, "data.filed_on", "the refusal was notified"));
  const Day last = last_day_of_appeal(notified_on);
  if (filed_on <= last) return {};
  return fail(
      psp_conflict(j, "appeal-too-late", "the " + law::kAppeal.words() + " of appeal have run out")
          .at("data.filed_on")
          .accepts(to_date(last) + " or earlier")
          .from(law::kAppeal.law()));
}

void evolve_appeal_filed(const Change& change) {
  advance(*change.subject, change.act);
  advance(change.subject->psp, change.act);
  change.subject->psp.appealed_on =
      accepted_date(change.data().getPspAppealFiled().getFiledOn()).value;
}

Status decide_appeal_judged(const Judgement& j) {
  RELAIS_TRY(check_party_move(j));
  const Day judged_on = accepted_date(j.data().getPspAppealJudged().getJudgedOn());
  RELAIS_TRY(not_in_future(j, judged_on, "data.judged_on"));
  return not_before(j, judged_on, Day{j.subject->psp.appealed_on}, "data.judged_on",
                    "the appeal was filed");
}

void evolve_appeal_judged(const Change& change) {
  const auto judged = change.data().getPspAppealJudged();
  Psp& p = change.subject->psp;
  advance(*change.subject, change.act);
  if (judged.getOutcome() != schema::AppealOutcome::DECISION_REPLACED) {
    advance(p, change.act, PspPhase::final_refusal);
    return;
  }
  // What was refused is authorised: the entry, or the next term.
  p.notified_on = accepted_date(judged.getJudgedOn()).value;
  advance(p, change.act, p.refused_renewal ? PspPhase::active : PspPhase::authorised);
  if (p.refused_renewal) begin_term(p, change);
  p.refused_renewal = false;
}

}  // namespace

std::span<const Rule> psp_entry_rules() {
  static constexpr Rule kRules[] = {
      {"psp.applied", decide_applied, evolve_applied, {kByALaterAct, kRefusedWhenFull}},
      {"psp.opinion_given", decide_opinion, evolve_opinion, {kByALaterAct, kRefusedWhenFull}},
      {"psp.decided", decide_decided, evolve_decided, {kByALaterAct, kTakenWhenFull}},
      {"psp.started", decide_started, evolve_started, {kByALaterAct, kRefusedWhenFull}},
      {"psp.appeal_filed",
       decide_appeal_filed,
       evolve_appeal_filed,
       {kByALaterAct, kRefusedWhenFull}},
      {"psp.appeal_judged",
       decide_appeal_judged,
       evolve_appeal_judged,
       {kByALaterAct, kTakenWhenFull}},
  };
  return kRules;
}

std::span<const Rule> psp_rules() {
  static const std::vector<Rule> kRules = [] {
    std::vector<Rule> all;
    for (const auto part : {psp_entry_rules(), psp_term_rules(), psp_rights_rules()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return kRules;
}

}  // namespace relais::rules
