@0xa97c3e5d10b8f264;
# Axis 1, the steps of support.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct SupportStepPlanned $P.event((
    name = "support.step_planned", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "Convention, axis 1", precondition = "the case is ASSESSED, REFERRED, IN_SUPPORT, PSP or DORMANT; the step id is new",
    summary = "A step of support is planned.")) {
  stepId @0 :Text $P.format("uuid");
  need @1 :Text $P.vocabulary("need");
  plannedOn @2 :Text $P.format("date") $P.optional;
  detail @3 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct SupportStepDone $P.event((
    name = "support.step_done", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "Convention, axis 1", precondition = "the case is ASSESSED, REFERRED, IN_SUPPORT, PSP or DORMANT; the step is planned, by the emitter and for the same need, or new (done without having been planned)",
    summary = "A step of support took place.")) {
  stepId @0 :Text $P.format("uuid");
  need @1 :Text $P.vocabulary("need");
  result @2 :V.StepResult;
  detail @3 :Text $P.sensitive $P.optional $P.maxLength(10000);
}

struct SupportStepMissed $P.event((
    name = "support.step_missed", axis = detection, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "Convention, axis 1", precondition = "the case is ASSESSED, REFERRED, IN_SUPPORT, PSP or DORMANT; the step is planned, by the emitter",
    summary = "A planned step did not take place.")) {
  stepId @0 :Text $P.format("uuid");
  reason @1 :V.MissReason;
  detail @2 :Text $P.sensitive $P.optional $P.maxLength(10000);
}
