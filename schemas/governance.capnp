@0xe2730fd9b18c46a5;
# Acts that take several signatories: proposal, approvals, effect. And accreditations.

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
using G = import "convention.capnp";
$Cxx.namespace("relais::schema");

struct GovernanceProposed $P.event((
    name = "governance.proposed", axis = convention, stream = convention, emitters = [pref, ml, udml, aa, sec],
    source = "Convention, governance", precondition = "the emitter has a vote (pref, ml, udml, aa or sec) and is no mission locale that its union alone answers for; what the act needs is named (see its fields), and nothing else; the proposal id is new; what is proposed is possible; the convention sets a quorum for the act, which those who may vote on it can fill; a role that none of them has takes more than half of them in its place",
    summary = "A signatory proposes an act that takes several; its own approval is counted.")) {
  proposalId @0 :Text $P.format("slug");
  act @1 :V.GovernedAct;
  signatory @2 :Text $P.format("slug") $P.optional;
  # admit_signatory: its new short name, or that of a mission locale that its union attached, with a key that it has; withdraw_signatory, enrol_first_key, revoke_key: whom it is about; revoke_key without a kid: every key that it has when that takes effect
  name @3 :Text $P.optional $P.maxLength(200) $P.inClear("the name of an organisation");
  roles @4 :List(P.Role) $P.optional;
  publicKey @5 :Text $P.format("ed25519") $P.optional;
  # admit_signatory, enrol_first_key; rotate_log_key: that of the log, made by whoever runs the server
  kid @6 :Text $P.format("kid") $P.optional;
  # revoke_key
  documentHash @7 :Text $P.format("sha256") $P.optional;
  # amend_convention: hash of the amended text
  quorums @8 :List(G.Quorum) $P.optional;
  terms @9 :List(G.Term) $P.optional;
  reason @10 :Text $P.maxLength(2000) $P.inClear("about the convention or an organisation, for all who vote on it");
  successor @11 :Text $P.format("slug") $P.optional;
  # withdraw_signatory: who goes on with its cases, a mission locale or an association; that one alone can state that the withdrawal takes effect, and accepts by it
}

struct GovernanceApproved $P.event((
    name = "governance.approved", axis = convention, stream = convention, emitters = [pref, ml, udml, aa, sec],
    source = "Convention, governance", precondition = "the proposal is open and was made less than 90 days ago, the emitter has a vote on it and has not voted",
    summary = "A signatory approves a proposal.")) {
  proposalId @0 :Text $P.format("slug");
}

struct GovernanceRejected $P.event((
    name = "governance.rejected", axis = convention, stream = convention, emitters = [pref, ml, udml, aa, sec],
    source = "Convention, governance", precondition = "the proposal is open and was made less than 90 days ago, the emitter has a vote on it and has not voted",
    summary = "A signatory rejects a proposal; when the quorum can no longer be reached the proposal is closed.")) {
  proposalId @0 :Text $P.format("slug");
  reason @1 :Text $P.maxLength(2000) $P.inClear("about the convention or an organisation, for all who vote on it");
}

struct GovernanceWithdrawn $P.event((
    name = "governance.withdrawn", axis = convention, stream = convention, emitters = [pref, ml, udml, aa, sec], relation = author,
    source = "Convention, governance", precondition = "the proposal is open or approved, was made less than 90 days ago, and has not taken effect; by its author",
    summary = "The author takes a proposal back.")) {
  proposalId @0 :Text $P.format("slug");
}

struct ConventionAmended $P.event((
    name = "convention.amended", axis = convention, stream = convention,
    source = "Convention, governance", precondition = "the proposal (amend_convention) has its quorum and has not taken effect; it was made less than 90 days ago, and none on the same that was made later has taken effect; what it proposes is still possible",
    summary = "An amendment takes effect: new text, quorums or numbers as proposed.")) {
  proposalId @0 :Text $P.format("slug");
}

struct SignatoryAdmitted $P.event((
    name = "signatory.admitted", axis = convention, stream = convention,
    source = "Convention, governance", precondition = "the proposal (admit_signatory) has its quorum and has not taken effect; it was made less than 90 days ago, and none on the same that was made later has taken effect; what it proposes is still possible; the proof of possession is by the key that it names; that of a mission locale which its union attached is made for this proposal",
    summary = "A new signatory, with its first key, as proposed; or a mission locale that its union attached is one in its own right.")) {
  proposalId @0 :Text $P.format("slug");
  proof @1 :Text $P.format("jwt");
  # proof of possession by the key
}

