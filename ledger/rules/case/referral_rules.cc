// referral.*: the hand-over of one need from the holder to another signatory.
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

Status judge_addressee(const Judgement& j, schema::ReferralRequested::Reader requested,
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
Status judge_legal_basis(const Judgement& j, schema::ReferralRequested::Reader requested,
                         const Signatory& to) {
  if (requested.getLegalBasis() == schema::LegalBasis::MINOR_PROTECTION) {
    if (j.subject->minor_on(today(j))) return {};
    return fail(refusal(j.act, Errc::invalid, "legal-basis-not-minor",
                        "l226_2_2 shares what protects a minor; the case is an adult's")
                    .at("data.legal_basis")
                    .accepts("consent")
                    .from("CASF L226-2-2"));
  }
  const bool consented = std::ranges::any_of(j.subject->consents, [&](const Consent& consent) {
    return consent.scope == schema::ConsentScope::REFERRAL &&
           consent.covers(to.id, j.act.received_at());
  });
  if (consented) return {};
  return fail(conflict(j, "consent-missing",
                       "no consent to referral that covers " + to.slug + " is in force")
                  .at("data.legal_basis")
                  .accepts(j.subject->minor_on(today(j))
                               ? "case.consent_given of scope referral, or l226_2_2"
                               : "case.consent_given of scope referral")
                  .from("RGPD art. 6(1)(a), 9(2)(a)"));
}

Status judge_limits(const Judgement& j) {
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

Status decide_requested(const Judgement& j) {
  RELAIS_TRY(drawn(*j.subject, j.act));
  const auto requested = j.data().getReferralRequested();
  if (const Referral* same = j.subject->find_referral(accepted_uuid(requested.getReferralId())))
    return fail(refusal(j.act, Errc::conflict, "referral-id-taken",
                        "the case has a referral of this id already")
                    .at("data.referral_id")
                    .accepts("a new UUID")
                    .in_state(std::string(to_string(same->phase))));
  RELAIS_ASSIGN(const Signatory* to, known_signatory(j, text(requested.getTo()), "data.to"));
  RELAIS_TRY(judge_addressee(j, requested, *to));
  RELAIS_TRY(judge_legal_basis(j, requested, *to));
  return judge_limits(j);
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
  c.referrals.push_back(std::move(r));
  c.participants.insert(to->id);
  advance(c, change.act);
}

/// What every event on an existing referral asks: the referral, the emitter's side of it, and a
/// transition that is drawn.
Status judge_move(const Judgement& j, capnp::Text::Reader id) {
  // A case that is closed says so first: all its referrals are at their end.
  if (!is_open(j.subject->phase)) return drawn(*j.subject, j.act);
  const Referral* r = j.subject->find_referral(accepted_uuid(id));
  if (r == nullptr)
    return fail(
        refusal(j.act, Errc::not_found, "referral-unknown", "the case has no referral of this id")
            .at("data.referral_id"));
  const bool addressee = r->to == j.emitter->id;
  if (j.act.type->relation == schema::Relation::REQUESTER_OR_ADDRESSEE) {
    if (!addressee && r->from != j.emitter->id)
      return fail(refusal(j.act, Errc::forbidden, "not-requester-or-addressee",
                          j.act.type->name + " is for either side of the referral")
                      .accepts("the requester or the addressee of the referral"));
  } else if (!addressee) {
    return fail(refusal(j.act, Errc::forbidden, "not-addressee",
                        j.act.type->name + " is for the addressee of the referral")
                    .accepts("the addressee of the referral"));
  }
  RELAIS_TRY(drawn(*r, j.act));
  return drawn(*j.subject, j.act);
}

Referral& moved_referral(const Change& change, capnp::Text::Reader id) {
  Referral* r = change.subject->find_referral(accepted_uuid(id));
  check(r != nullptr, "an accepted event is about an unknown referral");
  r->changed_at = change.act.received_at();
  return *r;
}

void settle(const Change& change) {
  advance(*change.subject, change.act, settled(*change.subject));
}

Status decide_received(const Judgement& j) {
  return judge_move(j, j.data().getReferralReceived().getReferralId());
}

void evolve_received(const Change& change) {
  advance(moved_referral(change, change.data().getReferralReceived().getReferralId()), change.act);
  settle(change);
}

Status decide_held(const Judgement& j) {
  return judge_move(j, j.data().getReferralHeld().getReferralId());
}

void evolve_held(const Change& change) {
  advance(moved_referral(change, change.data().getReferralHeld().getReferralId()), change.act);
  settle(change);
}

Status decide_accepted(const Judgement& j) {
  return judge_move(j, j.data().getReferralAccepted().getReferralId());
}

void evolve_accepted(const Change& change) {
  advance(moved_referral(change, change.data().getReferralAccepted().getReferralId()), change.act);
  change.subject->supported = true;
  settle(change);
}

Status decide_declined(const Judgement& j) {
  const auto declined = j.data().getReferralDeclined();
  RELAIS_TRY(judge_move(j, declined.getReferralId()));
  if (declined.hasAlternative())
    RELAIS_TRY(known_signatory(j, text(declined.getAlternative()), "data.alternative"));
  return {};
}

void evolve_declined(const Change& change) {
  const auto declined = change.data().getReferralDeclined();
  Referral& r = moved_referral(change, declined.getReferralId());
  advance(r, change.act);
  r.decline_reason = declined.getDeclineReason();
  if (const Signatory* s = change.world.registry().find_slug(text(declined.getAlternative())))
    r.alternative = s->id;
  settle(change);
}

Status decide_cancelled(const Judgement& j) {
  return judge_move(j, j.data().getReferralCancelled().getReferralId());
}

void evolve_cancelled(const Change& change) {
  advance(moved_referral(change, change.data().getReferralCancelled().getReferralId()), change.act);
  settle(change);
}

Status decide_completed(const Judgement& j) {
  return judge_move(j, j.data().getReferralCompleted().getReferralId());
}

void evolve_completed(const Change& change) {
  const auto completed = change.data().getReferralCompleted();
  Referral& r = moved_referral(change, completed.getReferralId());
  r.outcome = completed.getOutcome();
  advance(r, change.act,
          r.outcome == schema::ReferralOutcome::DID_NOT_COME ? ReferralPhase::failed
                                                             : ReferralPhase::completed);
  settle(change);
}

}  // namespace

std::span<const Rule> referral_rules() {
  static constexpr Rule kRules[] = {
      {"referral.requested", decide_requested, evolve_requested},
      {"referral.received", decide_received, evolve_received},
      {"referral.held", decide_held, evolve_held},
      {"referral.accepted", decide_accepted, evolve_accepted},
      {"referral.declined", decide_declined, evolve_declined},
      {"referral.cancelled", decide_cancelled, evolve_cancelled},
      {"referral.completed", decide_completed, evolve_completed},
  };
  return kRules;
}

}  // namespace relais::rules
