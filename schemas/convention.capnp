@0xf2064c8ab1937de5;
# The convention itself: its opening, its signatures, its signatories' keys.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct FoundingSignatory {
  id @0 :Text $P.format("slug");
  # short name by which events refer to it
  name @1 :Text $P.maxLength(200) $P.inClear("the name of an organisation");
  roles @2 :List(P.Role);
  publicKey @3 :Text $P.format("ed25519");
  # Ed25519 public key, base64url (the member x of its JWK)
}

struct Quorum {
  act @0 :Text $P.format("slug");
  # kind of act, e.g. admit-signatory
  approvals @1 :UInt32;
  # approvals it takes, the proposer's included
  roles @2 :List(P.Role);
  # roles of which at least one approval each is needed
}

struct Term {
  name @0 :Text $P.format("slug");
  # deadline or limit, e.g. referral-answer-days
  value @1 :UInt32;
}

struct ConventionOpened $P.event((
    name = "convention.opened", axis = convention, stream = convention, emitters = [system], opens = true,
    source = "Convention; genesis of the ledger", precondition = "it is entry 0 of the log, signed by the system key that it names; at least two founding signatories; each signatory has a role other than system, and a short name and a key that are its own; each quorum is one that those who may vote can fill; numbers in their ranges and in order",
    summary = "Genesis: the convention's text by its hash, its founding signatories with their first keys, its quorums and numbers.")) {
  title @0 :Text $P.maxLength(300) $P.inClear("the title of the convention");
  signedOn @1 :Text $P.format("date");
  documentHash @2 :Text $P.format("sha256");
  # of the convention file: what each founding signatory signs
  origin @3 :Text $P.maxLength(200) $P.inClear("the name of the log");
  # name of the log in its checkpoints (C2SP tlog-checkpoint)
  logKey @4 :Text $P.format("ed25519");
  systemKey @5 :Text $P.format("ed25519");
  territories @6 :List(Text) $P.format("slug");
  # departments by INSEE code, and named territories
  signatories @7 :List(FoundingSignatory) $P.maxLength(1000);
  quorums @8 :List(Quorum);
  terms @9 :List(Term);
}

struct ConventionSigned $P.event((
    name = "convention.signed", axis = convention, stream = convention, emitters = [pref, ml, udml, aa], relation = founder,
    source = "Convention, signatures", precondition = "the signatory has not signed yet; the hash is that of the convention that was opened",
    summary = "A founding signatory signs the convention; the ledger opens to other acts when all have.")) {
  documentHash @0 :Text $P.format("sha256");
}

struct KeyEnrolled $P.event((
    name = "key.enrolled", axis = convention, stream = signatory, relation = self,
    source = "Convention, governance; RFC 7638 thumbprints", precondition = "the key is not known yet; the proof of possession is by the new key; a sealing key is no other signatory's; fewer than 20 keys in the last 7 days, and fewer than 100 in all, have come since the signatory last got one from the others",
    summary = "A signatory adds a key of its own, signed by a key it already has.")) {
  publicKey @0 :Text $P.format("ed25519");
  label @1 :Text $P.optional $P.maxLength(80) $P.inClear("what a key is for, never a person's name");
  # what the key is for, never a person's name
  validFrom @2 :Text $P.format("timestamp") $P.optional;
  proof @3 :Text $P.format("jwt");
  sealingKey @4 :Text $P.format("x25519") $P.optional;
  # X25519 public key, base64url: what is sealed to it (docs/FORMATS.md), as long as the key that it comes with may sign
}

struct KeyRotated $P.event((
    name = "key.rotated", axis = convention, stream = signatory, emitters = [pref, ml, udml, aa, sec, member, system], relation = self,
    source = "Convention, governance", precondition = "the new key is not known yet; the proof of possession is by the new key; a sealing key is no other signatory's; fewer than 20 keys in the last 7 days, and fewer than 100 in all, have come since the signatory last got one from the others",
    summary = "The key that signs this statement is replaced by a new one from now on.")) {
  publicKey @0 :Text $P.format("ed25519");
  label @1 :Text $P.optional $P.maxLength(80) $P.inClear("what a key is for, never a person's name");
  proof @2 :Text $P.format("jwt");
  sealingKey @3 :Text $P.format("x25519") $P.optional;
  # the former one again, or a new one; absent: none from now on
}

struct KeyRevoked $P.event((
    name = "key.revoked", axis = convention, stream = signatory, relation = self,
    source = "Convention, governance", precondition = "the key belongs to the signatory; the revocation brings its end or its doubt forward",
    summary = "A key stops being accepted, now or from a later moment; what it signed before stays valid.")) {
  kid @0 :Text $P.format("kid");
  effectiveFrom @1 :Text $P.format("timestamp") $P.optional;
  # absent: on receipt. In the past: what the key signed since then is marked as doubtful, and stays
  reason @2 :V.RevocationReason;
}
