// psp.* from the start to the end; afis.* and residence_permit.*.
#include <gmock/gmock.h>

#include "tests/unit/rules/parcours.h"

namespace relais::tests {
namespace {

using rules::CasePhase;
using rules::PermitPhase;

/// aa2 takes part in the case, and is not the one that applied.
void admit_aa2(Parcours& p) {
  p.world().mutable_case(p.find(1)->id)->participants.insert(p.ordinal_of("aa2"));
}

json::object ended(const Parcours& p, std::string_view outcome) {
  json::object d = p.dated("ended_on");
  d["outcome"] = outcome;
  return d;
}

TEST(PspTerm, SixMonthsAtATimeAndTwentyFourInAllAtMost) {
  Parcours p;
  p.on("2026-03-31");
  p.reach_active();
  const std::vector<const char*> ends = {"2026-09-29", "2027-03-30", "2027-09-29", "2028-03-30"};
  for (std::size_t term = 1; term <= 4; ++term) {
    EXPECT_EQ(p.psp().terms, term);
    EXPECT_EQ(to_date(Day{p.psp().term_ends_on}), ends[term - 1]);
    if (term < 4) p.renew();
  }
  p.on("2028-03-30");
  const Error e = p.refused("aa1", "psp.renewal_requested", kCase);
  EXPECT_EQ(e.rule, "psp-24-months");
  EXPECT_EQ(e.source, "CASF L121-9");
  EXPECT_EQ(e.state, "ACTIVE");
  EXPECT_EQ(p.psp().terms, 4);
}

TEST(PspTerm, ReviewAndRenewalFromSixtyDaysBeforeItsEnd) {
  for (const char* event : {"psp.review_filed", "psp.renewal_requested"}) {
    SCOPED_TRACE(event);
    Parcours p;
    p.reach_active();  // until 1 September
    p.on("2026-07-02");
    const Error e = p.refused("aa1", event, kCase);
    EXPECT_EQ(e.rule, "renewal-too-early");
    EXPECT_EQ(e.accepted, "2026-07-03 or later");
    EXPECT_THAT(e.source, testing::StartsWith("Ours"));
    p.on("2026-07-03");
    admit_aa2(p);
    EXPECT_EQ(p.refused("aa2", event, kCase).rule, "psp-not-applicant");
    p.expect("aa1", event, kCase);
    EXPECT_EQ(p.state(), event == std::string("psp.review_filed") ? "ACTIVE" : "RENEWAL_DUE");
  }
}

TEST(PspTerm, TheConventionsNumberOfDaysApplies) {
  Parcours p;
  p.world().mutable_registry().parameters.set(rules::Parameter::psp_review_days, 10);
  p.reach_active();
  p.on("2026-08-21");
  EXPECT_EQ(p.refused("aa1", "psp.renewal_requested", kCase).accepted, "2026-08-22 or later");
  p.on("2026-08-22");
  p.expect("aa1", "psp.renewal_requested", kCase);
}

TEST(PspTerm, APersonMayChangeHerMindBeforeTheStart) {
  Parcours p;
  p.reach_applied();
  EXPECT_EQ(p.refused("aa1", "psp.ended", kCase, ended(p, "employment")).rule, "psp-not-started");
  EXPECT_EQ(p.refused("aa1", "psp.ended", kCase, ended(p, "term")).accepted,
            "withdrawn, abandoned");
  p.expect("aa1", "psp.ended", kCase, ended(p, "withdrawn"));
  EXPECT_EQ(p.state(), "ENDED");
  EXPECT_EQ(p.find(1)->phase, CasePhase::in_support) << "support goes on";
  EXPECT_EQ(p.refused("pref", "psp.decided", kCase, p.refusal()).rule, "psp-transition");
  p.apply(1);  // and may come back
  EXPECT_EQ(p.state(), "APPLIED");
}

/// CRPA L211-2: only a decision with its reasons and its route of appeal refuses an application.
TEST(PspTerm, ThePrefectureCannotEndAnApplicationNorARefusal) {
  Parcours applied;
  applied.reach_applied();
  EXPECT_EQ(applied.refused("pref", "psp.ended", kCase, ended(applied, "withdrawn")).rule,
            "psp-not-applicant");
  Parcours refused;
  refused.reach_refused();
  for (const char* who : {"pref", "aa1"})
    EXPECT_FALSE(refused.act(who, "psp.ended", kCase, ended(refused, "abandoned"))) << who;
  refused.expect("aa1", "psp.appeal_filed", kCase,
                 data(R"({"route":"gracious","filed_on":"2026-03-02"})"));
}

TEST(PspTerm, ASecondParcoursBeginsAfterTheFirst) {
  Parcours p;
  p.reach_active();
  p.on("2026-04-01");
  p.expect("aa1", "psp.ended", kCase, ended(p, "abandoned"));
  json::object on_paper = Parcours::application();
  on_paper["applied_on"] = "2026-03-02";
  p.expect("aa1", "psp.applied", kCase, on_paper);
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 2, 1, 0));
  p.expect("pref", "psp.decided", kCase,
           data(R"({"decision":"authorised","notified_on":"2026-03-02"})"));
  const Error e = p.refused("aa1", "psp.started", kCase, data(R"({"starts_on":"2026-03-02"})"));
  EXPECT_EQ(e.rule, "date-order");
  EXPECT_EQ(e.accepted, "2026-04-01 or later");
}

