// psp.*, from the application to the start, and appeals. Each sentence of docs/DOMAIN.md, section
// 1, on the parcours that says must, must not, impossible, neither or nor is a test of its own
// name.
#include <gmock/gmock.h>

#include "tests/unit/rules/parcours.h"

namespace relais::tests {
namespace {

using rules::CasePhase;

TEST(PspEntry, ThePrefectureCannotSeeOrTouchACaseWithNoApplication) {
  Parcours p;
  p.accredit("aa1");
  p.appoint();
  p.support(1);
  p.hold("s1");
  const std::vector<std::pair<const char*, json::object>> attempts = {
      {"psp.opinion_given", Parcours::opinion("s1", "favourable", 3, 0, 0)},
      {"psp.decided", p.refusal()},
      {"psp.renewal_decided", p.refusal()},
      {"psp.suspended", data(R"({"reason":"health"})")},
      {"psp.resumed", {}},
      {"psp.ended", p.dated("ended_on", R"({"outcome":"abandoned"})")},
      {"psp.appeal_judged", p.dated("judged_on", R"({"outcome":"rejected"})")},
      {"afis.opened", p.dated("opened_on")},
      {"afis.closed", p.dated("closed_on")},
      {"residence_permit.issued", p.dated("issued_on", R"({"valid_until":"2027-03-02"})")},
      {"residence_permit.refused", p.refusal(R"({"reason":"public_order"})")},
  };
  for (const auto& [event, payload] : attempts) {
    const Error known = p.refused("pref", event, kCase, payload);
    const Error nothing = p.refused("pref", event, case_subject(9), payload);
    EXPECT_EQ(known.rule, "stream-unknown") << event;
    EXPECT_EQ(known.code, Errc::not_found) << event;
    EXPECT_EQ(to_string(known), to_string(nothing)) << event << ": as for a case that is not there";
  }
  EXPECT_FALSE(p.find(1)->participants.contains(p.ordinal_of("pref")));
  p.apply(1);
  EXPECT_TRUE(p.find(1)->participants.contains(p.ordinal_of("pref")));
  EXPECT_FALSE(p.find(1)->participants.contains(p.ordinal_of("member")));
}

TEST(PspEntry, NeitherCessationNorAComplaintIsAskedFor) {
  Parcours p;
  p.accredit("aa1");
  p.support(1);
  // Nothing of the sort has happened in the case, and nothing of the sort is in the payload.
  p.expect("aa1", "psp.applied", kCase, Parcours::application());
  EXPECT_EQ(p.state(), "APPLIED");
  for (const char* member : {"cessation_attested", "cessation", "complaint", "complaint_filed"}) {
    json::object d = Parcours::application();
    d[member] = true;
    const auto s = p.statement("aa1", "psp.applied", kCase, std::move(d));
    ASSERT_FALSE(s.has_value()) << member;
    EXPECT_EQ(s.error().rule, "member-unknown") << member;
  }
  const auto* type = statement::catalogue().find("relais.psp.applied.v1");
  ASSERT_NE(type, nullptr);
  EXPECT_THAT(type->source, testing::HasSubstr("440802"));
}

TEST(PspEntry, AMinorsCaseCannotEnter) {
  for (const char* band : {"under_13", "13_15", "16_17"}) {
    Parcours p;
    p.accredit("aa1");
    p.support(1, band);
    const Error e = p.refused("aa1", "psp.applied", kCase, Parcours::application());
    EXPECT_EQ(e.rule, "psp-adult-only") << band;
    EXPECT_THAT(e.source, testing::HasSubstr("CASF L121-9"));
    EXPECT_EQ(e.state, "IN_SUPPORT");
  }
}

TEST(PspEntry, IsOpenOnceThePersonCanNoLongerBeAMinor) {
  Parcours p;
  p.accredit("aa1");
  p.support(1, "16_17");
  p.on("2028-03-01");
  EXPECT_EQ(p.refused("aa1", "psp.applied", kCase, Parcours::application()).rule, "psp-adult-only");
  p.on("2028-03-02");
  p.apply(1);
}

TEST(PspEntry, TheAssociationIsAccreditedOnThatDay) {
  Parcours p;
  p.support(1);
  const auto refused = [&] {
    const Error e = p.refused("aa1", "psp.applied", kCase, Parcours::application());
    EXPECT_EQ(e.rule, "accreditation-missing");
    EXPECT_FALSE(e.source.empty());
    return e.state;
  };
  EXPECT_EQ(refused(), "NONE");
  p.request_accreditation("aa1");
  EXPECT_EQ(refused(), "REQUESTED");
  p.complete_accreditation("aa1");
  EXPECT_EQ(refused(), "COMPLETE");
  p.expect("pref", "accreditation.granted", "signatory/aa1", p.dated("granted_on"));
  p.on("2029-03-02");
  EXPECT_EQ(refused(), "GRANTED") << "past its last day, before the clock has said so";
  p.on("2029-03-01");
  p.apply(1);
}

TEST(PspEntry, RevealsThePersonOnlyWithConsentToIt) {
  Parcours p;
  p.accredit("aa1");
  p.detect("aa1", 1, "18_21");
  p.assess("aa1", 1);
  p.expect("aa1", "support.step_planned", kCase, Scene::step_data(201));
  const auto refused = [&] {
    return p.refused("aa1", "psp.applied", kCase, Parcours::application()).rule;
  };
  EXPECT_EQ(refused(), "consent-missing");
  p.expect("aa1", "case.consent_given", kCase, Scene::consent_data("sharing"));
  EXPECT_EQ(refused(), "consent-missing") << "of another scope";
  json::object to_others = Scene::consent_data("psp");
  to_others["recipients"] = json::array{"aa2"};
  p.expect("aa1", "case.consent_given", kCase, to_others);
  EXPECT_EQ(refused(), "consent-missing") << "not to the préfecture";
  json::object brief = Scene::consent_data("psp");
  brief["expires_on"] = "2026-03-02";
  p.expect("aa1", "case.consent_given", kCase, brief);
  p.on("2026-03-03");
  EXPECT_EQ(refused(), "consent-missing") << "its last day has passed";
  json::object to_pref = Scene::consent_data("psp");
  to_pref["recipients"] = json::array{"pref"};
  p.expect("aa1", "case.consent_given", kCase, to_pref);
  p.expect("aa1", "case.consent_withdrawn", kCase, data(R"({"scope":"psp"})"));
  EXPECT_EQ(refused(), "consent-missing") << "withdrawn";
  p.expect("aa1", "case.consent_given", kCase, to_pref);
  p.apply(1);
}

TEST(PspEntry, IdentityIsNeverInClear) {
  Parcours p;
  p.reach_applied();
  const auto* type = statement::catalogue().find("relais.psp.applied.v1");
  ASSERT_NE(type, nullptr);
  json::object d = Parcours::application();
  d["identity"] = "the person's name";
  const auto s = p.statement("aa1", "psp.applied", kCase, std::move(d));
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(s->disclosures.size(), 1U);
  EXPECT_EQ(statement::encode_event(*s).find("the person's name"), std::string::npos);
}

TEST(PspEntry, IsForAnAssociationThatSupportsThePerson) {
  Parcours p;
  p.accredit("aa1");
  p.accredit("aa2");
  p.support(1);
  EXPECT_EQ(p.refused("aa2", "psp.applied", kCase, Parcours::application()).rule, "stream-unknown");
  p.consent("aa1", 1);
  p.refer("aa1", 1, 101, "aa2");
  EXPECT_EQ(p.refused("aa2", "psp.applied", kCase, Parcours::application()).rule,
            "not-holder-or-accepted");
  const Error e = p.refused("aa1", "psp.applied", kCase, Parcours::application());
  EXPECT_EQ(e.rule, "case-transition");
  EXPECT_EQ(e.accepted, "IN_SUPPORT");
}

TEST(PspEntry, OneAtATime) {
  Parcours p;
  p.reach_applied();
  const Error e = p.refused("aa1", "psp.applied", kCase, Parcours::application());
  EXPECT_EQ(e.rule, "psp-transition");
  EXPECT_EQ(e.state, "APPLIED");
  EXPECT_EQ(e.accepted, "NONE, REFUSED, FINAL, ENDED");
}

TEST(PspOpinion, TheAssociationThatPresentsTheFileMustNotVoteOnIt) {
  Parcours p;
  p.reach_applied();
  p.hold("s1");  // aa1 is present, and has not stepped back itself
  const Error e =
      p.refused("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 4, 0, 0));
  EXPECT_EQ(e.rule, "tally");
  EXPECT_EQ(e.accepted, "3 votes in all");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 3, 0, 0));
  EXPECT_EQ(p.state(), "OPINED");
  EXPECT_EQ(p.psp().session, "s1");
}

TEST(PspOpinion, ThoseRecusedMustNotVote) {
  Parcours p;
  p.reach_applied();
  p.expect("pref", "session.convened", "session/s1", p.convocation());
  for (const char* who : {"member", "aa1"}) {  // aa1, who presents it, is not counted twice
    json::object d = data(R"({"ground":"own_association"})");
    d["case_id"] = test_uuid(1);
    p.expect(who, "member.recused", "session/s1", d);
  }
  json::object of_another = data(R"({"ground":"knows_person"})");
  of_another["case_id"] = test_uuid(2);
  p.expect("aa2", "member.recused", "session/s1", of_another);
  p.expect("pref", "session.held", "session/s1", Parcours::minutes());
  EXPECT_EQ(
      p.refused("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 3, 0, 0))
          .accepted,
      "2 votes in all");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "reserved", 1, 0, 1));
}

