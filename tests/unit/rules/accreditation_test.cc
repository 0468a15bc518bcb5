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
  EXPECT_EQ(p.accreditation("aa1").requested_on, day_number("2026-03-02"));
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

TEST(Accreditation, MovesOnlyAsDrawn) {
  struct Attempt {
    const char* event;
    const char* who;
    json::object payload;
  };
  const std::vector<Attempt> attempts = {
      {"accreditation.requested", "aa1", Parcours::application()},
      {"accreditation.completed", "pref", data(R"({"complete_on":"2026-03-02"})")},
      {"accreditation.granted", "pref", data(R"({"granted_on":"2026-03-02"})")},
      {"accreditation.tacitly_granted", "relais", clocked("granted_on", "2026-07-02")},
      {"accreditation.refused", "pref", refused("2026-03-02")},
      {"accreditation.expired", "relais", clocked("expired_on", "2026-07-02")},
  };
  for (int i = 0; i <= 6; ++i) {
    const auto from = static_cast<AccreditationPhase>(i);
    for (const Attempt& a : attempts) {
      SCOPED_TRACE(std::string(to_string(from)) + " × " + a.event);
      Parcours p;
      const std::int32_t start = day_number("2026-03-02");
      p.world().mutable_signatory(p.ordinal_of("aa1")).accreditation = {from, start, start, start,
                                                                        day_number("2026-07-02")};
      p.on("2026-07-03");
      std::optional<AccreditationPhase> to;
      for (const auto& t : rules::accreditation_transitions())
        if (t.from == from && t.event == a.event) to = t.to;
      const Status done = p.act(a.who, a.event, kStream, a.payload);
      ASSERT_EQ(done.has_value(), to.has_value()) << (done ? "" : to_string(done.error()));
      if (to) {
        EXPECT_EQ(p.accreditation("aa1").phase, *to);
      } else {
        EXPECT_EQ(done.error().rule, "accreditation-transition");
        EXPECT_EQ(done.error().state, to_string(from));
        EXPECT_EQ(p.accreditation("aa1").phase, from);
      }
    }
  }
}

}  // namespace
}  // namespace relais::tests
