// coordination.meeting_held, plan.agreed, contribution.*: what signatories do together on a case.
#include <gtest/gtest.h>

#include "tests/support/acts.h"

namespace relais::tests {
namespace {

json::object meeting(std::string_view on, json::array attending) {
  json::object d;
  d["held_on"] = on;
  d["attending"] = std::move(attending);
  return d;
}

json::object plan(json::array signatories) {
  json::object d = data(R"({"needs":["shelter"]})");
  d["signatories"] = std::move(signatories);
  return d;
}

json::object committed(std::uint64_t id) {
  json::object d = data(R"({"kind":"interpreting","due_on":"2026-04-01"})");
  d["contribution_id"] = test_uuid(id);
  return d;
}

json::object delivered(std::uint64_t id) {
  json::object d;
  d["contribution_id"] = test_uuid(id);
  return d;
}

/// Case 1 of ml1; aa1 takes part by a referral that it has not answered.
void refer_to_aa1(Scene& scene) {
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
}

void accept(Scene& scene) {
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(101));
  scene.expect("aa1", "referral.accepted", case_subject(1), Scene::on_referral(101));
}

TEST(Coordination, WhoMeetsTakesPartInTheCase) {
  Scene scene;
  refer_to_aa1(scene);
  scene.expect("ml1", "coordination.meeting_held", case_subject(1),
               meeting("2026-03-02", {"ml1", "aa1"}));
  EXPECT_EQ(scene.find(1)->phase, rules::CasePhase::referred);
  const Error stranger = scene.refused("ml1", "coordination.meeting_held", case_subject(1),
                                       meeting("2026-03-02", {"ml1", "aa2"}));
  EXPECT_EQ(stranger.rule, "attendee-not-participant");
  EXPECT_EQ(stranger.code, Errc::invalid);
  EXPECT_EQ(stranger.field, "data.attending");
  EXPECT_EQ(scene
                .refused("ml1", "coordination.meeting_held", case_subject(1),
                         meeting("2026-03-02", {"nobody"}))
                .rule,
            "signatory-unknown");
  const Error future = scene.refused("ml1", "coordination.meeting_held", case_subject(1),
                                     meeting("2026-03-03", {"ml1"}));
  EXPECT_EQ(future.rule, "date-in-future");
  EXPECT_EQ(future.field, "data.held_on");
  EXPECT_EQ(scene
                .refused("aa1", "coordination.meeting_held", case_subject(1),
                         meeting("2026-03-02", {"aa1"}))
                .rule,
            "not-holder-or-accepted");
}

TEST(Coordination, APlanIsAmongParticipants) {
  Scene scene;
  scene.detect("ml1", 1);
  EXPECT_EQ(scene.refused("ml1", "plan.agreed", case_subject(1), plan({"ml1"})).rule,
            "case-transition")
      << "not before the case was assessed";
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  scene.expect("ml1", "plan.agreed", case_subject(1), plan({"ml1", "aa1"}));
  const Error stranger = scene.refused("ml1", "plan.agreed", case_subject(1), plan({"ml1", "ml2"}));
  EXPECT_EQ(stranger.rule, "plan-signatory-not-participant");
  EXPECT_EQ(stranger.field, "data.signatories");
  EXPECT_EQ(scene.refused("ml1", "plan.agreed", case_subject(1), plan({"nobody"})).rule,
            "signatory-unknown");
  EXPECT_EQ(scene.refused("aa1", "plan.agreed", case_subject(1), plan({"ml1"})).rule, "not-holder");
}

TEST(Coordination, AContributionIsCommittedAndDeliveredByAParticipant) {
  Scene scene;
  refer_to_aa1(scene);
  accept(scene);
  scene.expect("aa1", "contribution.committed", case_subject(1), committed(301));
  ASSERT_EQ(scene.find(1)->contributions.size(), 1U);
  const rules::Contribution& c = scene.find(1)->contributions[0];
  EXPECT_EQ(c.by, scene.ordinal_of("aa1"));
  EXPECT_EQ(c.kind, schema::ContributionKind::INTERPRETING);
  EXPECT_EQ(c.due_on, parse_date("2026-04-01")->value);
  EXPECT_FALSE(c.delivered);

  const Error taken =
      scene.refused("ml1", "contribution.committed", case_subject(1), committed(301));
  EXPECT_EQ(taken.rule, "contribution-id-taken");
  EXPECT_EQ(taken.code, Errc::conflict);
  const Error other =
      scene.refused("ml1", "contribution.delivered", case_subject(1), delivered(301));
  EXPECT_EQ(other.rule, "contribution-not-own");
  EXPECT_EQ(other.code, Errc::forbidden);
  const Error unknown =
      scene.refused("aa1", "contribution.delivered", case_subject(1), delivered(302));
  EXPECT_EQ(unknown.rule, "contribution-unknown");
  EXPECT_EQ(unknown.code, Errc::not_found);
  scene.expect("aa1", "contribution.delivered", case_subject(1), delivered(301));
  EXPECT_TRUE(scene.find(1)->contributions[0].delivered);
  const Error again =
      scene.refused("aa1", "contribution.delivered", case_subject(1), delivered(301));
  EXPECT_EQ(again.rule, "contribution-delivered");
  EXPECT_EQ(again.state, "DELIVERED");
}

TEST(Coordination, WhoTakesNoPartContributesNothing) {
  Scene scene;
  refer_to_aa1(scene);
  for (const char* who : {"pref", "udml", "ml2"})
    EXPECT_EQ(scene.refused(who, "contribution.committed", case_subject(1), committed(301)).rule,
              "stream-unknown")
        << who;
  rules::CaseState& c = *scene.world().mutable_case(*parse_uuid(test_uuid(1)));
  c.participants.insert(scene.ordinal_of("pref"));
  c.psp.phase = rules::PspPhase::applied;
  scene.expect("pref", "contribution.committed", case_subject(1), committed(301));
  c.psp.phase = rules::PspPhase::ended;
  EXPECT_EQ(scene.refused("pref", "contribution.committed", case_subject(1), committed(302)).rule,
            "part-ended");
}

/// A promise would let who is asked read on, whatever it answers.
TEST(Coordination, WhoIsOnlyAskedPromisesNothing) {
  Scene scene;
  refer_to_aa1(scene);
  const auto promise = [&](const char* who) {
    const Error e = scene.refused(who, "contribution.committed", case_subject(1), committed(301));
    EXPECT_EQ(e.code, Errc::forbidden);
    return e.rule;
  };
  EXPECT_EQ(promise("aa1"), "part-ended");
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(101));
  EXPECT_EQ(promise("aa1"), "part-ended");
  scene.expect("ml1", "case.transfer_requested", case_subject(1),
               data(R"({"to":"ml2","kind":"permanent","reason":"competence"})"));
  EXPECT_EQ(promise("ml2"), "part-ended");
  scene.expect("aa1", "referral.accepted", case_subject(1), Scene::on_referral(101));
  scene.expect("aa1", "contribution.committed", case_subject(1), committed(301));
}

