// What a signatory is to a case, and how it counts its events.
#include "ledger/rules/relation.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace relais::rules {
namespace {

using enum Relation;
using schema::Role;
using statement::EventOrdinal;
using statement::RoleSet;

constexpr SignatoryId kMl{3}, kOther{4}, kAa{5}, kPref{1};
constexpr Timestamp kNow{1'767'601'800'000};

RoleSet role(Role r) {
  RoleSet out;
  out.add(r);
  return out;
}

Relations all(std::initializer_list<Relation> list) {
  Relations out;
  for (const Relation r : list) out.add(r);
  return out;
}

EventOrdinal type(std::string_view name) {
  return statement::catalogue().find("relais." + std::string(name) + ".v1")->ordinal;
}

/// A case that `kMl` has detected and holds.
CaseState held() {
  CaseState c;
  c.holder = c.author = kMl;
  c.participants = {kMl};
  c.acts.push_back({type("case.detected"), kMl});
  c.version = 1;
  return c;
}

void add(CaseState& c, std::string_view name, SignatoryId by) {
  c.acts.push_back({type(name), by});
  ++c.version;
}

Referral referral(ReferralPhase phase) {
  Referral r;
  r.from = kMl;
  r.to = kOther;
  r.phase = phase;
  r.legal_basis = schema::LegalBasis::CONSENT;
  return r;
}

/// Who got the case from one that has left held it, once it has handed it over in its turn.
TEST(Relation, OfWhomACasePassedOnTo) {
  CaseState c = held();
  add(c, "case.passed_on", SignatoryId{0});
  c.acts.back().ref = kOther.value;
  c.holder = kOther;
  c.participants.insert(kOther);
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), all({holder}));
  EXPECT_EQ(relations_of(c, kMl, role(Role::ML), kNow), all({former_holder}));
  add(c, "case.transfer_accepted", kAa);
  c.holder = kAa;
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), all({former_holder}));
}

TEST(Relation, OfTheHolderAndOfNobody) {
  const CaseState c = held();
  EXPECT_EQ(relations_of(c, kMl, role(Role::ML), kNow), Relations(holder));
  EXPECT_TRUE(relations_of(c, kOther, role(Role::ML), kNow).empty());
  EXPECT_TRUE(relations_of(c, kPref, role(Role::PREF), kNow).empty()) << "no application";
}

TEST(Relation, OfAnAddresseeByThePhaseOfItsReferral) {
  CaseState c = held();
  c.participants.insert(kOther);
  const std::pair<ReferralPhase, Relation> kExpected[] = {
      {ReferralPhase::requested, waiting},    {ReferralPhase::received, waiting},
      {ReferralPhase::held, waiting},         {ReferralPhase::accepted, accepted},
      {ReferralPhase::declined, unanswered},  {ReferralPhase::expired, unanswered},
      {ReferralPhase::cancelled, unanswered}, {ReferralPhase::completed, completed},
      {ReferralPhase::failed, completed}};
  for (const auto& [phase, relation] : kExpected) {
    c.referrals = {referral(phase)};
    EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(relation))
        << to_string(phase);
  }
  c.referrals = {referral(ReferralPhase::declined), referral(ReferralPhase::accepted)};
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), all({unanswered, accepted}));
}

TEST(Relation, OfAnAddresseeWhoseGroundHasGone) {
  CaseState c = held();
  c.participants.insert(kOther);
  c.referrals = {referral(ReferralPhase::received)};
  c.referrals[0].consent_until = legal_day(kNow).value;
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(waiting));
  const Timestamp tomorrow{kNow.value + 86'400'000};
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), tomorrow), Relations(unanswered));
}

TEST(Relation, AroundATransfer) {
  CaseState c = held();
  c.participants.insert(kOther);
  c.transfer = Transfer{kOther, {}, kNow};
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(invited));
  c.transfer.reset();
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(unanswered)) << "declined";
  add(c, "case.transfer_accepted", kOther);
  c.holder = kOther;
  EXPECT_EQ(relations_of(c, kMl, role(Role::ML), kNow), Relations(former_holder));
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(holder));
  add(c, "case.transfer_accepted", kMl);
  c.holder = kMl;
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(former_holder));
}

