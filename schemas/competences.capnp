@0xc15f8a2be7d4903b;
# Axis 3: who can do what, with room now (stream signatory/<id>), and what is done together on a case.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct CapabilityDeclared $P.event((
    name = "capability.declared", axis = competences, stream = signatory, relation = self,
    source = "Convention, axis 3", precondition = "publics, needs and territories are named; the territories are the convention's; all that the signatory declares is at most 500 capabilities with 256 KiB of text",
    summary = "A signatory says what it can do, for whom and where, in data·inclusion terms; the same id replaces what was declared.")) {
  capabilityId @0 :Text $P.format("slug");
  serviceType @1 :Text $P.vocabulary("types_de_services_v1");
  publics @2 :List(Text) $P.vocabulary("publics_v1");
  needs @3 :List(Text) $P.vocabulary("need");
  territories @4 :List(Text) $P.format("territory");
  label @5 :Text $P.optional $P.maxLength(200) $P.inClear("what an organisation offers");
}

struct CapabilityWithdrawn $P.event((
    name = "capability.withdrawn", axis = competences, stream = signatory, relation = self,
    source = "Convention, axis 3", precondition = "the capability is declared",
    summary = "A signatory no longer offers a capability.")) {
  capabilityId @0 :Text $P.format("slug");
}

struct CapacityUpdated $P.event((
    name = "capacity.updated", axis = competences, stream = signatory, relation = self,
    source = "Convention, axis 3; stale after capacity-stale-days (ours)", precondition = "the capability is declared; what is full has no places",
    summary = "How much room there is for a capability now.")) {
  capabilityId @0 :Text $P.format("slug");
  level @1 :V.CapacityLevel;
  places @2 :UInt32;
  # 0: not counted, or none
}

struct FocalPointDesignated $P.event((
    name = "focal_point.designated", axis = competences, stream = signatory, relation = self,
    source = "Convention, axis 3", precondition = "–",
    summary = "The functional mailbox through which a signatory is reached; never a person's.")) {
  mailbox @0 :Text $P.format("email");
  topic @1 :Text $P.optional $P.maxLength(100) $P.inClear("what a functional mailbox is for");
}

struct CoordinationMeetingHeld $P.event((
    name = "coordination.meeting_held", axis = competences, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "Convention, axis 3", precondition = "the case is open; those attending take part in the case, at least one beside the emitter; the day is not in the future",
    summary = "Signatories met about a case.")) {
  heldOn @0 :Text $P.format("date");
  attending @1 :List(Text) $P.format("signatory");
  decisions @2 :Text $P.sensitive $P.optional $P.maxLength(20000);
}

struct PlanAgreed $P.event((
    name = "plan.agreed", axis = competences, stream = case, emitters = [ml, aa], relation = holder,
    source = "Convention, axis 3", precondition = "the case is ASSESSED, REFERRED, IN_SUPPORT, PSP or DORMANT; it names at least one need and one signatory; the signatories named take part in the case",
    summary = "Who does what for the person, as agreed.")) {
  needs @0 :List(Text) $P.vocabulary("need");
  signatories @1 :List(Text) $P.format("signatory");
  reviewOn @2 :Text $P.format("date") $P.optional;
  plan @3 :Text $P.sensitive $P.optional $P.maxLength(20000);
}

struct ContributionCommitted $P.event((
    name = "contribution.committed", axis = competences, stream = case, emitters = [ml, aa, udml, pref],
    source = "Convention, axis 3", precondition = "the emitter takes part in the case, which is open, and has a part in it: it holds it, has accepted a referral that is open, or is a party to the parcours; the contribution id is new",
    summary = "A participant commits to do something for the case.")) {
  contributionId @0 :Text $P.format("uuid");
  kind @1 :V.ContributionKind;
  dueOn @2 :Text $P.format("date") $P.optional;
}

struct ContributionDelivered $P.event((
    name = "contribution.delivered", axis = competences, stream = case, emitters = [ml, aa, udml, pref], relation = author,
    source = "Convention, axis 3", precondition = "the case is open; the emitter has committed to this contribution and not delivered it",
    summary = "A commitment was kept.")) {
  contributionId @0 :Text $P.format("uuid");
}