TEST(PspOpinion, NobodysVoteIsNoOpinion) {
  Parcours p;
  p.reach_applied();
  p.expect("pref", "session.convened", "session/s1", p.convocation({"aa1"}, 1));
  p.expect("pref", "session.held", "session/s1", Parcours::minutes({"aa1"}));
  EXPECT_EQ(
      p.refused("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 0, 0, 0))
          .rule,
      "tally");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "adjourned", 0, 0, 0));
}

TEST(PspOpinion, SaysWhatTheVotesSay) {
  struct Row {
    const char* opinion;
    int in_favour;
    int against;
    const char* rule;  // empty: accepted
  };
  const std::vector<Row> rows = {
      {"favourable", 1, 2, "tally-opinion"},
      {"reserved", 0, 1, "tally-opinion"},
      {"unfavourable", 2, 1, "tally-opinion"},
      {"favourable", 2, 2, "tally"},
      {"favourable", 2, 1, ""},
      {"favourable", 1, 1, ""},
      {"unfavourable", 1, 2, ""},
      {"unfavourable", 1, 1, ""},
      {"reserved", 2, 0, ""},
      {"adjourned", 0, 3, ""},
      {"adjourned", 3, 0, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.opinion) + " " + std::to_string(row.in_favour) + ":" +
                 std::to_string(row.against));
    Parcours p;
    p.reach_applied();
    p.hold("s1");
    const int abstained = std::max(0, 3 - row.in_favour - row.against);
    const Status done =
        p.act("pref", "psp.opinion_given", kCase,
              Parcours::opinion("s1", row.opinion, row.in_favour, row.against, abstained));
    EXPECT_EQ(done ? "" : done.error().rule, row.rule);
    if (done) {
      EXPECT_EQ(p.state(), row.opinion == std::string("adjourned") ? "ADJOURNED" : "OPINED");
    }
  }
}

