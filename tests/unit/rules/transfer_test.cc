// case.transfer_*: two signatures move a case. referral.expired: a request that nobody answered.
#include <gtest/gtest.h>

#include "tests/support/acts.h"

namespace relais::tests {
namespace {

using rules::CasePhase;
using rules::ReferralPhase;

json::object transfer_to(std::string_view to, std::string_view kind = "permanent") {
  json::object d = data(R"({"reason":"competence"})");
  d["to"] = to;
  d["kind"] = kind;
  return d;
}

json::object declined() {
  return data(R"({"decline_reason":"no_capacity"})");
}

json::object expiry(std::uint64_t referral) {
  return Scene::on_referral(referral, R"({"cause":"referral-expiry-days"})");
}

TEST(Transfer, TwoSignaturesMoveACase) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa2");
  scene.expect("ml1", "case.transfer_requested", case_subject(1), transfer_to("aa1"));
  EXPECT_EQ(scene.find(1)->holder, scene.ordinal_of("ml1")) << "one signature moves nothing";
  ASSERT_TRUE(scene.find(1)->transfer.has_value());
  EXPECT_EQ(scene.find(1)->transfer->to, scene.ordinal_of("aa1"));
  EXPECT_TRUE(scene.find(1)->participants.contains(scene.ordinal_of("aa1")));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::referred);

  scene.expect("aa1", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(scene.find(1)->holder, scene.ordinal_of("aa1"));
  EXPECT_FALSE(scene.find(1)->transfer.has_value());
  EXPECT_TRUE(scene.find(1)->participants.contains(scene.ordinal_of("ml1")));
  EXPECT_EQ(scene.refused("ml1", "case.consent_given", case_subject(1), Scene::consent_data()).rule,
            "not-holder");
  // An open referral stays with who asked for it.
  EXPECT_EQ(scene.find(1)->referrals[0].from, scene.ordinal_of("ml1"));
  scene.expect("ml1", "referral.cancelled", case_subject(1), Scene::on_referral(101));
  scene.expect("aa1", "case.transfer_requested", case_subject(1), transfer_to("ml1", "temporary"));
  scene.expect("ml1", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(scene.find(1)->holder, scene.ordinal_of("ml1"));
  EXPECT_TRUE(scene.find(1)->participants.contains(scene.ordinal_of("aa1")));
}

TEST(Transfer, ADeclinedTransferLeavesTheHolder) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.transfer_requested", case_subject(1), transfer_to("ml2"));
  scene.expect("ml2", "case.transfer_declined", case_subject(1), declined());
  EXPECT_EQ(scene.find(1)->holder, scene.ordinal_of("ml1"));
  EXPECT_FALSE(scene.find(1)->transfer.has_value());
  const Error e = scene.refused("ml2", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(e.rule, "transfer-not-pending");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(scene.refused("ml2", "case.transfer_declined", case_subject(1), declined()).rule,
            "transfer-not-pending");
  scene.expect("ml1", "case.transfer_requested", case_subject(1), transfer_to("aa1"));
}

TEST(Transfer, ARequestIsRefused) {
  Scene scene;
  scene.detect("ml1", 1);
  struct Row {
    const char* to;
    const char* rule;
  };
  for (const Row& row : {
           Row{"nobody", "signatory-unknown"},
           Row{"ml1", "transfer-to-self"},
           Row{"pref", "addressee-cannot-receive"},
           Row{"udml", "addressee-cannot-receive"},
           Row{"relais", "addressee-cannot-receive"},
       }) {
    const Error e =
        scene.refused("ml1", "case.transfer_requested", case_subject(1), transfer_to(row.to));
    EXPECT_EQ(e.rule, row.rule) << row.to;
    EXPECT_EQ(e.code, Errc::invalid) << row.to;
    EXPECT_EQ(e.field, "data.to") << row.to;
  }
  scene.expect("ml1", "case.transfer_requested", case_subject(1), transfer_to("ml2"));
  const Error pending =
      scene.refused("ml1", "case.transfer_requested", case_subject(1), transfer_to("aa1"));
  EXPECT_EQ(pending.rule, "transfer-pending");
  EXPECT_EQ(pending.code, Errc::conflict);
  EXPECT_EQ(pending.state, "DETECTED");
  EXPECT_EQ(
      scene.refused("ml2", "case.transfer_requested", case_subject(1), transfer_to("ml2")).rule,
      "not-holder");
}

TEST(Transfer, IsAnsweredByItsAddresseeInAnOpenCase) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.transfer_requested", case_subject(1), transfer_to("ml2"));
  const Error e = scene.refused("ml1", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(e.rule, "not-addressee");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_EQ(scene.refused("ml1", "case.transfer_declined", case_subject(1), declined()).rule,
            "not-addressee");
  EXPECT_EQ(scene.refused("aa1", "case.transfer_accepted", case_subject(1)).rule, "stream-unknown");
  scene.expect("ml1", "case.dismissed", case_subject(1), data(R"({"reason":"duplicate"})"));
  EXPECT_EQ(scene.refused("ml2", "case.transfer_accepted", case_subject(1)).rule,
            "case-transition");
}

TEST(Expiry, AReferralEndsAfterThirtyLegalDays) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");  // 2026-03-02: answered until the end of 2026-04-01 in Paris
  go_to(scene, "2026-04-01T21:59:59.999Z");  // summer time has begun meanwhile
  const Error e = scene.refused("relais", "referral.expired", case_subject(1), expiry(101));
  EXPECT_EQ(e.rule, "referral-not-due");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.state, "REQUESTED");
  EXPECT_EQ(e.accepted, "2026-04-02 or later");
  scene.clock.advance_ms(1);
  scene.expect("relais", "referral.expired", case_subject(1), expiry(101));
  EXPECT_EQ(scene.find(1)->referrals[0].phase, ReferralPhase::expired);
  EXPECT_EQ(scene.find(1)->referrals[0].changed_at, scene.clock.now());
  EXPECT_EQ(scene.find(1)->phase, CasePhase::assessed);
  EXPECT_EQ(scene.refused("relais", "referral.expired", case_subject(1), expiry(101)).rule,
            "referral-transition");
  EXPECT_EQ(
      scene.refused("aa1", "referral.received", case_subject(1), Scene::on_referral(101)).rule,
      "referral-transition");
}

