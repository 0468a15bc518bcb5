@0x97b0f3e6c42d815a;
# The departmental commission and the parcours de sortie de la prostitution (CASF L121-9, R121-12-6 and following).

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct SessionConvened $P.event((
    name = "session.convened", axis = commission, stream = session, emitters = [sec],
    source = "CASF R121-12-7", precondition = "it opens the session's stream; the members are appointed",
    summary = "A session of the commission is called.")) {
  heldOn @0 :Text $P.format("date");
  members @1 :List(Text) $P.format("signatory");
  quorum @2 :UInt32;
  cases @3 :List(Text) $P.format("uuid") $P.optional;
}

struct SessionHeld $P.event((
    name = "session.held", axis = commission, stream = session, emitters = [sec],
    source = "CASF R121-12-7; CRPA R133-10 (quorum)", precondition = "the session is convened; as many members were present as the quorum asks",
    summary = "The session took place; its minutes are known by their hash and go to the members.")) {
  present @0 :List(Text) $P.format("signatory");
  minutesHash @1 :Text $P.format("sha256");
}

struct MemberAppointed $P.event((
    name = "member.appointed", axis = commission, stream = signatory, emitters = [pref],
    source = "CASF R121-12-7", precondition = "the institution is a signatory or reader of the convention with the role member, aa, pref or sec",
    summary = "An institution sits on the commission.")) {
  institution @0 :Text $P.format("signatory");
  capacity @1 :Text $P.maxLength(100);
  # as what: magistrate, police, gendarmerie, foreigners' service, association, …
}

struct MemberRecused $P.event((
    name = "member.recused", axis = commission, stream = session, emitters = [member, aa, pref, sec],
    source = "Practice; CRPA L100-2 (impartiality)", precondition = "the emitter is a member of the session",
    summary = "A member does not sit on one file.")) {
  caseId @0 :Text $P.format("uuid");
  ground @1 :V.RecusalGround;
}

struct PspApplied $P.event((
    name = "psp.applied", axis = commission, stream = case, emitters = [aa], relation = holderOrAccepted,
    source = "CASF L121-9, R121-12-8; Conseil d'État 19 Nov 2021 no. 440802 (neither cessation nor a complaint is asked for)",
    precondition = "the person is an adult; the case is IN_SUPPORT; the association's accreditation is valid; consent(psp) is in force; no PSP is under way",
    summary = "The association applies for a parcours de sortie with the person.")) {
  dossierHash @0 :Text $P.format("sha256");
  identity @1 :Text $P.sensitive $P.optional $P.maxLength(4000);
}

struct PspOpinionGiven $P.event((
    name = "psp.opinion_given", axis = commission, stream = case, emitters = [sec],
    source = "CASF L121-9, R121-12-8", precondition = "APPLIED or ADJOURNED; the session was held; the tally counts the members present less those recused, the presenter among them",
    summary = "The commission's opinion, with its tally.")) {
  session @0 :Text $P.format("slug");
  opinion @1 :V.OpinionKind;
  inFavour @2 :UInt32;
  against @3 :UInt32;
  abstained @4 :UInt32;
}

struct PspDecided $P.event((
    name = "psp.decided", axis = commission, stream = case, emitters = [pref],
    source = "CASF L121-9; CRPA L211-2 (reasons), R421-5 CJA (routes and time limits of appeal)",
    precondition = "OPINED; a refusal carries reasons, the route of appeal and the date of notification",
    summary = "The préfet's decision.")) {
  decision @0 :V.PspDecision;
  reasons @1 :Text $P.optional $P.maxLength(4000);
  appealRoute @2 :V.AppealRoute $P.optional;
  notifiedOn @3 :Text $P.format("date");
}

struct PspStarted $P.event((
    name = "psp.started", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CASF L121-9", precondition = "AUTHORISED; by the association that applied",
    summary = "The parcours starts; its first term ends six months later.")) {
  startsOn @0 :Text $P.format("date");
}

struct PspReviewFiled $P.event((
    name = "psp.review_filed", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CASF R121-12-11", precondition = "ACTIVE or SUSPENDED, from 60 days before the end of the term",
    summary = "The association's review of the term.")) {
  progress @0 :Text $P.sensitive $P.optional $P.maxLength(20000);
}

struct PspRenewalRequested $P.event((
    name = "psp.renewal_requested", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CASF L121-9, R121-12-11", precondition = "ACTIVE, from 60 days before the end of the term; fewer than three renewals so far",
    summary = "A renewal for six months is asked for; it is assessed apart from the entry.")) {
  progress @0 :Text $P.sensitive $P.optional $P.maxLength(20000);
}

