#include "replay/story/scenario.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "ledger/clock/clock_job.h"
#include "ledger/crypto/jwk.h"
#include "ledger/merkle/note.h"
#include "ledger/merkle/tile.h"
#include "ledger/rules/time/deadline_rows.h"
#include "ledger/statement/statement.h"
#include "projections/read.h"
#include "replay/verify/verify.h"
#include "replay/verify/verify_remote.h"
#include "tests/unit/projections/agreement.h"
#include "tests/unit/replay/support.h"

namespace relais::replay {
namespace {

using tests::cast_of;
using tests::kStart;
using tests::rhone_genesis;
using tests::TempFolder;

constexpr std::uint64_t kStorySeed = 7;

struct Played {
  std::vector<std::string> surprises;
  std::vector<std::string> skipped;                      ///< "42 psp.ended: a term lasts …"
  std::vector<std::pair<std::string, Answer>> accepted;  ///< statement and answer
  std::set<std::string> deadlines;                       ///< kinds that ran at some time
};

void note_deadlines(const log::Ledger& ledger, std::set<std::string>& seen) {
  const auto head = ledger.head();
  const auto note = [&](const auto& ask) {
    std::string cursor;
    do {
      const auto page = ask(cursor);
      for (const auto& item : page.items) seen.emplace(rules::to_string(item.deadline.kind));
      cursor = page.next;
    } while (!cursor.empty());
  };
  for (const rules::Signatory& s : head->registry->signatories())
    note([&](const std::string& cursor) {
      return projections::deadlines(*head->records, s.id, {}, cursor, projections::kMaxPage);
    });
  note([&](const std::string& cursor) {
    return projections::clock_deadlines(*head->records, {}, cursor, projections::kMaxPage);
  });
}

std::string describe(const StepResult& r) {
  return std::to_string(r.number) + " " + r.step.actor + " " + r.step.sentence + ": " +
         r.answer.outcome + " " + r.answer.message;
}

/// Without a system key time stands still, as over REST.
Played play_on(log::Ledger& ledger, const log::Genesis& genesis, ManualClock& clock, Random& random,
               bool fresh, const crypto::SigningKey* system) {
  const Cast cast = cast_of(genesis, kStorySeed);
  const Script script = rhone_script(cast, genesis, clock.now(), random,
                                     system != nullptr ? Time::passes : Time::stands_still);
  Played played;
  Play how;
  how.submit = submit_to(ledger);
  if (system != nullptr) {
    how.pass_time = [&](std::int64_t ms) { clock.advance_ms(ms); };
    how.time_passed = [&]() -> Status {
      RELAIS_ASSIGN(const auto run, clock::run_clock(ledger, *system, projections::due_for_clock));
      if (!run.refused.empty()) return fail(run.refused.front());
      return {};
    };
  }
  how.fresh = fresh;
  how.report = [&](const StepResult& r) {
    if (!r.as_expected) played.surprises.push_back(describe(r));
    if (r.answer.outcome == kSkipped) played.skipped.push_back(describe(r));
    if (r.answer.outcome != kAccepted) return;
    played.accepted.emplace_back(r.statement, r.answer);
    if (fresh) note_deadlines(ledger, played.deadlines);
  };
  const auto surprises = play(script, cast, clock, random, how);
  if (!surprises) ADD_FAILURE() << to_string(surprises.error());
  EXPECT_EQ(surprises.value_or(0), played.surprises.size());
  return played;
}

crypto::SigningKey system_key(const std::filesystem::path& data) {
  auto key = crypto::load_private_key(data / "keys" / "system.jwk", {});
  check(key.has_value(), "the system key of a test's ledger can be read");
  return std::move(*key);
}

std::set<std::string> types_of(const log::Ledger& ledger) {
  std::set<std::string> seen;
  statement::EventView view;
  EXPECT_TRUE(ledger.scan_events(LogIndex{0}, [&](LogIndex, std::string_view bytes) {
    EXPECT_TRUE(view.load(bytes));
    seen.insert(statement::type_of(view.get()).name);
    return true;
  }));
  return seen;
}

/// What the story plays: all but what only a command of the host brings, while no server runs.
std::set<std::string> all_types() {
  std::set<std::string> all;
  for (const auto& type : statement::catalogue().all()) all.insert(type->name);
  all.erase("log.key_rotated");  // tests/unit/log/log_key_test.cc, tests/e2e/test_log_key.py
  return all;
}

std::string story_document() {
  std::ifstream file(std::filesystem::path(RELAIS_SOURCE_DIR) / "docs" / "SCENARIO.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A ledger on which the story was told.
class Scenario : public ::testing::Test {
 protected:
  std::unique_ptr<log::Ledger> tell(const std::filesystem::path& data) {
    ManualClock clock(kStart);
    crypto::SeededRandom random(kStorySeed);
    EXPECT_TRUE(log::create_ledger(data, genesis_, clock, random, tests::model));
    {
      const auto ledger = tests::open_ledger(data, clock, false);
      const crypto::SigningKey system = system_key(data);
      played_ = play_on(*ledger, genesis_, clock, random, true, &system);
      EXPECT_THAT(played_.surprises, ::testing::IsEmpty());
    }
    clock_.set(clock.now());
    return tests::open_ledger(data, clock_, true);
  }

  const log::Genesis genesis_ = rhone_genesis(kStorySeed);
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
  EXPECT_THAT(played_.skipped, ::testing::IsEmpty());
  EXPECT_EQ(types_of(*ledger), all_types());
}

/// Of every event type, as the story has them all.
TEST_F(Scenario, TheReadModelsAgreeWithTheRulesAfterEachEvent) {
  const auto ledger = tell(folder_.path / "data");
  std::vector<std::string> events;
  ASSERT_TRUE(ledger->scan_events(LogIndex{0}, [&](LogIndex, std::string_view bytes) {
    events.emplace_back(bytes);
    return true;
  }));
  tests::Agreement agreement;
  agreement.follow(events);
  EXPECT_GT(agreement.looked(), 150U);
  EXPECT_GT(agreement.ended(), 5U);
}

TEST_F(Scenario, EveryKindOfDeadlineRuns) {
  tell(folder_.path / "data");
  std::set<std::string> all;
  for (const rules::DeadlineRow& row : rules::deadline_rows()) all.emplace(row.name);
  EXPECT_EQ(played_.deadlines, all);
}

TEST_F(Scenario, WhereTimeStandsStillOnlyWhatTakesTimeIsMissing) {
  ManualClock clock(kStart);
  crypto::SeededRandom random(kStorySeed);
  const auto data = folder_.path / "data";
  ASSERT_TRUE(log::create_ledger(data, genesis_, clock, random, tests::model));
  const auto ledger = tests::open_ledger(data, clock, false);
  const Played played = play_on(*ledger, genesis_, clock, random, true, nullptr);
  EXPECT_THAT(played.surprises, ::testing::IsEmpty());
  EXPECT_FALSE(played.skipped.empty());
  for (const std::string& step : played.skipped)
    EXPECT_THAT(step, ::testing::HasSubstr("skipped "));
  std::set<std::string> expected = all_types();
  for (const char* clock_only :
       {"referral.expired", "case.became_dormant", "case.passed_on",
        "accreditation.deemed_complete", "accreditation.tacitly_granted", "accreditation.expired"})
    expected.erase(clock_only);
  EXPECT_EQ(types_of(*ledger), expected);
  // The same story again, on a convention that is in force.
  EXPECT_THAT(play_on(*ledger, genesis_, clock, random, false, nullptr).surprises,
              ::testing::IsEmpty());
}

/// What docs/DOMAIN.md, section 1, says must be, must not be, or is impossible, with the refusal of
/// the story that shows it.
struct Sentence {
  std::string_view says;
  std::string_view actor;
  std::string_view type;
  std::string_view rule;
};
constexpr Sentence kSentences[] = {
    {"a refusal without reasons is impossible", "prefecture", "psp.decided", "disclosure-missing"},
    {"a refusal without reasons is impossible", "prefecture", "psp.renewal_decided",
     "disclosure-missing"},
    {"a refusal without reasons is impossible", "prefecture", "residence_permit.refused",
     "disclosure-missing"},
    {"a refusal without reasons is impossible", "prefecture", "accreditation.refused",
     "reasons-missing"},
    {"a refusal carries the route of appeal", "prefecture", "psp.decided", "appeal-route-missing"},
    {"a minor has no parcours", "amicale-du-nid-69", "psp.applied", "psp-adult-only"},
    {"the applicant is accredited", "mouvement-du-nid-69", "psp.applied", "accreditation-missing"},
    {"the presenter does not vote", "prefecture", "psp.opinion_given", "tally"},
    {"no case without an application", "prefecture", "psp.decided", "stream-unknown"},
    {"no case without an application", "prefecture", "contribution.committed", "stream-unknown"},
    {"no application without consent", "amicale-du-nid-69", "psp.applied", "consent-missing"},
    {"neither cessation nor a complaint at entry", "amicale-du-nid-69", "psp.applied",
     "member-unknown"},
    {"cessation for the permit", "amicale-du-nid-69", "residence_permit.requested",
     "cessation-attested"},
    {"24 months at most", "amicale-du-nid-69", "psp.renewal_requested", "psp-24-months"},
    {"only silence grants tacitly", "prefecture", "accreditation.tacitly_granted",
     "emitter-forbidden"},
    {"silence has granted", "prefecture", "accreditation.refused", "accreditation-transition"},
    {"the CRIP of the competent department", "mission-locale-3", "protection.report_transmitted",
     "crip-of-territory"},
    {"a mission locale does not see others' cases", "mission-locale-4", "case.risk_assessed",
     "stream-unknown"},
    {"the union reads no cases", "udml", "contribution.committed", "stream-unknown"},
    {"the union reads no cases", "udml", "case.detected", "emitter-forbidden"},
    {"an analyst only reads", "observatoire", "training.delivered", "emitter-forbidden"},
    {"nobody signs for another", "amicale-du-nid-69", "case.detected", "key-unknown"},
    {"nobody signs for another", "mission-locale-2", "case.detected", "source-not-of-key"},
    {"sensitive values are never in clear", "mission-locale-3", "case.detected",
     "sensitive-in-clear"},
    {"a signatory leaves without open cases", "prefecture", "signatory.withdrawn",
     "open-cases-first"},
    {"an emergency is said in words", "mission-locale-2", "case.emergency_access_opened",
     "disclosure-missing"},
    {"an emergency lasts a day at most", "mission-locale-2", "case.emergency_access_opened",
     "emergency-term"},
    {"a legal hold keeps what it is for", "mission-locale-9", "case.data_erased", "legal-hold"},
    {"nobody acts alone", "prefecture", "signatory.admitted", "proposal-not-approved"},
};

TEST_F(Scenario, RefusesWhatTheDomainSaysMustNotBe) {
  crypto::SeededRandom random(kStorySeed);
  const Script script =
      rhone_script(cast_of(genesis_, kStorySeed), genesis_, kStart, random, Time::passes);
  for (const Sentence& s : kSentences)
    EXPECT_TRUE(std::ranges::any_of(script.steps,
                                    [&](const Step& step) {
                                      return step.actor == s.actor && step.type() == s.type &&
                                             step.expected.front() == s.rule;
                                    }))
        << s.says << ": " << s.actor << " " << s.type << " " << s.rule;
}

TEST_F(Scenario, ConsentNeverGatesProtection) {
  crypto::SeededRandom random(kStorySeed);
  const Script script =
      rhone_script(cast_of(genesis_, kStorySeed), genesis_, kStart, random, Time::passes);
  const auto find = [&](const char* type, auto from) {
    return std::find_if(from, script.steps.end(), [&](const Step& s) { return s.type() == type; });
  };
  const auto withdrawn = find("case.consent_withdrawn", script.steps.begin());
  ASSERT_NE(withdrawn, script.steps.end());
  const auto report = find("protection.report_transmitted", withdrawn);
  ASSERT_NE(report, script.steps.end());
  EXPECT_EQ(report->expected.front(), kAccepted);
  EXPECT_EQ(report->event.at("subject"), withdrawn->event.at("subject"));
  for (auto s = withdrawn; s != report; ++s) EXPECT_NE(s->type(), "case.consent_given");
}

TEST_F(Scenario, EveryFamilyOfEventsHasARefusal) {
  crypto::SeededRandom random(kStorySeed);
  const Script script =
      rhone_script(cast_of(genesis_, kStorySeed), genesis_, kStart, random, Time::passes);
  std::set<std::string> refused;
  for (const Step& step : script.steps)
    if (step.expected.front() != kAccepted)
      refused.insert(step.type().substr(0, step.type().find('.')));
  // What belongs to no other family: a tool, a capability, a partner stand for their axes.
  for (const char* family : {"convention",
                             "key",
                             "case",
                             "referral",
                             "support",
                             "protection",
                             "external_referral",
                             "coordination",
                             "contribution",
                             "training",
                             "tool",
                             "need",
                             "capability",
                             "capacity",
                             "partner",
                             "pathway",
                             "joint_action",
                             "governance",
                             "signatory",
                             "mission_locale",
                             "accreditation",
                             "member",
                             "session",
                             "psp",
                             "afis",
                             "residence_permit"})
    EXPECT_TRUE(refused.contains(family)) << family;
}

TEST_F(Scenario, IsToldInTheDocument) {
  const std::string text = story_document();
  for (const std::string& type : all_types())
    EXPECT_THAT(text, ::testing::HasSubstr("`" + type + "`"));
  crypto::SeededRandom random(kStorySeed);
  std::set<std::string> chapters;
  for (const Step& step :
       rhone_script(cast_of(genesis_, kStorySeed), genesis_, kStart, random, Time::passes).steps)
    chapters.insert(step.chapter);
  for (const std::string& chapter : chapters)
    EXPECT_THAT(text, ::testing::HasSubstr(". " + chapter + "\n"));
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
  crypto::SeededRandom random(kStorySeed + 1);
  const auto ledger = tests::open_ledger(folder_.path / "data", clock_, false);
  const crypto::SigningKey system = system_key(folder_.path / "data");
  EXPECT_THAT(play_on(*ledger, genesis_, clock_, random, false, &system).surprises,
              ::testing::IsEmpty());
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
  // Only one that is full has a hash in the level above it.
  EXPECT_EQ(rule(tile, 5, false), size < merkle::kTileWidth ? "verify-root" : "verify-tile");
  EXPECT_NE(rule(bundle, 9, true), "");     // the time of receipt of entry 0
  EXPECT_NE(rule(bundle, 4000, true), "");  // somewhere in a statement
}

TEST_F(Scenario, ALogThatGrewIsToldFromOneThatWasChanged) {
  const auto ledger = tell(folder_.path / "data");
  const Fetch fetch = [&](const std::string& path) { return serve(*ledger, path); };
  const merkle::Checkpoint head = ledger->head()->checkpoint;
  const auto rule = [&](const merkle::Checkpoint& older, const merkle::Checkpoint& newer) {
    const Status grown = verify_growth(fetch, older, newer);
    return grown ? std::string() : grown.error().rule;
  };
  EXPECT_EQ(rule(head, head), "");
  std::set<std::uint64_t> sizes;
  for (const auto& [statement, answer] : played_.accepted) {
    const auto older = verify_receipt(answer.receipt, statement, ledger->vkey());
    ASSERT_TRUE(older);
    merkle::Checkpoint checkpoint = older->checkpoint;
    if (!sizes.insert(checkpoint.size).second) continue;
    EXPECT_EQ(rule(checkpoint, head), "") << checkpoint.size;
    // A tile that is not what the log has signed says something of who served it, and no more.
    const Fetch wrong = [&](const std::string& path) -> Result<std::string> {
      RELAIS_ASSIGN(std::string tile, serve(*ledger, path));
      for (std::size_t at = 0; at < tile.size(); at += 32) tile[at] ^= 1;
      return tile;
    };
    if (checkpoint.size != head.size)
      EXPECT_EQ(verify_growth(wrong, checkpoint, head).error().rule, "verify-tile");
    checkpoint.root[5] ^= 1;
    EXPECT_EQ(rule(checkpoint, head), "verify-growth") << checkpoint.size;
  }
  EXPECT_GT(sizes.size(), 50U);
  merkle::Checkpoint other = head;
  other.root[5] ^= 1;
  EXPECT_EQ(rule(head, other), "verify-growth");
  other = head;
  ++other.size;
  EXPECT_NE(rule(head, other), "");  // of a tree that is not served
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
      fill_keys("# \"\"\na = \"@udml@\"\nb = \"x\"\nc = \"@pref@\"\n", seeded_keys(kStorySeed));
  ASSERT_TRUE(filled);
  EXPECT_EQ(*filled, "# \"\"\na = \"" +
                         crypto::to_text(seeded_keys(kStorySeed)("udml")->public_key()) +
                         "\"\nb = \"x\"\nc = \"" +
                         crypto::to_text(seeded_keys(kStorySeed)("pref")->public_key()) + "\"\n");
}

TEST(Actors, AKeyThatTheConventionDoesNotNameIsRefused) {
  const auto cast = Cast::of(rhone_genesis(kStorySeed), seeded_keys(kStorySeed + 1));
  ASSERT_FALSE(cast);
  EXPECT_EQ(cast.error().rule, "actor-key-differs");
}

TEST(Actors, FolderKeysAreRead) {
  const TempFolder folder;
  const auto key = seeded_keys(kStorySeed)("udml");
  ASSERT_TRUE(crypto::save_private_key(folder.path / "udml.jwk", *key, {}));
  const auto loaded = folder_keys(folder.path)("udml");
  ASSERT_TRUE(loaded) << to_string(loaded.error());
  EXPECT_EQ(loaded->public_key(), key->public_key());
  EXPECT_FALSE(folder_keys(folder.path)("prefecture"));
}

}  // namespace
}  // namespace relais::replay
