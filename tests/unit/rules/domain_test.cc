// docs/DOMAIN.md, section 1: each sentence that says must, must not, may not, impossible, never,
// neither or nor is a test of its own name here, on a whole story. What a reader may see beyond
// what the rules decide (who takes part in a case) is tested at the API.
#include <gmock/gmock.h>

#include <set>

#include "tests/unit/rules/parcours.h"
#include "tests/unit/rules/payloads.h"

namespace relais::tests {
namespace {

using rules::CasePhase;

bool takes_part(Scene& scene, const char* who, std::uint64_t n = 1) {
  return scene.find(n)->participants.contains(scene.ordinal_of(who));
}

const statement::EventType& type_of(std::string_view event) {
  const auto* type = statement::catalogue().find("relais." + std::string(event) + ".v1");
  check(type != nullptr, "a test names no event type");
  return *type;
}

/// That `who` can do nothing on case 1, and cannot tell it from a case that does not exist. In an
/// emergency it can, by an act that stays in the case (emergency_test.cc).
void expect_shut_out(Scene& scene, const char* who) {
  for (const CaseEvent& e : case_events()) {
    const bool emergency = type_of(e.event).relation == schema::Relation::NOT_HOLDER;
    const rules::RoleSet roles = scene.registry().find_slug(who)->role_set();
    if (emergency && roles.intersects(type_of(e.event).emitters)) continue;
    SCOPED_TRACE(e.event + " by " + who);
    const Error there = scene.refused(who, e.event, kCase, e.payload);
    const Error nowhere = scene.refused(who, e.event, case_subject(9), e.payload);
    EXPECT_THAT(there.rule, testing::AnyOf("emitter-forbidden", "stream-unknown"));
    EXPECT_EQ(to_string(there), to_string(nowhere));
  }
}

/// That nobody can make `who` take part in case 1, which aa1 holds, by addressing it.
void expect_not_addressed(Scene& scene, const char* who) {
  EXPECT_EQ(scene.refused("aa1", "referral.requested", kCase, Scene::referral_data(111, who)).rule,
            "addressee-cannot-receive");
  json::object transfer = data(R"({"reason":"competence","kind":"permanent"})");
  transfer["to"] = who;
  EXPECT_EQ(scene.refused("aa1", "case.transfer_requested", kCase, transfer).rule,
            "addressee-cannot-receive");
  json::object meeting = data(R"({"held_on":"2026-03-02"})");
  meeting["attending"] = json::array{who};
  EXPECT_EQ(scene.refused("aa1", "coordination.meeting_held", kCase, meeting).rule,
            "attendee-not-participant");
  json::object plan = data(R"({"needs":["shelter"]})");
  plan["signatories"] = json::array{who};
  EXPECT_EQ(scene.refused("aa1", "plan.agreed", kCase, plan).rule,
            "plan-signatory-not-participant");
  // A consent lets data be shared with a recipient; it makes nobody take part.
  json::object consent = Scene::consent_data("sharing");
  consent["recipients"] = json::array{who};
  scene.expect("aa1", "case.consent_given", kCase, consent);
  EXPECT_FALSE(takes_part(scene, who));
}

/// Case 1 of aa1, in support, with consents to referral and to sharing.
void supported_case(Scene& scene) {
  scene.detect("aa1", 1, "22_25");
  scene.assess("aa1", 1);
  scene.expect("aa1", "support.step_planned", kCase, Scene::step_data(201));
  scene.consent("aa1", 1);
  scene.expect("aa1", "case.consent_given", kCase, Scene::consent_data("sharing"));
}

// --- the parcours de sortie

// CASF L121-9: the parcours is for "toute personne majeure victime de la prostitution". "Minors: no
// PSP; the child-protection branch applies."
TEST(DomainSentences, AParcoursIsForAdults) {
  Parcours p;
  p.accredit("aa1");
  for (std::uint64_t n = 1; const char* band : {"under_13", "13_15", "16_17"}) {
    p.support(n, band);
    const Error e = p.refused("aa1", "psp.applied", case_subject(n), Parcours::application());
    EXPECT_EQ(e.rule, "psp-adult-only") << band;
    EXPECT_THAT(e.source, testing::HasSubstr("CASF L121-9"));
    ++n;
  }
  for (std::uint64_t n = 11; const char* band : {"18_21", "22_25", "26_plus"}) {
    p.support(n, band);
    p.apply(n++);
  }
}

// CASF L121-9, R121-12-11: an authorisation of six months, renewable within 24 months in all.
TEST(DomainSentences, SixMonthsAtATimeAndTwentyFourMonthsInTotalAtMost) {
  Parcours p;
  p.reach_active();
  EXPECT_EQ(to_date(Day{p.psp().term_ends_on}), "2026-09-01");
  for (const char* end : {"2027-03-01", "2027-09-01", "2028-03-01"}) {
    p.renew();
    EXPECT_EQ(to_date(Day{p.psp().term_ends_on}), end);
  }
  p.on("2028-03-01");
  const Error e = p.refused("aa1", "psp.renewal_requested", kCase);
  EXPECT_EQ(e.rule, "psp-24-months");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_THAT(e.source, testing::HasSubstr("L121-9"));
  EXPECT_EQ(to_date(Day{p.psp().term_ends_on}), "2028-03-01");
}

// Conseil d'État, 19 Nov 2021, no. 440802, on CASF L121-9 and R121-12-9: neither "has already
// stopped" nor "has filed a complaint" may be a precondition of entering a parcours.
TEST(DomainSentences, NeitherHavingStoppedNorHavingFiledAComplaintMayBeAPreconditionOfEntering) {
  Parcours p;
  p.accredit("aa1");
  p.support(1);
  for (const auto& field : type_of("psp.applied").payload.fields) {
    EXPECT_THAT(field.name, testing::Not(testing::HasSubstr("cessation")));
    EXPECT_THAT(field.name, testing::Not(testing::HasSubstr("complaint")));
  }
  // No step for a complaint, no attestation: nothing of either is in the case.
  p.apply(1);
  p.appoint();
  p.hold("s1");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 3, 0, 0));
  p.expect("pref", "psp.decided", kCase, p.dated("notified_on", R"({"decision":"authorised"})"));
  p.expect("aa1", "psp.started", kCase, p.dated("starts_on"));
  EXPECT_EQ(p.state(), "ACTIVE");
}

