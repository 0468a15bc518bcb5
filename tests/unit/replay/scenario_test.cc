#include "replay/scenario.h"

#include <gmock/gmock.h>

#include <set>

#include "ledger/merkle/note.h"
#include "ledger/merkle/tile.h"
#include "ledger/statement/statement.h"
#include "replay/verify.h"
#include "replay/verify_remote.h"
#include "tests/unit/replay/support.h"

namespace relais::replay {
namespace {

using tests::cast_of;
using tests::kStart;
using tests::rhone_genesis;
using tests::TempFolder;

constexpr std::uint64_t kSeed = 7;

struct Played {
  std::vector<std::string> surprises;
  std::vector<std::pair<std::string, Answer>> accepted;  ///< statement and answer
};

Played play_on(log::Ledger& ledger, const log::Genesis& genesis, ManualClock& clock, Random& random,
               bool fresh) {
  const Cast cast = cast_of(genesis, kSeed);
  const Script script = rhone_script(cast, genesis, clock.now(), random);
  Played played;
  Play how;
  how.submit = submit_to(ledger);
  how.pass_time = [&](std::int64_t ms) { clock.advance_ms(ms); };
  how.fresh = fresh;
  how.report = [&](const StepResult& r) {
    if (!r.as_expected)
      played.surprises.push_back(std::to_string(r.number) + " " + r.step.actor + " " +
                                 r.step.sentence + ": " + r.answer.outcome + " " +
                                 r.answer.message);
    if (r.answer.outcome == kAccepted) played.accepted.emplace_back(r.statement, r.answer);
  };
  const auto surprises = play(script, cast, clock, random, how);
  if (!surprises) ADD_FAILURE() << to_string(surprises.error());
  EXPECT_EQ(surprises.value_or(0), played.surprises.size());
  return played;
}

/// A ledger on which the story was told.
class Scenario : public ::testing::Test {
 protected:
  std::unique_ptr<log::Ledger> tell(const std::filesystem::path& data) {
    ManualClock clock(kStart);
    crypto::SeededRandom random(kSeed);
    EXPECT_TRUE(log::create_ledger(data, genesis_, clock, random, tests::model));
    {
      const auto ledger = tests::open_ledger(data, clock, false);
      played_ = play_on(*ledger, genesis_, clock, random, true);
      EXPECT_THAT(played_.surprises, ::testing::IsEmpty());
    }
    clock_.set(clock.now());
    return tests::open_ledger(data, clock_, true);
  }