TEST(PspRenewal, IsNotAskedForWhileSuspended) {
  Parcours p;
  p.reach_active();
  p.on("2026-08-01");
  p.expect("pref", "psp.suspended", kCase, data(R"({"reason":"person_absent"})"));
  p.expect("aa1", "psp.review_filed", kCase);
  const Error e = p.refused("aa1", "psp.renewal_requested", kCase);
  EXPECT_EQ(e.rule, "psp-transition");
  EXPECT_EQ(e.state, "SUSPENDED");
}

TEST(PspRenewal, IsAssessedApartFromTheEntry) {
  Parcours p;
  p.reach_active();
  p.on("2026-08-01");
  EXPECT_EQ(p.refused("pref", "psp.renewal_decided", kCase, p.refusal()).state, "ACTIVE");
  p.expect("aa1", "psp.renewal_requested", kCase);
  EXPECT_EQ(p.refused("pref", "psp.decided", kCase, p.refusal()).rule, "psp-transition")
      << "the decision on the entry is not taken anew";
  p.expect("pref", "psp.renewal_decided", kCase, p.refusal());
  EXPECT_EQ(p.state(), "REFUSED");
  EXPECT_TRUE(p.psp().refused_renewal);
  EXPECT_EQ(p.psp().terms, 1) << "the term that was authorised stands";
  EXPECT_EQ(p.psp().term_ends_on, day_number("2026-09-01"));
  EXPECT_EQ(p.find(1)->phase, CasePhase::psp);
}

TEST(PspRenewal, ARefusalWithoutReasonsIsImpossible) {
  Parcours p;
  p.reach_active();
  p.on("2026-08-01");
  p.expect("aa1", "psp.renewal_requested", kCase);
  json::object blank = p.refusal();
  blank["reasons"] = " \n";
  EXPECT_EQ(p.formless("pref", "psp.renewal_decided", kCase, blank).rule, "too-short");
  json::object none = p.refusal();
  none.erase("reasons");
  EXPECT_EQ(p.formless("pref", "psp.renewal_decided", kCase, none).rule, "disclosure-missing");
  json::object no_route = p.refusal();
  no_route.erase("appeal_route");
  EXPECT_EQ(p.refused("pref", "psp.renewal_decided", kCase, no_route).rule, "appeal-route-missing");
  json::object later = p.refusal();
  later["notified_on"] = "2026-08-02";
  EXPECT_EQ(p.refused("pref", "psp.renewal_decided", kCase, later).rule, "date-in-future");
  json::object before = p.refusal();
  before["notified_on"] = "2026-03-01";
  EXPECT_EQ(p.refused("pref", "psp.renewal_decided", kCase, before).rule, "date-order");
  EXPECT_EQ(p.state(), "RENEWAL_DUE");
}

TEST(PspRenewal, AnAppealThatReplacesItsRefusalBeginsTheNextTerm) {
  Parcours p;
  p.reach_renewal_refused();  // on the last day of the first term
  p.on("2026-10-05");
  p.expect("aa1", "psp.appeal_filed", kCase, p.dated("filed_on", R"({"route":"hierarchical"})"));
  p.expect("aa1", "psp.appeal_judged", kCase,
           p.dated("judged_on", R"({"outcome":"decision_replaced"})"));
  EXPECT_EQ(p.state(), "ACTIVE");
  EXPECT_EQ(p.psp().terms, 2);
  EXPECT_EQ(p.psp().term_ends_on, day_number("2027-03-01"));
  EXPECT_FALSE(p.psp().refused_renewal);
  EXPECT_EQ(p.find(1)->phase, CasePhase::psp);
}

