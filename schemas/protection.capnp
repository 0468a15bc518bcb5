@0x8d21c7f0a4b95e36;
# Axis 1, the protection of minors (CASF L226-2-1, L226-4), on the case stream.

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
  court @0 :Text $P.sensitive $P.minLetters(3) $P.maxLength(120);
  reference @1 :Text $P.sensitive $P.optional;
}

struct ProtectionOutcomeRecorded $P.event((
    name = "protection.outcome_recorded", axis = detection, stream = case, emitters = [ml, aa], relation = author,
    source = "CASF L226-2-1", precondition = "the case is not ERASED; the emitter has transmitted a report or notified the prosecutor in this case; one of its reports has no outcome yet",
    summary = "What came of the report.")) {
  outcome @0 :V.ProtectionOutcome;
}