struct SignatoryWithdrawn $P.event((
    name = "signatory.withdrawn", axis = convention, stream = convention,
    source = "Convention, governance", precondition = "the proposal (withdraw_signatory) has its quorum and has not taken effect; it was made less than 90 days ago, and none on the same that was made later has taken effect; what it proposes is still possible; the signatory holds no open case, and none waits to be passed on to it, or the proposal names who goes on with its cases; by that one, where it does",
    summary = "A signatory leaves; its keys end. Its cases pass on to the one that is named for them, each by the clock (case.passed_on).")) {
  proposalId @0 :Text $P.format("slug");
  reason @1 :V.WithdrawalReason;
}

struct MissionLocaleAttached $P.event((
    name = "mission_locale.attached", axis = convention, stream = signatory, emitters = [udml],
    source = "Convention, parties; statutes of the UDML", precondition = "in the union's own stream; countersigned by the mission locale, which is not attached; its short name is no other signatory's, its key is not known yet; no quorum has withdrawn it; one that comes back proves by a key that it had when it left that the new one is its own; the union answers for fewer than 100",
    summary = "A mission locale joins under the UDML, which answers for it: until a quorum admits it, it has no vote, and its union's share of what is limited.")) {
  missionLocale @0 :Text $P.format("slug");
  name @1 :Text $P.maxLength(200) $P.inClear("the name of an organisation");
  publicKey @2 :Text $P.format("ed25519");
  proof @3 :Text $P.format("jwt");
  # countersignature: proof of possession by the mission locale's key
}

struct MissionLocaleDetached $P.event((
    name = "mission_locale.detached", axis = convention, stream = signatory, emitters = [udml],
    source = "Convention, parties; statutes of the UDML", precondition = "in the union's own stream; the mission locale is attached and holds no open case; countersigned by it",
    summary = "A mission locale leaves the UDML and the convention.")) {
  missionLocale @0 :Text $P.format("slug");
  proof @1 :Text $P.format("jwt");
}

struct FirstKeyEnrolled $P.event((
    name = "key.first_enrolled", axis = convention, stream = convention,
    source = "Convention, governance", precondition = "the proposal (enrol_first_key) has its quorum and has not taken effect; it was made less than 90 days ago, and none on the same that was made later has taken effect; what it proposes is still possible: the signatory has no valid key; the proof of possession is by the new key",
    summary = "A signatory that has no valid key gets one, as proposed.")) {
  proposalId @0 :Text $P.format("slug");
  proof @1 :Text $P.format("jwt");
}

struct KeyRevokedByQuorum $P.event((
    name = "key.revoked_by_quorum", axis = convention, stream = convention,
    source = "Convention, governance", precondition = "the proposal (revoke_key) has its quorum and has not taken effect; it was made less than 90 days ago, and none on the same that was made later has taken effect; what it proposes is still possible",
    summary = "A signatory's key, or every key that it has, stops being accepted by decision of the others.")) {
  proposalId @0 :Text $P.format("slug");
}

struct LogKeyRotated $P.event((
    name = "log.key_rotated", axis = convention, stream = convention, emitters = [system],
    source = "Convention, governance; c2sp.org/tlog-checkpoint", precondition = "the proposal (rotate_log_key) has its quorum and has not taken effect; it was made less than 90 days ago, and none on the same that was made later has taken effect; what it proposes is still possible; the old key is the one that signs now, the new one that of the proposal; the proof of possession is by the new key; the log of reads is not shorter than at the last time",
    summary = "From here on another key signs the log's checkpoints, as proposed; the one that first covers this entry is signed by both.")) {
  proposalId @0 :Text $P.format("slug");
  oldKey @1 :Text $P.format("ed25519");
  newKey @2 :Text $P.format("ed25519");
  readsSize @3 :UInt64;
  # entries that the log of reads has at this moment: its checkpoints of more are signed by the new key
  proof @4 :Text $P.format("jwt");
  # by the new key, with the audience <origin>/log.key_rotated
}

