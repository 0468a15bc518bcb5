// The deadlines that are listed, beside those of one state (unit_rules): what an event of another
// stream changes.
#include <gmock/gmock.h>

#include "ledger/rules/calendar.h"
#include "projections/folds.h"
#include "projections/overlay.h"
#include "tests/unit/projections/support.h"

namespace relais::tests {
namespace {

using rules::DeadlineKind;

/// What is listed of a kind for a signatory, by due time.
std::vector<std::string> due(const MemoryRecords& records, DeadlineKind kind, SignatoryId who) {
  projections::DeadlineFilter filter;
  filter.kind = kind;
  std::vector<std::string> out;
  for (const auto& item : all_pages<rules::DueDeadline>([&](const std::string& cursor) {
         return projections::deadlines(records, who, filter, cursor, 100);
       }))
    out.push_back(to_date(rules::legal_day(Timestamp{item.deadline.due_at.value - 1})));
  return out;
}

/// A scene whose convention lets two amend it, and let a signatory go.
class ListedDeadlines : public testing::Test {
 protected:
  ListedDeadlines() : scene(Scene::Stage::empty) {
    json::object o = opening(scene_members());
    o["quorums"] = *json::parse(R"([
        {"act":"amend-convention","approvals":2,"roles":[]},
        {"act":"withdraw-signatory","approvals":2,"roles":[]}])");
    scene.expect("relais", "convention.opened", Scene::convention_subject(), std::move(o));
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"}) scene.sign(founder);
  }

  /// Proposed by the préfecture, approved by the union.
  void decide(std::string_view id, json::object proposal) {
    proposal["proposal_id"] = id;
    proposal["reason"] = "As agreed at the steering committee.";
    scene.expect("pref", "governance.proposed", Scene::convention_subject(), std::move(proposal));
    scene.expect("udml", "governance.approved", Scene::convention_subject(),
                 json::object{{"proposal_id", id}});
  }
  void amend(std::string_view id, std::string_view terms) {
    json::object d = data(terms);
    d["act"] = "amend_convention";
    d["document_hash"] = std::string(43, 'E');
    decide(id, std::move(d));
    scene.expect("pref", "convention.amended", Scene::convention_subject(),
                 json::object{{"proposal_id", id}});
  }

  Scene scene;
};

TEST_F(ListedDeadlines, FollowAnAmendmentAtOnceInStreamsThatItIsNotOf) {
  for (std::uint64_t n = 1; n <= 3; ++n) scene.detect("ml1", n);
  scene.expect("aa1", "capability.declared", "signatory/aa1",
               data(R"({"capability_id":"c","service_type":"accompagnement","publics":["femmes"],
                        "needs":["shelter"],"territories":["69123"]})"));
  scene.expect("aa1", "capacity.updated", "signatory/aa1",
               data(R"({"capability_id":"c","level":"open","places":1})"));
  EXPECT_THAT(due(folded(scene), DeadlineKind::adult_first_contact, kMl1),
              testing::ElementsAre("2026-03-12", "2026-03-12", "2026-03-12"));
  amend("p1", R"({"terms":[{"name":"adult-first-contact-days","value":3},
                           {"name":"capacity-stale-days","value":7}]})");
  const MemoryRecords records = folded(scene);
  EXPECT_THAT(due(records, DeadlineKind::adult_first_contact, kMl1),
              testing::ElementsAre("2026-03-05", "2026-03-05", "2026-03-05"));
  EXPECT_THAT(due(records, DeadlineKind::capacity_stale, kAa1), testing::ElementsAre("2026-03-09"));
}

TEST_F(ListedDeadlines, AreTheSameWhateverTheFlushes) {
  for (std::uint64_t n = 1; n <= 3; ++n) scene.detect("ml1", n);
  amend("p1", R"({"terms":[{"name":"adult-first-contact-days","value":3}]})");
  scene.assess("ml1", 2);
  amend("p2", R"({"terms":[{"name":"adult-first-contact-days","value":5}]})");
  MemoryRecords often;
  fold(scene.log, often, [](std::size_t) { return true; });
  EXPECT_EQ(often.all(), folded(scene).all());
  EXPECT_THAT(due(often, DeadlineKind::adult_first_contact, kMl1),
              testing::ElementsAre("2026-03-07", "2026-03-07"));
}

/// As a model flushes.
void settle(projections::Projection& projection, rules::WorldState& world,
            projections::Overlay& tables, MemoryRecords& out) {
  projection.settle(world, tables);
  WriteLog writes = tables.take();
  writes.sort();
  writes.each(out);
}

