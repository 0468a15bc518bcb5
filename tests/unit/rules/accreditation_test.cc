// accreditation.*: the agrément, from its request to its end (CASF R121-12-1 to R121-12-5).
#include <gmock/gmock.h>

#include "tests/unit/rules/parcours.h"

namespace relais::tests {
namespace {

using rules::AccreditationPhase;

const std::string kStream = "signatory/aa1";

json::object clocked(std::string_view field, std::string_view date) {
  json::object d = data(R"({"cause":"accreditation"})");
  d[field] = date;
  return d;
}

json::object documents(std::string_view notified_on) {
  json::object d = data(R"({"documents":["The accounts of last year."]})");
  d["notified_on"] = notified_on;
  return d;
}

json::object refused(std::string_view notified_on) {
  json::object d = data(R"({"reason":"insufficient_means","appeal_route":"contentious",
                            "reasons":"No member of the staff was trained."})");
  d["notified_on"] = notified_on;
  return d;
}

TEST(Accreditation, FoundingAssociationsAskForItLikeAnyOther) {
  Parcours p;
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::none);
  const Error e = p.refused("pref", "accreditation.granted", kStream, p.dated("granted_on"));
  EXPECT_EQ(e.rule, "accreditation-transition");
  EXPECT_EQ(e.state, "NONE");
  EXPECT_EQ(e.accepted, "COMPLETE");
  p.request_accreditation("aa1");
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::requested);
  EXPECT_EQ(p.accreditation("aa1").filed_on, day_number("2026-03-02"));
  p.complete_accreditation("aa1");
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::complete);
  p.expect("pref", "accreditation.granted", kStream, p.dated("granted_on"));
  EXPECT_TRUE(p.accreditation("aa1").valid_on(day_number("2026-03-02")));
  EXPECT_FALSE(p.accreditation("aa2").valid_on(day_number("2026-03-02")));
}

TEST(Accreditation, LastsThreeYears) {
  Parcours p;
  p.accredit("aa1");
  const rules::Accreditation a = p.accreditation("aa1");
  EXPECT_EQ(a.expires_on, day_number("2029-03-01"));
  EXPECT_TRUE(a.valid_on(day_number("2029-03-01")));
  EXPECT_FALSE(a.valid_on(day_number("2029-03-02")));
  EXPECT_FALSE(a.valid_on(day_number("2026-03-01")));
}

TEST(Accreditation, ExpiresOnlyAfterItsLastDay) {
  Parcours p;
  p.accredit("aa1");
  p.clock.set(Timestamp{rules::end_of(Day{day_number("2029-03-01")}).value - 1});
  const Error early =
      p.refused("relais", "accreditation.expired", kStream, clocked("expired_on", "2029-03-01"));
  EXPECT_EQ(early.rule, "accreditation-not-due");
  EXPECT_EQ(early.state, "GRANTED");
  EXPECT_EQ(early.accepted, "2029-03-01T23:00:00Z or later") << "midnight in Paris";
  p.clock.advance_ms(1);
  const Error other =
      p.refused("relais", "accreditation.expired", kStream, clocked("expired_on", "2029-03-02"));
  EXPECT_EQ(other.rule, "accreditation-day-differs");
  EXPECT_EQ(other.accepted, "2029-03-01");
  EXPECT_EQ(other.field, "data.expired_on");
  p.expect("relais", "accreditation.expired", kStream, clocked("expired_on", "2029-03-01"));
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::expired);
  p.request_accreditation("aa1");
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::requested);
  EXPECT_EQ(p.accreditation("aa1").expires_on, 0);
}

TEST(Accreditation, ExpiresForAnAssociationThatHasLeft) {
  Parcours p;
  p.accredit("aa1");
  p.world().mutable_registry().mutable_signatory(p.ordinal_of("aa1")).active = false;
  p.on("2029-03-02");
  p.expect("relais", "accreditation.expired", kStream, clocked("expired_on", "2029-03-01"));
}