/// What it promised before it still delivers, whatever has become of the case's room.
TEST(Coordination, WhoHasCompletedAddsNothingAndKeepsItsPromises) {
  Scene scene;
  refer_to_aa1(scene);
  accept(scene);
  scene.expect("aa1", "contribution.committed", case_subject(1), committed(301));
  scene.expect("aa1", "referral.completed", case_subject(1),
               Scene::on_referral(101, R"({"outcome":"attended"})"));
  const Error e = scene.refused("aa1", "contribution.committed", case_subject(1), committed(302));
  EXPECT_EQ(e.rule, "part-ended");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_FALSE(e.accepted.empty());
  rules::CaseState& c = *scene.world().mutable_case(*parse_uuid(test_uuid(1)));
  rules::ActMark own{c.acts.back()};
  c.acts.resize(2'500, own);
  c.version = 2'500;
  ASSERT_EQ(own.by, scene.ordinal_of("aa1"));
  scene.expect("aa1", "contribution.delivered", case_subject(1), delivered(301));
}

TEST(Coordination, ContributionsOfACaseAreBounded) {
  Scene scene;
  refer_to_aa1(scene);
  accept(scene);
  auto& contributions = scene.world().mutable_case(*parse_uuid(test_uuid(1)))->contributions;
  const rules::Contribution of_aa1{{}, scene.ordinal_of("aa1")};
  const auto refused = [&](const char* who) {
    const Error e = scene.refused(who, "contribution.committed", case_subject(1), committed(301));
    EXPECT_EQ(e.code, Errc::conflict);
    return e.rule;
  };
  contributions.resize(100, of_aa1);
  EXPECT_EQ(refused("aa1"), "limit-contributions") << "of one signatory a tenth";
  contributions.assign(1'000, {{}, scene.ordinal_of("aa2")});
  EXPECT_EQ(refused("aa1"), "limit-contributions");
  scene.expect("ml1", "contribution.committed", case_subject(1), committed(302));
  contributions.assign(100, {{}, scene.ordinal_of("ml1")});
  EXPECT_EQ(refused("ml1"), "limit-contributions");
}

}  // namespace
}  // namespace relais::tests
