@0x97b0f3e6c42d815a;
# The departmental commission and the parcours de sortie de la prostitution (CASF L121-9, R121-12-6 and following).

using Cxx = import "/capnp/c++.capnp";
using P = import "policy.capnp";
using V = import "vocabulary.capnp";
$Cxx.namespace("relais::schema");

struct SessionConvened $P.event((
    name = "session.convened", axis = commission, stream = session, emitters = [sec],
    source = "CASF R121-12-7", precondition = "it opens the session's stream; the members are appointed; the quorum is from one to all of them",
    summary = "A session of the commission is called.")) {
  heldOn @0 :Text $P.format("date");
  members @1 :List(Text) $P.format("signatory");
  quorum @2 :UInt32;
  cases @3 :List(Text) $P.format("uuid") $P.optional;
}

struct SessionHeld $P.event((
    name = "session.held", axis = commission, stream = session, emitters = [sec],
    source = "CASF R121-12-7; CRPA R133-10 (quorum)", precondition = "the session is convened and not held yet, and its day has come; as many members were present as the quorum asks, all of them convened",
    summary = "The session took place; its minutes are known by their hash and go to the members.")) {
  present @0 :List(Text) $P.format("signatory");
  minutesHash @1 :Text $P.format("sha256");
}

struct MemberAppointed $P.event((
    name = "member.appointed", axis = commission, stream = signatory, emitters = [pref],
    source = "CASF R121-12-7", precondition = "in the préfecture's own stream; the institution is a signatory or reader of the convention with the role member, aa, pref or sec; its capacity is said",
    summary = "An institution sits on the commission.")) {
  institution @0 :Text $P.format("signatory");
  capacity @1 :Text $P.maxLength(100) $P.inClear("the office that an institution holds on the commission");
  # as what: magistrate, police, gendarmerie, foreigners' service, association, …
}

struct MemberRecused $P.event((
    name = "member.recused", axis = commission, stream = session, emitters = [member, aa, pref, sec],
    source = "Practice; CRPA L100-2 (impartiality)", precondition = "the session is convened and not held yet; the emitter is a member of the session; the case is one of its files, where it names them; the emitter is not recused on it already",
    summary = "A member does not sit on one file.")) {
  caseId @0 :Text $P.format("uuid");
  ground @1 :V.RecusalGround;
}

struct PspApplied $P.event((
    name = "psp.applied", axis = commission, stream = case, emitters = [aa], relation = holderOrAccepted,
    source = "CASF L121-9, R121-12-8; Conseil d'État 19 Nov 2021 no. 440802 (neither cessation nor a complaint is asked for)",
    precondition = "the person is an adult; the case is IN_SUPPORT; the association's accreditation is valid; a consent(psp) that covers the préfecture is in force; no PSP is under way; within the term of appeal against a refusal, by the association that was refused; a day that is named is not in the future",
    summary = "The association applies for a parcours de sortie with the person.")) {
  dossierHash @0 :Text $P.format("sha256");
  identity @1 :Text $P.sensitive $P.optional $P.maxLength(4000) $P.sealed([pref]);
  appliedOn @2 :Text $P.format("date") $P.optional;
  # of a file that is older than its record; absent: the day of receipt
}

struct PspOpinionGiven $P.event((
    name = "psp.opinion_given", axis = commission, stream = case, emitters = [sec],
    source = "CASF L121-9, R121-12-8", precondition = "the case is open, the parcours APPLIED or ADJOURNED; the session was held; the case is one of its files, where it names them; it was not held before the day of the application; after an adjournment it is another one, not held before the one that adjourned; the tally counts the members present less those recused, the presenter among them; the opinion follows the majority of the votes",
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
    precondition = "the case is open, the parcours OPINED; a refusal carries reasons and the route of appeal; the day of notification is not in the future, nor before the session",
    summary = "The préfet's decision.")) {
  decision @0 :V.PspDecision;
  reasons @1 :Text $P.sensitive $P.optional $P.requiredWhen("decision=refused") $P.minLetters(10) $P.maxLength(4000);
  appealRoute @2 :V.AppealRoute $P.optional;
  notifiedOn @3 :Text $P.format("date");
}

struct PspStarted $P.event((
    name = "psp.started", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CASF L121-9", precondition = "the case is IN_SUPPORT, the parcours AUTHORISED; by the association that applied; not before the decision was notified, nor before an earlier parcours had ended, nor more than a year ahead (ours)",
    summary = "The parcours starts; its first term ends six months later.")) {
  startsOn @0 :Text $P.format("date");
}

struct PspReviewFiled $P.event((
    name = "psp.review_filed", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CASF R121-12-11", precondition = "the case is open, the parcours ACTIVE, SUSPENDED or RENEWAL_DUE; from psp-review-days before the end of the term; by the association that applied",
    summary = "The association's review of the term.")) {
  progress @0 :Text $P.sensitive $P.optional $P.maxLength(20000);
}

struct PspRenewalRequested $P.event((
    name = "psp.renewal_requested", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CASF L121-9, R121-12-11", precondition = "the case is open, the parcours ACTIVE; from psp-review-days before the end of the term, which is not over; fewer than three renewals so far: 24 months in all at most; by the association that applied",
    summary = "A renewal for six months is asked for; it is assessed apart from the entry.")) {
  progress @0 :Text $P.sensitive $P.optional $P.maxLength(20000);
}

