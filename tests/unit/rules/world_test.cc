// The World: trials, flushes, eviction; and that what is stored is a function of the events alone.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/unit/rules/walk.h"

namespace relais::tests {
namespace {

using rules::WorldState;

std::map<std::string, std::string, std::less<>> flushed(WorldState& world) {
  MemoryRecords out;
  world.flush(out);
  return out.all();
}

TEST(WorldState, KeysOfItsRecords) {
  EXPECT_EQ(rules::registry_key(), "G");
  EXPECT_EQ(rules::case_key(Uuid{1, 2}), std::string("C\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2", 17));
  const auto stream = *statement::parse_subject("signatory/ml1");
  EXPECT_EQ(rules::head_key(stream), "H" + statement::stream_key(stream));
}

TEST(WorldState, FlushWritesWhatHasChangedOnce) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.world().flush(scene.records);
  EXPECT_TRUE(flushed(scene.world()).empty());
  const auto id = *parse_uuid(test_uuid(1));
  scene.assess("ml1", 1);
  const auto changed = flushed(scene.world());
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed.begin()->first, rules::case_key(id));
}

TEST(WorldState, IsReadBackFromItsRecords) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.assess("ml1", 1);
  scene.world().flush(scene.records);
  WorldState again(scene.records);
  EXPECT_TRUE(again.registry().in_force);
  EXPECT_EQ(again.registry().find_slug("aa2")->id, SignatoryId{6});
  EXPECT_EQ(again.registry().find_source(Scene::source_of("aa2"))->id, SignatoryId{6});
  ASSERT_NE(again.find_case(*parse_uuid(test_uuid(1))), nullptr);
  EXPECT_EQ(again.find_case(*parse_uuid(test_uuid(1)))->version, 2U);
  EXPECT_EQ(again.find_case(*parse_uuid(test_uuid(2))), nullptr);
  EXPECT_EQ(again.version(*statement::parse_subject(Scene::convention_subject())),
            StreamVersion{7});
  EXPECT_EQ(again.version(*statement::parse_subject(case_subject(1))), StreamVersion{2});
  EXPECT_EQ(again.version(*statement::parse_subject("signatory/ml1")), StreamVersion{0});
}

TEST(WorldState, VersionsAreSetOnEveryKindOfStream) {
  Scene scene;
  scene.detect("ml1", 1);
  const auto on_case = *statement::parse_subject(case_subject(1));
  const auto elsewhere = *statement::parse_subject("library/guide");
  scene.world().set_version(on_case, StreamVersion{300});
  scene.world().set_version(elsewhere, StreamVersion{4});
  scene.world().flush(scene.records);
  WorldState again(scene.records);
  EXPECT_EQ(again.version(on_case), StreamVersion{300});
  EXPECT_EQ(again.version(elsewhere), StreamVersion{4});
}

TEST(WorldState, SharesARegistryThatDoesNotChangeUnderItsReaders) {
  Scene scene(Scene::Stage::opened);
  const auto before = scene.world().share_registry();
  EXPECT_EQ(before, scene.world().share_registry());
  scene.sign("ml1");
  EXPECT_NE(before, scene.world().share_registry());
  EXPECT_FALSE(before->find_slug("ml1")->signed_convention);
  EXPECT_TRUE(scene.registry().find_slug("ml1")->signed_convention);
}

TEST(WorldState, PointersHoldUntilTheNextFlush) {
  Scene scene(Scene::Stage::in_force, 2);
  scene.detect("ml1", 1);
  const rules::CaseState* first = scene.find(1);
  for (std::uint64_t n = 2; n < 500; ++n) scene.detect("ml1", n);
  scene.world().begin_trial();
  scene.assess("ml1", 1);
  scene.world().rollback();
  EXPECT_EQ(first, scene.find(1));
  EXPECT_EQ(first->phase, rules::CasePhase::detected);
}

/// Counts what is asked of the records behind a world.
class CountingRecords final : public RecordSource {
 public:
  explicit CountingRecords(const RecordSource& base) : base_(base) {}
  std::optional<std::string> get(std::string_view key) const override {
    ++gets;
    return base_.get(key);
  }
  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    base_.scan(prefix, from, visit);
  }
  void scan_back(
      std::string_view prefix, std::string_view from,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    base_.scan_back(prefix, from, visit);
  }
  mutable int gets = 0;

 private:
  const RecordSource& base_;
};

TEST(WorldState, KeepsTheCasesInUseWithinItsLimit) {
  Scene scene;
  for (std::uint64_t n = 1; n <= 40; ++n) scene.detect("ml1", n);
  scene.world().flush(scene.records);
  CountingRecords counting(scene.records);
  WorldState world(counting, 8);
  const auto find = [&](std::uint64_t n) { return world.find_case(*parse_uuid(test_uuid(n))); };
  MemoryRecords out;
  // Two cases that are used between all flushes, among others that are used once.
  for (std::uint64_t n = 3; n <= 40; ++n) {
    ASSERT_NE(find(n), nullptr);
    ASSERT_NE(find(1), nullptr);
    world.flush(out);
  }
  counting.gets = 0;
  ASSERT_NE(find(1), nullptr);
  EXPECT_EQ(counting.gets, 0) << "a case in use was let go of";
  counting.gets = 0;
  for (std::uint64_t n = 1; n <= 40; ++n) ASSERT_NE(find(n), nullptr);
  EXPECT_GE(counting.gets, 40 - 8) << "more cases are kept than the limit";
  EXPECT_TRUE(out.all().empty()) << "clean cases are not written";
}