TEST(PspOpinion, IsOfASessionThatWasHeldForTheFile) {
  Parcours p;
  p.reach_applied();
  const auto refused = [&](std::string_view session) {
    return p.refused("pref", "psp.opinion_given", kCase,
                     Parcours::opinion(session, "favourable", 3, 0, 0));
  };
  EXPECT_EQ(refused("s1").rule, "session-unknown");
  p.expect("pref", "session.convened", "session/s1", p.convocation());
  EXPECT_EQ(refused("s1").rule, "session-not-held");
  EXPECT_EQ(refused("s1").state, "CONVENED");
  p.expect("pref", "session.convened", "session/s2",
           p.convocation({"pref", "member", "aa2"}, 1, {test_uuid(2)}));
  p.expect("pref", "session.held", "session/s2", Parcours::minutes({"pref", "member", "aa2"}));
  EXPECT_EQ(refused("s2").rule, "session-not-for-file");
  EXPECT_EQ(refused("s2").field, "data.session");
  p.expect("pref", "session.convened", "session/s3",
           p.convocation({"pref", "member", "aa2"}, 1, {test_uuid(2), test_uuid(1)}));
  p.expect("pref", "session.held", "session/s3", Parcours::minutes({"pref", "member", "aa2"}));
  EXPECT_EQ(
      p.refused("aa1", "psp.opinion_given", kCase, Parcours::opinion("s3", "favourable", 3, 0, 0))
          .rule,
      "emitter-forbidden");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s3", "favourable", 3, 0, 0));
}

