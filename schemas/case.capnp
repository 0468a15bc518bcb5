@0xd1e5b72390af46c8;
# Axis 1, the case itself: its life, its transfers, corrections and erasure (docs/DOMAIN.md, section 2). A comment behind a field is its description in the catalogue.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct CaseDetected $P.event((
    name = "case.detected", axis = detection, stream = case, emitters = [ml, aa], opens = true,
    source = "Convention, axis 1", precondition = "the case does not exist yet; the territory is one of the convention's",
    summary = "A signatory has detected a person at risk or a victim; it becomes the holder of the case.")) {
  channel @0 :V.Channel;
  ageBand @1 :V.AgeBand;
  territory @2 :Text $P.format("territory");
  risk @3 :V.Risk;
  indicators @4 :List(Text) $P.sensitive $P.optional $P.maxLength(50);
  gender @5 :V.Gender $P.sensitive $P.optional;
  note @6 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseDismissed $P.event((
    name = "case.dismissed", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "Convention, axis 1", precondition = "the case is DETECTED; by the holder of the case",
    summary = "The detection did not hold: no support follows.")) {
  reason @0 :V.DismissReason;
}

struct CaseRiskAssessed $P.event((
    name = "case.risk_assessed", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "Convention, axis 1", precondition = "the case is open",
    summary = "The danger the person is in was assessed with a dated grid.")) {
  risk @0 :V.Risk;
  gridVersion @1 :Text $P.maxLength(40) $P.inClear("which published grid was used");
  factors @2 :List(Text) $P.sensitive $P.optional $P.maxLength(50);
}

struct CaseConsentGiven $P.event((
    name = "case.consent_given", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "RGPD art. 7 and 9(2)(a)", precondition = "the case is open; the recipients are signatories; it does not end before today",
    summary = "The person agreed to one use of what concerns her or him, for named recipients. It replaces the earlier one of its scope: pending referrals that it no longer covers are cancelled.")) {
  scope @0 :V.ConsentScope;
  recipients @1 :List(Text) $P.format("signatory") $P.optional;
  # empty: every signatory of the convention
  formHash @2 :Text $P.format("sha256");
  expiresOn @3 :Text $P.format("date") $P.optional;
  givenBy @4 :Text $P.sensitive $P.optional $P.maxLength(200);
}

struct CaseConsentWithdrawn $P.event((
    name = "case.consent_withdrawn", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "RGPD art. 7(3)", precondition = "the case is not ERASED; a consent of this scope was given and not taken back, whether or not it has expired",
    summary = "The person took an agreement back: pending referrals that rest on it are cancelled, and nothing new is disclosed under it from now on.")) {
  scope @0 :V.ConsentScope;
  givenBy @1 :Text $P.sensitive $P.optional $P.maxLength(200);
}

struct CaseBecameDormant $P.event((
    name = "case.became_dormant", axis = detection, stream = case, emitters = [system],
    source = "Convention, axis 1 (number: ours)", precondition = "the case is IN_SUPPORT; nobody has acted on it for dormant-after-days; no application for a parcours waits for its answer",
    summary = "Support has come to rest: a step brings it back, or the holder closes the case.")) {
  cause @0 :Text $P.maxLength(80) $P.inClear("written by the ledger's own clock: the name of a deadline");
  # the deadline that made it
}

struct CaseClosed $P.event((
    name = "case.closed", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "Convention, axis 1; CNIL référentiel, active base",
    precondition = "the case is IN_SUPPORT or DORMANT, and no referral is pending or under way",
    summary = "Support has ended, with its reason.")) {
  reason @0 :V.CloseReason;
}

struct CaseReopened $P.event((
    name = "case.reopened", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "Convention, axis 1", precondition = "the case is CLOSED",
    summary = "The person is back: the case is assessed anew.")) {
  note @0 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseTransferRequested $P.event((
    name = "case.transfer_requested", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "Convention, axis 3", precondition = "the case is open, no transfer is pending; the addressee is another signatory, a mission locale or an association; no emergency access of the addressee waits for its review",
    summary = "The holder asks another signatory to become responsible for the case.")) {
  to @0 :Text $P.format("signatory");
  reason @1 :V.TransferReason;
  kind @2 :V.TransferKind;
  note @3 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseTransferAccepted $P.event((
    name = "case.transfer_accepted", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "a transfer to the emitter is pending; no emergency access of the emitter waits for its review",
    summary = "The addressee becomes the holder: two signatures move the case.")) {
}

struct CaseTransferDeclined $P.event((
    name = "case.transfer_declined", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "a transfer to the emitter is pending",
    summary = "The addressee does not take the case; the holder stays responsible.")) {
  declineReason @0 :V.DeclineReason;
}

struct CasePassedOn $P.event((
    name = "case.passed_on", axis = detection, stream = case, emitters = [system],
    source = "Convention, governance", precondition = "the case is not ERASED; its holder was withdrawn by the signatories, who named another to go on with its cases; it is to that one, or to whom they named for that one in its turn",
    summary = "The case of a signatory that was withdrawn goes to the one that has signed for its cases.")) {
  to @0 :Text $P.format("signatory");
  cause @1 :Text $P.maxLength(80) $P.inClear("written by the ledger's own clock: the name of a deadline");
}

struct CaseCorrected $P.event((
    name = "case.corrected", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "RGPD art. 16", precondition = "the case is not ERASED; the target is an event of this case, not annulled; a detection is corrected by the present holder, an assessment by it or by its author; at least one new value is given and the target's type has it; a new territory is one of the convention's; while a parcours is under way the age stays an adult's",
    summary = "Values of an earlier act were wrong: the read models take the new ones, the log keeps both.")) {
  targetVersion @0 :UInt32;
  # the target in the case's stream, as its author counts (docs/FORMATS.md, Counting)
  reason @1 :V.CorrectionReason;
  ageBand @2 :V.AgeBand $P.optional;
  territory @3 :Text $P.format("territory") $P.optional;
  risk @4 :V.Risk $P.optional;
  channel @5 :V.Channel $P.optional;
  note @6 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseAnnulled $P.event((
    name = "case.annulled", axis = detection, stream = case, emitters = [ml, aa], relation = author,
    source = "RGPD art. 16", precondition = "the case is not ERASED; the target is an event of this case, not annulled, and the case's history holds without it; a detection, a consent and the review of an access are annulled by the present holder; other acts by their author, as long as it has a part in the case where something comes of the act, and by the holder once it has none",
    summary = "An earlier act should not have been recorded: the read models leave it out, the log keeps both.")) {
  targetVersion @0 :UInt32;
  reason @1 :V.CorrectionReason;
  note @2 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseDataErased $P.event((
    name = "case.data_erased", axis = detection, stream = case, emitters = [ml, aa, system], relation = holder,
    source = "RGPD art. 17; CNIL référentiel (2 years after the last contact)",
    precondition = "no legal hold is in force; art17: by the holder, on a case that is not erased, of targets that it has and that are no erasures, or of the whole once it is DISMISSED or CLOSED; retention: by the clock, of the whole case, when it was dismissed or closed for the retention period",
    summary = "What was disclosed is destroyed for good; every signature and proof stays valid.")) {
  basis @0 :V.ErasureBasis;
  targets @1 :List(UInt32) $P.optional $P.maxLength(1000);
  # events whose disclosures are destroyed, as the holder counts; absent: all, and the case is ERASED
}

struct CaseLegalHoldPlaced $P.event((
    name = "case.legal_hold_placed", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrApplicant,
    source = "RGPD art. 17(3)(e)",
    precondition = "the case is not ERASED; by its holder, or by the association that applied for its parcours, until it ended and, where others ended it, until the appeal's term is over; the hold id is new; it ends today at the earliest and legal-hold-years from today at the latest",
    summary = "What was disclosed is needed for the rights of somebody before a court or an authority: until the hold ends, nothing of the case is erased. All else goes on.")) {
  holdId @0 :Text $P.format("uuid");
  reason @1 :V.HoldReason;
  endsOn @2 :Text $P.format("date");
  # last day of the hold, which then ends by itself
  note @3 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseLegalHoldLifted $P.event((
    name = "case.legal_hold_lifted", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrApplicant,
    source = "RGPD art. 17(3)(e)",
    precondition = "the case is not ERASED; the hold is in force; by the signatory that placed it, or by the holder where that one could not place it any more",
    summary = "A hold ends before its day: erasure is possible again, and what is overdue is erased.")) {
  holdId @0 :Text $P.format("uuid");
}

struct CaseEmergencyAccessOpened $P.event((
    name = "case.emergency_access_opened", axis = detection, stream = case, emitters = [ml, aa, pref], relation = notHolder,
    source = "RGPD art. 6(1)(d) and 9(2)(c) (vital interests); numbers: ours",
    precondition = "it ends after its receipt, and emergency-access-hours after it at the latest; the case exists and is not ERASED; the emitter does not hold it; the access id is new; no earlier access of the emitter to this case was found not justified; none of them is open; fewer than three wait for their review",
    summary = "In immediate danger a signatory reads what the holder of the case reads, but the identity in an application, for a few hours. The holder is alerted and reviews it.")) {
  accessId @0 :Text $P.format("uuid");
  reason @1 :V.EmergencyReason;
  until @2 :Text $P.format("timestamp");
  note @3 :Text $P.sensitive $P.minLetters(20) $P.maxLength(4000);
  # what the danger is, and why nobody could be asked
}

struct CaseEmergencyAccessReviewed $P.event((
    name = "case.emergency_access_reviewed", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "RGPD art. 5(2) and 32; numbers: ours",
    precondition = "the case is not ERASED; the access was opened by another signatory and is not reviewed yet",
    summary = "The holder has judged an emergency access. One that was not justified ends at once, and who opened it can open no other on this case.")) {
  accessId @0 :Text $P.format("uuid");
  outcome @1 :V.AccessReview;
  note @2 :Text $P.sensitive $P.optional $P.maxLength(4000);
}