/// The deadlines alone, at a pace, with a fresh projection wherever `anew` says: as after a
/// restart.
MemoryRecords derived(const std::vector<std::string>& log, projections::DerivingPace pace,
                      const std::function<bool(std::size_t)>& anew) {
  MemoryRecords world_records, out;
  auto world = std::make_unique<rules::WorldState>(world_records, 1'000);
  auto projection = projections::make_deadlines(pace);
  projections::Overlay tables(out);
  rules::Effects effects;
  statement::EventView view;
  for (std::size_t i = 0; i < log.size(); ++i) {
    check(view.load(log[i]), "an event of the test's log cannot be read");
    const auto act = rules::act_of(LogIndex{i}, view.get());
    rules::evolve(*world, act, effects);
    projection->fold(act, effects, *world, tables);
    if (!anew(i)) continue;
    settle(*projection, *world, tables, out);
    world->flush(world_records);
    projection = projections::make_deadlines(pace);
  }
  settle(*projection, *world, tables, out);
  return out;
}

TEST_F(ListedDeadlines, FollowAnAmendmentInStepsThatSurviveARestart) {
  for (std::uint64_t n = 1; n <= 20; ++n) scene.detect("ml1", n);
  amend("p1", R"({"terms":[{"name":"adult-first-contact-days","value":3}]})");
  const std::size_t amended = scene.log.size();
  for (std::uint64_t n = 21; n <= 45; ++n) scene.detect("ml1", n);
  const projections::DerivingPace slow{3, 2};
  const auto end = std::vector<std::string>(scene.log.begin(), scene.log.end());
  const auto middle = std::vector<std::string>(end.begin(), end.begin() + amended + 2);
  const auto whole = derived(end, {}, never);
  EXPECT_EQ(derived(end, slow, never).all(), whole.all());
  EXPECT_EQ(derived(end, slow, [](std::size_t) { return true; }).all(), whole.all());
  const auto half = due(derived(middle, slow, never), DeadlineKind::adult_first_contact, kMl1);
  EXPECT_EQ(std::ranges::count(half, "2026-03-05"), 3 + 2 * 2 + 2) << "so far";
  EXPECT_EQ(half.size(), 22U);
}

TEST_F(ListedDeadlines, TwoWarningsOfOneDayAreOneAndPartAgain) {
  json::object file;
  file["dossier_hash"] = std::string(43, 'A');
  scene.expect("aa1", "accreditation.requested", "signatory/aa1", file);
  scene.expect("pref", "accreditation.completed", "signatory/aa1",
               data(R"({"complete_on":"2026-03-02"})"));
  scene.expect("pref", "accreditation.granted", "signatory/aa1",
               data(R"({"granted_on":"2026-03-02"})"));
  const auto warnings = [&] {
    return due(folded(scene), DeadlineKind::accreditation_warning, kAa1);
  };
  ASSERT_EQ(warnings().size(), 2U);
  amend("p1", R"({"terms":[{"name":"accreditation-first-warning-days","value":60}]})");
  EXPECT_EQ(warnings().size(), 1U);
  amend("p2", R"({"terms":[{"name":"accreditation-first-warning-days","value":180}]})");
  EXPECT_EQ(warnings().size(), 2U);
}

TEST_F(ListedDeadlines, OfOneThatLeavesAreGone) {
  scene.expect("ml2", "capability.declared", "signatory/ml2",
               data(R"({"capability_id":"c","service_type":"accompagnement","publics":["jeunes"],
                        "needs":["shelter"],"territories":["69123"]})"));
  scene.expect("ml2", "capacity.updated", "signatory/ml2",
               data(R"({"capability_id":"c","level":"open","places":1})"));
  ASSERT_EQ(due(folded(scene), DeadlineKind::capacity_stale, kMl2).size(), 1U);
  decide("p1", data(R"({"act":"withdraw_signatory","signatory":"ml2"})"));
  scene.expect("pref", "signatory.withdrawn", Scene::convention_subject(),
               data(R"({"proposal_id":"p1","reason":"own"})"));
  EXPECT_THAT(due(folded(scene), DeadlineKind::capacity_stale, kMl2), testing::IsEmpty());
}

/// Every case of one that leaves waits for the clock, whatever phase it is in; and an erased one
/// for nothing.
TEST_F(ListedDeadlines, OfOneThatLeavesItsCasesArePassedOn) {
  json::object minor =
      data(R"({"channel":"outreach","age_band":"13_15","territory":"69123","risk":"low"})");
  scene.expect("ml2", "case.detected", case_subject(1), minor);
  scene.expect("ml2", "protection.report_transmitted", case_subject(1),
               data(R"({"crip":"metropole","parents_informed":"yes"})"));
  scene.expect("ml2", "protection.outcome_recorded", case_subject(1),
               data(R"({"outcome":"no_follow_up"})"));
  for (const std::uint64_t n : {2, 3, 4}) scene.detect("ml2", n);
  scene.detect("ml1", 5);
  for (const std::uint64_t n : {3, 4})
    scene.expect("ml2", "case.dismissed", case_subject(n), data(R"({"reason":"duplicate"})"));
  scene.expect("ml2", "case.data_erased", case_subject(4), data(R"({"basis":"art17"})"));
  decide("p1", data(R"({"act":"withdraw_signatory","signatory":"ml2","successor":"aa1"})"));
  scene.clock.advance_ms(1'000);
  scene.expect("aa1", "signatory.withdrawn", Scene::convention_subject(),
               data(R"({"proposal_id":"p1","reason":"excluded"})"));
  const auto waiting = [this] {
    const MemoryRecords records = folded(scene);
    std::vector<std::string> out;
    for (const auto& item :
         projections::due_for_clock(records, Timestamp{scene.clock.now().value + 1}, {}, 100).items)
      out.push_back(statement::to_subject(item.stream));
    return out;
  };
  EXPECT_THAT(waiting(),
              testing::UnorderedElementsAre(case_subject(1), case_subject(2), case_subject(3)));
  for (const std::uint64_t n : {1, 2, 3})
    scene.expect("relais", "case.passed_on", case_subject(n),
                 data(R"({"to":"aa1","cause":"succession"})"));
  EXPECT_THAT(waiting(), testing::IsEmpty());
}

}  // namespace
}  // namespace relais::tests