TEST(PspOpinion, IsOfASessionThatHadTheApplicationBeforeIt) {
  for (const bool on_paper : {false, true}) {
    Parcours p;
    p.accredit("aa1");
    p.appoint();
    p.support(1);
    p.hold("s1");
    p.on("2026-03-03");
    json::object application = Parcours::application();
    if (on_paper) application["applied_on"] = "2026-03-02";  // recorded after the session
    p.expect("aa1", "psp.applied", kCase, application);
    const json::object favourable = Parcours::opinion("s1", "favourable", 3, 0, 0);
    if (on_paper) {
      p.expect("pref", "psp.opinion_given", kCase, favourable);
      continue;
    }
    const Error e = p.refused("pref", "psp.opinion_given", kCase, favourable);
    EXPECT_EQ(e.rule, "session-before-application");
    EXPECT_EQ(e.field, "data.session");
    EXPECT_EQ(e.accepted, "a session of 2026-03-03 or later");
    EXPECT_EQ(e.state, "APPLIED");
  }
}

TEST(PspOpinion, OfAnAdjournedFileIsALaterSessions) {
  Parcours p;
  p.reach_applied();
  p.hold("s1");
  p.on("2026-03-03");
  p.hold("s2");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s2", "adjourned", 0, 0, 3));
  for (const char* session : {"s2", "s1"}) {  // the same; one that had come before it
    const Error e = p.refused("pref", "psp.opinion_given", kCase,
                              Parcours::opinion(session, "favourable", 3, 0, 0));
    EXPECT_EQ(e.rule, "session-not-later");
    EXPECT_EQ(e.accepted, "another session, of 2026-03-03 or later");
    EXPECT_EQ(e.state, "ADJOURNED");
  }
  p.hold("s3");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s3", "favourable", 3, 0, 0));
}

TEST(PspDecision, NeedsAnOpinionThatIsNotAdjourned) {
  Parcours p;
  p.reach_applied();
  p.hold("s1");
  const json::object yes = p.dated("notified_on", R"({"decision":"authorised"})");
  EXPECT_EQ(p.refused("pref", "psp.decided", kCase, yes).state, "APPLIED");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "adjourned", 0, 0, 3));
  EXPECT_EQ(p.refused("pref", "psp.decided", kCase, yes).state, "ADJOURNED");
  p.hold("s2");
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s2", "unfavourable", 1, 2, 0));
  p.expect("pref", "psp.decided", kCase, yes);  // the opinion does not bind the préfet
  EXPECT_EQ(p.state(), "AUTHORISED");
  EXPECT_EQ(p.psp().notified_on, day_number("2026-03-02"));
}

TEST(PspDecision, ARefusalWithoutReasonsIsImpossible) {
  Parcours p;
  p.reach_opined();
  for (const char* blank : {" ", "\t \r\n", "...", "—", "\u00a0\u00a0"}) {
    json::object d = p.refusal();
    d["reasons"] = blank;
    const Error e = p.formless("pref", "psp.decided", kCase, d);
    EXPECT_EQ(e.rule, "too-short") << "[" << blank << "]";
    EXPECT_THAT(e.source, testing::HasSubstr("CRPA L211-2"));
  }
  json::object none = p.refusal();
  none.erase("reasons");
  EXPECT_EQ(p.formless("pref", "psp.decided", kCase, none).rule, "disclosure-missing");
  json::object empty = p.refusal();
  empty["reasons"] = "";
  EXPECT_FALSE(p.statement("pref", "psp.decided", kCase, empty).has_value());
  EXPECT_EQ(p.state(), "OPINED");
  p.expect("pref", "psp.decided", kCase, p.refusal());
  EXPECT_EQ(p.state(), "REFUSED");
  EXPECT_FALSE(p.psp().refused_renewal);
}