RC_GTEST_PROP(WorldState, StoresTheSameWhateverTheFlushesAndTheLimit, ()) {
  Scene scene;
  for (const WalkStep& step : *walk_steps(40)) take(scene, step);
  MemoryRecords once;
  Scene::replay(scene.log, once, [](std::size_t) { return false; });

  const auto points =
      *rc::gen::container<std::vector<bool>>(scene.log.size(), rc::gen::arbitrary<bool>());
  const auto limit = *rc::gen::inRange<std::size_t>(0, 4);
  MemoryRecords often;
  Scene::replay(scene.log, often, [&](std::size_t i) { return points[i]; }, limit);
  RC_ASSERT(often.all() == once.all());
  // And admission, which judged each event before it folded it, holds the same as replay.
  RC_ASSERT(flushed(scene.world()) == once.all());
}

RC_GTEST_PROP(WorldState, RollbackLeavesNoTrace, ()) {
  const auto before = *walk_steps(15);
  const auto tried = *walk_steps(15);
  const auto after = *walk_steps(10);
  const bool flush_first = *rc::gen::arbitrary<bool>();
  Scene plain;
  Scene trial;
  for (Scene* scene : {&plain, &trial}) {
    for (const WalkStep& step : before) take(*scene, step);
    if (flush_first) scene->world().flush(scene->records);
  }
  const auto registry = trial.world().share_registry();
  const std::size_t length = trial.log.size();
  const Timestamp now = trial.clock.now();
  trial.world().begin_trial();
  for (const WalkStep& step : tried) take(trial, step);
  trial.world().rollback();
  RC_ASSERT(trial.world().share_registry() == registry);
  trial.log.resize(length);
  trial.clock.set(now);

  const bool go_on = *rc::gen::arbitrary<bool>();
  if (go_on)
    for (Scene* scene : {&plain, &trial})
      for (const WalkStep& step : after) take(*scene, step);
  RC_ASSERT(flushed(trial.world()) == flushed(plain.world()));
}

RC_GTEST_PROP(WorldState, ATrialThatEndsKeepsItsChanges, ()) {
  const auto before = *walk_steps(10);
  const auto tried = *walk_steps(15);
  Scene plain;
  Scene trial;
  for (const WalkStep& step : before) {
    take(plain, step);
    take(trial, step);
  }
  trial.world().begin_trial();
  for (const WalkStep& step : tried) {
    take(plain, step);
    take(trial, step);
  }
  trial.world().end_trial();
  RC_ASSERT(flushed(trial.world()) == flushed(plain.world()));
}

/// Every transition by an event of the families that the walk plays: kWalkCaseEvents.
TEST(Walks, ReachTheWholeDrawing) {
  std::set<std::string> reached;
  std::set<std::string, std::less<>> names;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Scene scene;
    crypto::SeededRandom random(seed);
    for (int i = 0; i < 220; ++i) {
      const auto pick = [&](std::uint64_t n) { return static_cast<int>(random.next() % n); };
      WalkStep s{pick(kWalkEvents), pick(8), 1 + random.next() % 3, pick(4), pick(6)};
      const rules::CaseState* c = scene.find(s.case_number);
      const auto from = c ? std::string(to_string(c->phase)) : std::string();
      const WalkOutcome outcome = take(scene, s);
      if (!outcome.done || !outcome.subject_is_case || from.empty()) continue;
      names.insert(outcome.event);
      reached.insert(from + " " + outcome.event + " " +
                     std::string(to_string(scene.find(s.case_number)->phase)));
    }
  }
  std::size_t asked = 0;
  for (const auto& t : rules::case_transitions()) {
    if (!kWalkCaseEvents.contains(t.event)) continue;
    // No event leads to DORMANT, and what leads to PSP is not of the walk: Machines.* prepare both.
    if (t.from == rules::CasePhase::psp || t.from == rules::CasePhase::dormant) continue;
    ++asked;
    EXPECT_TRUE(reached.contains(std::string(to_string(t.from)) + " " + std::string(t.event) + " " +
                                 std::string(to_string(t.to))))
        << to_string(t.from) << " " << t.event << " " << to_string(t.to);
  }
  // And the walk reaches nothing that is not drawn.
  EXPECT_EQ(reached.size(), asked);
  EXPECT_EQ(names, kWalkCaseEvents) << "the walk plays other events than it says";
}

}  // namespace
}  // namespace relais::tests
