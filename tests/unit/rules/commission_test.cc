// session.* and member.*: the departmental commission (CASF R121-12-7).
#include <gmock/gmock.h>

#include "tests/unit/rules/parcours.h"

namespace relais::tests {
namespace {

constexpr const char* kSession = "session/s1";

json::object recusal(std::uint64_t n, std::string_view ground = "knows_person") {
  json::object d;
  d["case_id"] = test_uuid(n);
  d["ground"] = ground;
  return d;
}

TEST(Member, IsAppointedByThePrefectureOnItsOwnStream) {
  Parcours p;
  const json::object judge = Parcours::appointment("member", "magistrate");
  EXPECT_EQ(p.refused("pref", "member.appointed", "signatory/member", judge).rule,
            "stream-not-own");
  EXPECT_EQ(p.refused("aa1", "member.appointed", "signatory/aa1", judge).rule, "emitter-forbidden");
  p.expect("pref", "member.appointed", "signatory/pref", judge);
  EXPECT_EQ(p.world().find_signatory(p.ordinal_of("member"))->commission_capacity, "magistrate");
}

TEST(Member, IsAnInstitutionThatCanSit) {
  Parcours p;
  const auto rule = [&](std::string_view institution, std::string_view capacity) {
    return p
        .refused("pref", "member.appointed", "signatory/pref",
                 Parcours::appointment(institution, capacity))
        .rule;
  };
  EXPECT_EQ(rule("nobody", "police"), "signatory-unknown");
  EXPECT_EQ(rule("ml1", "police"), "institution-cannot-sit");
  EXPECT_EQ(rule("analyst", "police"), "institution-cannot-sit");
  EXPECT_EQ(rule("member", " \t"), "capacity-missing");
  p.world().mutable_registry().mutable_signatory(p.ordinal_of("member")).active = false;
  EXPECT_EQ(rule("member", "police"), "signatory-unknown");
}

TEST(Session, IsConvenedOnceWithAppointedMembers) {
  Parcours p;
  const Error e = p.refused("pref", "session.convened", kSession, p.convocation());
  EXPECT_EQ(e.rule, "member-not-appointed");
  EXPECT_EQ(e.field, "data.members");
  p.appoint();
  EXPECT_EQ(p.refused("pref", "session.convened", kSession, p.convocation({"nobody"}, 1)).rule,
            "signatory-unknown");
  p.expect("pref", "session.convened", kSession,
           p.convocation({"pref", "aa1"}, 2, {test_uuid(1), test_uuid(2)}));
  const rules::SessionState* s = p.world().find_session("s1");
  ASSERT_NE(s, nullptr);
  EXPECT_THAT(s->members, testing::UnorderedElementsAre(p.ordinal_of("pref"), p.ordinal_of("aa1")));
  EXPECT_EQ(s->quorum, 2U);
  EXPECT_EQ(s->held_on, day_number("2026-03-02"));
  EXPECT_EQ(s->cases.size(), 2U);
  EXPECT_FALSE(s->held);
  const Error again = p.refused("pref", "session.convened", kSession, p.convocation());
  EXPECT_EQ(again.rule, "session-exists");
  EXPECT_EQ(again.state, "EXISTS");
  EXPECT_EQ(p.refused("aa1", "session.convened", "session/s2", p.convocation()).rule,
            "emitter-forbidden");
}

TEST(Session, ConveningTellsNothingOfCases) {
  Parcours p;
  p.appoint();
  p.detect("aa1", 1);
  // One exists, the other does not: both are taken alike.
  p.expect("pref", "session.convened", "session/s1", p.convocation({"pref"}, 1, {test_uuid(1)}));
  p.expect("pref", "session.convened", "session/s2", p.convocation({"pref"}, 1, {test_uuid(7)}));
  EXPECT_FALSE(p.find(1)->participants.contains(p.ordinal_of("pref")));
}

TEST(Session, QuorumCanBeReachedAndAsksSomething) {
  Parcours p;
  p.appoint();
  for (const std::uint64_t quorum : {0, 3}) {
    const Error e =
        p.refused("pref", "session.convened", kSession, p.convocation({"pref", "aa1"}, quorum));
    EXPECT_EQ(e.rule, "quorum-out-of-range") << quorum;
    EXPECT_EQ(e.source, "CRPA R133-10");
  }
  EXPECT_EQ(
      p.refused("pref", "session.convened", kSession, p.convocation({"pref", "pref"}, 2)).rule,
      "quorum-out-of-range")
      << "named twice, present once";
}

TEST(Session, IsHeldOnItsDayByItsMembersWithAQuorum) {
  Parcours p;
  p.appoint();
  EXPECT_EQ(p.refused("pref", "session.held", kSession, Parcours::minutes()).rule,
            "session-unknown");
  json::object later = p.convocation({"pref", "member", "aa1"}, 2);
  later["held_on"] = "2026-03-09";
  p.expect("pref", "session.convened", kSession, later);
  const Error early = p.refused("pref", "session.held", kSession, Parcours::minutes({"pref"}));
  EXPECT_EQ(early.rule, "session-not-yet");
  EXPECT_EQ(early.state, "CONVENED");
  p.on("2026-03-09");
  for (const char* stranger : {"aa2", "nobody"}) {
    const Error e =
        p.refused("pref", "session.held", kSession, Parcours::minutes({"pref", stranger}));
    EXPECT_EQ(e.rule, "member-not-of-session") << stranger;
    EXPECT_EQ(e.field, "data.present");
  }
  for (const json::array& few : {json::array{"pref"}, json::array{"pref", "pref"}}) {
    const Error e = p.refused("pref", "session.held", kSession, Parcours::minutes(few));
    EXPECT_EQ(e.rule, "quorum-not-met");
    EXPECT_EQ(e.accepted, "at least 2 members");
  }
  p.expect("pref", "session.held", kSession, Parcours::minutes({"pref", "member"}));
  EXPECT_TRUE(p.world().find_session("s1")->held);
  EXPECT_EQ(p.world().find_session("s1")->present.size(), 2U);
  const Error twice = p.refused("pref", "session.held", kSession, Parcours::minutes({"pref"}));
  EXPECT_EQ(twice.rule, "session-held");
  EXPECT_EQ(twice.state, "HELD");
}

TEST(Recusal, IsAMembersBeforeTheSession) {
  Parcours p;
  p.appoint();
  EXPECT_EQ(p.refused("member", "member.recused", kSession, recusal(1)).rule, "session-unknown");
  p.expect("pref", "session.convened", kSession,
           p.convocation({"pref", "member", "aa1"}, 1, {test_uuid(1)}));
  // Names of sessions can be guessed: who was not convened finds out nothing by them.
  const auto absent = [&] {
    return to_string(p.refused("aa2", "member.recused", "session/none", recusal(1)));
  };
  const auto stranger = [&] {
    return to_string(p.refused("aa2", "member.recused", kSession, recusal(1)));
  };
  EXPECT_EQ(stranger(), absent());
  EXPECT_EQ(p.refused("member", "member.recused", kSession, recusal(2)).rule,
            "session-not-for-file");
  p.expect("member", "member.recused", kSession, recusal(1));
  const Error twice = p.refused("member", "member.recused", kSession, recusal(1));
  EXPECT_EQ(twice.rule, "recused-already");
  EXPECT_EQ(twice.state, "CONVENED");
  p.expect("aa1", "member.recused", kSession, recusal(1, "own_association"));
  EXPECT_THAT(p.world().find_session("s1")->recused.at(*parse_uuid(test_uuid(1))),
              testing::UnorderedElementsAre(p.ordinal_of("member"), p.ordinal_of("aa1")));
  p.expect("pref", "session.held", kSession, Parcours::minutes({"pref"}));
  EXPECT_EQ(p.refused("pref", "member.recused", kSession, recusal(1)).rule, "session-held");
  EXPECT_EQ(stranger(), absent());
}

TEST(Recusal, ThePrefectureKnowsTheSessionsThatItDoesNotSitOn) {
  Parcours p;
  p.appoint();
  p.expect("pref", "session.convened", kSession, p.convocation({"member", "aa1"}, 1));
  const Error e = p.refused("pref", "member.recused", kSession, recusal(1));
  EXPECT_EQ(e.rule, "member-not-of-session");
  EXPECT_EQ(e.code, Errc::forbidden);
}

TEST(Recusal, FilesAreBounded) {
  Parcours p;
  p.appoint();
  p.expect("pref", "session.convened", kSession, p.convocation());
  auto& recused = p.world().mutable_session("s1").recused;
  for (std::uint64_t i = 0; i < 199; ++i) recused[Uuid{1, i}] = {p.ordinal_of("member")};
  p.expect("member", "member.recused", kSession, recusal(1));
  EXPECT_EQ(p.refused("member", "member.recused", kSession, recusal(2)).rule, "limit-recusals");
  p.expect("aa2", "member.recused", kSession, recusal(1));  // nobody keeps another from it
  p.expect("aa2", "member.recused", kSession, recusal(2));
}

}  // namespace
}  // namespace relais::tests