TEST(Accreditation, FourMonthsOfSilenceGrantIt) {
  Parcours p;
  p.on("2026-10-31");
  p.request_accreditation("aa1");
  p.complete_accreditation("aa1");
  // Four months from 31 October end with February.
  p.clock.set(Timestamp{rules::end_of(Day{day_number("2027-02-28")}).value - 1});
  const json::object granted = clocked("granted_on", "2027-02-28");
  const Error early = p.refused("relais", "accreditation.tacitly_granted", kStream, granted);
  EXPECT_EQ(early.rule, "accreditation-not-due");
  EXPECT_EQ(early.state, "COMPLETE");
  EXPECT_EQ(early.source, "CASF R121-12-3");
  p.clock.advance_ms(1);
  const Error late = p.refused("relais", "accreditation.tacitly_granted", kStream,
                               clocked("granted_on", "2027-03-01"));
  EXPECT_EQ(late.rule, "accreditation-day-differs");
  EXPECT_EQ(late.accepted, "2027-02-28");
  p.expect("relais", "accreditation.tacitly_granted", kStream, granted);
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::tacitly_granted);
  EXPECT_TRUE(p.accreditation("aa1").valid_on(day_number("2027-03-01")));
  EXPECT_EQ(p.accreditation("aa1").expires_on, day_number("2030-02-27"));
}

TEST(Accreditation, SilenceIsTheClocksToSay) {
  Parcours p;
  p.request_accreditation("aa1");
  p.complete_accreditation("aa1");
  p.on("2026-07-03");
  const json::object granted = clocked("granted_on", "2026-07-02");
  EXPECT_EQ(p.refused("pref", "accreditation.tacitly_granted", kStream, granted).rule,
            "emitter-forbidden");
  EXPECT_EQ(p.refused("aa1", "accreditation.tacitly_granted", kStream, granted).rule,
            "emitter-forbidden");
}

TEST(Accreditation, ALateRefusalDoesNotTakeBackWhatSilenceGranted) {
  Parcours p;
  p.request_accreditation("aa1");
  p.complete_accreditation("aa1");
  p.on("2026-07-03");
  const Error e = p.refused("pref", "accreditation.refused", kStream, refused("2026-07-03"));
  EXPECT_EQ(e.rule, "accreditation-granted-by-silence");
  EXPECT_EQ(e.accepted, "2026-07-02 or earlier");
  EXPECT_EQ(e.state, "COMPLETE");
  p.expect("pref", "accreditation.refused", kStream, refused("2026-07-02"));
}

TEST(Accreditation, RefusalsCarryReasonsAndARoute) {
  Parcours p;
  p.request_accreditation("aa1");
  for (const char* blank : {" ", "\t\n", ".", "– …", "\u00a0"}) {
    json::object d = refused("2026-03-02");
    d["reasons"] = blank;
    const Error e = p.refused("pref", "accreditation.refused", kStream, d);
    EXPECT_EQ(e.rule, "reasons-missing") << "[" << blank << "]";
    EXPECT_EQ(e.field, "data.reasons");
    EXPECT_THAT(e.source, testing::HasSubstr("CRPA L211-2"));
  }
  for (const char* member : {"reasons", "appeal_route", "notified_on"}) {
    json::object d = refused("2026-03-02");
    d.erase(member);
    EXPECT_FALSE(p.statement("pref", "accreditation.refused", kStream, d).has_value()) << member;
  }
  EXPECT_EQ(p.refused("pref", "accreditation.refused", kStream, refused("2026-03-03")).rule,
            "date-in-future");
  p.expect("pref", "accreditation.refused", kStream, refused("2026-03-02"));
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::refused);
  p.request_accreditation("aa1");
}

TEST(Accreditation, IsForAnAssociationOfTheConvention) {
  Parcours p;
  for (const char* stream : {"signatory/ml1", "signatory/nobody", "signatory/pref"}) {
    const Error e = p.refused("pref", "accreditation.completed", stream, p.dated("complete_on"));
    EXPECT_EQ(e.rule, "accreditation-not-association") << stream;
    EXPECT_EQ(e.field, "subject");
  }
  const json::object file = Parcours::application();
  EXPECT_EQ(p.refused("aa2", "accreditation.requested", kStream, file).rule, "stream-not-own");
  EXPECT_EQ(p.refused("ml1", "accreditation.requested", "signatory/ml1", file).rule,
            "emitter-forbidden");
  p.request_accreditation("aa1");
  EXPECT_EQ(p.refused("aa1", "accreditation.completed", kStream, p.dated("complete_on")).rule,
            "emitter-forbidden");
  p.world().mutable_registry().mutable_signatory(p.ordinal_of("aa1")).active = false;
  EXPECT_EQ(p.refused("pref", "accreditation.completed", kStream, p.dated("complete_on")).rule,
            "accreditation-not-association");
}