struct PspRenewalDecided $P.event((
    name = "psp.renewal_decided", axis = commission, stream = case, emitters = [pref],
    source = "CASF L121-9; CRPA L211-2", precondition = "the case is open, the parcours RENEWAL_DUE; an opinion on the renewal is not asked for here; a refusal carries reasons and the route of appeal; the day of notification is not in the future, nor before the start",
    summary = "The préfet's decision on a renewal.")) {
  decision @0 :V.RenewalDecision;
  reasons @1 :Text $P.sensitive $P.optional $P.requiredWhen("decision=refused") $P.minLetters(10) $P.maxLength(4000);
  appealRoute @2 :V.AppealRoute $P.optional;
  notifiedOn @3 :Text $P.format("date");
}

struct PspSuspended $P.event((
    name = "psp.suspended", axis = commission, stream = case, emitters = [pref, aa],
    source = "Ours: no text seen", precondition = "the case is open, the parcours ACTIVE; by the préfecture or the association that applied",
    summary = "The parcours pauses; its term goes on.")) {
  reason @0 :V.SuspensionReason;
}

struct PspResumed $P.event((
    name = "psp.resumed", axis = commission, stream = case, emitters = [pref, aa],
    source = "Ours: no text seen", precondition = "the case is open, the parcours SUSPENDED; by the préfecture or the association that applied",
    summary = "The parcours goes on.")) {
  note @0 :Text $P.sensitive $P.optional $P.maxLength(4000);
}

struct PspEnded $P.event((
    name = "psp.ended", axis = commission, stream = case, emitters = [pref, aa, system],
    source = "CASF L121-9", precondition = "the case is open, the parcours ACTIVE, SUSPENDED or RENEWAL_DUE, or its renewal was refused; by the préfecture or the association that applied, before the start by that association alone, only as withdrawn or abandoned; as term only once the term is over, as not_renewed only where a renewal was refused; the day is not in the future, nor before a start that has come; by the clock when a term is over and no renewal was asked for, or it was refused for good",
    summary = "The parcours has ended, with its outcome.")) {
  outcome @0 :V.PspEnd;
  endedOn @1 :Text $P.format("date");
}

struct PspAppealFiled $P.event((
    name = "psp.appeal_filed", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CJA R421-1", precondition = "the case is open, the parcours REFUSED (entry or renewal); by the association that applied; within two months of notification; the day is not in the future",
    summary = "An appeal against the refusal was filed.")) {
  route @0 :V.AppealRoute;
  filedOn @1 :Text $P.format("date");
}

struct PspAppealJudged $P.event((
    name = "psp.appeal_judged", axis = commission, stream = case, emitters = [aa, pref],
    source = "CJA R421-1", precondition = "the case is open or CLOSED, the parcours APPEALED; by the préfecture or the association that applied; the day is not in the future, nor before the appeal was filed",
    summary = "The appeal's outcome: decision_replaced authorises, anything else makes the refusal final.")) {
  outcome @0 :V.AppealOutcome;
  judgedOn @1 :Text $P.format("date");
}

struct AfisOpened $P.event((
    name = "afis.opened", axis = commission, stream = case, emitters = [aa, pref],
    source = "CASF L121-9, D121-12-13 (AFIS)", precondition = "the case is open, the parcours ACTIVE or RENEWAL_DUE, no AFIS is open; by the préfecture or the association that applied; the day is not in the future, nor before the start",
    summary = "The allowance was opened.")) {
  openedOn @0 :Text $P.format("date");
}

struct AfisClosed $P.event((
    name = "afis.closed", axis = commission, stream = case, emitters = [aa, pref],
    source = "CASF L121-9", precondition = "the case is not ERASED, an AFIS is open; by the préfecture or the association that applied; the day is not in the future, nor before it was opened",
    summary = "The allowance ended.")) {
  closedOn @0 :Text $P.format("date");
}

struct ResidencePermitRequested $P.event((
    name = "residence_permit.requested", axis = commission, stream = case, emitters = [aa], relation = author,
    source = "CESEDA L425-4", precondition = "the case is open, the parcours ACTIVE or RENEWAL_DUE; by the association that applied; cessation is attested; no request is pending; the day is not in the future",
    summary = "The temporary residence permit (APS) is asked for.")) {
  requestedOn @0 :Text $P.format("date");
  cessationAttested @1 :Bool;
  # true: the attestation exists; its content is below
  cessation @2 :Text $P.sensitive $P.optional $P.maxLength(4000);
}

struct ResidencePermitIssued $P.event((
    name = "residence_permit.issued", axis = commission, stream = case, emitters = [pref],
    source = "CESEDA L425-4", precondition = "the case is not ERASED, a request is pending; the day is not in the future, nor before it was asked for; it is valid for six months at least",
    summary = "The permit was issued.")) {
  issuedOn @0 :Text $P.format("date");
  validUntil @1 :Text $P.format("date");
}

struct ResidencePermitRefused $P.event((
    name = "residence_permit.refused", axis = commission, stream = case, emitters = [pref],
    source = "CESEDA L425-4; CRPA L211-2", precondition = "the case is not ERASED, a request is pending; reasons and the route of appeal are given; the day of notification is not in the future, nor before it was asked for",
    summary = "The permit was refused, with reasons.")) {
  reason @0 :V.PermitRefusal;
  reasons @1 :Text $P.sensitive $P.minLetters(10) $P.maxLength(4000);
  appealRoute @2 :V.AppealRoute;
  notifiedOn @3 :Text $P.format("date");
}
