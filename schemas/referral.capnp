@0xe8f40b6d2c17a395;
# Axis 1, the hand-over from one organisation to the next. States follow FHIR Task closely (docs/DOMAIN.md, section 3).

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct ReferralRequested $P.event((
    name = "referral.requested", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "Convention, axes 1 and 3; RGPD art. 6 and 9; CASF L226-2-2",
    precondition = "the case is ASSESSED, REFERRED or IN_SUPPORT; the referral id is new; the addressee is another signatory, a mission locale or an association; a consent(referral) that covers the addressee is in force, or the person is a minor and the legal basis is l226_2_2; no open referral of the case is to the same addressee for the same need",
    summary = "The holder asks another signatory to take on one need of the person.")) {
  referralId @0 :Text $P.format("uuid");
  to @1 :Text $P.format("signatory");
  need @2 :Text $P.vocabulary("need");
  urgency @3 :V.Urgency;
  legalBasis @4 :V.LegalBasis;
  payload @5 :Text $P.sensitive $P.optional $P.maxLength(20000);
}

struct ReferralReceived $P.event((
    name = "referral.received", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "the referral is REQUESTED or HELD, and what it rests on still holds",
    summary = "The addressee has the request before it.")) {
  referralId @0 :Text $P.format("uuid");
}

struct ReferralHeld $P.event((
    name = "referral.held", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "the referral is RECEIVED, and what it rests on still holds",
    summary = "The addressee studies the request; it has not answered yet.")) {
  referralId @0 :Text $P.format("uuid");
  note @1 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct ReferralAccepted $P.event((
    name = "referral.accepted", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "the referral is RECEIVED or HELD, and what it rests on still holds",
    summary = "The addressee takes the need on.")) {
  referralId @0 :Text $P.format("uuid");
  firstAppointmentOn @1 :Text $P.format("date") $P.optional;
}

struct ReferralDeclined $P.event((
    name = "referral.declined", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "the referral is RECEIVED or HELD; an alternative is a signatory",
    summary = "The addressee cannot take the need on, says why, and names an alternative if it knows one.")) {
  referralId @0 :Text $P.format("uuid");
  declineReason @1 :V.DeclineReason;
  alternative @2 :Text $P.format("signatory") $P.optional;
  detail @3 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct ReferralCancelled $P.event((
    name = "referral.cancelled", axis = detection, stream = case, emitters = [ml, aa], relation = requesterOrAddressee,
    source = "Convention, axis 3", precondition = "the referral is REQUESTED, RECEIVED, HELD or ACCEPTED; by either side, or by the holder where who asked is a signatory no more",
    summary = "Either side ends the referral before it was completed.")) {
  referralId @0 :Text $P.format("uuid");
  detail @1 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct ReferralCompleted $P.event((
    name = "referral.completed", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "the referral is ACCEPTED",
    summary = "What was asked for has come to its end; did_not_come makes it FAILED.")) {
  referralId @0 :Text $P.format("uuid");
  outcome @1 :V.ReferralOutcome;
}

struct ReferralExpired $P.event((
    name = "referral.expired", axis = detection, stream = case, emitters = [system],
    source = "Convention, axis 3 (number: ours)", precondition = "the referral has had no answer for referral-expiry-days",
    summary = "A request that nobody answered has ended; the holder can ask elsewhere.")) {
  referralId @0 :Text $P.format("uuid");
  cause @1 :Text $P.maxLength(80) $P.inClear("written by the ledger's own clock: the name of a deadline");
  # the deadline that made it, as its name in the terms
}