TEST(Relation, OfAPromise) {
  CaseState c = held();
  c.participants.insert(kOther);
  c.contributions.push_back({{}, kOther});
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(unanswered))
      << "a promise gives no part";
  Referral r;
  r.to = kOther;
  r.legal_basis = schema::LegalBasis::CONSENT;
  for (const ReferralPhase p :
       {ReferralPhase::requested, ReferralPhase::received, ReferralPhase::declined,
        ReferralPhase::expired, ReferralPhase::cancelled, ReferralPhase::completed}) {
    r.phase = p;
    c.referrals = {r};
    EXPECT_FALSE(relations_of(c, kOther, role(Role::ML), kNow).has(partner)) << to_string(p);
  }
  c.referrals[0].phase = ReferralPhase::accepted;
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow),
            Relations(partner) | Relations(accepted));
  c.contributions[0].delivered = true;
  EXPECT_EQ(relations_of(c, kOther, role(Role::ML), kNow), Relations(accepted));
}

TEST(Relation, OfAParcours) {
  CaseState c = held();
  c.participants = {kMl, kAa, kPref};
  c.psp.phase = PspPhase::applied;
  c.psp.applicant = kAa;
  EXPECT_EQ(relations_of(c, kAa, role(Role::AA), kNow), Relations(applicant));
  EXPECT_EQ(relations_of(c, kPref, role(Role::PREF), kNow), Relations(prefecture));
  c.stepped_back = {kPref, kAa};
  EXPECT_EQ(relations_of(c, kPref, role(Role::SEC), kNow), Relations(stepped_back));
  EXPECT_EQ(relations_of(c, kAa, role(Role::AA), kNow), Relations(applicant))
      << "it supports the person all the same";
  c.psp.phase = PspPhase::ended;
  c.psp.ended = 7;
  EXPECT_EQ(relations_of(c, kAa, role(Role::AA), kNow), Relations(former_applicant));
  EXPECT_EQ(known_until(c, kAa), 7U);
  EXPECT_EQ(known_until(c, kMl), 0U);
}

TEST(Relation, WhoTakesPartNow) {
  for (const Relation r :
       {holder, invited, waiting, accepted, partner, applicant, prefecture, emergency})
    EXPECT_TRUE(takes_part_now(Relations(r))) << to_string(r);
  for (const Relation r : {completed, unanswered, former_holder, former_applicant, member,
                           stepped_back, Relation::none, analyst})
    EXPECT_FALSE(takes_part_now(Relations(r))) << to_string(r);
}

TEST(Counting, LeavesDebatesOutForWhoOnlySupports) {
  CaseState c = held();                // 1
  add(c, "psp.applied", kAa);          // 2
  add(c, "psp.opinion_given", kPref);  // 3
  add(c, "case.risk_assessed", kMl);   // 4
  add(c, "psp.opinion_given", kPref);  // 5
  add(c, "psp.decided", kPref);        // 6
  const std::uint32_t of_ml[] = {0, 1, 2, 2, 3, 3, 4};
  for (std::uint32_t v = 0; v <= 6; ++v) {
    EXPECT_EQ(count_of(c, role(Role::ML), v), of_ml[v]) << v;
    EXPECT_EQ(count_of(c, role(Role::UDML), v), of_ml[v]) << v;
    for (const Role r : {Role::AA, Role::PREF, Role::SEC, Role::MEMBER, Role::ANALYST})
      EXPECT_EQ(count_of(c, role(r), v), v);
  }
  EXPECT_EQ(version_at(c, role(Role::ML), 3), 4U);
  EXPECT_EQ(version_at(c, role(Role::ML), 4), 6U);
  EXPECT_FALSE(version_at(c, role(Role::ML), 5));
  EXPECT_FALSE(version_at(c, role(Role::ML), 0));
  EXPECT_EQ(version_at(c, role(Role::AA), 5), 5U);
  EXPECT_FALSE(version_at(c, role(Role::AA), 7));
}

RC_GTEST_PROP(Counting, IsUndoneByItsInverse, ()) {
  CaseState c = held();
  const auto kinds = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
  for (const bool debate : kinds)
    add(c, debate ? "psp.opinion_given" : "case.risk_assessed", kPref);
  const auto who = role(*rc::gen::element(Role::ML, Role::AA));
  const std::uint32_t counted = count_of(c, who, c.version);
  std::uint32_t before = 0;
  for (std::uint32_t n = 1; n <= counted; ++n) {
    const auto version = version_at(c, who, n);
    RC_ASSERT(version.has_value());
    RC_ASSERT(*version > before);
    RC_ASSERT(count_of(c, who, *version) == n);
    before = *version;
  }
  RC_ASSERT(!version_at(c, who, counted + 1));
}

}  // namespace
}  // namespace relais::rules
