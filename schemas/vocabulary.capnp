@0xc7d2a9114be3f605;
# The closed vocabularies that rules depend on (docs/DOMAIN.md, section 2). The first enumerant is "absent" and is never
# accepted on the wire.

using Cxx = import "/capnp/c++.capnp";
using Policy = import "policy.capnp";
$Cxx.namespace("relais::schema");

enum AgeBand {
  unspecified @0;
  under13 @1 $Policy.wire("under_13");
  from13To15 @2 $Policy.wire("13_15");
  from16To17 @3 $Policy.wire("16_17");
  from18To21 @4 $Policy.wire("18_21");
  from22To25 @5 $Policy.wire("22_25");
  from26 @6 $Policy.wire("26_plus");
}

enum Channel {
  unspecified @0;
  interview @1;
  outreach @2;
  onlineOutreach @3;
  thirdParty @4;
  helpline119 @5 $Policy.wire("helpline_119");
  disclosure @6;
}

enum Risk {
  unspecified @0;
  low @1;
  medium @2;
  high @3;
  immediate @4;
}

enum DismissReason {
  unspecified @0;
  notConcerned @1;
  duplicate @2;
  enteredByMistake @3;
}

enum ConsentScope {
  unspecified @0;
  referral @1;
  sharing @2;
  psp @3;
  statistics @4;
}

enum Urgency {
  unspecified @0;
  routine @1;
  urgent @2;
  immediate @3;
}

enum LegalBasis {
  unspecified @0;
  consent @1;
  minorProtection @2 $Policy.wire("l226_2_2");   # CASF L226-2-2: information shared to protect a minor
}

enum DeclineReason {
  unspecified @0;
  notOurPublic @1;
  notOurTerritory @2;
  noCapacity @3;
  alreadyFollowed @4;
  personRefuses @5;
  informationMissing @6;
  safety @7;
  other @8;
}

enum ReferralOutcome {
  unspecified @0;
  attended @1;
  didNotCome @2;
  serviceGiven @3;
  partial @4;
}

enum StepResult {
  unspecified @0;
  done @1;
  partlyDone @2;
  handedOn @3;
}

enum MissReason {
  unspecified @0;
  didNotCome @1;
  postponed @2;
  serviceUnavailable @3;
  unreachable @4;
  other @5;
}

enum CloseReason {
  unspecified @0;
  goalsMet @1;
  pspEnded @2;
  personRefuses @3;
  lostContact @4;
  handedToChildProtection @5;
  moved @6;
  deceased @7;
}

enum RevocationReason {
  unspecified @0;
  lost @1;
  compromised @2;
  superseded @3;
  personLeft @4;
  signatoryWithdrawn @5;
}

enum Gender {
  # MIPROF survey categories. Only ever disclosed, so never stored in a typed event.
  unspecified @0;
  woman @1;
  man @2;
  transWoman @3;
  transMan @4;
  nonBinary @5;
  notKnown @6;
}

# --- protection, transfers, corrections

enum Crip {
  unspecified @0;
  metropole @1;      # Métropole de Lyon
  rhone @2;          # Département du Rhône
}

enum ParentsInformed {
  unspecified @0;
  yes @1;
  notInInterest @2;  # CASF L226-2-1: unless that is against the child's interest
  pending @3;
}

enum ProtectionOutcome {
  unspecified @0;
  assessment @1;
  measure @2;
  noFollowUp @3;
  unknown @4;
}

enum TransferKind {
  unspecified @0;
  temporary @1;
  permanent @2;
}

enum TransferReason {
  unspecified @0;
  moved @1;
  competence @2;
  capacity @3;
  personAsks @4;
  signatoryWithdraws @5;
}

enum CorrectionReason {
  unspecified @0;
  enteredByMistake @1;
  wrongPerson @2;
  wrongValue @3;
  duplicate @4;
  newInformation @5;
}

enum ErasureBasis {
  unspecified @0;
  art17 @1;          # RGPD art. 17
  retention @2;      # end of the retention period
}

enum HoldReason {
  # RGPD art. 17(3)(e): what is needed to establish, exercise or defend rights is not erased.
  unspecified @0;
  judicialProceedings @1;
  complaint @2;
  inspection @3;
  defenceOfRights @4;
}

enum EmergencyReason {
  unspecified @0;
  immediateDanger @1;
  medical @2;
  minorAtRisk @3;
  missingPerson @4;
}

enum AccessReview {
  unspecified @0;
  justified @1;
  notJustified @2;
}

# --- knowledge, competences, networks

enum TrainingPublic {
  unspecified @0;
  professionals @1;
  youngAdults @2;
  pupils @3;
  volunteers @4;
  generalPublic @5;
}

enum CapacityLevel {
  unspecified @0;
  open @1;
  limited @2;
  full @3;
}

enum ContributionKind {
  unspecified @0;
  expertise @1;
  coFollowUp @2;
  accommodation @3;
  material @4;
  interpreting @5;
}

enum ExternalDestination {
  unspecified @0;
  health @1;
  justice @2;
  police @3;
  socialServices @4;
  childProtection @5;
  housing @6;
  otherAssociation @7;
  abroad @8;
}

# --- governance and accreditation

enum GovernedAct {
  # What is only done by several signatories together.
  unspecified @0;
  admitSignatory @1;
  withdrawSignatory @2;
  amendConvention @3;
  enrolFirstKey @4;
  revokeKey @5;
  rotateLogKey @6;
}

enum WithdrawalReason {
  unspecified @0;
  own @1;
  excluded @2;
  merged @3;
}

enum AccreditationRefusal {
  unspecified @0;
  noExperience @1;
  insufficientMeans @2;
  unsuitableProject @3;
  incompleteFile @4;
}

# --- commission and parcours de sortie

enum RecusalGround {
  unspecified @0;
  ownAssociation @1;
  conflictOfInterest @2;
  knowsPerson @3;
}

enum OpinionKind {
  unspecified @0;
  favourable @1;
  reserved @2;
  unfavourable @3;
  adjourned @4;
}

enum PspDecision {
  unspecified @0;
  authorised @1;
  refused @2;
}

enum RenewalDecision {
  unspecified @0;
  renewed @1;
  refused @2;
}

enum AppealRoute {
  unspecified @0;
  gracious @1;       # recours gracieux, to the préfet
  hierarchical @2;   # recours hiérarchique, to the minister
  contentious @3;    # recours contentieux, administrative court
}

enum AppealOutcome {
  unspecified @0;
  decisionReplaced @1;
  rejected @2;
  inadmissible @3;
  withdrawn @4;
}

enum SuspensionReason {
  unspecified @0;
  personAbsent @1;
  health @2;
  personAsks @3;
  commitmentsUnderReview @4;
}

enum PspEnd {
  unspecified @0;
  term @1;
  employment @2;
  training @3;
  housing @4;
  abandoned @5;
  notRenewed @6;
  withdrawn @7;
}

enum PermitRefusal {
  unspecified @0;
  conditionsNotMet @1;
  publicOrder @2;
  incompleteFile @3;
}