// CESEDA L425-4: the temporary residence permit is for who has "cessé l'activité de prostitution".
TEST(DomainSentences, TheTemporaryResidencePermitOnTheOtherHandDoesRequireCessation) {
  Parcours p;
  p.reach_active();
  const Error e = p.refused("aa1", "residence_permit.requested", kCase,
                            p.dated("requested_on", R"({"cessation_attested":false})"));
  EXPECT_EQ(e.rule, "cessation-attested");
  EXPECT_EQ(e.source, "CESEDA L425-4");
  p.expect("aa1", "residence_permit.requested", kCase,
           p.dated("requested_on", R"({"cessation_attested":true})"));
}

// CRPA L211-2 and L211-5: decisions that refuse "doivent être motivées", in fact and law.
TEST(DomainSentences, ARefusalWithoutReasonsIsImpossible) {
  struct Refusal {
    const char* event;
    void (Parcours::*reach)(std::uint64_t);
    const char* decision;
  };
  for (const Refusal& r :
       {Refusal{"psp.decided", &Parcours::reach_opined, R"({"decision":"refused"})"},
        Refusal{"psp.renewal_decided", &Parcours::reach_active, R"({"decision":"refused"})"},
        Refusal{"residence_permit.refused", &Parcours::reach_active,
                R"({"reason":"public_order"})"}}) {
    SCOPED_TRACE(r.event);
    Parcours p;
    (p.*r.reach)(1);
    if (r.event == std::string_view("psp.renewal_decided")) {
      p.on(to_date(Day{p.psp().term_ends_on}));
      p.expect("aa1", "psp.renewal_requested", kCase);
    }
    if (r.event == std::string_view("residence_permit.refused"))
      p.expect("aa1", "residence_permit.requested", kCase,
               p.dated("requested_on", R"({"cessation_attested":true})"));
    for (const char* reasons : {"   ", "-", "..."}) {
      json::object d = p.refusal(r.decision);
      d["reasons"] = reasons;
      const Error e = p.formless("pref", r.event, kCase, d);
      EXPECT_EQ(e.rule, "too-short") << '"' << reasons << '"';
      EXPECT_THAT(e.source, testing::HasSubstr("CRPA L211-2"));
    }
    // None at all, or a text that is empty.
    json::object empty = p.refusal(r.decision);
    empty["reasons"] = "";
    EXPECT_EQ(p.statement("pref", r.event, kCase, empty).error().rule, "member-empty");
    json::object none = p.refusal(r.decision);
    none.erase("reasons");
    const Error missing = p.formless("pref", r.event, kCase, none);
    EXPECT_EQ(missing.rule, "disclosure-missing");
    EXPECT_THAT(missing.source, testing::HasSubstr("CRPA L211-2"));
    p.expect("pref", r.event, kCase, p.refusal(r.decision));
  }
}

