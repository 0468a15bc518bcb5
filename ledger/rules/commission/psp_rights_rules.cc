// afis.* and residence_permit.*: the allowance and the temporary residence permit that a parcours
// opens (CASF L121-9, R121-12-13; CESEDA L425-4).
#include "ledger/base/check.h"
#include "ledger/rules/commission/decisions.h"
#include "ledger/rules/commission/psp_rules.h"

namespace relais::rules {
namespace {

Status check_active(const Judgement& j) {
  const PspPhase phase = j.subject->psp.phase;
  if (phase == PspPhase::active || phase == PspPhase::renewal_due) return {};
  return fail(
      psp_conflict(j, "psp-not-active", "no parcours is active").accepts("ACTIVE, RENEWAL_DUE"));
}

Error afis_conflict(const Judgement& j, std::string rule, std::string message) {
  return refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
      .in_state(j.subject->psp.afis_opened_on != 0 ? "OPEN" : "NONE");
}

Status decide_afis_opened(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  RELAIS_TRY(check_active(j));
  RELAIS_TRY(check_party(j));
  if (j.subject->psp.afis_opened_on != 0)
    return fail(afis_conflict(j, "afis-open", "an AFIS is open already")
                    .accepts("a parcours whose AFIS was closed, or never opened"));
  const Day opened_on = accepted_date(j.data().getAfisOpened().getOpenedOn());
  RELAIS_TRY(not_in_future(j, opened_on, "data.opened_on"));
  return not_before(j, opened_on, Day{j.subject->psp.started_on}, "data.opened_on",
                    "the parcours started");
}

void evolve_afis_opened(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->psp.afis_opened_on =
      accepted_date(change.data().getAfisOpened().getOpenedOn()).value;
}

// The allowance may outlast the parcours by the days it takes to say so: its end asks for no active
// one.
Status decide_afis_closed(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (j.subject->psp.afis_opened_on == 0)
    return fail(afis_conflict(j, "afis-not-open", "no AFIS is open").accepts("an open AFIS"));
  RELAIS_TRY(check_party(j));
  const Day closed_on = accepted_date(j.data().getAfisClosed().getClosedOn());
  RELAIS_TRY(not_in_future(j, closed_on, "data.closed_on"));
  return not_before(j, closed_on, Day{j.subject->psp.afis_opened_on}, "data.closed_on",
                    "it was opened");
}

void evolve_afis_closed(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->psp.afis_opened_on = 0;
}

Error permit_conflict(const Judgement& j, std::string rule, std::string message) {
  return refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
      .in_state(std::string(to_string(j.subject->psp.permit)));
}

// The permit asks what the entry must not (Conseil d'État, 19 Nov 2021, no. 440802): that
// prostitution has ceased. The ledger holds that it is attested; what is attested stays disclosed.
Status decide_permit_requested(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  RELAIS_TRY(check_active(j));
  const auto requested = j.data().getResidencePermitRequested();
  if (j.subject->psp.applicant != j.emitter->id)
    return fail(refusal(j.act, Errc::forbidden, "psp-not-applicant",
                        "the permit is asked for by the association that applied")
                    .accepts("the association that applied"));
  if (!requested.getCessationAttested())
    return fail(refusal(j.act, Errc::invalid, "cessation-attested",
                        "the permit is for who has ceased prostitution")
                    .at("data.cessation_attested")
                    .accepts("true")
                    .from("CESEDA L425-4"));
  if (j.subject->psp.permit == PermitPhase::requested)
    return fail(permit_conflict(j, "permit-pending", "a request is waiting for its answer")
                    .accepts("NONE, ISSUED, REFUSED"));
  return not_in_future(j, accepted_date(requested.getRequestedOn()), "data.requested_on");
}

void evolve_permit_requested(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->psp.permit = PermitPhase::requested;
  change.subject->psp.permit_requested_at = change.act.received_at();
  change.subject->psp.permit_requested_on =
      accepted_date(change.data().getResidencePermitRequested().getRequestedOn()).value;
}

Status check_pending(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (j.subject->psp.permit == PermitPhase::requested) return {};
  return fail(permit_conflict(j, "permit-not-requested", "no request is waiting for an answer")
                  .accepts("REQUESTED"));
}

Status check_answer_day(const Judgement& j, Day d, std::string_view field) {
  RELAIS_TRY(not_in_future(j, d, field));
  return not_before(j, d, Day{j.subject->psp.permit_requested_on}, field, "it was asked for");
}

Status decide_permit_issued(const Judgement& j) {
  RELAIS_TRY(check_pending(j));
  const auto issued = j.data().getResidencePermitIssued();
  const Day issued_on = accepted_date(issued.getIssuedOn());
  RELAIS_TRY(check_answer_day(j, issued_on, "data.issued_on"));
  const Day at_least = add_days(add_months(issued_on, law::kResidencePermit.months()), -1);
  if (accepted_date(issued.getValidUntil()) >= at_least) return {};
  return fail(refusal(j.act, Errc::invalid, "permit-too-short",
                      "the permit is for " + law::kResidencePermit.words() + " at least")
                  .at("data.valid_until")
                  .accepts(to_date(at_least) + " or later")
                  .from(law::kResidencePermit.law()));
}

void evolve_permit_issued(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->psp.permit = PermitPhase::issued;
  change.subject->psp.permit_valid_until =
      accepted_date(change.data().getResidencePermitIssued().getValidUntil()).value;
}

Status decide_permit_refused(const Judgement& j) {
  RELAIS_TRY(check_pending(j));
  const auto refused = j.data().getResidencePermitRefused();
  RELAIS_TRY(check_appeal_route(j, refused.getAppealRoute()));
  return check_answer_day(j, accepted_date(refused.getNotifiedOn()), "data.notified_on");
}

void evolve_permit_refused(const Change& change) {
  advance(*change.subject, change.act);
  change.subject->psp.permit = PermitPhase::refused;
}

}  // namespace

std::span<const Rule> psp_rights_rules() {
  static constexpr Rule kRules[] = {
      {"afis.opened", decide_afis_opened, evolve_afis_opened, {kByALaterAct, kRefusedWhenFull}},
      {"afis.closed", decide_afis_closed, evolve_afis_closed, {kByALaterAct, kTakenWhenFull}},
      {"residence_permit.requested",
       decide_permit_requested,
       evolve_permit_requested,
       {kByALaterAct, kRefusedWhenFull}},
      {"residence_permit.issued",
       decide_permit_issued,
       evolve_permit_issued,
       {kByALaterAct, kTakenWhenFull}},
      {"residence_permit.refused",
       decide_permit_refused,
       evolve_permit_refused,
       {kByALaterAct, kTakenWhenFull}},
  };
  return kRules;
}

}  // namespace relais::rules