TEST(PspDecision, ARefusalCarriesItsRouteAndItsDay) {
  Parcours p;
  p.reach_opined();
  json::object no_route = p.refusal();
  no_route.erase("appeal_route");
  const Error e = p.refused("pref", "psp.decided", kCase, no_route);
  EXPECT_EQ(e.rule, "appeal-route-missing");
  EXPECT_EQ(e.source, "CJA R421-5");
  json::object no_day = p.refusal();
  no_day.erase("notified_on");
  EXPECT_FALSE(p.statement("pref", "psp.decided", kCase, no_day).has_value());
  json::object tomorrow = p.refusal();
  tomorrow["notified_on"] = "2026-03-03";
  EXPECT_EQ(p.refused("pref", "psp.decided", kCase, tomorrow).rule, "date-in-future");
  json::object before = p.refusal();
  before["notified_on"] = "2026-03-01";
  EXPECT_EQ(p.refused("pref", "psp.decided", kCase, before).rule, "date-order");
}

TEST(PspStart, IsTheApplicantsFromTheNotification) {
  Parcours p;
  p.reach_authorised();
  const Error early = p.refused("aa1", "psp.started", kCase, data(R"({"starts_on":"2026-03-01"})"));
  EXPECT_EQ(early.rule, "date-order");
  EXPECT_EQ(early.accepted, "2026-03-02 or later");
  p.world().mutable_case(p.find(1)->id)->participants.insert(p.ordinal_of("aa2"));
  EXPECT_EQ(p.refused("aa2", "psp.started", kCase, p.dated("starts_on")).rule, "psp-not-applicant");
  p.expect("aa1", "psp.started", kCase, data(R"({"starts_on":"2026-03-15"})"));
  EXPECT_EQ(p.state(), "ACTIVE");
  EXPECT_EQ(p.find(1)->phase, CasePhase::psp);
  EXPECT_EQ(p.psp().terms, 1);
  EXPECT_EQ(p.psp().term_ends_on, day_number("2026-09-14"));
  EXPECT_EQ(p.refused("aa1", "psp.started", kCase, p.dated("starts_on")).rule, "case-transition");
}

TEST(PspStart, IsAYearAheadAtMost) {
  Parcours p;
  p.reach_authorised();
  const Error e = p.refused("aa1", "psp.started", kCase, data(R"({"starts_on":"2027-03-03"})"));
  EXPECT_EQ(e.rule, "start-too-far");
  EXPECT_EQ(e.field, "data.starts_on");
  EXPECT_EQ(e.accepted, "2027-03-02 or earlier");
  EXPECT_THAT(e.source, testing::StartsWith("Ours"));
  p.expect("aa1", "psp.started", kCase, data(R"({"starts_on":"2027-03-02"})"));
}

TEST(PspStart, NeedsAnAuthorisation) {
  Parcours p;
  p.reach_refused();
  const Error e = p.refused("aa1", "psp.started", kCase, p.dated("starts_on"));
  EXPECT_EQ(e.rule, "psp-transition");
  EXPECT_EQ(e.state, "REFUSED");
}

json::object appeal(std::string_view filed_on) {
  json::object d = data(R"({"route":"contentious"})");
  d["filed_on"] = filed_on;
  return d;
}

