@0xa94c6e1f03d8b752;
# Axis 4: the networks of each, shared (stream network/<id>), and hand-overs to the outside.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct PartnerIntroduced $P.event((
    name = "partner.introduced", axis = networks, stream = network,
    source = "Convention, axis 4; data·inclusion schema v1 (structure)", precondition = "the day of the update is not in the future",
    summary = "An outside organisation is introduced to the network, in data·inclusion's terms of a structure.")) {
  partnerId @0 :Text $P.maxLength(100) $P.inClear("the identifier of an organisation in a directory");
  nom @1 :Text $P.maxLength(200) $P.inClear("the name of an organisation");
  siret @2 :Text $P.optional $P.format("siret");
  codeInsee @3 :Text $P.format("territory") $P.optional;
  commune @4 :Text $P.optional $P.maxLength(100) $P.inClear("where an organisation receives");
  codePostal @5 :Text $P.optional $P.format("postal_code");
  adresse @6 :Text $P.optional $P.maxLength(300) $P.inClear("where an organisation receives");
  telephone @7 :Text $P.optional $P.format("telephone") $P.maxLength(40);
  courriel @8 :Text $P.optional $P.format("email");
  siteWeb @9 :Text $P.optional $P.format("link");
  description @10 :Text $P.optional $P.maxLength(10000) $P.inClear("what an organisation does");
  horairesAccueil @11 :Text $P.optional $P.maxLength(300) $P.inClear("when an organisation receives");
  accessibiliteLieu @12 :Text $P.optional $P.format("link");
  reseauxPorteurs @13 :List(Text) $P.optional $P.vocabulary("reseaux_porteurs_v1");
  dateMaj @14 :Text $P.format("date");
  lienSource @15 :Text $P.optional $P.format("link");
}

struct PathwayPublished $P.event((
    name = "pathway.published", axis = networks, stream = network,
    source = "Convention, axis 4", precondition = "it has at least one step",
    summary = "A pathway through the network is published: for which need, through whom.")) {
  title @0 :Text $P.maxLength(200) $P.inClear("the title of a way through organisations");
  need @1 :Text $P.vocabulary("need");
  steps @2 :List(Text) $P.maxLength(20) $P.inClear("organisations, in their order");
}

struct JointActionRecorded $P.event((
    name = "joint_action.recorded", axis = networks, stream = network,
    source = "Convention, axis 4", precondition = "the date is not in the future; the signatories are known, at least two, each named once",
    summary = "Signatories acted together.")) {
  title @0 :Text $P.maxLength(200) $P.inClear("what organisations did together");
  heldOn @1 :Text $P.format("date");
  signatories @2 :List(Text) $P.format("signatory");
  summary @3 :Text $P.optional $P.maxLength(4000) $P.inClear("what organisations did together, told to all without a person");
}

struct ExternalReferralRecorded $P.event((
    name = "external_referral.recorded", axis = networks, stream = case, emitters = [ml, aa], relation = holderOrAccepted,
    source = "Convention, axis 4", precondition = "the case is ASSESSED, REFERRED, IN_SUPPORT, PSP or DORMANT; a consent(sharing) without named recipients is in force, or the person is a minor (CASF L226-2-2)",
    summary = "The person was put in touch with an organisation outside the convention.")) {
  destination @0 :V.ExternalDestination;
  need @1 :Text $P.vocabulary("need");
  reference @2 :Text $P.sensitive $P.optional $P.maxLength(1000);
}