// CASF R121-12-3 and CRPA L211-2: the same for the refusal of an accreditation.
TEST(DomainSentences, ARefusalOfAnAccreditationWithoutReasonsIsImpossible) {
  Parcours p;
  p.request_accreditation("aa1");
  json::object d = p.refusal(R"({"reason":"insufficient_means"})");
  d["reasons"] = " ";
  EXPECT_EQ(p.refused("pref", "accreditation.refused", "signatory/aa1", d).rule, "reasons-missing");
  p.expect("pref", "accreditation.refused", "signatory/aa1",
           p.refusal(R"({"reason":"insufficient_means"})"));
}

// CJA R421-5: time limits of appeal run only where the notification names them and the routes.
TEST(DomainSentences, ARefusalCarriesTheRouteOfAppealAndTheDateOfItsNotification) {
  Parcours p;
  p.reach_opined();
  json::object d = p.refusal();
  d.erase("appeal_route");
  const Error e = p.refused("pref", "psp.decided", kCase, d);
  EXPECT_EQ(e.rule, "appeal-route-missing");
  EXPECT_THAT(e.source, testing::HasSubstr("CJA R421-5"));
  d = p.refusal();
  d.erase("notified_on");
  EXPECT_FALSE(p.statement("pref", "psp.decided", kCase, d).has_value());
  p.expect("pref", "psp.decided", kCase, p.refusal());
}

// CASF R121-12-7; CRPA R133-12; circulaire DGCS/B2/2017/18: "the representative of an association
// does not sit on the files that this association presents"; "must not vote on a file it presents".
TEST(DomainSentences, AnAssociationMustNotVoteOnAFileItPresents) {
  Parcours p;
  p.reach_applied();
  p.hold("s1");  // four are present, aa1 among them, and none has stepped back
  EXPECT_EQ(
      p.refused("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 4, 0, 0))
          .rule,
      "tally");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 3, 0, 0));
  // Nor does it give the opinion or decide.
  for (const char* event : {"psp.opinion_given", "psp.decided", "psp.renewal_decided"})
    EXPECT_FALSE(type_of(event).emitters.has(schema::Role::AA)) << event;
}