TEST(PspAppeal, TwoMonthsAreADelaiFranc) {
  struct Row {
    const char* notified_on;
    const char* last_day;
  };
  const std::vector<Row> rows = {
      {"2026-03-02", "2026-05-04"},                                // 3 May is a Sunday
      {"2026-03-09", "2026-05-11"},                                // 10 May is a Sunday
      {"2026-03-16", "2026-05-18"},                                // 17 May is a Sunday
      {"2026-03-17", "2026-05-18"}, {"2026-03-31", "2026-06-01"},  // two months end on 31 May
      {"2026-04-30", "2026-07-01"}, {"2026-12-31", "2027-03-01"},  // there is no 31 February
      {"2026-05-12", "2026-07-13"}, {"2026-05-13", "2026-07-15"},  // 14 July
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.notified_on);
    Parcours p;
    p.on(row.notified_on);
    p.reach_refused();
    p.on("2028-01-10");
    const std::string after = to_date(Day{day_number(row.last_day) + 1});
    const Error e = p.refused("aa1", "psp.appeal_filed", kCase, appeal(after));
    EXPECT_EQ(e.rule, "appeal-too-late");
    EXPECT_EQ(e.state, "REFUSED");
    EXPECT_EQ(e.source, "CJA R421-1");
    EXPECT_EQ(e.accepted, std::string(row.last_day) + " or earlier");
    p.expect("aa1", "psp.appeal_filed", kCase, appeal(row.last_day));
    EXPECT_EQ(p.state(), "APPEALED");
  }
}

TEST(PspAppeal, IsTheApplicantsAgainstARefusal) {
  Parcours p;
  p.reach_opined();
  EXPECT_EQ(p.refused("aa1", "psp.appeal_filed", kCase, appeal("2026-03-02")).rule,
            "psp-transition");
  p.expect("pref", "psp.decided", kCase, p.refusal());
  EXPECT_EQ(p.refused("aa1", "psp.appeal_filed", kCase, appeal("2026-03-03")).rule,
            "date-in-future");
  EXPECT_EQ(p.refused("aa1", "psp.appeal_filed", kCase, appeal("2026-03-01")).rule, "date-order");
  p.world().mutable_case(p.find(1)->id)->participants.insert(p.ordinal_of("aa2"));
  EXPECT_EQ(p.refused("aa2", "psp.appeal_filed", kCase, appeal("2026-03-02")).rule,
            "psp-not-applicant");
}

TEST(PspAppeal, ReplacesTheRefusalOrMakesItFinal) {
  for (const char* outcome : {"decision_replaced", "rejected", "inadmissible", "withdrawn"}) {
    SCOPED_TRACE(outcome);
    Parcours p;
    p.reach_refused();
    json::object judged = data("{}");
    judged["outcome"] = outcome;
    judged["judged_on"] = "2026-04-01";
    EXPECT_EQ(p.refused("pref", "psp.appeal_judged", kCase, judged).rule, "psp-transition");
    p.on("2026-03-20");
    p.expect("aa1", "psp.appeal_filed", kCase, appeal("2026-03-12"));
    EXPECT_EQ(p.refused("pref", "psp.appeal_judged", kCase, judged).rule, "date-in-future");
    p.on("2026-04-02");
    json::object before = judged;
    before["judged_on"] = "2026-03-11";
    const Error early = p.refused("pref", "psp.appeal_judged", kCase, before);
    EXPECT_EQ(early.rule, "date-order");
    EXPECT_EQ(early.accepted, "2026-03-12 or later");
    p.world().mutable_case(p.find(1)->id)->participants.insert(p.ordinal_of("aa2"));
    EXPECT_EQ(p.refused("aa2", "psp.appeal_judged", kCase, judged).rule, "psp-not-party");
    p.expect("pref", "psp.appeal_judged", kCase, judged);
    if (outcome == std::string("decision_replaced")) {
      EXPECT_EQ(p.state(), "AUTHORISED");
      EXPECT_EQ(p.refused("aa1", "psp.started", kCase, data(R"({"starts_on":"2026-03-31"})")).rule,
                "date-order");
      p.expect("aa1", "psp.started", kCase, p.dated("starts_on"));
      EXPECT_EQ(p.psp().terms, 1);
    } else {
      EXPECT_EQ(p.state(), "FINAL");
      p.apply(1);
      EXPECT_EQ(p.state(), "APPLIED") << "a new application is a new file";
    }
  }
}

}  // namespace
}  // namespace relais::tests