TEST(PspSuspension, IsForItsTwoSides) {
  Parcours p;
  p.reach_active();
  admit_aa2(p);
  const json::object reason = data(R"({"reason":"health"})");
  EXPECT_EQ(p.refused("aa2", "psp.suspended", kCase, reason).rule, "psp-not-party");
  EXPECT_EQ(p.refused("aa1", "psp.resumed", kCase).state, "ACTIVE");
  p.expect("aa1", "psp.suspended", kCase, reason);
  EXPECT_EQ(p.state(), "SUSPENDED");
  EXPECT_EQ(p.refused("pref", "psp.suspended", kCase, reason).rule, "psp-transition");
  EXPECT_EQ(p.refused("aa2", "psp.resumed", kCase).rule, "psp-not-party");
  p.expect("pref", "psp.resumed", kCase);
  EXPECT_EQ(p.state(), "ACTIVE");
  EXPECT_EQ(p.psp().term_ends_on, day_number("2026-09-01")) << "the term has gone on";
}

TEST(PspEnd, TheClockEndsWhatNobodyAskedToRenew) {
  const json::object over = data(R"({"outcome":"term","ended_on":"2026-09-01"})");
  for (const bool asked : {false, true}) {
    Parcours p;
    p.reach_active();
    p.on("2026-09-01");
    if (asked) p.expect("aa1", "psp.renewal_requested", kCase);
    EXPECT_EQ(p.refused("relais", "psp.ended", kCase, over).rule, "psp-term-not-over");
    p.clock.set(rules::end_of(Day{day_number("2026-09-01")}));
    if (asked) {
      EXPECT_EQ(p.refused("relais", "psp.ended", kCase, over).state, "RENEWAL_DUE")
          << "who asked in time does not lose the parcours to a late decision";
      continue;
    }
    EXPECT_EQ(p.refused("relais", "psp.ended", kCase, ended(p, "housing")).rule,
              "psp-term-not-over");
    EXPECT_EQ(p.refused("aa1", "psp.renewal_requested", kCase).rule, "psp-term-over")
        << "as if the clock had signed at once";
    p.expect("relais", "psp.ended", kCase, over);
    EXPECT_EQ(p.state(), "ENDED");
    EXPECT_EQ(p.find(1)->phase, CasePhase::in_support);
  }
}

TEST(PspEnd, ALateDecisionEndsNoTermThatItGives) {
  Parcours p;
  p.reach_active();
  p.on("2026-09-01");
  p.expect("aa1", "psp.renewal_requested", kCase);
  p.on("2027-04-01");  // the second term, which this gives, was over on 1 March
  p.expect("pref", "psp.renewal_decided", kCase,
           data(R"({"decision":"renewed","notified_on":"2027-04-01"})"));
  EXPECT_EQ(
      p.refused("relais", "psp.ended", kCase, data(R"({"outcome":"term","ended_on":"2027-03-01"})"))
          .rule,
      "psp-term-not-over");
  p.expect("aa1", "psp.renewal_requested", kCase);
}

TEST(PspEnd, TheClockEndsWhatWasNotRenewedOnceNoAppealIsPossible) {
  Parcours p;
  p.reach_renewal_refused();  // on 1 September, the last day of the term
  const json::object over = data(R"({"outcome":"not_renewed","ended_on":"2026-11-02"})");
  p.clock.set(Timestamp{rules::end_of(Day{day_number("2026-11-02")}).value - 1});
  EXPECT_EQ(p.refused("relais", "psp.ended", kCase, over).rule, "psp-term-not-over");
  p.clock.advance_ms(1);
  p.expect("relais", "psp.ended", kCase, over);
  EXPECT_EQ(p.state(), "ENDED");
}