// CASF L121-9 (in agreement with the person); RGPD art. 6(1)(a), 9(2)(a): the préfecture learns of
// a person by an application that she agreed to, and by nothing else.
TEST(DomainSentences, AnAssociationMustNotRevealAPersonWithoutAnApplicationAndConsent) {
  Parcours p;
  p.accredit("aa1");
  supported_case(p);
  expect_not_addressed(p, "pref");
  EXPECT_EQ(p.refused("aa1", "psp.applied", kCase, Parcours::application()).rule,
            "consent-missing");
  p.expect("aa1", "case.consent_given", kCase, Scene::consent_data("psp"));
  p.expect("aa1", "case.consent_withdrawn", kCase, data(R"({"scope":"psp"})"));
  EXPECT_EQ(p.refused("aa1", "psp.applied", kCase, Parcours::application()).rule,
            "consent-missing");
  EXPECT_FALSE(takes_part(p, "pref"));
  p.expect("aa1", "case.consent_given", kCase, Scene::consent_data("psp"));
  p.apply(1);
  EXPECT_TRUE(takes_part(p, "pref"));
}

// --- the protection of minors

// CASF L226-2-1, L226-4; Code pénal 226-14: a report asks nobody's agreement.
TEST(DomainSentences, ConsentNeverGatesProtection) {
  const std::vector<std::pair<const char*, json::object>> acts = {
      {"protection.report_transmitted",
       data(R"({"crip":"metropole","parents_informed":"not_in_interest"})")},
      {"protection.prosecutor_notified", data(R"({"court":"Tribunal judiciaire de Lyon"})")},
      {"protection.outcome_recorded", data(R"({"outcome":"measure"})")},
      {"referral.requested", Scene::referral_data(101, "aa2", "l226_2_2")},
      {"external_referral.recorded",
       data(R"({"destination":"child_protection","need":"shelter"})")},
  };
  for (const bool taken_back : {false, true}) {
    Scene scene;
    scene.detect("ml1", 1, "16_17");
    scene.assess("ml1", 1);
    for (const char* scope : {"referral", "sharing", "psp", "statistics"}) {
      if (!taken_back) continue;
      scene.expect("ml1", "case.consent_given", kCase, Scene::consent_data(scope));
      json::object d;
      d["scope"] = scope;
      scene.expect("ml1", "case.consent_withdrawn", kCase, d);
    }
    ASSERT_TRUE(scene.find(1)->consents.empty());
    for (const auto& [event, payload] : acts) scene.expect("ml1", event, kCase, payload);
  }
}

// CASF L226-2-2: secrecy is shared to protect a minor, and for nothing else.
TEST(DomainSentences, SharingWithoutConsentIsLimitedToTheProtectionOfAMinor) {
  Scene scene;
  scene.detect("ml1", 1, "18_21");
  scene.assess("ml1", 1);
  const Error e = scene.refused("ml1", "referral.requested", kCase,
                                Scene::referral_data(101, "aa2", "l226_2_2"));
  EXPECT_EQ(e.rule, "legal-basis-not-minor");
  EXPECT_EQ(e.source, "CASF L226-2-2");
  EXPECT_EQ(
      scene.refused("ml1", "referral.requested", kCase, Scene::referral_data(101, "aa2")).rule,
      "consent-missing");
}

// --- RGPD

// RGPD art. 7(3): "withdrawal stops new disclosures at once".
TEST(DomainSentences, AConsentThatIsWithdrawnDisclosesNothingNew) {
  Scene scene;
  supported_case(scene);
  scene.expect("aa1", "case.consent_withdrawn", kCase, data(R"({"scope":"referral"})"));
  EXPECT_EQ(
      scene.refused("aa1", "referral.requested", kCase, Scene::referral_data(101, "aa2")).rule,
      "consent-missing");
  EXPECT_FALSE(takes_part(scene, "aa2"));
}

