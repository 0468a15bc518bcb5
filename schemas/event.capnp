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
  }
}
