// referral.*: the hand-over of one need from the holder to another signatory.
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::rules {
namespace {

Status check_addressee(const Judgement& j, schema::ReferralRequested::Reader requested,
                       const Signatory& to) {
  if (to.id == j.emitter->id)
    return fail(refusal(j.act, Errc::invalid, "referral-to-self",
                        "a referral is to another signatory than its own requester")
                    .at("data.to"));
  if (!to.role_set().has(schema::Role::ML) && !to.role_set().has(schema::Role::AA))
    return fail(refusal(j.act, Errc::invalid, "addressee-cannot-receive",
                        text(requested.getTo()) + " does not support people itself")
                    .at("data.to")
                    .accepts("a mission locale or an accredited association"));
  return {};
}

/// A referral tells its addressee of a person: it takes her consent, or a minor's protection.
Status check_legal_basis(const Judgement& j, schema::ReferralRequested::Reader requested,
                         const Signatory& to) {
  if (requested.getLegalBasis() == schema::LegalBasis::MINOR_PROTECTION) {
    if (j.subject->minor_on(today(j))) return {};
    return fail(refusal(j.act, Errc::invalid, "legal-basis-not-minor",
                        "l226_2_2 shares what protects a minor; the case is an adult's")
                    .at("data.legal_basis")
                    .accepts("consent")
                    .from("CASF L226-2-2"));
  }
  if (j.subject->referral_consent(to.id, j.act.received_at()) != nullptr) return {};
  return fail(conflict(j, "consent-missing",
                       "no consent to referral that covers " + to.slug + " is in force")
                  .at("data.legal_basis")
                  .accepts(j.subject->minor_on(today(j))
                               ? "case.consent_given of scope referral, or l226_2_2"
                               : "case.consent_given of scope referral")
                  .from("RGPD art. 6(1)(a), 9(2)(a)"));
}

Status check_limits(const Judgement& j) {
  const auto& referrals = j.subject->referrals;
  if (referrals.size() >= kMaxReferrals)
    return fail(conflict(j, "limit-referrals",
                         "a case has at most " + std::to_string(kMaxReferrals) + " referrals"));
  const auto open = std::ranges::count_if(referrals, &Referral::open);
  if (static_cast<std::size_t>(open) >= kMaxOpenReferrals)
    return fail(conflict(
        j, "limit-open-referrals",
        "a case has at most " + std::to_string(kMaxOpenReferrals) + " referrals open at once"));
  return {};
}

/// One need, one addressee, one request at a time: a second one would be answered twice and would
/// run deadlines twice. Most often it is a slip: a form sent again, or two colleagues.
Status check_duplicate(const Judgement& j, schema::ReferralRequested::Reader requested,
                       const Signatory& to) {
  const std::string need = text(requested.getNeed());
  const auto same = std::ranges::find_if(j.subject->referrals, [&](const Referral& r) {
    return r.open() && r.to == to.id && r.need == need;
  });
  if (same == j.subject->referrals.end()) return {};
  const std::string phase(to_string(same->phase));
  return fail(refusal(j.act, Errc::conflict, "referral-duplicate",
                      "referral " + to_string(same->id) + " to " + to.slug +
                          " is for the same need and is " + phase)
                  .at("data.need")
                  .accepts("another need or addressee; the same once that referral is declined, "
                           "cancelled, expired or completed")
                  .from("Ours: one request a need and addressee")
                  .in_state(phase));
}

Status decide_requested(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto requested = j.data().getReferralRequested();
  if (const Referral* same = j.subject->find_referral(accepted_uuid(requested.getReferralId())))
    return fail(refusal(j.act, Errc::conflict, "referral-id-taken",
                        "the case has a referral of this id already")
                    .at("data.referral_id")
                    .accepts("a new UUID")
                    .in_state(std::string(to_string(same->phase))));
  RELAIS_ASSIGN(const Signatory* to, known_signatory(j, text(requested.getTo()), "data.to"));
  RELAIS_TRY(check_addressee(j, requested, *to));
  RELAIS_TRY(check_legal_basis(j, requested, *to));
  RELAIS_TRY(check_limits(j));
  return check_duplicate(j, requested, *to);
}

void evolve_requested(const Change& change) {
  const auto requested = change.data().getReferralRequested();
  CaseState& c = *change.subject;
  const Signatory* to = change.world.registry().find_slug(text(requested.getTo()));
  check(to != nullptr, "an accepted referral is to an unknown signatory");
  Referral r;
  r.id = accepted_uuid(requested.getReferralId());
  r.from = change.act.signatory();
  r.to = to->id;
  r.need = text(requested.getNeed());
  r.urgency = requested.getUrgency();
  r.legal_basis = requested.getLegalBasis();
  r.requested_at = change.act.received_at();
  r.changed_at = change.act.received_at();
  r.requested_index = change.act.index;
  if (const Consent* consent = c.referral_consent(r.to, r.requested_at);
      r.legal_basis == schema::LegalBasis::CONSENT && consent != nullptr)
    r.consent_until = consent->expires_on;
  c.referrals.push_back(std::move(r));
  change.effects.requested.push_back(c.referrals.back().id);
  join(change, to->id);
  advance(c, change.act);
}

/// What every event on an existing referral asks: the referral, the emitter's side of it, and a
/// transition that is drawn.
Status check_move(const Judgement& j, capnp::Text::Reader id) {
  // A case that is closed says so first: all its referrals are at their end.
  if (!is_open(j.subject->phase)) return check_transition(*j.subject, j.act);
  const Referral* r = j.subject->find_referral(accepted_uuid(id));
  if (r == nullptr)
    return fail(
        refusal(j.act, Errc::not_found, "referral-unknown", "the case has no referral of this id")
            .at("data.referral_id"));
  const bool addressee = r->to == j.emitter->id;
  if (j.act.type->relation == schema::Relation::REQUESTER_OR_ADDRESSEE) {
    const Signatory* from = j.registry().find(r->from);
    check(from != nullptr, "a referral of no signatory");
    const bool in_its_stead = !from->active && j.subject->holder == j.emitter->id;
    if (!addressee && r->from != j.emitter->id && !in_its_stead)
      return fail(refusal(j.act, Errc::forbidden, "not-requester-or-addressee",
                          j.act.type->name + " is for either side of the referral")
                      .accepts("the requester or the addressee of the referral; the holder of the "
                               "case, where the requester has left"));
  } else if (!addressee) {
    return fail(refusal(j.act, Errc::forbidden, "not-addressee",
                        j.act.type->name + " is for the addressee of the referral")
                    .accepts("the addressee of the referral"));
  }
  RELAIS_TRY(check_transition(*r, j.act));
  return check_transition(*j.subject, j.act);
}

Referral& moved_referral(const Change& change, capnp::Text::Reader id) {
  Referral* r = change.subject->find_referral(accepted_uuid(id));
  check(r != nullptr, "an accepted event is about an unknown referral");
  return *r;
}

/// What takes a request up asks that its ground still holds: who consented may have meant until a
/// day, and who was a minor may be one no more. Taking it back or declining it asks nothing.
Status check_grounded_move(const Judgement& j, capnp::Text::Reader id) {
  RELAIS_TRY(check_move(j, id));
  const Referral& r = *j.subject->find_referral(accepted_uuid(id));
  if (basis_holds(*j.subject, r, today(j))) return {};
  return fail(refusal(j.act, Errc::conflict, "referral-basis-ended",
                      "what the referral rests on has ended: " +
                          std::string(r.legal_basis == schema::LegalBasis::CONSENT
                                          ? "the consent has expired"
                                          : "the person is no longer a minor"))
                  .at("data.referral_id")
                  .accepts("referral.declined by the addressee once received, referral.cancelled "
                           "by either side, or case.consent_given of scope referral by the holder")
                  .from("RGPD art. 5(1)(a), 7(3); CASF L226-2-2")
                  .in_state(std::string(to_string(r.phase))));
}

void settle(const Change& change) {
  advance(*change.subject, change.act, resting_phase(*change.subject));
}

Status decide_received(const Judgement& j) {
  return check_grounded_move(j, j.data().getReferralReceived().getReferralId());
}

void evolve_received(const Change& change) {
  move_referral(change,
                moved_referral(change, change.data().getReferralReceived().getReferralId()));
  settle(change);
}

Status decide_held(const Judgement& j) {
  return check_grounded_move(j, j.data().getReferralHeld().getReferralId());
}

void evolve_held(const Change& change) {
  move_referral(change, moved_referral(change, change.data().getReferralHeld().getReferralId()));
  settle(change);
}

Status decide_accepted(const Judgement& j) {
  return check_grounded_move(j, j.data().getReferralAccepted().getReferralId());
}

void evolve_accepted(const Change& change) {
  move_referral(change,
                moved_referral(change, change.data().getReferralAccepted().getReferralId()));
  change.subject->supported = true;
  settle(change);
}

Status decide_declined(const Judgement& j) {
  const auto declined = j.data().getReferralDeclined();
  RELAIS_TRY(check_move(j, declined.getReferralId()));
  if (declined.hasAlternative())
    RELAIS_TRY(known_signatory(j, text(declined.getAlternative()), "data.alternative"));
  return {};
}

void evolve_declined(const Change& change) {
  const auto declined = change.data().getReferralDeclined();
  Referral& r = moved_referral(change, declined.getReferralId());
  move_referral(change, r);
  r.decline_reason = declined.getDeclineReason();
  if (const Signatory* s = change.world.registry().find_slug(text(declined.getAlternative())))
    r.alternative = s->id;
  settle(change);
}

Status decide_cancelled(const Judgement& j) {
  return check_move(j, j.data().getReferralCancelled().getReferralId());
}

void evolve_cancelled(const Change& change) {
  move_referral(change,
                moved_referral(change, change.data().getReferralCancelled().getReferralId()));
  settle(change);
}

Status decide_completed(const Judgement& j) {
  return check_move(j, j.data().getReferralCompleted().getReferralId());
}

void evolve_completed(const Change& change) {
  const auto completed = change.data().getReferralCompleted();
  Referral& r = moved_referral(change, completed.getReferralId());
  r.outcome = completed.getOutcome();
  r.completed = change.act.event.getVersion();
  move_referral(change, r,
                r.outcome == schema::ReferralOutcome::DID_NOT_COME ? ReferralPhase::failed
                                                                   : ReferralPhase::completed);
  settle(change);
}

Status decide_expired(const Judgement& j) {
  // A case that is closed says so first: all its referrals are at their end.
  if (!is_open(j.subject->phase)) return check_transition(*j.subject, j.act);
  const Referral* r =
      j.subject->find_referral(accepted_uuid(j.data().getReferralExpired().getReferralId()));
  if (r == nullptr)
    return fail(
        refusal(j.act, Errc::not_found, "referral-unknown", "the case has no referral of this id")
            .at("data.referral_id"));
  RELAIS_TRY(check_transition(*r, j.act));
  const Day last = answer_ends(*r, j.registry().parameters);
  if (j.act.received_at() < end_of(last))
    return fail(refusal(j.act, Errc::conflict, "referral-not-due",
                        "the referral may be answered until the end of " + to_date(last))
                    .at("data.referral_id")
                    .accepts(to_date(add_days(last, 1)) + " or later")
                    .in_state(std::string(to_string(r->phase))));
  return check_transition(*j.subject, j.act);
}

void evolve_expired(const Change& change) {
  CaseState& c = *change.subject;
  Referral* r = c.find_referral(accepted_uuid(change.data().getReferralExpired().getReferralId()));
  check(r != nullptr, "an accepted event is about an unknown referral");
  move_referral(change, *r);
  advance(c, change.act, resting_phase(c));
}

}  // namespace

bool basis_holds(const CaseState& c, const Referral& r, Day day) {
  if (r.legal_basis == schema::LegalBasis::MINOR_PROTECTION)
    return c.minor_on(day) || c.referral_consent(r.to, start_of(day)) != nullptr;
  return r.consented(c.version, day);
}

void move_referral(const Change& change, Referral& r) {
  r.changed_at = change.act.received_at();
  advance(r, change.act);
  change.effects.moved.push_back(r.id);
}

void move_referral(const Change& change, Referral& r, ReferralPhase to) {
  r.changed_at = change.act.received_at();
  advance(r, change.act, to);
  change.effects.moved.push_back(r.id);
}

void review_consents_of_referrals(const Change& change) {
  CaseState& c = *change.subject;
  for (Referral& r : c.referrals) {
    if (r.legal_basis != schema::LegalBasis::CONSENT) continue;
    const Consent* consent = c.referral_consent(r.to, change.act.received_at());
    if (consent != nullptr) {
      r.consent_until = consent->expires_on;
      r.consent_ended = 0;
    } else if (r.consent_ended == 0) {
      r.consent_ended = change.act.event.getVersion();
    } else {
      continue;
    }
    if (consent == nullptr && r.pending()) {
      r.phase = ReferralPhase::cancelled;
      r.changed_at = change.act.received_at();
    }
    change.effects.moved.push_back(r.id);
  }
}

std::span<const Rule> referral_rules() {
  // referral.held is refused by a full case: a request goes to and fro between HELD and RECEIVED
  // without end.
  static constexpr Rule kRules[] = {
      {"referral.requested",
       decide_requested,
       evolve_requested,
       {only_by("referral.cancelled"), kRefusedWhenFull}},
      {"referral.received",
       decide_received,
       evolve_received,
       {only_by("referral.cancelled"), kTakenWhenFull}},
      {"referral.held",
       decide_held,
       evolve_held,
       {only_by("referral.cancelled"), kRefusedWhenFull}},
      {"referral.accepted",
       decide_accepted,
       evolve_accepted,
       {only_by("referral.cancelled"), kTakenWhenFull}},
      {"referral.declined",
       decide_declined,
       evolve_declined,
       {only_by("referral.requested anew"), kTakenWhenFull}},
      {"referral.cancelled",
       decide_cancelled,
       evolve_cancelled,
       {only_by("referral.requested anew"), kTakenWhenFull}},
      {"referral.completed",
       decide_completed,
       evolve_completed,
       {only_by("referral.requested anew"), kTakenWhenFull}},
      {"referral.expired", decide_expired, evolve_expired, {kByALaterAct, kTakenWhenFull}},
  };
  return kRules;
}

}  // namespace relais::rules
