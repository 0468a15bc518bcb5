// The model: what is stored is a function of the events alone, and the indices say the same as the
// cases they come from.
#include "projections/model.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "ledger/base/archive.h"
#include "tests/unit/projections/agreement.h"
#include "tests/unit/projections/support.h"
#include "tests/unit/rules/walk.h"

namespace relais::tests {
namespace {

using projections::Box;

TEST(Model, StandsForTheEventsItSays) {
  MemoryRecords records;
  const auto model = projections::make_model(records);
  model->flush(records, TreeSize{0});
  EXPECT_EQ(records.get("P"), log::position_value(TreeSize{0}));
  model->flush(records, TreeSize{0x0102});
  EXPECT_EQ(records.get("P"), std::string("\0\0\0\0\0\0\1\2\0\0\0\14", 12));
}

TEST(Model, GoesOnFromItsRecords) {
  Scene scene;
  scene.detect("ml1", 1);
  MemoryRecords records = folded(scene);
  const auto model = projections::make_model(records);
  EXPECT_TRUE(model->world().registry().in_force);
  EXPECT_NE(model->world().find_case(id_of(1)), nullptr);
}

TEST(Model, NamesEachProjectionOnce) {
  std::set<std::string> names;
  for (const auto& p : projections::all_projections()) {
    EXPECT_TRUE(names.emplace(p->name()).second) << p->name();
    EXPECT_FALSE(p->prefixes().empty());
  }
  EXPECT_THAT(names,
              testing::ElementsAre("audit", "capabilities", "deadlines", "indicators",
                                   "participation", "referrals", "sessions", "shared", "timeline"));
}

/// docs/FORMATS.md: the bytes of the keys.
TEST(Model, KeysOfItsRecords) {
  Scene scene;
  scene.detect("ml1", 1);  // entry 7, behind the opening and six signatures
  scene.assess("ml1", 1);
  scene.consent("ml1", 1);
  scene.refer("ml1", 1, 50, "aa2");  // entry 10
  const MemoryRecords records = folded(scene);
  const auto bytes = [](std::string_view s) { return std::string(s); };
  std::string case_bytes;
  append_uuid(case_bytes, id_of(1));
  std::string referral_bytes;
  append_uuid(referral_bytes, id_of(50));
  using namespace std::string_view_literals;
  EXPECT_EQ(records.get(bytes("p\0\3"sv) + case_bytes), "");
  EXPECT_EQ(records.get(bytes("p\0\6"sv) + case_bytes), "");
  EXPECT_TRUE(records.get("T" + case_bytes + bytes("\0\0\0\4"sv)).has_value());
  EXPECT_TRUE(records.get("R" + case_bytes + referral_bytes).has_value());
  const std::string place = "\xff\xff\xff\xff\xff\xff\xff\xf5";  // ~10
  EXPECT_EQ(records.get(bytes("M\0\6\0\1"sv) + place), case_bytes + referral_bytes);
  EXPECT_EQ(records.get(bytes("M\0\3\1\1"sv) + place), case_bytes + referral_bytes);
}

/// A row of 256 events is written with the last of them, whoever folds it and after what restart.
TEST(Model, RowsOfTheAuditTrail) {
  Scene scene;
  scene.detect("ml1", 1);
  while (scene.log.size() < 2 * log::kRowEvents + 9) scene.assess("ml1", 1);
  std::map<std::string, std::string> rows;
  statement::EventView view;
  for (std::uint64_t i = 0; i < 2 * log::kRowEvents; ++i) {
    ASSERT_TRUE(view.load(scene.log[i]));
    const auto place = static_cast<char>(i % log::kRowEvents);
    for (const auto& [prefix, of] : {std::pair("S", view.get().getSignatory()),
                                     std::pair("Y", statement::type_of(view.get()).ordinal)}) {
      std::string key(prefix);
      append_be(key, of);
      append_be(key, i / log::kRowEvents);
      rows[key].push_back(place);
    }
  }
  for (const std::size_t restart : {1U, 255U, 256U, 257U, 400U, 512U, 520U}) {
    MemoryRecords records;
    fold({scene.log.begin(), scene.log.begin() + static_cast<std::ptrdiff_t>(restart)}, records);
    go_on(scene.log, restart, records);
    std::map<std::string, std::string> found;
    for (const auto& [key, value] : records.all())
      if (key[0] == 'S' || key[0] == 'Y') found.emplace(key, value);
    EXPECT_EQ(found, rows) << "stopped after " << restart;
  }
}

RC_GTEST_PROP(Model, StoresTheSameWhateverTheFlushesAndTheLimit, ()) {
  Scene scene;
  for (const WalkStep& step : *walk_steps(40)) take(scene, step);
  MemoryRecords once;
  fold(scene.log, once);

  const auto points =
      *rc::gen::container<std::vector<bool>>(scene.log.size(), rc::gen::arbitrary<bool>());
  const auto limit = *rc::gen::inRange<std::size_t>(0, 4);
  MemoryRecords often;
  fold(scene.log, often, [&](std::size_t i) { return points[i]; }, limit);
  RC_ASSERT(often.all() == once.all());

  // A ledger that was stopped and opened again: a new model on what was flushed.
  const auto stop = *rc::gen::inRange<std::size_t>(0, scene.log.size() + 1);
  MemoryRecords resumed;
  fold({scene.log.begin(), scene.log.begin() + static_cast<std::ptrdiff_t>(stop)}, resumed);
  go_on(scene.log, stop, resumed);
  RC_ASSERT(resumed.all() == once.all());
}

std::string key(std::string_view prefix, std::uint16_t who, const std::string& rest) {
  std::string out(prefix);
  append_be(out, who);
  return out + rest;
}

std::string uuid_bytes(const Uuid& id) {
  std::string out;
  append_uuid(out, id);
  return out;
}

/// Keys with these prefixes.
std::set<std::string> keys_of(const MemoryRecords& records, std::string_view prefixes) {
  std::set<std::string> keys;
  for (const auto& [k, value] : records.all())
    if (prefixes.find(k[0]) != std::string_view::npos) keys.insert(k);
  return keys;
}

/// What the indices of cases and referrals must hold, from the cases themselves.
std::set<std::string> expected_indices(Scene& scene) {
  std::set<std::string> keys;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const rules::CaseState* c = scene.find(n);
    if (c == nullptr) continue;
    for (const SignatoryId who : c->participants)
      keys.insert(key("p", who.value, uuid_bytes(c->id)));
    for (std::uint32_t v = 1; v <= c->version; ++v) {
      std::string line = "T" + uuid_bytes(c->id);
      append_be(line, v);
      keys.insert(line);
    }
    for (const rules::Referral& r : c->referrals) {
      keys.insert("R" + uuid_bytes(c->id) + uuid_bytes(r.id));
      std::string place;
      append_be(place, ~r.requested_index.value);
      const std::string open(1, r.open() ? '\1' : '\0');
      keys.insert(key("M", r.to.value, std::string(1, '\0') + open + place));
      keys.insert(key("M", r.from.value, std::string(1, '\1') + open + place));
    }
  }
  return keys;
}

/// Who opened an emergency access, whenever it ends.
std::set<std::string> emergencies(Scene& scene) {
  std::set<std::string> keys;
  statement::EventView view;
  for (const std::string& entry : scene.log) {
    if (!view.load(entry)) continue;
    if (view.get().getData().isCaseEmergencyAccessOpened())
      keys.insert(key("x", view.get().getSignatory(), ""));
  }
  return keys;
}

RC_GTEST_PROP(Model, AgreesWithTheRulesAfterEachEvent, ()) {
  Scene scene;
  for (const WalkStep& step : *walk_steps(40)) take(scene, step);
  Agreement agreement;
  agreement.follow(scene.log);
  RC_ASSERT(!::testing::Test::HasFailure());
}

RC_GTEST_PROP(Model, IndicesSayWhatTheCasesSay, ()) {
  Scene scene;
  for (const WalkStep& step : *walk_steps(60)) take(scene, step);
  const MemoryRecords records = folded(scene);
  RC_ASSERT(keys_of(records, "pTRM") == expected_indices(scene));
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const rules::CaseState* c = scene.find(n);
    if (c == nullptr) continue;
    RC_ASSERT(encode(*projections::find_case(records, c->id)) == encode(*c));
    for (const rules::Referral& r : c->referrals) {
      const auto item = projections::find_referral(records, c->id, r.id);
      RC_ASSERT(item.has_value());
      RC_ASSERT(item->case_id == c->id);
      RC_ASSERT(encode(item->referral) == encode(r));
    }
  }
  // Deadlines: those of the states, each under who is to act and under who waits for it.
  std::set<std::string> streams;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const rules::CaseState* c = scene.find(n);
    if (c != nullptr && !rules::deadlines_of(*c, scene.registry()).empty()) {
      std::string of = "d";
      of += statement::stream_key({schema::StreamKind::CASE, c->id, {}});
      streams.insert(of);
    }
  }
  RC_ASSERT(keys_of(records, "d") == streams);
  RC_ASSERT(keys_of(records, "x") == emergencies(scene));
  RC_ASSERT(keys_of(records, "pfTRMSYGHCPAEWdeKkIx").size() == records.all().size());
}

}  // namespace
}  // namespace relais::tests