TEST(Accreditation, DatesFollowEachOther) {
  Parcours p;
  p.request_accreditation("aa1");
  EXPECT_EQ(
      p.refused("pref", "accreditation.completed", kStream, data(R"({"complete_on":"2026-03-03"})"))
          .rule,
      "date-in-future");
  p.complete_accreditation("aa1");
  EXPECT_EQ(
      p.refused("pref", "accreditation.granted", kStream, data(R"({"granted_on":"2026-03-03"})"))
          .rule,
      "date-in-future");
  const Error e =
      p.refused("pref", "accreditation.granted", kStream, data(R"({"granted_on":"2026-03-01"})"));
  EXPECT_EQ(e.rule, "date-order");
  EXPECT_EQ(e.accepted, "2026-03-02 or later");
  EXPECT_EQ(e.field, "data.granted_on");
}

TEST(Accreditation, IsDeemedCompleteWhenNoDocumentIsAskedForWithinTwoMonths) {
  Parcours p;
  p.on("2026-12-31");
  p.request_accreditation("aa1");
  // Two months from 31 December end with February.
  p.clock.set(Timestamp{rules::end_of(Day{day_number("2027-02-28")}).value - 1});
  const json::object deemed = clocked("complete_on", "2027-02-28");
  const Error early = p.refused("relais", "accreditation.deemed_complete", kStream, deemed);
  EXPECT_EQ(early.rule, "accreditation-not-due");
  EXPECT_EQ(early.state, "REQUESTED");
  EXPECT_EQ(early.source, "CASF R121-12-3");
  EXPECT_EQ(p.refused("pref", "accreditation.deemed_complete", kStream, deemed).rule,
            "emitter-forbidden");
  p.clock.advance_ms(1);
  p.expect("relais", "accreditation.deemed_complete", kStream, deemed);
  EXPECT_EQ(p.accreditation("aa1").complete_on, day_number("2027-02-28"));
  // Four months of silence from then on.
  p.on("2027-06-29");
  p.expect("relais", "accreditation.tacitly_granted", kStream, clocked("granted_on", "2027-06-28"));
}

TEST(Accreditation, WhatThePrefectureSaysOfTheFileAfterTwoMonthsComesTooLate) {
  for (const bool asks : {true, false}) {
    Parcours p;
    p.request_accreditation("aa1");
    p.on("2026-05-03");
    const auto say = [&](std::string_view day) {
      json::object d = asks ? documents(day) : json::object{{"complete_on", day}};
      return p.act("pref", asks ? "accreditation.documents_requested" : "accreditation.completed",
                   kStream, std::move(d));
    };
    const Status late = say("2026-05-03");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().rule, "accreditation-deemed-complete");
    EXPECT_EQ(late.error().accepted, "2026-05-02 or earlier");
    EXPECT_EQ(late.error().source, "CASF R121-12-3");
    EXPECT_TRUE(say("2026-05-02"));
  }
}

TEST(Accreditation, ALateRefusalDoesNotTakeBackWhatTwoSilencesGranted) {
  Parcours p;
  p.request_accreditation("aa1");
  p.on("2026-09-03");  // two months and four
  const Error e = p.refused("pref", "accreditation.refused", kStream, refused("2026-09-03"));
  EXPECT_EQ(e.rule, "accreditation-granted-by-silence");
  EXPECT_EQ(e.accepted, "2026-09-02 or earlier");
  EXPECT_EQ(p.refused("pref", "accreditation.refused", kStream, refused("2026-03-01")).rule,
            "date-order");
}

TEST(Accreditation, AnOldDayOfCompletenessDoesNotShortenTheSilence) {
  Parcours p;
  p.request_accreditation("aa1");
  p.expect("pref", "accreditation.completed", kStream, data(R"({"complete_on":"2020-01-01"})"));
  EXPECT_EQ(p.refused("relais", "accreditation.tacitly_granted", kStream,
                      clocked("granted_on", "2020-05-01"))
                .rule,
            "accreditation-not-due");
  // An agrément of before the ledger is recorded with its day, while it runs.
  EXPECT_EQ(
      p.refused("pref", "accreditation.granted", kStream, data(R"({"granted_on":"2023-03-02"})"))
          .rule,
      "accreditation-over");
  p.expect("pref", "accreditation.granted", kStream, data(R"({"granted_on":"2023-03-03"})"));
  EXPECT_EQ(p.accreditation("aa1").expires_on, day_number("2026-03-02"));
}

