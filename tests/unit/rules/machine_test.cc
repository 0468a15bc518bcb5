// The state machines: every pair of a state and an event, drawn or not, and random walks through
// real acts.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/unit/rules/walk.h"

namespace relais::tests {
namespace {

using rules::CasePhase;
using rules::ReferralPhase;
using rules::StepPhase;

constexpr std::uint64_t kReferral = 101;
constexpr std::uint64_t kStep = 201;

/// The event by who may sign it, with a payload that fits the prepared case.
struct Attempt {
  const char* event;
  const char* who;
  json::object payload;
};

std::vector<Attempt> attempts() {
  json::object done = Scene::step_data(kStep);
  done["result"] = "done";
  json::object missed;
  missed["step_id"] = test_uuid(kStep);
  missed["reason"] = "postponed";
  return {
      {"case.dismissed", "ml1", data(R"({"reason":"duplicate"})")},
      {"case.risk_assessed", "ml1", data(R"({"risk":"low","grid_version":"1"})")},
      {"case.consent_given", "ml1", Scene::consent_data()},
      {"case.consent_withdrawn", "ml1", data(R"({"scope":"referral"})")},
      {"case.closed", "ml1", data(R"({"reason":"moved"})")},
      {"case.reopened", "ml1", {}},
      {"referral.requested", "ml1", Scene::referral_data(kReferral + 1, "aa2")},
      {"referral.received", "aa1", Scene::on_referral(kReferral)},
      {"referral.held", "aa1", Scene::on_referral(kReferral)},
      {"referral.accepted", "aa1", Scene::on_referral(kReferral)},
      {"referral.declined", "aa1", Scene::on_referral(kReferral, R"({"decline_reason":"other"})")},
      {"referral.cancelled", "aa1", Scene::on_referral(kReferral)},
      {"referral.completed", "aa1", Scene::on_referral(kReferral, R"({"outcome":"partial"})")},
      {"support.step_planned", "ml1", Scene::step_data(kStep + 1)},
      {"support.step_done", "ml1", std::move(done)},
      {"support.step_missed", "ml1", std::move(missed)},
  };
}

/// Case 1 of ml1 in this state, with a consent, a planned step, and a referral to aa1 where there
/// is a phase for it.
void put_into(Scene& scene, CasePhase phase, std::optional<ReferralPhase> referral) {
  scene.detect("ml1", 1);
  scene.consent("ml1", 1);
  auto* c = scene.world().mutable_case(*parse_uuid(test_uuid(1)));
  c->phase = phase;
  c->supported = phase == CasePhase::in_support;
  c->steps = {{*parse_uuid(test_uuid(kStep)), c->holder, "shelter", StepPhase::planned, {}}};
  c->participants.insert(scene.ordinal_of("aa1"));
  if (!referral) return;
  rules::Referral r;
  r.id = *parse_uuid(test_uuid(kReferral));
  r.from = c->holder;
  r.to = scene.ordinal_of("aa1");
  r.phase = *referral;
  c->referrals = {r};
  c->supported |= r.phase == ReferralPhase::accepted;
  if (phase != CasePhase::referred || r.pending()) return;
  r.id = *parse_uuid(test_uuid(kReferral + 2));  // what keeps the case REFERRED is another one
  r.phase = ReferralPhase::requested;
  c->referrals.push_back(r);
}

std::set<CasePhase> drawn_targets(CasePhase from, std::string_view event) {
  std::set<CasePhase> out;
  for (const auto& t : rules::case_transitions())
    if (t.from == from && t.event == event) out.insert(t.to);
  return out;
}

std::set<ReferralPhase> drawn_targets(ReferralPhase from, std::string_view event) {
  std::set<ReferralPhase> out;
  for (const auto& t : rules::referral_transitions())
    if (t.from == from && t.event == event) out.insert(t.to);
  return out;
}

/// A phase of the referral in which it takes part in the event, so that only the case's own machine
/// may object.
std::optional<ReferralPhase> referral_for(std::string_view event) {
  if (!event.starts_with("referral.") || event == "referral.requested") return {};
  for (const auto& t : rules::referral_transitions())
    if (t.event == event) return event == "referral.cancelled" ? ReferralPhase::accepted : t.from;
  return {};
}

TEST(Machines, EveryCaseEventIsAttempted) {
  std::set<std::string> names;
  for (const Attempt& a : attempts()) names.insert(a.event);
  for (const auto& type : statement::catalogue().all()) {
    if (type->stream != schema::StreamKind::CASE || type->opens) continue;
    EXPECT_TRUE(names.contains(type->name)) << type->name;
  }
  for (const auto& t : rules::case_transitions())
    EXPECT_TRUE(names.contains(std::string(t.event))) << t.event;
}

TEST(Machines, ACaseMovesOnlyAsDrawn) {
  for (int i = 1; i <= 9; ++i) {
    const auto from = static_cast<CasePhase>(i);
    for (Attempt& a : attempts()) {
      SCOPED_TRACE(std::string(to_string(from)) + " × " + a.event);
      Scene scene;
      put_into(scene, from, referral_for(a.event));
      const auto targets = drawn_targets(from, a.event);
      const Status done = scene.act(a.who, a.event, case_subject(1), std::move(a.payload));
      if (targets.empty()) {
        ASSERT_FALSE(done.has_value());
        EXPECT_EQ(done.error().rule, "case-transition");
        EXPECT_EQ(done.error().code, Errc::conflict);
        EXPECT_EQ(done.error().state, to_string(from));
        EXPECT_FALSE(done.error().source.empty());
        for (int other = 1; other <= 9; ++other) {
          const auto phase = static_cast<CasePhase>(other);
          const std::string list = ", " + done.error().accepted + ",";
          EXPECT_EQ(list.find(", " + std::string(to_string(phase)) + ",") != std::string::npos,
                    !drawn_targets(phase, a.event).empty());
        }
      } else {
        ASSERT_TRUE(done.has_value()) << to_string(done.error());
        EXPECT_TRUE(targets.contains(scene.find(1)->phase)) << to_string(scene.find(1)->phase);
      }
    }
  }
}

TEST(Machines, AReferralMovesOnlyAsDrawn) {
  for (int i = 1; i <= 9; ++i) {
    const auto from = static_cast<ReferralPhase>(i);
    for (Attempt& a : attempts()) {
      if (!referral_for(a.event)) continue;
      SCOPED_TRACE(std::string(to_string(from)) + " × " + a.event);
      Scene scene;
      const bool pending = i <= static_cast<int>(ReferralPhase::held);
      put_into(scene, pending ? CasePhase::referred : CasePhase::in_support, from);
      const auto targets = drawn_targets(from, a.event);
      const Status done = scene.act(a.who, a.event, case_subject(1), std::move(a.payload));
      if (targets.empty()) {
        ASSERT_FALSE(done.has_value());
        EXPECT_EQ(done.error().rule, "referral-transition");
        EXPECT_EQ(done.error().state, to_string(from));
        EXPECT_FALSE(done.error().accepted.empty());
      } else {
        ASSERT_TRUE(done.has_value()) << to_string(done.error());
        EXPECT_TRUE(targets.contains(scene.find(1)->referrals[0].phase));
      }
    }
  }
}

bool pending_referral(const rules::CaseState& c) {
  return std::ranges::any_of(c.referrals, &rules::Referral::pending);
}

/// What holds of every case at every moment, whatever was done to it.
void require_invariants(const rules::CaseState& c) {
  if (c.phase == CasePhase::referred) {
    RC_ASSERT(pending_referral(c));
  } else {
    RC_ASSERT(!pending_referral(c));
  }
  if (c.phase == CasePhase::in_support) RC_ASSERT(c.supported);
  if (c.phase == CasePhase::assessed) RC_ASSERT(!c.supported);
  if (c.phase == CasePhase::closed || c.phase == CasePhase::dismissed)
    RC_ASSERT(std::ranges::none_of(c.referrals, &rules::Referral::open));
  RC_ASSERT(c.participants.contains(c.holder));
  for (const rules::Referral& r : c.referrals) RC_ASSERT(c.participants.contains(r.to));
}

RC_GTEST_PROP(Machines, RandomWalksKeepTheDrawingAndTheInvariants, ()) {
  Scene scene;
  const auto steps = *walk_steps(40);
  for (const WalkStep& step : steps) {
    const rules::CaseState* found = scene.find(step.case_number);
    const auto before = found ? std::optional(*found) : std::nullopt;
    const WalkOutcome outcome = take(scene, step);
    const rules::CaseState* after = scene.find(step.case_number);
    if (outcome.done) {
      if (before && outcome.subject_is_case) {
        RC_ASSERT(drawn_targets(before->phase, outcome.event).contains(after->phase));
        RC_ASSERT(after->version == before->version + 1);
      }
    } else {
      const Error& e = outcome.done.error();
      RC_ASSERT(!e.rule.empty());
      RC_ASSERT(!e.source.empty());
      RC_ASSERT((e.code == Errc::conflict) == !e.state.empty());
      RC_ASSERT(e.code == Errc::conflict || e.code == Errc::forbidden || e.code == Errc::invalid ||
                e.code == Errc::not_found ||
                (e.code == Errc::unauthenticated && e.field == "data.proof"));
      if (before) RC_ASSERT(encode(*before) == encode(*after));
    }
    if (after) require_invariants(*after);
  }
}

}  // namespace
}  // namespace relais::tests