TEST(PspEnd, ReturnsTheCaseToSupport) {
  for (const char* outcome : {"employment", "training", "housing", "abandoned", "withdrawn"}) {
    SCOPED_TRACE(outcome);
    Parcours p;
    p.reach_active();
    p.on("2026-04-01");
    admit_aa2(p);
    EXPECT_EQ(p.refused("aa2", "psp.ended", kCase, ended(p, outcome)).rule, "psp-not-party");
    json::object tomorrow = ended(p, outcome);
    tomorrow["ended_on"] = "2026-04-02";
    EXPECT_EQ(p.refused("aa1", "psp.ended", kCase, tomorrow).rule, "date-in-future");
    p.expect("aa1", "psp.ended", kCase, ended(p, outcome));
    EXPECT_EQ(p.state(), "ENDED");
    EXPECT_EQ(p.find(1)->phase, CasePhase::in_support);
    EXPECT_EQ(p.psp().ended_on, day_number("2026-04-01"));
    EXPECT_EQ(p.refused("aa1", "psp.ended", kCase, ended(p, outcome)).rule, "psp-transition");
    p.apply(1);
    EXPECT_EQ(p.psp().terms, 0);
  }
}

TEST(PspEnd, IsNotBeforeTheStartOnceThatHasCome) {
  Parcours p;
  p.reach_authorised();
  p.on("2026-04-01");
  p.expect("aa1", "psp.started", kCase, data(R"({"starts_on":"2026-03-20"})"));
  json::object before = ended(p, "abandoned");
  before["ended_on"] = "2026-03-19";
  const Error e = p.refused("aa1", "psp.ended", kCase, before);
  EXPECT_EQ(e.rule, "date-order");
  EXPECT_EQ(e.field, "data.ended_on");
  EXPECT_EQ(e.accepted, "2026-03-20 or later");
  Parcours ahead;
  ahead.reach_authorised();
  ahead.expect("aa1", "psp.started", kCase, data(R"({"starts_on":"2026-04-01"})"));
  ahead.expect("aa1", "psp.ended", kCase, ended(ahead, "withdrawn"));  // it need not come first
}

TEST(PspEnd, ByTermOnlyOnceTheTermIsOver) {
  Parcours p;
  p.reach_active();
  p.on("2026-09-01");
  const Error e = p.refused("pref", "psp.ended", kCase, ended(p, "term"));
  EXPECT_EQ(e.rule, "psp-term-not-over");
  EXPECT_EQ(e.state, "ACTIVE");
  p.on("2026-09-02");
  json::object before = ended(p, "term");
  before["ended_on"] = "2026-08-31";
  EXPECT_EQ(p.refused("pref", "psp.ended", kCase, before).rule, "psp-term-not-over");
  before["ended_on"] = "2026-09-01";
  p.expect("pref", "psp.ended", kCase, before);
  EXPECT_EQ(p.psp().outcome, schema::PspEnd::TERM);
}

TEST(PspEnd, NotRenewedOnlyAfterARefusedRenewal) {
  Parcours p;
  p.reach_active();
  const Error e = p.refused("pref", "psp.ended", kCase, ended(p, "not_renewed"));
  EXPECT_EQ(e.rule, "psp-not-refused");
  EXPECT_EQ(e.field, "data.outcome");
  Parcours q;
  q.reach_renewal_refused();
  q.on("2026-09-02");
  q.expect("pref", "psp.ended", kCase, ended(q, "not_renewed"));
  EXPECT_EQ(q.state(), "ENDED");
  EXPECT_EQ(q.find(1)->phase, CasePhase::in_support);
}

TEST(Psp, MovesOnlyAsDrawn) {
  struct Attempt {
    const char* event;
    const char* who;
    json::object payload;
  };
  Parcours first;
  const json::object no = first.refusal();
  const std::vector<Attempt> attempts = {
      {"psp.opinion_given", "pref", Parcours::opinion("s2", "favourable", 3, 0, 0)},
      {"psp.decided", "pref", no},
      {"psp.review_filed", "aa1", {}},
      {"psp.renewal_requested", "aa1", {}},
      {"psp.renewal_decided", "pref", no},
      {"psp.suspended", "aa1", data(R"({"reason":"health"})")},
      {"psp.resumed", "aa1", {}},
      {"psp.ended", "aa1", data(R"({"outcome":"housing","ended_on":"2026-03-02"})")},
      {"psp.appeal_filed", "aa1", data(R"({"route":"gracious","filed_on":"2026-03-02"})")},
      {"psp.appeal_judged", "aa1", data(R"({"outcome":"rejected","judged_on":"2026-03-02"})")},
  };
  for (int i = 0; i <= 11; ++i) {
    const auto from = static_cast<rules::PspPhase>(i);
    for (const Attempt& a : attempts) {
      SCOPED_TRACE(std::string(to_string(from)) + " × " + a.event);
      Parcours p;
      p.reach_active();
      p.hold("s2");
      rules::Psp& psp = p.world().mutable_case(p.find(1)->id)->psp;
      psp.phase = from;
      psp.term_ends_on = day_number("2026-04-01");
      bool drawn = false;
      for (const auto& t : rules::psp_transitions()) drawn |= t.from == from && t.event == a.event;
      const Status done = p.act(a.who, a.event, kCase, a.payload);
      ASSERT_EQ(done.has_value(), drawn) << (done ? "" : to_string(done.error()));
      if (!drawn) {
        EXPECT_EQ(done.error().rule, "psp-transition");
        // Before the application the commission has no part in the case, and is told no state of
        // it.
        const bool told = from != rules::PspPhase::none || std::string_view(a.who) == "aa1";
        EXPECT_EQ(done.error().state, told ? to_string(from) : "");
        EXPECT_EQ(p.psp().phase, from);
      }
    }
  }
}

