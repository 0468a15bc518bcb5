// Cases and who takes part in them.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "ledger/base/archive.h"
#include "projections/records.h"
#include "tests/unit/projections/support.h"

namespace relais::tests {
namespace {

using projections::cases_of;
using projections::takes_part;
using rules::CasePhase;

std::vector<Uuid> ids(const projections::Page<rules::CaseState>& page) {
  std::vector<Uuid> out;
  for (const auto& c : page.items) out.push_back(c.id);
  return out;
}

const auto kAny = [](const rules::CaseState&) { return true; };
auto in(CasePhase phase) {
  return [phase](const rules::CaseState& c) { return c.phase == phase; };
}

TEST(Cases, AreFoundById) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  const MemoryRecords records = folded(scene);
  const auto state = projections::find_case(records, id_of(1));
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->phase, CasePhase::assessed);
  EXPECT_EQ(state->version, 2U);
  EXPECT_FALSE(projections::find_case(records, id_of(2)).has_value());
}

TEST(Cases, AreTheirsWhoActInThemOrAreAddressed) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  EXPECT_FALSE(takes_part(folded(scene), kAa2, id_of(1)));
  scene.refer("ml1", 1, 50, "aa2");
  const MemoryRecords records = folded(scene);
  EXPECT_TRUE(takes_part(records, kMl1, id_of(1)));
  EXPECT_TRUE(takes_part(records, kAa2, id_of(1)));
  EXPECT_FALSE(takes_part(records, kAa1, id_of(1)));
  EXPECT_FALSE(takes_part(records, kMl1, id_of(2))) << "a case that does not exist";
}

/// It is of all cases of a reader, and an access that ends sooner does not shorten it.
TEST(Cases, WhenTheLastEmergencyAccessOfAReaderEnds) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.detect("ml1", 2);
  const auto in_hours = [&](std::int64_t hours) {
    return Timestamp{scene.clock.now().value + hours * 3'600'000};
  };
  const auto open = [&](std::uint64_t n, std::int64_t hours) {
    json::object d = data(R"({"reason":"immediate_danger",
                              "note":"Threats on the phone, nobody answers."})");
    d["access_id"] = test_uuid(n);
    d["until"] = to_rfc3339(in_hours(hours));
    scene.expect("aa1", "case.emergency_access_opened", case_subject(n), std::move(d));
  };
  EXPECT_EQ(projections::emergency_until(folded(scene), kAa1), Timestamp{});
  open(1, 4);
  open(2, 1);
  EXPECT_EQ(projections::emergency_until(folded(scene), kAa1), in_hours(4));
  EXPECT_EQ(projections::emergency_until(folded(scene), kMl1), Timestamp{});
}

TEST(Cases, OfAReaderInOrderAndByPhase) {
  Scene scene;
  scene.detect("ml1", 3);
  scene.detect("ml1", 1);
  scene.detect("ml2", 2);
  scene.assess("ml1", 3);
  const MemoryRecords records = folded(scene);
  EXPECT_THAT(ids(cases_of(records, kMl1, kAny, {}, 50)), testing::ElementsAre(id_of(1), id_of(3)));
  EXPECT_THAT(ids(cases_of(records, kMl1, in(CasePhase::assessed), {}, 50)),
              testing::ElementsAre(id_of(3)));
  EXPECT_THAT(ids(cases_of(records, kMl2, kAny, {}, 50)), testing::ElementsAre(id_of(2)));
  EXPECT_TRUE(cases_of(records, kAa1, kAny, {}, 50).items.empty());
}

TEST(Cases, ACursorNeverLeadsToAnotherReader) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.detect("ml2", 2);
  const MemoryRecords records = folded(scene);
  for (const std::string& cursor : {std::string("\xff"), std::string(40, '\xff'),
                                    std::string("p\0\4", 3), std::string("\0\4", 2)}) {
    for (const auto& c : cases_of(records, kMl1, kAny, cursor, 50).items)
      EXPECT_EQ(c.id, id_of(1)) << to_hex(cursor);
  }
  EXPECT_TRUE(cases_of(records, kMl1, kAny, std::string(40, '\xff'), 50).items.empty());
}

TEST(Cases, APageLooksAtABoundedNumberOfCases) {
  MemoryRecords records;
  const std::uint64_t count = projections::kMaxExamined + 10;
  for (std::uint64_t n = 0; n < count; ++n) {
    rules::CaseState state;
    state.id = Uuid{0, n};
    state.phase = n + 1 == count ? CasePhase::closed : CasePhase::detected;
    records.put(rules::case_key(state.id), encode(state));
    records.put(projections::make_key(projections::kParticipationPrefix, kMl1.value, state.id), {});
  }
  const auto first = cases_of(records, kMl1, in(CasePhase::closed), {}, 50);
  EXPECT_TRUE(first.items.empty());
  ASSERT_FALSE(first.next.empty());
  const auto second = cases_of(records, kMl1, in(CasePhase::closed), first.next, 50);
  EXPECT_THAT(ids(second), testing::ElementsAre(Uuid{0, count - 1}));
  EXPECT_TRUE(second.next.empty());
}

TEST(Cases, ALimitIsTakenIntoItsRange) {
  MemoryRecords records;
  for (std::uint64_t n = 0; n < projections::kMaxPage + 1; ++n) {
    rules::CaseState state;
    state.id = Uuid{0, n};
    records.put(rules::case_key(state.id), encode(state));
    records.put(projections::make_key(projections::kParticipationPrefix, kMl1.value, state.id), {});
  }
  EXPECT_EQ(cases_of(records, kMl1, kAny, {}, 0).items.size(), 1U);
  EXPECT_EQ(cases_of(records, kMl1, kAny, {}, 1'000'000).items.size(), projections::kMaxPage);
}

TEST(Cases, ANextPageIsToldOnlyWhereThereIsOne) {
  Scene scene;
  for (const std::uint64_t n : {1, 2, 3}) scene.detect("ml1", n);
  scene.assess("ml1", 1);
  const MemoryRecords records = folded(scene);
  const auto page = cases_of(records, kMl1, in(CasePhase::assessed), {}, 1);
  EXPECT_THAT(ids(page), testing::ElementsAre(id_of(1)));
  EXPECT_TRUE(page.next.empty()) << "two more, of which none is wanted";
}

RC_GTEST_PROP(Cases, PagingGivesEachOnceInOrder, ()) {
  Scene scene;
  const auto numbers =
      *rc::gen::unique<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(1, 2000));
  std::vector<Uuid> mine;
  for (const std::uint64_t n : numbers) {
    if (n % 3 == 0) {
      scene.detect("ml2", n);
      continue;
    }
    scene.detect("ml1", n);
    if (n % 3 == 1) scene.assess("ml1", n);
    if (n % 3 == 1) mine.push_back(id_of(n));
  }
  std::ranges::sort(mine);
  const MemoryRecords records = folded(scene);
  const auto limit = *rc::gen::inRange<std::size_t>(1, 8);
  std::vector<Uuid> got;
  for (const auto& c : all_pages<rules::CaseState>([&](const std::string& cursor) {
         return cases_of(records, kMl1, in(CasePhase::assessed), cursor, limit);
       }))
    got.push_back(c.id);
  RC_ASSERT(got == mine);
}

}  // namespace
}  // namespace relais::tests