struct PspRenewalDecided $P.event((
    name = "psp.renewal_decided", axis = commission, stream = case, emitters = [pref],
    source = "CASF L121-9; CRPA L211-2", precondition = "RENEWAL_DUE; an opinion on the renewal is not asked for here; 24 months in all at most; a refusal carries reasons and the route of appeal",
    summary = "The préfet's decision on a renewal.")) {
  decision @0 :V.RenewalDecision;
  reasons @1 :Text $P.optional $P.maxLength(4000);
  appealRoute @2 :V.AppealRoute $P.optional;
  notifiedOn @3 :Text $P.format("date");
}

struct PspSuspended $P.event((
    name = "psp.suspended", axis = commission, stream = case, emitters = [pref, aa],
    source = "Ours: no text seen", precondition = "ACTIVE; by the préfecture or the association that applied",
    summary = "The parcours pauses; its term goes on.")) {
  reason @0 :V.SuspensionReason;
}

struct PspResumed $P.event((
    name = "psp.resumed", axis = commission, stream = case, emitters = [pref, aa],
    source = "Ours: no text seen", precondition = "SUSPENDED",
    summary = "The parcours goes on.")) {
  note @0 :Text $P.sensitive $P.optional $P.maxLength(4000);
}

struct PspEnded $P.event((
    name = "psp.ended", axis = commission, stream = case, emitters = [pref, aa, system],
    source = "CASF L121-9", precondition = "ACTIVE, SUSPENDED or RENEWAL_DUE; before the start only as withdrawn or abandoned; by the clock when a term is over and no renewal was asked for",
    summary = "The parcours has ended, with its outcome.")) {
  outcome @0 :V.PspEnd;
  endedOn @1 :Text $P.format("date");
}

struct PspAppealFiled $P.event((
    name = "psp.appeal_filed", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CJA R421-1", precondition = "REFUSED (entry or renewal); within two months of notification",
    summary = "An appeal against the refusal was filed.")) {
  route @0 :V.AppealRoute;
  filedOn @1 :Text $P.format("date");
}

struct PspAppealJudged $P.event((
    name = "psp.appeal_judged", axis = commission, stream = case, emitters = [aa, pref],
    source = "CJA R421-1", precondition = "APPEALED; decision_replaced authorises, anything else makes the refusal final",
    summary = "The appeal's outcome.")) {
  outcome @0 :V.AppealOutcome;
  judgedOn @1 :Text $P.format("date");
}

struct AfisOpened $P.event((
    name = "afis.opened", axis = commission, stream = case, emitters = [aa, pref],
    source = "CASF L121-9, D121-12-13 (AFIS)", precondition = "a PSP is active, no AFIS is open",
    summary = "The allowance was opened.")) {
  openedOn @0 :Text $P.format("date");
}

struct AfisClosed $P.event((
    name = "afis.closed", axis = commission, stream = case, emitters = [aa, pref],
    source = "CASF L121-9", precondition = "an AFIS is open",
    summary = "The allowance ended.")) {
  closedOn @0 :Text $P.format("date");
}

struct ResidencePermitRequested $P.event((
    name = "residence_permit.requested", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CESEDA L425-4", precondition = "a PSP is active; cessation is attested; no request is pending",
    summary = "The temporary residence permit (APS) is asked for.")) {
  requestedOn @0 :Text $P.format("date");
  cessationAttested @1 :Bool;
  # true: the attestation exists; its content is below
  cessation @2 :Text $P.sensitive $P.optional $P.maxLength(4000);
}

struct ResidencePermitIssued $P.event((
    name = "residence_permit.issued", axis = commission, stream = case, emitters = [pref],
    source = "CESEDA L425-4", precondition = "a request is pending",
    summary = "The permit was issued.")) {
  issuedOn @0 :Text $P.format("date");
  validUntil @1 :Text $P.format("date");
}

struct ResidencePermitRefused $P.event((
    name = "residence_permit.refused", axis = commission, stream = case, emitters = [pref],
    source = "CESEDA L425-4; CRPA L211-2", precondition = "a request is pending; reasons and the route of appeal are given",
    summary = "The permit was refused, with reasons.")) {
  reason @0 :V.PermitRefusal;
  reasons @1 :Text $P.maxLength(4000);
  appealRoute @2 :V.AppealRoute;
  notifiedOn @3 :Text $P.format("date");
}