// RGPD art. 5(1)(c), 11, 25: "a person's identity never enters the ledger: a case is a random
// identifier".
TEST(DomainSentences, APersonsIdentityNeverEntersTheLedger) {
  for (const char* subject : {"case/a-name", "case/1", "case/0612345678"})
    EXPECT_FALSE(statement::parse_subject(subject).has_value()) << subject;
  // No member in clear is free text about the person: the case's own events have vocabularies,
  // formats or digests, and the rest is sensitive.
  const std::set<std::string> free_text = {
      "case.risk_assessed.grid_version",  // a version of a grid
      "referral.expired.cause",           // the name of a term
      "case.became_dormant.cause",        //
      "case.passed_on.cause",             //
  };
  std::set<std::string> found;
  for (const auto& type : statement::catalogue().all()) {
    if (type->stream != schema::StreamKind::CASE) continue;
    for (const auto& f : type->payload.fields)
      if (f.kind == statement::Field::Kind::text && !f.sensitive && f.format.empty() &&
          f.vocabulary.empty())
        found.insert(type->name + "." + f.name);
  }
  EXPECT_EQ(found, free_text);
  // And what is sensitive is stored as a digest alone.
  Parcours p;
  p.accredit("aa1");
  p.support(1);
  json::object d = Parcours::application();
  d["identity"] = "a name and an address";
  auto s = p.statement("aa1", "psp.applied", kCase, std::move(d));
  ASSERT_TRUE(s.has_value());
  ASSERT_TRUE(p.act(*s).has_value());
  EXPECT_EQ(s->event->getRoot<schema::Event>().getWithheld(), 1U);
  EXPECT_THAT(p.log.back(), testing::Not(testing::HasSubstr("a name and an address")));
  EXPECT_THAT(s->jwt, testing::Not(testing::HasSubstr(s->disclosures.at(0))));
}

// RGPD art. 17; CNIL référentiel: "erasure must be designed in".
TEST(DomainSentences, ErasureMustBeDesignedIn) {
  Scene scene;
  supported_case(scene);
  scene.expect("aa1", "case.data_erased", kCase, data(R"({"basis":"art17","targets":[1]})"));
  EXPECT_TRUE(scene.find(1)->acts.at(0).erased);
  EXPECT_FALSE(scene.find(1)->acts.at(1).erased);
  scene.expect("aa1", "case.closed", kCase, data(R"({"reason":"person_refuses"})"));
  const std::vector<std::string> before = scene.log;
  scene.expect("aa1", "case.data_erased", kCase, data(R"({"basis":"art17"})"));
  for (const rules::ActMark& a : scene.find(1)->acts)
    EXPECT_TRUE(a.erased || &a == &scene.find(1)->acts.back());
  // The log is the same to the byte, one event longer.
  ASSERT_EQ(scene.log.size(), before.size() + 1);
  EXPECT_TRUE(std::ranges::equal(before, std::span(scene.log).first(before.size())));
  // "Erasure is terminal."
  for (const CaseEvent& e : case_events()) {
    Scene erased;
    prepare(erased, e.event, CasePhase::erased);
    const Error refused = erased.refused(e.who, e.event, kCase, e.payload);
    // Who takes no part in a case learns nothing of its state.
    EXPECT_EQ(refused.state, e.event == "case.emergency_access_opened" ? "" : "ERASED") << e.event;
  }
}

// --- who must not

// RGPD art. 5(1)(f); Code pénal 226-13 (professional secrecy).
TEST(DomainSentences, AMissionLocaleMustNotSeeOtherOrganisationsCases) {
  Scene scene;
  supported_case(scene);
  expect_shut_out(scene, "ml1");
  // Its part begins where it is addressed.
  scene.refer("aa1", 1, 101, "ml1");
  EXPECT_TRUE(takes_part(scene, "ml1"));
  EXPECT_FALSE(takes_part(scene, "ml2"));
  expect_shut_out(scene, "ml2");
}

