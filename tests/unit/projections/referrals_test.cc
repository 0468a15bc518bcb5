// Referrals: by id, and the mailboxes.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "ledger/statement/catalogue.h"
#include "tests/unit/projections/support.h"
#include "tests/unit/rules/walk.h"

namespace relais::tests {
namespace {

using projections::Box;
using projections::ReferralItem;
using projections::referrals;
using rules::ReferralPhase;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Uuid> box(const RecordSource& records, SignatoryId who, Box which, bool open_only) {
  std::vector<Uuid> out;
  for (const auto& item : referrals(records, who, which, open_only, {}, 50).items)
    out.push_back(item.referral.id);
  return out;
}

/// Makes case 1 of ml1, to which referrals may be made.
void assess_case(Scene& scene) {
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
}

class Referrals : public testing::Test {
 protected:
  Referrals() {
    assess_case(scene);
    scene.refer("ml1", 1, 50, "aa2");
    scene.refer("ml1", 1, 51, "aa2", "complaint");
    scene.refer("ml1", 1, 52, "ml2");
  }
  void answer(const std::string& slug, std::string_view event, std::uint64_t referral,
              std::string_view more = "{}") {
    scene.expect(slug, event, case_subject(1), Scene::on_referral(referral, more));
  }
  Scene scene;
};

TEST_F(Referrals, StandInBothMailboxesNewestFirst) {
  const MemoryRecords records = folded(scene);
  EXPECT_THAT(box(records, kAa2, Box::inbox, true), ElementsAre(id_of(51), id_of(50)));
  EXPECT_THAT(box(records, kMl1, Box::outbox, true), ElementsAre(id_of(52), id_of(51), id_of(50)));
  EXPECT_THAT(box(records, kMl2, Box::inbox, false), ElementsAre(id_of(52)));
  EXPECT_THAT(box(records, kMl1, Box::inbox, false), IsEmpty());
  EXPECT_THAT(box(records, kAa2, Box::outbox, false), IsEmpty());
}

TEST_F(Referrals, StayOpenUntilTheirEnd) {
  answer("aa2", "referral.received", 50);
  answer("aa2", "referral.accepted", 50);
  answer("aa2", "referral.received", 51);
  answer("aa2", "referral.declined", 51, R"({"decline_reason":"no_capacity","alternative":"aa1"})");
  const MemoryRecords records = folded(scene);
  EXPECT_THAT(box(records, kAa2, Box::inbox, true), ElementsAre(id_of(50)));
  EXPECT_THAT(box(records, kAa2, Box::inbox, false), ElementsAre(id_of(51), id_of(50)));
  EXPECT_THAT(box(records, kMl1, Box::outbox, true), ElementsAre(id_of(52), id_of(50)));
  EXPECT_THAT(box(records, kMl1, Box::outbox, false), ElementsAre(id_of(52), id_of(51), id_of(50)));
  const auto declined = projections::find_referral(records, id_of(1), id_of(51));
  ASSERT_TRUE(declined.has_value());
  EXPECT_EQ(declined->referral.phase, ReferralPhase::declined);
  EXPECT_EQ(declined->referral.decline_reason, schema::DeclineReason::NO_CAPACITY);
  EXPECT_EQ(declined->referral.alternative, kAa1);
}

TEST_F(Referrals, EndByEveryEventThatEndsThem) {
  answer("aa2", "referral.received", 50);
  answer("aa2", "referral.held", 50);
  answer("aa2", "referral.accepted", 50);
  answer("aa2", "referral.completed", 50, R"({"outcome":"attended"})");
  answer("aa2", "referral.received", 51);
  answer("aa2", "referral.accepted", 51);
  answer("aa2", "referral.completed", 51, R"({"outcome":"did_not_come"})");
  answer("ml1", "referral.cancelled", 52);
  const MemoryRecords records = folded(scene);
  EXPECT_THAT(box(records, kAa2, Box::inbox, true), IsEmpty());
  EXPECT_THAT(box(records, kMl1, Box::outbox, true), IsEmpty());
  EXPECT_THAT(box(records, kMl1, Box::outbox, false), ElementsAre(id_of(52), id_of(51), id_of(50)));
  const auto phase = [&](std::uint64_t n) {
    return projections::find_referral(records, id_of(1), id_of(n))->referral.phase;
  };
  EXPECT_EQ(phase(50), ReferralPhase::completed);
  EXPECT_EQ(phase(51), ReferralPhase::failed);
  EXPECT_EQ(phase(52), ReferralPhase::cancelled);
}

TEST_F(Referrals, OneIdInTwoCasesIsTwoReferrals) {
  scene.detect("ml2", 2);
  scene.assess("ml2", 2);
  scene.consent("ml2", 2);
  scene.refer("ml2", 2, 50, "aa1");
  const MemoryRecords records = folded(scene);
  EXPECT_EQ(projections::find_referral(records, id_of(1), id_of(50))->referral.to, kAa2);
  EXPECT_EQ(projections::find_referral(records, id_of(2), id_of(50))->referral.to, kAa1);
  EXPECT_FALSE(projections::find_referral(records, id_of(2), id_of(51)).has_value());
}

TEST_F(Referrals, ACursorNeverLeadsToAnotherMailbox) {
  const MemoryRecords records = folded(scene);
  for (const bool open_only : {true, false}) {
    const auto page = referrals(records, kAa2, Box::inbox, open_only, std::string(20, '\xff'), 50);
    EXPECT_TRUE(page.items.empty());
    for (const auto& item : referrals(records, kAa2, Box::inbox, open_only, "M", 50).items)
      EXPECT_EQ(item.referral.to, kAa2);
  }
}

RC_GTEST_PROP(ReferralPages, GiveEachOnceNewestFirst, ()) {
  Scene scene;
  assess_case(scene);
  struct Made {
    std::uint64_t id;
    bool open;
  };
  std::vector<Made> made;
  const auto ends = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
  // One open referral a need and addressee.
  const auto& needs = statement::vocabulary("need");
  auto need = needs.begin();
  for (std::size_t i = 0; i < std::min(ends.size(), needs.size()); ++i) {
    scene.refer("ml1", 1, 100 + i, "aa2", *need++);
    made.push_back({100 + i, true});
    // One of those made so far ends, so that open and ended ones mingle.
    Made& old = made[i / 2];
    if (!ends[i] || !old.open) continue;
    scene.expect("ml1", "referral.cancelled", case_subject(1), Scene::on_referral(old.id));
    old.open = false;
  }
  const MemoryRecords records = folded(scene);
  const auto limit = *rc::gen::inRange<std::size_t>(1, 8);
  for (const bool open_only : {true, false}) {
    std::vector<Uuid> expected;
    for (auto it = made.rbegin(); it != made.rend(); ++it)
      if (it->open || !open_only) expected.push_back(id_of(it->id));
    std::vector<Uuid> got;
    for (const auto& item : all_pages<ReferralItem>([&](const std::string& cursor) {
           return referrals(records, kAa2, Box::inbox, open_only, cursor, limit);
         }))
      got.push_back(item.referral.id);
    RC_ASSERT(got == expected);
  }
}

}  // namespace
}  // namespace relais::tests