TEST(Afis, IsOpenedByAnActiveParcours) {
  Parcours p;
  p.reach_authorised();
  const Error none = p.refused("aa1", "afis.opened", kCase, p.dated("opened_on"));
  EXPECT_EQ(none.rule, "psp-not-active");
  EXPECT_EQ(none.state, "AUTHORISED");
  p.expect("aa1", "psp.started", kCase, p.dated("starts_on"));
  admit_aa2(p);
  EXPECT_EQ(p.refused("aa2", "afis.opened", kCase, p.dated("opened_on")).rule, "psp-not-party");
  EXPECT_EQ(p.refused("aa1", "afis.opened", kCase, data(R"({"opened_on":"2026-03-03"})")).rule,
            "date-in-future");
  EXPECT_EQ(p.refused("aa1", "afis.opened", kCase, data(R"({"opened_on":"2026-03-01"})")).rule,
            "date-order");
  const Error closed = p.refused("aa1", "afis.closed", kCase, p.dated("closed_on"));
  EXPECT_EQ(closed.rule, "afis-not-open");
  EXPECT_EQ(closed.state, "NONE");
  p.expect("aa1", "afis.opened", kCase, p.dated("opened_on"));
  const Error twice = p.refused("pref", "afis.opened", kCase, p.dated("opened_on"));
  EXPECT_EQ(twice.rule, "afis-open");
  EXPECT_EQ(twice.state, "OPEN");
}

TEST(Afis, OutlivesTheParcoursUntilItIsClosed) {
  Parcours p;
  p.reach_active();
  p.expect("pref", "afis.opened", kCase, p.dated("opened_on"));
  p.on("2026-04-01");
  p.expect("aa1", "psp.ended", kCase, ended(p, "employment"));
  p.apply(1);
  admit_aa2(p);
  EXPECT_EQ(p.refused("aa2", "afis.closed", kCase, p.dated("closed_on")).rule, "psp-not-party");
  EXPECT_EQ(p.refused("aa1", "afis.closed", kCase, data(R"({"closed_on":"2026-03-01"})")).rule,
            "date-order");
  p.expect("aa1", "afis.closed", kCase, p.dated("closed_on"));
  EXPECT_EQ(p.psp().afis_opened_on, 0);
}

json::object permit_request(const Parcours& p, bool attested = true) {
  json::object d = p.dated("requested_on");
  d["cessation_attested"] = attested;
  return d;
}

TEST(ResidencePermit, OnTheOtherHandRequiresCessation) {
  Parcours p;
  p.reach_active();
  const Error e = p.refused("aa1", "residence_permit.requested", kCase, permit_request(p, false));
  EXPECT_EQ(e.rule, "cessation-attested");
  EXPECT_EQ(e.source, "CESEDA L425-4");
  json::object silent = permit_request(p);
  silent.erase("cessation_attested");
  EXPECT_FALSE(
      p.statement("aa1", "residence_permit.requested", kCase, std::move(silent)).has_value());
  p.expect("aa1", "residence_permit.requested", kCase, permit_request(p));
  EXPECT_EQ(p.psp().permit, PermitPhase::requested);
}