  const log::Genesis genesis_ = rhone_genesis(kSeed);
  ManualClock clock_{kStart};
  TempFolder folder_;
  Played played_;
};

std::vector<std::string> entries(const log::Ledger& ledger) {
  std::vector<std::string> all;
  EXPECT_TRUE(ledger.scan_entries(LogIndex{0}, [&](LogIndex, std::string_view bytes) {
    all.emplace_back(bytes);
    return true;
  }));
  return all;
}

Result<std::string> serve(const log::Ledger& ledger, const std::string& path) {
  if (path == "checkpoint") return ledger.head()->note;
  RELAIS_ASSIGN(const merkle::TileRequest request, merkle::parse_tile_path(path));
  if (request.entries) return ledger.bundle(request.tile.index, request.tile.width);
  RELAIS_ASSIGN(std::string tile, ledger.tile(request.tile.level, request.tile.index));
  return tile.substr(0, std::size_t{request.tile.width} * 32);
}

TEST_F(Scenario, EveryAnswerIsAsExpectedAndEveryEventTypeIsSeen) {
  const auto ledger = tell(folder_.path / "data");
  std::set<std::string> seen;
  statement::EventView view;
  ASSERT_TRUE(ledger->scan_events(LogIndex{0}, [&](LogIndex, std::string_view bytes) {
    EXPECT_TRUE(view.load(bytes));
    seen.insert(statement::type_of(view.get()).name);
    return true;
  }));
  std::set<std::string> all;
  for (const auto& type : statement::catalogue().all()) all.insert(type->name);
  EXPECT_EQ(seen, all);
}

TEST_F(Scenario, TheSameSeedGivesTheSameBytes) {
  const auto first = entries(*tell(folder_.path / "first"));
  const auto second = entries(*tell(folder_.path / "second"));
  EXPECT_GT(first.size(), 50U);
  EXPECT_EQ(first, second);
}

TEST_F(Scenario, TheLedgerVerifies) {
  const auto ledger = tell(folder_.path / "data");
  const auto report = verify(*ledger, {}, [](std::uint64_t, std::uint64_t) {});
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_EQ(report->entries, ledger->head()->size().value);
  EXPECT_EQ(report->signatures, report->entries);
}

TEST_F(Scenario, EveryReceiptVerifiesWithTheStatementAlone) {
  const auto ledger = tell(folder_.path / "data");
  ASSERT_FALSE(played_.accepted.empty());
  for (const auto& [statement, answer] : played_.accepted) {
    const auto report = verify_receipt(answer.receipt, statement, ledger->vkey());
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->index, answer.index);
  }
  const auto& [statement, answer] = played_.accepted.front();
  const auto& other = played_.accepted.back().first;
  EXPECT_FALSE(verify_receipt(answer.receipt, other, ledger->vkey()));
}

TEST_F(Scenario, CanBeToldAgainOnTheSameLedger) {
  tell(folder_.path / "data");
  crypto::SeededRandom random(kSeed + 1);
  const auto ledger = tests::open_ledger(folder_.path / "data", clock_, false);
  EXPECT_THAT(play_on(*ledger, genesis_, clock_, random, false).surprises, ::testing::IsEmpty());
}

TEST_F(Scenario, TheLogVerifiesFromOutside) {
  const auto ledger = tell(folder_.path / "data");
  const Fetch fetch = [&](const std::string& path) { return serve(*ledger, path); };
  const auto ignore = [](std::uint64_t, std::uint64_t) {};
  const auto with_entries = verify_remote(fetch, ledger->vkey(), true, ignore);
  ASSERT_TRUE(with_entries) << to_string(with_entries.error());
  EXPECT_EQ(with_entries->entries, ledger->head()->size().value);
  const auto hashes_only = verify_remote(fetch, ledger->vkey(), false, ignore);
  ASSERT_TRUE(hashes_only) << to_string(hashes_only.error());
  EXPECT_EQ(hashes_only->entries, 0U);
  EXPECT_EQ(hashes_only->checkpoint.size, with_entries->checkpoint.size);
}

TEST_F(Scenario, AServerThatChangesOneByteIsFoundOut) {
  const auto ledger = tell(folder_.path / "data");
  const std::uint64_t size = ledger->head()->size().value;
  const auto ignore = [](std::uint64_t, std::uint64_t) {};
  const auto lying = [&](const std::string& about, std::size_t at) -> Fetch {
    return [&ledger, about, at](const std::string& path) -> Result<std::string> {
      RELAIS_ASSIGN(std::string bytes, serve(*ledger, path));
      if (path == about) bytes.at(at < bytes.size() ? at : bytes.size() - 1) ^= 1;
      return bytes;
    };
  };
  const auto rule = [&](const std::string& about, std::size_t at, bool with_entries) {
    const auto r = verify_remote(lying(about, at), ledger->vkey(), with_entries, ignore);
    return r ? std::string() : r.error().rule;
  };
  const std::string bundle = merkle::bundle_path(0, merkle::tile_width(size, 0, 0));
  const std::string tile = merkle::tile_path({0, 0, merkle::tile_width(size, 0, 0)});
  EXPECT_EQ(rule("checkpoint", 60, true), "verify-checkpoint");
  EXPECT_EQ(rule(tile, 5, true), "verify-tile");
  EXPECT_EQ(rule(tile, 5, false), "verify-root");
  EXPECT_NE(rule(bundle, 9, true), "");     // the time of receipt of entry 0
  EXPECT_NE(rule(bundle, 4000, true), "");  // somewhere in a statement
}

TEST_F(Scenario, AnotherLogKeyIsRefused) {
  const auto ledger = tell(folder_.path / "data");
  merkle::NoteKey other = ledger->vkey();
  other.key = seeded_keys(1)("other")->public_key();
  const auto report = verify_remote([&](const std::string& p) { return serve(*ledger, p); }, other,
                                    true, [](std::uint64_t, std::uint64_t) {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().rule, "verify-checkpoint");
}

TEST(Actors, PlaceholdersAreFilledWithPublicKeys) {
  const auto filled =
      fill_keys("# \"\"\na = \"@udml@\"\nb = \"x\"\nc = \"@pref@\"\n", seeded_keys(kSeed));
  ASSERT_TRUE(filled);
  EXPECT_EQ(*filled, "# \"\"\na = \"" + crypto::to_text(seeded_keys(kSeed)("udml")->public_key()) +
                         "\"\nb = \"x\"\nc = \"" +
                         crypto::to_text(seeded_keys(kSeed)("pref")->public_key()) + "\"\n");
}

TEST(Actors, AKeyThatTheConventionDoesNotNameIsRefused) {
  const auto cast = Cast::of(rhone_genesis(kSeed), seeded_keys(kSeed + 1));
  ASSERT_FALSE(cast);
  EXPECT_EQ(cast.error().rule, "actor-key-differs");
}

TEST(Actors, FolderKeysAreRead) {
  const TempFolder folder;
  const auto key = seeded_keys(kSeed)("udml");
  ASSERT_TRUE(crypto::save_private_key(folder.path / "udml.jwk", *key, {}));
  const auto loaded = folder_keys(folder.path)("udml");
  ASSERT_TRUE(loaded) << to_string(loaded.error());
  EXPECT_EQ(loaded->public_key(), key->public_key());
  EXPECT_FALSE(folder_keys(folder.path)("prefecture"));
}

}  // namespace
}  // namespace relais::replay