// CASF R121-12-7: missions locales are not of the commission.
TEST(DomainSentences, AMissionLocaleMustNotSeePspDebates) {
  Parcours p;
  p.reach_applied();
  EXPECT_EQ(p.refused("pref", "member.appointed", "signatory/pref",
                      Parcours::appointment("ml1", "association"))
                .rule,
            "institution-cannot-sit");
  EXPECT_EQ(
      p.refused("pref", "session.convened", "session/s1", p.convocation({"pref", "ml1"})).rule,
      "member-not-appointed");
  // What is said at a session is not in the ledger: minutes are known by their hash.
  for (const auto& f : type_of("session.held").payload.fields)
    EXPECT_THAT(f.name, testing::AnyOf("present", "minutes_hash"));
  EXPECT_FALSE(takes_part(p, "ml1"));
}

// Convention, parties: the UDML manages membership and sees aggregates.
TEST(DomainSentences, TheUdmlMustNotReadCases) {
  Scene scene;
  supported_case(scene);
  expect_shut_out(scene, "udml");
  expect_not_addressed(scene, "udml");
  EXPECT_EQ(scene
                .refused("udml", "case.detected", case_subject(2),
                         data(R"({"channel":"interview","age_band":"18_21","territory":"69123",
                                   "risk":"low"})"))
                .rule,
            "emitter-forbidden");
}

// CASF R121-12-7 (the commission has the préfecture's head of service for foreigners): the reason
// why no case without an application shows there.
TEST(DomainSentences, ThePrefectureMustNotListCasesWithNoPspApplication) {
  Parcours p;
  p.accredit("aa1");
  p.appoint();
  p.support(1);
  expect_shut_out(p, "pref");
  // A session's files do not tell whether a case exists either.
  for (const std::uint64_t n : {1, 9})
    p.expect("pref", "session.convened", "session/s" + std::to_string(n),
             p.convocation({"pref"}, 1, {json::value(test_uuid(n))}));
  EXPECT_FALSE(takes_part(p, "pref"));
}

// RGPD art. 5(1)(c): what the préfecture gets of a person in clear is a digest of the dossier,
// and the day on which it was made.
TEST(DomainSentences, ThePrefectureMustNotInferIdentities) {
  std::set<std::string> in_clear;
  for (const auto& f : type_of("psp.applied").payload.fields)
    if (!f.sensitive) in_clear.insert(f.name);
  EXPECT_EQ(in_clear, (std::set<std::string>{"applied_on", "dossier_hash"}));
}

// Code civil 1366, eIDAS art. 25: what was signed stays as and where it was signed.
TEST(DomainSentences, ThePrefectureMustNotAlterTheOrderOfEvents) {
  Parcours p;
  p.reach_opined();
  auto s = p.statement("pref", "psp.decided", kCase, p.refusal());
  ASSERT_TRUE(s.has_value());
  const std::uint32_t next = p.find(1)->version + 1;
  for (const std::uint32_t version : {1U, next - 1, next + 1}) {
    auto typed = s->event->getRoot<schema::Event>();
    typed.setVersion(version);
    const Status done =
        rules::decide(p.world(), rules::act_of(LogIndex{p.log.size()}, typed.asReader()));
    ASSERT_FALSE(done.has_value()) << version;
    EXPECT_EQ(done.error().rule, "stream-version");
  }
  // Nor does it correct, annul or erase what others did.
  for (const char* event : {"case.corrected", "case.annulled", "case.data_erased"})
    EXPECT_FALSE(type_of(event).emitters.has(schema::Role::PREF)) << event;
}

