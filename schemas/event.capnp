@0x9b4d8e21f7c0a653;
# The typed event: what is stored in the family `events`, derived once from an entry, so that replay never parses
# JSON. Sensitive members are never in it. To add an event type, add its struct elsewhere and one line to the union;
# the number behind the @ is for ever.

using Cxx = import "/capnp/c++.capnp";
using Policy = import "policy.capnp";
using C = import "case.capnp";
using R = import "referral.capnp";
using S = import "support.capnp";
using G = import "convention.capnp";
using T = import "protection.capnp";
using K = import "knowledge.capnp";
using A = import "competences.capnp";
using N = import "networks.capnp";
using O = import "governance.capnp";
using M = import "commission.capnp";
$Cxx.namespace("relais::schema");

struct Event {
  receivedAt @0 :Int64;      # milliseconds since the Unix epoch, the ledger's clock
  time @1 :Int64;            # milliseconds since the Unix epoch, as the signatory claims
  signatory @2 :UInt16;      # ordinal of the signatory, in order of admission
  streamKind @3 :Policy.StreamKind;
  version @4 :UInt32;        # position in its stream; the first event is 1
  uuidHigh @5 :UInt64;       # case streams: the case's UUID, big-endian halves
  uuidLow @6 :UInt64;
  withheld @7 :UInt16;       # number of `_sd` digests in the statement
  id @8 :Text;               # CloudEvents id
  streamName @9 :Text;       # other streams: what stands behind the slash
  kid @10 :Data;             # SHA-256 JWK thumbprint of the signing key, 32 bytes

  data :union {
    conventionOpened @11 :G.ConventionOpened;
    conventionSigned @12 :G.ConventionSigned;
    keyEnrolled @13 :G.KeyEnrolled;
    keyRotated @14 :G.KeyRotated;
    keyRevoked @15 :G.KeyRevoked;
    caseDetected @16 :C.CaseDetected;
    caseDismissed @17 :C.CaseDismissed;
    caseRiskAssessed @18 :C.CaseRiskAssessed;
    caseConsentGiven @19 :C.CaseConsentGiven;
    caseConsentWithdrawn @20 :C.CaseConsentWithdrawn;
    caseClosed @21 :C.CaseClosed;
    caseReopened @22 :C.CaseReopened;
    referralRequested @23 :R.ReferralRequested;
    referralReceived @24 :R.ReferralReceived;
    referralHeld @25 :R.ReferralHeld;
    referralAccepted @26 :R.ReferralAccepted;
    referralDeclined @27 :R.ReferralDeclined;
    referralCancelled @28 :R.ReferralCancelled;
    referralCompleted @29 :R.ReferralCompleted;
    supportStepPlanned @30 :S.SupportStepPlanned;
    supportStepDone @31 :S.SupportStepDone;
    supportStepMissed @32 :S.SupportStepMissed;
    protectionReportTransmitted @33 :T.ProtectionReportTransmitted;
    protectionProsecutorNotified @34 :T.ProtectionProsecutorNotified;
    protectionOutcomeRecorded @35 :T.ProtectionOutcomeRecorded;
    caseTransferRequested @36 :C.CaseTransferRequested;
    caseTransferAccepted @37 :C.CaseTransferAccepted;
    caseTransferDeclined @38 :C.CaseTransferDeclined;
    caseCorrected @39 :C.CaseCorrected;
    caseAnnulled @40 :C.CaseAnnulled;
    caseDataErased @41 :C.CaseDataErased;
    referralExpired @42 :R.ReferralExpired;
    trainingDelivered @43 :K.TrainingDelivered;
    toolPublished @44 :K.ToolPublished;
    practiceShared @45 :K.PracticeShared;
    needObserved @46 :K.NeedObserved;
    capabilityDeclared @47 :A.CapabilityDeclared;
    capabilityWithdrawn @48 :A.CapabilityWithdrawn;
    capacityUpdated @49 :A.CapacityUpdated;
    focalPointDesignated @50 :A.FocalPointDesignated;
    coordinationMeetingHeld @51 :A.CoordinationMeetingHeld;
    planAgreed @52 :A.PlanAgreed;
    contributionCommitted @53 :A.ContributionCommitted;
    contributionDelivered @54 :A.ContributionDelivered;
    partnerIntroduced @55 :N.PartnerIntroduced;
    pathwayPublished @56 :N.PathwayPublished;
    jointActionRecorded @57 :N.JointActionRecorded;
    externalReferralRecorded @58 :N.ExternalReferralRecorded;
    governanceProposed @59 :O.GovernanceProposed;
    governanceApproved @60 :O.GovernanceApproved;
    governanceRejected @61 :O.GovernanceRejected;
    governanceWithdrawn @62 :O.GovernanceWithdrawn;
    conventionAmended @63 :O.ConventionAmended;
    signatoryAdmitted @64 :O.SignatoryAdmitted;
    signatoryWithdrawn @65 :O.SignatoryWithdrawn;
    missionLocaleAttached @66 :O.MissionLocaleAttached;
    missionLocaleDetached @67 :O.MissionLocaleDetached;
    firstKeyEnrolled @68 :O.FirstKeyEnrolled;
    keyRevokedByQuorum @69 :O.KeyRevokedByQuorum;
    accreditationRequested @70 :O.AccreditationRequested;
    accreditationCompleted @71 :O.AccreditationCompleted;
    accreditationGranted @72 :O.AccreditationGranted;
    accreditationTacitlyGranted @73 :O.AccreditationTacitlyGranted;
    accreditationRefused @74 :O.AccreditationRefused;
    accreditationExpired @75 :O.AccreditationExpired;
    sessionConvened @76 :M.SessionConvened;
    sessionHeld @77 :M.SessionHeld;
    memberAppointed @78 :M.MemberAppointed;
    memberRecused @79 :M.MemberRecused;
    pspApplied @80 :M.PspApplied;
    pspOpinionGiven @81 :M.PspOpinionGiven;
    pspDecided @82 :M.PspDecided;
    pspStarted @83 :M.PspStarted;
    pspReviewFiled @84 :M.PspReviewFiled;
    pspRenewalRequested @85 :M.PspRenewalRequested;
    pspRenewalDecided @86 :M.PspRenewalDecided;
    pspSuspended @87 :M.PspSuspended;
    pspResumed @88 :M.PspResumed;
    pspEnded @89 :M.PspEnded;
    pspAppealFiled @90 :M.PspAppealFiled;
    pspAppealJudged @91 :M.PspAppealJudged;
    afisOpened @92 :M.AfisOpened;
    afisClosed @93 :M.AfisClosed;
    residencePermitRequested @94 :M.ResidencePermitRequested;
    residencePermitIssued @95 :M.ResidencePermitIssued;
    residencePermitRefused @96 :M.ResidencePermitRefused;
    caseBecameDormant @97 :C.CaseBecameDormant;
    accreditationDocumentsRequested @98 :O.AccreditationDocumentsRequested;
    accreditationDocumentsSupplied @99 :O.AccreditationDocumentsSupplied;
    accreditationDeemedComplete @100 :O.AccreditationDeemedComplete;
    caseLegalHoldPlaced @101 :C.CaseLegalHoldPlaced;
    caseLegalHoldLifted @102 :C.CaseLegalHoldLifted;
    caseEmergencyAccessOpened @103 :C.CaseEmergencyAccessOpened;
    caseEmergencyAccessReviewed @104 :C.CaseEmergencyAccessReviewed;
    logKeyRotated @105 :O.LogKeyRotated;
    casePassedOn @106 :C.CasePassedOn;
  }
}
