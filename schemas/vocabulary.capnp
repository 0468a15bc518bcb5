@0xc7d2a9114be3f605;
# The closed vocabularies that rules depend on (DOMAIN.md, section 2). The first enumerant is "absent" and is never
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