TEST(ResidencePermit, IsAskedForByTheApplicantOfAnActiveParcours) {
  Parcours p;
  p.reach_authorised();
  EXPECT_EQ(p.refused("aa1", "residence_permit.requested", kCase, permit_request(p)).rule,
            "psp-not-active");
  p.expect("aa1", "psp.started", kCase, p.dated("starts_on"));
  admit_aa2(p);
  EXPECT_EQ(p.refused("aa2", "residence_permit.requested", kCase, permit_request(p)).rule,
            "psp-not-applicant");
  json::object tomorrow = permit_request(p);
  tomorrow["requested_on"] = "2026-03-03";
  EXPECT_EQ(p.refused("aa1", "residence_permit.requested", kCase, tomorrow).rule, "date-in-future");
  p.expect("aa1", "psp.suspended", kCase, data(R"({"reason":"health"})"));
  EXPECT_EQ(p.refused("aa1", "residence_permit.requested", kCase, permit_request(p)).state,
            "SUSPENDED");
  p.expect("aa1", "psp.resumed", kCase);
  p.expect("aa1", "residence_permit.requested", kCase, permit_request(p));
  const Error twice = p.refused("aa1", "residence_permit.requested", kCase, permit_request(p));
  EXPECT_EQ(twice.rule, "permit-pending");
  EXPECT_EQ(twice.state, "REQUESTED");
}

TEST(ResidencePermit, IsIssuedForSixMonthsAtLeast) {
  Parcours p;
  p.reach_active();
  json::object issued = p.dated("issued_on", R"({"valid_until":"2026-08-31"})");
  const Error nothing = p.refused("pref", "residence_permit.issued", kCase, issued);
  EXPECT_EQ(nothing.rule, "permit-not-requested");
  EXPECT_EQ(nothing.state, "NONE");
  p.expect("aa1", "residence_permit.requested", kCase, permit_request(p));
  const Error brief = p.refused("pref", "residence_permit.issued", kCase, issued);
  EXPECT_EQ(brief.rule, "permit-too-short");
  EXPECT_EQ(brief.accepted, "2026-09-01 or later");
  issued["valid_until"] = "2026-09-01";
  json::object tomorrow = issued;
  tomorrow["issued_on"] = "2026-03-03";
  EXPECT_EQ(p.refused("pref", "residence_permit.issued", kCase, tomorrow).rule, "date-in-future");
  json::object before = issued;
  before["issued_on"] = "2026-03-01";
  const Error early = p.refused("pref", "residence_permit.issued", kCase, before);
  EXPECT_EQ(early.rule, "date-order");
  EXPECT_EQ(early.accepted, "2026-03-02 or later") << "the day that the request says";
  p.expect("pref", "residence_permit.issued", kCase, issued);
  EXPECT_EQ(p.psp().permit, PermitPhase::issued);
  EXPECT_EQ(p.psp().permit_valid_until, day_number("2026-09-01"));
  p.expect("aa1", "residence_permit.requested", kCase, permit_request(p));
}

TEST(ResidencePermit, ARefusalWithoutReasonsIsImpossible) {
  Parcours p;
  p.reach_active();
  json::object no = p.refusal(R"({"reason":"conditions_not_met"})");
  EXPECT_EQ(p.refused("pref", "residence_permit.refused", kCase, no).rule, "permit-not-requested");
  p.expect("aa1", "residence_permit.requested", kCase, permit_request(p));
  json::object blank = no;
  blank["reasons"] = "\t - ";
  EXPECT_EQ(p.formless("pref", "residence_permit.refused", kCase, blank).rule, "too-short");
  for (const char* member : {"reasons", "appeal_route", "notified_on"}) {
    json::object without = no;
    without.erase(member);
    EXPECT_FALSE(p.statement("pref", "residence_permit.refused", kCase, without).has_value())
        << member;
  }
  json::object tomorrow = no;
  tomorrow["notified_on"] = "2026-03-03";
  EXPECT_EQ(p.refused("pref", "residence_permit.refused", kCase, tomorrow).rule, "date-in-future");
  json::object before = no;
  before["notified_on"] = "2026-03-01";
  EXPECT_EQ(p.refused("pref", "residence_permit.refused", kCase, before).rule, "date-order");
  p.expect("pref", "residence_permit.refused", kCase, no);
  EXPECT_EQ(p.psp().permit, PermitPhase::refused);
  p.expect("aa1", "residence_permit.requested", kCase, permit_request(p));
}

}  // namespace
}  // namespace relais::tests
