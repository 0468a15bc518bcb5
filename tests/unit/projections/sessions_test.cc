// Sessions in the order of their days, and what each said of its files.
#include <gmock/gmock.h>

#include "projections/records.h"
#include "tests/unit/projections/support.h"
#include "tests/unit/rules/parcours.h"

namespace relais::tests {
namespace {

using testing::ElementsAre;

class Sessions : public testing::Test {
 protected:
  void SetUp() override {
    scene.on("2026-03-02");
    scene.accredit("aa1");
    scene.appoint();
  }
  void apply(std::uint64_t n) {
    scene.support(n);
    scene.apply(n);
  }
  void opine(std::uint64_t n, const std::string& session, std::string_view opinion, int in_favour) {
    scene.expect("pref", "psp.opinion_given", case_subject(n),
                 Parcours::opinion(session, opinion, in_favour, 3 - in_favour, 0));
  }
  std::vector<std::string> listed(projections::SessionFilter filter, std::size_t limit = 1) {
    const MemoryRecords records = folded(scene);
    std::vector<std::string> names;
    for (const auto& s : all_pages<projections::SessionItem>([&](const std::string& cursor) {
           return projections::sessions(records, filter, cursor, limit);
         }))
      names.push_back(s.name);
    return names;
  }

  Parcours scene;
};

TEST_F(Sessions, StandInTheOrderOfTheirDays) {
  scene.hold("a");
  scene.on("2026-03-09");
  scene.hold("c");
  scene.expect("pref", "session.convened", "session/b", scene.convocation());
  EXPECT_THAT(listed({}), ElementsAre("b", "c", "a"));
  projections::SessionFilter filter;
  filter.held = true;
  EXPECT_THAT(listed(filter), ElementsAre("c", "a"));
  filter.held = false;
  EXPECT_THAT(listed(filter), ElementsAre("b"));
  filter = {};
  filter.until = *parse_date("2026-03-08");
  EXPECT_THAT(listed(filter), ElementsAre("a"));
  filter.from = *parse_date("2026-03-03");
  EXPECT_THAT(listed(filter), testing::IsEmpty());
  filter = {};
  filter.from = *parse_date("2026-03-09");
  EXPECT_THAT(listed(filter), ElementsAre("b", "c"));
  filter.wanted = [](const std::string& name) { return name != "b"; };
  EXPECT_THAT(listed(filter), ElementsAre("c"));
  const MemoryRecords records = folded(scene);
  const auto held = projections::find_session(records, "a");
  ASSERT_TRUE(held);
  EXPECT_EQ(held->record.minutes_hash, std::string(43, 'A'));
  EXPECT_EQ(held->record.held_at, Parcours::at_ten("2026-03-02"));
  EXPECT_FALSE(projections::find_session(records, "b")->record.held_at);
  EXPECT_FALSE(projections::find_session(records, "d"));
}

TEST_F(Sessions, HaveTheFilesThatTheyNamedAndThoseTheySpokeOf) {
  apply(1);
  apply(2);
  scene.expect("pref", "session.convened", "session/s",
               scene.convocation({"pref", "member", "aa1", "aa2"}, 2));
  scene.expect("pref", "session.convened", "session/t",
               scene.convocation({"pref", "member", "aa1", "aa2"}, 2,
                                 {json::value(test_uuid(7)), json::value(test_uuid(1))}));
  for (const char* name : {"session/s", "session/t"})
    scene.expect("pref", "session.held", name, Parcours::minutes());
  opine(2, "s", "favourable", 3);
  opine(1, "t", "unfavourable", 1);
  const MemoryRecords records = folded(scene);
  const auto files = [&](const std::string& name) {
    const auto session = projections::find_session(records, name);
    return all_pages<Uuid>([&](const std::string& cursor) {
      return projections::files_of(records, *session, cursor, 1);
    });
  };
  EXPECT_THAT(files("s"), ElementsAre(id_of(2)));
  EXPECT_THAT(files("t"), ElementsAre(id_of(1), id_of(7)));
  const auto opinion =
      projections::opinion_of(records, "t", *projections::find_case(records, id_of(1)));
  ASSERT_TRUE(opinion);
  EXPECT_EQ(opinion->opinion, schema::OpinionKind::UNFAVOURABLE);
  EXPECT_EQ(opinion->in_favour, 1U);
  EXPECT_EQ(opinion->against, 2U);
  EXPECT_FALSE(projections::opinion_of(records, "s", *projections::find_case(records, id_of(1))));
}

TEST_F(Sessions, AnAnnulledOpinionIsNone) {
  apply(1);
  scene.hold("s");
  opine(1, "s", "favourable", 3);
  const MemoryRecords before = folded(scene);
  const auto state = projections::find_case(before, id_of(1));
  const auto given = projections::opinion_of(before, "s", *state);
  ASSERT_TRUE(given);
  rules::CaseState annulled = *state;
  annulled.acts.at(given->version - 1).annulled = true;
  EXPECT_FALSE(projections::opinion_of(before, "s", annulled));
}

/// Parcours are found without a look at the cases that have none.
TEST_F(Sessions, ParcoursAreThoseThatWereAppliedFor) {
  apply(1);
  scene.detect("ml1", 4);
  apply(3);
  const MemoryRecords records = folded(scene);
  std::vector<Uuid> asked;
  const auto found = all_pages<rules::CaseState>([&](const std::string& cursor) {
    return projections::parcours(
        records,
        [&](const Uuid& id) {
          asked.push_back(id);
          return true;
        },
        [](const rules::CaseState&) { return true; }, cursor, 1);
  });
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, id_of(1));
  EXPECT_EQ(found[1].id, id_of(3));
  EXPECT_EQ(std::ranges::count(asked, id_of(4)), 0);
}

}  // namespace
}  // namespace relais::tests