struct AccreditationRequested $P.event((
    name = "accreditation.requested", axis = convention, stream = signatory, emitters = [aa], relation = self,
    source = "CASF R121-12-1", precondition = "no request is pending; where an agrément runs, it is a renewal, from accreditation-renewal-days before the end on",
    summary = "An association asks for the agrément, or for the next one while the present one runs.")) {
  dossierHash @0 :Text $P.format("sha256");
}

struct AccreditationDocumentsRequested $P.event((
    name = "accreditation.documents_requested", axis = convention, stream = signatory, emitters = [pref],
    source = "CASF R121-12-3", precondition = "a request of an association is pending; at least one document is named; the day of notification is within the two months of the file, and not in the future",
    summary = "The préfecture names the documents that the file lacks; it is not deemed complete meanwhile.")) {
  documents @0 :List(Text) $P.maxLength(50) $P.inClear("documents that the file of an organisation lacks");
  notifiedOn @1 :Text $P.format("date");
}

struct AccreditationDocumentsSupplied $P.event((
    name = "accreditation.documents_supplied", axis = convention, stream = signatory, emitters = [aa], relation = self,
    source = "CASF R121-12-3", precondition = "documents were asked for",
    summary = "The association has sent what was missing; the two months begin anew.")) {
  dossierHash @0 :Text $P.format("sha256");
}

struct AccreditationDeemedComplete $P.event((
    name = "accreditation.deemed_complete", axis = convention, stream = signatory, emitters = [system],
    source = "CASF R121-12-3", precondition = "two months have passed and no missing document was asked for; the day is the last of the two months",
    summary = "The file counts as complete; four months of silence from here on grant it.")) {
  completeOn @0 :Text $P.format("date");
  cause @1 :Text $P.maxLength(80) $P.inClear("written by the ledger's own clock: the name of a deadline");
}

struct AccreditationCompleted $P.event((
    name = "accreditation.completed", axis = convention, stream = signatory, emitters = [pref],
    source = "CASF R121-12-3", precondition = "a request of an association is pending, and is not deemed complete already; the day is not in the future",
    summary = "The file is complete; four months of silence from here on grant it.")) {
  completeOn @0 :Text $P.format("date");
}

struct AccreditationGranted $P.event((
    name = "accreditation.granted", axis = convention, stream = signatory, emitters = [pref],
    source = "CASF R121-12-3", precondition = "the file of an association is complete; the day is not in the future, nor before it was complete; what is granted then has not ended since",
    summary = "The agrément is granted for three years.")) {
  grantedOn @0 :Text $P.format("date");
}

struct AccreditationTacitlyGranted $P.event((
    name = "accreditation.tacitly_granted", axis = convention, stream = signatory, emitters = [system],
    source = "CASF R121-12-3", precondition = "the file has been complete for four months without a decision; the day is the last of the four months",
    summary = "Silence has granted the agrément.")) {
  grantedOn @0 :Text $P.format("date");
  cause @1 :Text $P.maxLength(80) $P.inClear("written by the ledger's own clock: the name of a deadline");
}

struct AccreditationRefused $P.event((
    name = "accreditation.refused", axis = convention, stream = signatory, emitters = [pref],
    source = "CASF R121-12-3; CRPA L211-2 (reasons)", precondition = "a request of an association is pending; reasons and the route of appeal are given; the day of notification is not in the future, nor before the file came, nor after silence has granted it",
    summary = "The agrément is refused, with reasons.")) {
  reason @0 :V.AccreditationRefusal;
  reasons @1 :Text $P.maxLength(4000) $P.inClear("about the file of an organisation, to which the act is notified");
  appealRoute @2 :V.AppealRoute;
  notifiedOn @3 :Text $P.format("date");
}

struct AccreditationExpired $P.event((
    name = "accreditation.expired", axis = convention, stream = signatory, emitters = [system],
    source = "CASF R121-12-3", precondition = "it was granted three years ago; the day is the last of the three years",
    summary = "The agrément has ended.")) {
  expiredOn @0 :Text $P.format("date");
  cause @1 :Text $P.maxLength(80) $P.inClear("written by the ledger's own clock: the name of a deadline");
}