TEST(Accreditation, MissingDocumentsHoldTheTwoMonths) {
  Parcours p;
  p.request_accreditation("aa1");
  json::object none = documents("2026-03-02");
  none["documents"] = json::array{};
  EXPECT_EQ(p.refused("pref", "accreditation.documents_requested", kStream, none).rule,
            "documents-missing");
  EXPECT_EQ(
      p.refused("pref", "accreditation.documents_requested", kStream, documents("2026-03-01")).rule,
      "date-order");
  EXPECT_EQ(
      p.refused("aa1", "accreditation.documents_supplied", kStream, Parcours::application()).rule,
      "accreditation-transition");
  p.expect("pref", "accreditation.documents_requested", kStream, documents("2026-03-02"));
  EXPECT_EQ(to_string(p.accreditation("aa1").phase), "INCOMPLETE");
  p.on("2026-06-10");
  EXPECT_EQ(p.refused("relais", "accreditation.deemed_complete", kStream,
                      clocked("complete_on", "2026-05-02"))
                .rule,
            "accreditation-transition");
  p.expect("aa1", "accreditation.documents_supplied", kStream, Parcours::application());
  EXPECT_EQ(p.accreditation("aa1").filed_on, day_number("2026-06-10"));
  p.on("2026-08-11");
  p.expect("relais", "accreditation.deemed_complete", kStream,
           clocked("complete_on", "2026-08-10"));
}

/// aa1 is accredited until 2029-03-01 and has asked for the next agrément on 2028-12-01.
void ask_again(Parcours& p) {
  p.accredit("aa1");
  p.on("2028-12-01");
  p.request_accreditation("aa1");
}

TEST(Renewal, IsAskedForInTheLastYear) {
  Parcours p;
  p.accredit("aa1");
  p.on("2028-02-29");
  const Error e = p.refused("aa1", "accreditation.requested", kStream, Parcours::application());
  EXPECT_EQ(e.rule, "renewal-too-early");
  EXPECT_EQ(e.accepted, "2028-03-01 or later");
  EXPECT_THAT(e.source, testing::StartsWith("Ours"));
  p.on("2028-03-01");
  p.request_accreditation("aa1");
  EXPECT_EQ(p.refused("aa1", "accreditation.requested", kStream, Parcours::application()).state,
            "REQUESTED")
      << "one at a time";
  EXPECT_TRUE(p.accreditation("aa1").granted()) << "the present one runs on";
}

TEST(Renewal, FollowsTheAccreditationThatRuns) {
  Parcours p;
  ask_again(p);
  p.complete_accreditation("aa1");
  p.expect("pref", "accreditation.granted", kStream, p.dated("granted_on"));
  EXPECT_EQ(p.accreditation("aa1").expires_on, day_number("2032-03-01"));
  EXPECT_TRUE(p.accreditation("aa1").valid_on(day_number("2029-03-02"))) << "without a gap";
  p.on("2029-03-02");
  EXPECT_EQ(
      p.refused("relais", "accreditation.expired", kStream, clocked("expired_on", "2029-03-01"))
          .rule,
      "accreditation-not-due");
}

TEST(Renewal, ThatIsRefusedLetsTheAccreditationRunToItsEnd) {
  Parcours p;
  ask_again(p);
  p.expect("pref", "accreditation.refused", kStream, refused("2028-12-01"));
  EXPECT_TRUE(p.accreditation("aa1").valid_on(day_number("2029-03-01")));
  p.request_accreditation("aa1");  // it may ask again
}

TEST(Renewal, ThatIsPendingAtTheEndIsThenARequestLikeTheFirst) {
  Parcours p;
  ask_again(p);
  p.on("2029-03-02");
  p.expect("relais", "accreditation.deemed_complete", kStream,
           clocked("complete_on", "2029-02-01"));
  p.expect("relais", "accreditation.expired", kStream, clocked("expired_on", "2029-03-01"));
  EXPECT_EQ(p.accreditation("aa1").phase, AccreditationPhase::complete);
  EXPECT_FALSE(p.accreditation("aa1").valid_on(day_number("2029-03-02")));
  p.on("2029-06-02");
  p.expect("relais", "accreditation.tacitly_granted", kStream, clocked("granted_on", "2029-06-01"));
  EXPECT_EQ(p.accreditation("aa1").expires_on, day_number("2032-05-31"));
}

}  // namespace
}  // namespace relais::tests