TEST(Expiry, TheCaseFollowsAsForADeclinedReferral) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.expect("ml1", "support.step_planned", case_subject(1), Scene::step_data(201));
  scene.refer("ml1", 1, 101, "aa1");
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(101));
  scene.expect("aa1", "referral.held", case_subject(1), Scene::on_referral(101));
  scene.clock.advance_ms(31LL * 86'400'000);
  scene.refer("ml1", 1, 102, "aa2");
  scene.expect("relais", "referral.expired", case_subject(1), expiry(101));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::referred) << "102 is pending";
  scene.clock.advance_ms(31LL * 86'400'000);
  scene.expect("relais", "referral.expired", case_subject(1), expiry(102));
  EXPECT_EQ(scene.find(1)->phase, CasePhase::in_support);
}

TEST(Expiry, IsRefused) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  scene.clock.advance_ms(40LL * 86'400'000);
  EXPECT_EQ(scene.refused("ml1", "referral.expired", case_subject(1), expiry(101)).rule,
            "emitter-forbidden")
      << "only the clock brings it";
  const Error unknown = scene.refused("relais", "referral.expired", case_subject(1), expiry(109));
  EXPECT_EQ(unknown.rule, "referral-unknown");
  EXPECT_EQ(unknown.code, Errc::not_found);
  scene.expect("aa1", "referral.received", case_subject(1), Scene::on_referral(101));
  scene.expect("aa1", "referral.accepted", case_subject(1), Scene::on_referral(101));
  EXPECT_EQ(scene.refused("relais", "referral.expired", case_subject(1), expiry(101)).rule,
            "referral-transition")
      << "it was answered";
  scene.expect("aa1", "referral.completed", case_subject(1),
               Scene::on_referral(101, R"({"outcome":"attended"})"));
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"goals_met"})"));
  EXPECT_EQ(scene.refused("relais", "referral.expired", case_subject(1), expiry(101)).rule,
            "case-transition");
}

TEST(Expiry, TheConventionSetsTheNumber) {
  Scene scene;
  scene.world().mutable_registry().parameters.set(rules::Parameter::referral_expiry_days, 5);
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 101, "aa1");
  go_to(scene, "2026-03-07T22:59:59.999Z");
  EXPECT_EQ(scene.refused("relais", "referral.expired", case_subject(1), expiry(101)).rule,
            "referral-not-due");
  scene.clock.advance_ms(1);
  scene.expect("relais", "referral.expired", case_subject(1), expiry(101));
}

}  // namespace
}  // namespace relais::tests
