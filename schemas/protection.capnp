@0x8d21c7f0a4b95e36;
# Protection of minors (CASF L226-2-1, L226-4), transfers, corrections and erasure on the case stream.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct ProtectionReportTransmitted $P.event((
    name = "protection.report_transmitted", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "CASF L226-2-1", precondition = "the case is open and of a minor; no consent is needed; the CRIP is that of the case's territory",
    summary = "An information préoccupante went to the CRIP of the competent department, without delay.")) {
  crip @0 :V.Crip;
  parentsInformed @1 :V.ParentsInformed;
  receipt @2 :Text $P.sensitive $P.optional;
}

struct ProtectionProsecutorNotified $P.event((
    name = "protection.prosecutor_notified", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "CASF L226-4", precondition = "the case is open; grave danger: the risk is high or immediate; no consent is needed",
    summary = "A signalement went to the public prosecutor.")) {
  court @0 :Text $P.maxLength(120);
  reference @1 :Text $P.sensitive $P.optional;
}

struct ProtectionOutcomeRecorded $P.event((
    name = "protection.outcome_recorded", axis = detection, stream = case, emitters = [ml, aa], relation = author,
    source = "CASF L226-2-1", precondition = "the emitter has transmitted a report or notified the prosecutor in this case",
    summary = "What came of the report.")) {
  outcome @0 :V.ProtectionOutcome;
}

struct CaseTransferRequested $P.event((
    name = "case.transfer_requested", axis = detection, stream = case, emitters = [ml, aa], relation = holder,
    source = "Convention, axis 3", precondition = "the case is open, no transfer is pending",
    summary = "The holder asks another signatory to become responsible for the case.")) {
  to @0 :Text $P.format("signatory");
  reason @1 :V.TransferReason;
  kind @2 :V.TransferKind;
  note @3 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseTransferAccepted $P.event((
    name = "case.transfer_accepted", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "a transfer to the emitter is pending",
    summary = "The addressee becomes the holder: two signatures move the case.")) {
}

struct CaseTransferDeclined $P.event((
    name = "case.transfer_declined", axis = detection, stream = case, emitters = [ml, aa], relation = addressee,
    source = "Convention, axis 3", precondition = "a transfer to the emitter is pending",
    summary = "The addressee does not take the case; the holder stays responsible.")) {
  declineReason @0 :V.DeclineReason;
}

struct CaseCorrected $P.event((
    name = "case.corrected", axis = detection, stream = case, emitters = [ml, aa], relation = author,
    source = "RGPD art. 16", precondition = "the target is an event of this case by the emitter, not annulled; at least one new value is given and the target's type has it",
    summary = "Values of an earlier act were wrong: the read models take the new ones, the log keeps both.")) {
  targetVersion @0 :UInt32;
  # position of the target in the case's stream
  reason @1 :V.CorrectionReason;
  ageBand @2 :V.AgeBand $P.optional;
  territory @3 :Text $P.format("territory") $P.optional;
  risk @4 :V.Risk $P.optional;
  channel @5 :V.Channel $P.optional;
  note @6 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseAnnulled $P.event((
    name = "case.annulled", axis = detection, stream = case, emitters = [ml, aa], relation = author,
    source = "RGPD art. 16", precondition = "the target is an event of this case by the emitter, not annulled, and the case's history holds without it",
    summary = "An earlier act should not have been recorded: the read models leave it out, the log keeps both.")) {
  targetVersion @0 :UInt32;
  reason @1 :V.CorrectionReason;
  note @2 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct CaseDataErased $P.event((
    name = "case.data_erased", axis = detection, stream = case, emitters = [ml, aa, system], relation = holder,
    source = "RGPD art. 17; CNIL référentiel (2 years after the last contact)",
    precondition = "art17: by the holder, on a case that is not erased; retention: by the clock, when the case was closed for the retention period",
    summary = "What was disclosed is destroyed for good; every signature and proof stays valid.")) {
  basis @0 :V.ErasureBasis;
  targets @1 :List(UInt32) $P.optional $P.maxLength(1000);
  # positions in the stream whose disclosures are destroyed; absent: all, and the case is ERASED
}

struct ReferralExpired $P.event((
    name = "referral.expired", axis = detection, stream = case, emitters = [system],
    source = "Convention, axis 3 (number: ours)", precondition = "the referral has had no answer for referral-expiry-days",
    summary = "A request that nobody answered has ended; the holder can ask elsewhere.")) {
  referralId @0 :Text $P.format("uuid");
  cause @1 :Text $P.maxLength(80);
  # the deadline that made it, as its name in the terms
}