// CRPA L100-2, R133-12: who does not sit on a file has no part in it.
TEST(DomainSentences, AMemberMustNotTakePartInAFileAfterRecusal) {
  Parcours p;
  p.reach_applied();
  p.expect("pref", "session.convened", "session/s1", p.convocation());
  json::object recusal = data(R"({"ground":"knows_person"})");
  recusal["case_id"] = test_uuid(1);
  p.expect("member", "member.recused", "session/s1", recusal);
  p.expect("pref", "session.held", "session/s1", Parcours::minutes());
  const Error e =
      p.refused("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 3, 0, 0));
  EXPECT_EQ(e.rule, "tally");
  EXPECT_EQ(e.accepted, "2 votes in all") << "of pref and aa2: aa1 presents, member has recused";
  EXPECT_FALSE(takes_part(p, "member"));
  expect_shut_out(p, "member");
}

// RGPD art. 5(1)(c), 89: the analyst reads the pseudonymised log, and that is all.
TEST(DomainSentences, TheAnalystMustNotReadSensitiveValues) {
  Scene scene;
  supported_case(scene);
  for (const auto& type : statement::catalogue().all())
    EXPECT_FALSE(type->emitters.has(schema::Role::ANALYST)) << type->name;
  // What the analyst replays are typed events: a sensitive member has no place in them, one that
  // must be disclosed no more than others.
  scene.expect("ml1", "case.emergency_access_opened", kCase, an_emergency(1));
  EXPECT_THAT(scene.log.back(), testing::Not(testing::HasSubstr("Threats on the phone")));
  expect_shut_out(scene, "analyst");
  expect_not_addressed(scene, "analyst");
}

// eIDAS art. 26 (a signature is under its signatory's sole control); RGPD art. 28.
TEST(DomainSentences, TheOperatorMustNotSignForAnyone) {
  std::set<std::string> of_the_clock;
  for (const auto& type : statement::catalogue().all())
    if (type->emitters.has(schema::Role::SYSTEM)) of_the_clock.insert(type->name);
  EXPECT_EQ(of_the_clock, (std::set<std::string>{
                              "convention.opened", "case.became_dormant", "case.data_erased",
                              "case.passed_on", "referral.expired", "accreditation.deemed_complete",
                              "accreditation.tacitly_granted", "accreditation.expired", "psp.ended",
                              "key.rotated", "log.key_rotated"}));
  // Its key is on every case, and moves none on anybody's behalf: what it passes on
  // (case.passed_on) the quorum and the successor have signed.
  for (const CaseEvent& e : case_events()) {
    if (e.who == "relais") continue;
    Scene scene;
    prepare(scene, e.event, CasePhase::in_support);
    const Error refused = scene.refused("relais", e.event, kCase, e.payload);
    if (e.event == "psp.ended") {  // of a term that is over alone, which this one is not
      EXPECT_EQ(refused.rule, "psp-term-not-over");
      continue;
    }
    EXPECT_EQ(refused.rule, e.event == "case.data_erased" ? "erasure-basis" : "emitter-forbidden")
        << e.event;
    EXPECT_EQ(refused.code, Errc::forbidden) << e.event;
  }
  // A statement says whose key signed it: the operator's does not verify as a signatory's.
  Scene scene;
  const auto s = scene.statement("relais", "referral.expired", kCase,
                                 Scene::on_referral(101, R"({"cause":"referral-expiry-days"})"));
  ASSERT_TRUE(s.has_value());
  EXPECT_FALSE(statement::verify_signature(*s, test_key("ml1").public_key()).has_value());
  EXPECT_TRUE(statement::verify_signature(*s, test_key("relais").public_key()).has_value());
}

// CASF L226-3, L226-4: the CRIP and the prosecutor receive outside the ledger, with no account.
TEST(DomainSentences, TheCripAndTheProsecutorHaveNoAccount) {
  Scene scene;
  scene.detect("ml1", 1, "16_17");
  scene.assess("ml1", 1);
  scene.expect("ml1", "protection.report_transmitted", kCase,
               data(R"({"crip":"metropole","parents_informed":"pending"})"));
  scene.expect("ml1", "protection.prosecutor_notified", kCase,
               data(R"({"court":"Tribunal judiciaire de Lyon"})"));
  EXPECT_THAT(scene.find(1)->participants, testing::ElementsAre(scene.ordinal_of("ml1")));
  for (const char* role : {"crip", "prosecutor"})
    EXPECT_EQ(statement::parse_wire(capnp::Schema::from<schema::Role>(), role), -1) << role;
}

}  // namespace
}  // namespace relais::tests
