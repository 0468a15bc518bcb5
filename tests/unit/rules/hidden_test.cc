// What a debate of the commission, and a part that has ended, leave no trace of.
#include <gmock/gmock.h>

#include "ledger/rules/relation.h"
#include "ledger/rules/time/deadlines.h"
#include "tests/unit/rules/parcours.h"

namespace relais::tests {
namespace {

constexpr std::uint64_t kOne = 1;

json::object recusal() {
  json::object d = data(R"({"ground":"knows_person"})");
  d["case_id"] = test_uuid(kOne);
  return d;
}

TEST(Debates, MoveNoDeadline) {
  Parcours p;
  p.reach_applied();
  p.on("2026-03-20");
  p.expect("pref", "session.convened", "session/s1", p.convocation());
  p.expect("pref", "session.held", "session/s1", Parcours::minutes());
  const auto before = rules::deadlines_of(*p.find(kOne), p.registry());
  const Timestamp last_act = p.find(kOne)->last_act_at;
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "adjourned", 0, 0, 3));
  EXPECT_EQ(p.find(kOne)->last_act_at, last_act);
  EXPECT_EQ(rules::deadlines_of(*p.find(kOne), p.registry()), before);
  EXPECT_FALSE(before.empty());
}

TEST(SteppingBack, IsOfTheFileAndStaysInItsState) {
  Parcours p;
  p.reach_applied();
  p.expect("pref", "session.convened", "session/s1", p.convocation());
  p.expect("pref", "member.recused", "session/s1", recusal());
  const auto relations = [&](const char* who) {
    const rules::Signatory* s = p.registry().find_slug(who);
    return rules::relations_of(*p.find(kOne), s->id, s->role_set(), p.clock.now());
  };
  EXPECT_TRUE(relations("pref").has(rules::Relation::stepped_back));
  EXPECT_FALSE(relations("pref").has(rules::Relation::prefecture));
  EXPECT_TRUE(relations("aa1").has(rules::Relation::applicant));
  // Of the state it is told nothing by a refusal either.
  const Error e = p.refused("pref", "psp.suspended", kCase, data(R"({"reason":"person_asks"})"));
  EXPECT_THAT(to_string(e), testing::Not(testing::HasSubstr("APPLIED")));
}

TEST(SteppingBack, BeforeThereWasACaseCountsFromTheOpinion) {
  Parcours p;
  p.accredit("aa1");
  p.appoint();
  p.expect("pref", "session.convened", "session/s1", p.convocation());
  p.expect("member", "member.recused", "session/s1", recusal());
  p.support(kOne);
  p.apply(kOne);
  p.expect("pref", "session.held", "session/s1", Parcours::minutes());
  p.expect("pref", "psp.opinion_given", kCase, Parcours::opinion("s1", "favourable", 2, 0, 0));
  EXPECT_THAT(p.find(kOne)->stepped_back, testing::ElementsAre(p.ordinal_of("member")));
}

/// A mission locale holds the case, and counts its events without the opinion.
TEST(Counting, OfTargetsIsTheirSigners) {
  Parcours p;
  p.accredit("aa1");
  p.appoint();
  p.detect("ml1", kOne, "22_25");                                                    // 1
  p.assess("ml1", kOne);                                                             // 2
  p.expect("ml1", "support.step_planned", kCase, Parcours::step_data(201));          // 3
  p.expect("ml1", "case.consent_given", kCase, Parcours::consent_data("referral"));  // 4
  json::object ask =
      data(R"({"to":"aa1","need":"shelter","urgency":"routine","legal_basis":"consent"})");
  ask["referral_id"] = test_uuid(300);
  json::object answer;
  answer["referral_id"] = test_uuid(300);
  p.expect("ml1", "referral.requested", kCase, ask);                            // 5
  p.expect("aa1", "referral.received", kCase, answer);                          // 6
  p.expect("aa1", "referral.accepted", kCase, answer);                          // 7
  p.expect("ml1", "case.consent_given", kCase, Parcours::consent_data("psp"));  // 8
  p.apply(kOne);                                                                // 9
  p.hold("s1");
  p.expect("pref", "psp.opinion_given", kCase,
           Parcours::opinion("s1", "favourable", 3, 0, 0));  // 10
  p.assess("ml1", kOne);                                     // 11: for ml1, 10
  const auto correction = [](std::uint64_t version) {
    json::object d = data(R"({"reason":"wrong_value","risk":"low"})");
    d["target_version"] = version;
    return d;
  };
  const Error beyond = p.refused("ml1", "case.corrected", kCase, correction(11));
  EXPECT_EQ(beyond.rule, "target-unknown");
  EXPECT_THAT(beyond.accepted, testing::Not(testing::ContainsRegex("[0-9]")));
  EXPECT_EQ(p.refused("ml1", "case.corrected", kCase, correction(9)).rule, "not-author");
  p.expect("ml1", "case.corrected", kCase, correction(10));
  EXPECT_TRUE(p.find(kOne)->acts[10].corrected);
  EXPECT_FALSE(p.find(kOne)->acts[9].corrected);
  json::object erasure = data(R"({"basis":"art17"})");
  erasure["targets"] = json::array{10};
  p.expect("ml1", "case.data_erased", kCase, erasure);
  EXPECT_TRUE(p.find(kOne)->acts[10].erased);
  EXPECT_FALSE(p.find(kOne)->acts[9].erased);
}

TEST(AnEndedPart, IsToldNoStateByARefusal) {
  Parcours p;
  p.detect("ml1", kOne, "16_17");
  p.assess("ml1", kOne);
  json::object ask =
      data(R"({"to":"ml2","need":"shelter","urgency":"routine","legal_basis":"l226_2_2"})");
  ask["referral_id"] = test_uuid(300);
  json::object answer;
  answer["referral_id"] = test_uuid(300);
  p.expect("ml1", "referral.requested", kCase, ask);
  p.expect("ml2", "referral.received", kCase, answer);
  json::object declined = answer;
  declined["decline_reason"] = "no_capacity";
  p.expect("ml2", "referral.declined", kCase, declined);
  p.expect("ml1", "support.step_planned", kCase, Parcours::step_data(201));
  p.expect("ml1", "case.closed", kCase, data(R"({"reason":"goals_met"})"));
  json::object promise = data(R"({"kind":"expertise"})");
  promise["contribution_id"] = test_uuid(400);
  const Error e = p.refused("ml2", "contribution.committed", kCase, promise);
  EXPECT_EQ(e.rule, "case-transition");
  EXPECT_TRUE(e.state.empty());
  EXPECT_THAT(to_string(e), testing::Not(testing::HasSubstr("CLOSED")));
  const Error holder = p.refused("ml1", "case.closed", kCase, data(R"({"reason":"goals_met"})"));
  EXPECT_EQ(holder.state, "CLOSED") << "who takes part is told";
}

}  // namespace
}  // namespace relais::tests
