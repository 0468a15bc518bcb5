// The key that signs checkpoints, in whose place the signatories put another: what it takes, what
// is signed by which, what a start heals, and what whoever has the old key can still do.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "ledger/crypto/jwk.h"
#include "ledger/log/own_keys.h"
#include "ledger/tiles/head_file.h"
#include "ledger/vault/wrapping_key.h"
#include "replay/verify/key_chain.h"
#include "replay/verify/verify.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kReads = 5;  // entries of the log of reads when the key is replaced

std::string text_in(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class LogKey : public LedgerTest {
 protected:
  void SetUp() override {
    log::Genesis genesis = scene_genesis();
    json::object opened = tests::data(genesis.data_json);
    opened["quorums"].as_array().push_back(
        tests::data(R"({"act":"rotate-log-key","approvals":2,"roles":["pref"]})"));
    genesis.data_json = json::serialize(json::value(opened));
    ASSERT_TRUE(log::create_ledger(data(), genesis, clock, random, model_factory()));
    open();
    json::object signature;
    signature["document_hash"] = log::document_hash(genesis.convention_file);
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"})
      accept(founder, "convention.signed", subject(), signature);
    old_key = ledger->vkey();
  }

  static std::string subject() { return "convention/" + std::string(kConvention); }
  log::Options options(const fs::path& at) const {
    log::Options o;
    o.data = at;
    o.wrapping_key = vault::default_wrapping_key(data()).string();
    return o;
  }
  /// The public part of the key that is prepared.
  std::string prepare() {
    const auto key = log::prepare_log_key(data(), random);
    EXPECT_TRUE(key);
    return crypto::to_text(key->public_key());
  }
  void propose(std::string_view id, const std::string& x) {
    json::object d =
        tests::data(R"({"act":"rotate_log_key","reason":"The machine was replaced."})");
    d["proposal_id"] = id;
    d["public_key"] = x;
    accept("pref", "governance.proposed", subject(), d);
  }
  void approve(std::string_view id) {
    json::object d;
    d["proposal_id"] = id;
    accept("udml", "governance.approved", subject(), d);
  }
  /// As `relais rotate --key log` does it; "" or the rule. The ledger is open again behind it.
  Error rotate(std::uint64_t reads = kReads) {
    ledger.reset();
    Error refused;
    if (const auto next = log::load_next_log_key(data()); !next) {
      refused = next.error();
    } else {
      log::Options o = options(data());
      o.next_log_key = *next;
      auto opened = log::Ledger::open(o, clock, model_factory());
      EXPECT_TRUE(opened) << to_string(opened.error());
      const auto done = log::rotate_log_key(**opened, data(), reads, clock, random);
      if (!done) refused = done.error();
      if (done) rotated = *done;
    }
    open();
    return refused;
  }
  void replace(std::string_view id = "p1", std::uint64_t reads = kReads) {
    propose(id, prepare());
    approve(id);
    EXPECT_EQ(rotate(reads).rule, "");
  }
  /// What a folder says when it is opened, for writing or for verifying; "" where it holds.
  std::string said(const fs::path& at, bool strict = false) {
    log::Options o = options(at);
    o.strict = o.read_only = strict;
    const auto opened = log::Ledger::open(o, clock, model_factory());
    return opened ? "" : to_string(opened.error());
  }
  /// The folder, once the ledger is closed.
  fs::path copy(const std::string& name) {
    const fs::path to = folder.path / name;
    fs::copy(data(), to, fs::copy_options::recursive);
    return to;
  }
  std::string verified(const fs::path& at) {
    log::Options o = options(at);
    o.strict = o.read_only = o.ignore_projections = true;
    const auto opened = log::Ledger::open(o, clock, model_factory());
    if (!opened) return to_string(opened.error());
    const auto report = replay::verify(**opened, {2, true}, [](auto, auto) {});
    return report ? "" : to_string(report.error());
  }
  /// The answer of GET /log/keys.
  json::object chain() const {
    const auto link = [&](LogIndex index) {
      json::object o;
      o["statement"] = ledger->entry(index)->substr(8) + "~";
      o["receipt"] = merkle::to_text(*ledger->receipt(index));
      return o;
    };
    json::array keys;
    keys.push_back(json::object({{"vkey", merkle::to_vkey(old_key)}}));
    for (const rules::LogKeyRotation& r : ledger->head()->registry->log_key_rotations)
      keys.push_back(link(r.index));
    return json::object({{"keys", std::move(keys)}});
  }
  static std::string rule(const auto& result) { return result ? "ok" : result.error().rule; }

  merkle::NoteKey old_key;
  LogIndex rotated;
};

TEST_F(LogKey, IsReplacedOnlyAsTheSignatoriesDecided) {
  EXPECT_EQ(rotate().rule, "log-key-not-prepared");
  const std::string x = prepare();
  EXPECT_EQ(prepare(), x) << "the key that is voted on stays";
  Error e = rotate();
  EXPECT_EQ(e.rule, "log-key-undecided");
  EXPECT_EQ(e.state, "NOT_PROPOSED");
  EXPECT_EQ(e.field, "public_key");
  EXPECT_THAT(e.accepted, HasSubstr(x));
  propose("other", crypto::to_text(test_key("another").public_key()));
  approve("other");
  EXPECT_EQ(rotate().state, "NOT_PROPOSED") << "what was decided is about another key";
  propose("p1", x);
  e = rotate();
  EXPECT_EQ(e.rule, "log-key-undecided");
  EXPECT_EQ(e.state, "OPEN");
  approve("p1");
  EXPECT_EQ(ledger->vkey(), old_key);
  EXPECT_EQ(rotate().rule, "");
  EXPECT_EQ(crypto::to_text(ledger->vkey().key), x);
  EXPECT_EQ(rotate().rule, "log-key-not-prepared") << "once";
}

TEST_F(LogKey, AServerTakesNoRotation) {
  const std::string x = prepare();
  propose("p1", x);
  approve("p1");
  const auto next = log::load_next_log_key(data());
  const auto system = log::load_own_key(data(), "system.jwk");
  ASSERT_TRUE(next && system);
  json::object d;
  d["proposal_id"] = "p1";
  d["old_key"] = crypto::to_text(old_key.key);
  d["new_key"] = x;
  d["reads_size"] = 0;
  const std::string source = "urn:relais:" + std::string(kConvention) + ":relais";
  d["proof"] = statement::make_key_proof(*next, source, rules::log_key_audience(kOrigin));
  json::object event;
  event["source"] = source;
  event["type"] = "relais.log.key_rotated.v1";
  event["subject"] = subject();
  event["data"] = std::move(d);
  const auto text =
      statement::sign_event(json::serialize(json::value(event)), *system, clock, random);
  ASSERT_TRUE(text);
  const std::uint64_t size = ledger->head()->size().value;
  EXPECT_EQ(submit(*text).error().rule, "log-key-not-here");
  // With the key in hand, only alone: whatever stands before or behind it in a batch waits.
  ledger.reset();
  log::Options o = options(data());
  o.next_log_key = *next;
  ledger = std::move(*log::Ledger::open(o, clock, model_factory()));
  std::vector<log::Submission> group;
  group.push_back(submission(sign("ml1", "case.detected", case_subject(1), detected())));
  group.push_back(submission(*text));
  group.push_back(submission(sign("ml1", "case.detected", case_subject(2), detected())));
  auto outcomes = ledger->submit_and_wait(std::move(group), true);
  EXPECT_EQ(rule(outcomes[1]), "log-key-rotating");
  EXPECT_EQ(ledger->head()->size().value, size);
  group.clear();
  group.push_back(submission(*text));
  group.push_back(submission(sign("ml1", "case.detected", case_subject(2), detected())));
  outcomes = ledger->submit_and_wait(std::move(group), false);
  EXPECT_EQ(rule(outcomes[0]), "ok");
  EXPECT_EQ(rule(outcomes[1]), "log-key-rotating");
  EXPECT_EQ(ledger->head()->size().value, size + 1);
  EXPECT_EQ(rule(submit(*text)), "ok") << "a duplicate gets its receipt";
}

TEST_F(LogKey, EachKeySignsItsStretchAndBothTheCheckpointBetween) {
  const auto early = accept("ml1", "case.detected", case_subject(1), detected());
  const std::string early_entry = *ledger->entry(early.index);
  const crypto::SigningKey thief = *log::load_own_key(data(), "log.jwk");
  replace();
  const merkle::NoteKey new_key = ledger->vkey();
  const auto late = accept("ml1", "case.detected", case_subject(2), detected());
  const std::string late_entry = *ledger->entry(late.index);
  const merkle::LogKeys keys = ledger->keys().log;
  EXPECT_EQ(keys.all().size(), 2U);
  EXPECT_EQ(keys.all()[1].from, rotated.value + 1);
  EXPECT_EQ(ledger->keys().reads.all()[1].from, kReads + 1);
  EXPECT_EQ(log::load_log_keys(data()).value(), keys);
  EXPECT_EQ(*log::load_vkey(data()), new_key);

  const merkle::Receipt between = *ledger->receipt(rotated);
  const std::string entry = *ledger->entry(rotated);
  for (const merkle::LogKeys& known : {merkle::LogKeys(old_key), merkle::LogKeys(new_key), keys})
    EXPECT_EQ(rule(merkle::verify_receipt(between, entry, known)), "ok");
  EXPECT_EQ(rule(merkle::verify_receipt(early.receipt, early_entry, keys)), "ok");
  EXPECT_EQ(rule(merkle::verify_receipt(late.receipt, late_entry, keys)), "ok");
  EXPECT_EQ(rule(merkle::verify_receipt(early.receipt, early_entry, old_key)), "ok");
  EXPECT_EQ(rule(merkle::verify_receipt(late.receipt, late_entry, old_key)), "note-unsigned");
  EXPECT_EQ(rule(merkle::verify_receipt(early.receipt, early_entry, new_key)), "note-unsigned");

  // Whoever has the old key signs nothing larger for who knows; nor does the new one sign back.
  merkle::Receipt forged = late.receipt;
  forged.checkpoint = merkle::sign_checkpoint(ledger->head()->checkpoint, thief);
  EXPECT_EQ(rule(merkle::verify_receipt(forged, late_entry, old_key)), "ok");
  EXPECT_EQ(rule(merkle::verify_receipt(forged, late_entry, keys)), "checkpoint-key-range");
  const auto own = log::load_own_key(data(), "log.jwk");
  forged = early.receipt;
  forged.checkpoint = merkle::sign_checkpoint(
      merkle::open_checkpoint(early.receipt.checkpoint, old_key).value(), *own);
  EXPECT_EQ(rule(merkle::verify_receipt(forged, early_entry, keys)), "checkpoint-key-range");
}

TEST_F(LogKey, EveryInterruptionIsHealedByTheNextStart) {
  fill(1);
  propose("p1", prepare());
  approve("p1");
  ledger.reset();
  const fs::path before = copy("before");
  EXPECT_EQ(rotate().rule, "");
  const merkle::LogKeys keys = ledger->keys().log;
  ledger.reset();
  const std::string key = text_in(data() / "keys" / "log.jwk");
  const std::string vkey = text_in(data() / "log.vkey");
  // What the rotation writes, in its order: the store, then these.
  const std::vector<std::vector<std::string>> steps = {{"head"}, {"keys/log.jwk"}, {"log.vkey"}};
  for (std::size_t done = 0; done <= steps.size(); ++done) {
    const fs::path at = copy("cut-" + std::to_string(done));
    for (std::size_t i = done; i < steps.size(); ++i)
      for (const std::string& name : steps[i])
        fs::copy_file(before / name, at / name, fs::copy_options::overwrite_existing);
    if (done < 2) fs::copy_file(before / "keys/log.jwk.next", at / "keys/log.jwk.next");
    if (done < 3) {
      EXPECT_THAT(said(at, true), HasSubstr("self-check-log-key")) << "verifying mends nothing";
      EXPECT_THAT(said(at, true), HasSubstr("a rotation was interrupted"));
    }
    ASSERT_EQ(said(at), "") << done;
    EXPECT_EQ(text_in(at / "keys" / "log.jwk"), key) << done;
    EXPECT_FALSE(fs::exists(at / "keys" / "log.jwk.next")) << done;
    EXPECT_EQ(text_in(at / "log.vkey"), vkey) << done;
    EXPECT_EQ(verified(at), "") << done;
    EXPECT_EQ(tiles::HeadFile::read(at / "head", keys).newest->size, rotated.value + 1) << done;
  }
  // One that did not get to the log has changed nothing.
  EXPECT_EQ(said(before), "");
  EXPECT_EQ(text_in(before / "log.vkey"), merkle::to_vkey(old_key) + "\n");
  EXPECT_TRUE(fs::exists(before / "keys/log.jwk.next"));
}

TEST_F(LogKey, AStoreOfBeforeIsRefusedByName) {
  propose("p1", prepare());
  approve("p1");
  ledger.reset();
  copy("before");
  EXPECT_EQ(rotate().rule, "");
  fill(2);
  ledger.reset();
  const auto with = [&](const std::vector<std::string>& names) {
    const fs::path at = folder.path / "mixed";
    fs::remove_all(at);
    fs::copy(folder.path / "before", at, fs::copy_options::recursive);
    for (const std::string& name : names)
      fs::copy_file(data() / name, at / name, fs::copy_options::overwrite_existing);
    return said(at);
  };
  EXPECT_EQ(with({}), "");
  const std::string older = with({"log.vkey", "keys/log.jwk", "head"});
  EXPECT_THAT(older, HasSubstr("self-check-log-key"));
  EXPECT_THAT(older, HasSubstr("signs from " + std::to_string(rotated.value + 1) + " entries on"));
  EXPECT_THAT(with({"keys/log.jwk"}), HasSubstr("keys/log.jwk"));
  EXPECT_THAT(with({"head"}), HasSubstr("self-check-head"));
  EXPECT_EQ(with({"log.vkey"}), with({"log.vkey", "keys/log.jwk"}));
  // The other way round: the old key with the log that has replaced it.
  fs::copy_file(folder.path / "before/keys/log.jwk", data() / "keys/log.jwk",
                fs::copy_options::overwrite_existing);
  EXPECT_THAT(said(data()), HasSubstr("it was replaced"));
}

TEST_F(LogKey, ItIsVerifiedAndRebuiltAsAnyOther) {
  fill(1);
  replace();
  fill(2, 10);
  replace("p2", kReads + 40);
  fill(1, 20);
  const log::OwnKeys keys = ledger->keys();
  EXPECT_EQ(keys.log.all().size(), 3U);
  EXPECT_EQ(keys, log::own_keys(*ledger->head()->registry));
  ASSERT_TRUE(ledger->rebuild([](auto, auto) {}));
  EXPECT_EQ(keys, log::own_keys(*ledger->head()->registry));
  open();
  EXPECT_EQ(ledger->keys(), keys);
  ledger.reset();
  EXPECT_EQ(verified(data()), "");

  const auto tampered = [&](const std::function<void(store::Store&, store::Batch&)>& change) {
    const fs::path at = folder.path / "tampered";
    fs::remove_all(at);
    fs::copy(data(), at, fs::copy_options::recursive);
    store::Options o;
    o.path = at / "store";
    {
      const auto store = std::move(*store::Store::open(o));
      store::Batch batch;
      change(*store, batch);
      EXPECT_TRUE(store->write(batch, true));
      EXPECT_TRUE(store->flush());
    }
    return verified(at);
  };
  const std::uint64_t first = keys.log.all()[1].from;
  EXPECT_THAT(tampered([](auto&, auto& b) { b.erase(store::Family::meta, log::kLogKeysKey); }),
              HasSubstr("self-check-log-key"));
  EXPECT_THAT(tampered([](auto&, auto& b) {
                b.put(store::Family::meta, log::kLogKeysKey, store::index_key(1));
              }),
              HasSubstr("does not rotate the log's key"));
  // The checkpoint between without the old key's signature, or with the new one's alone.
  EXPECT_THAT(tampered([&](auto& s, auto& b) {
                std::string note = **s.get(store::Family::checkpoints, store::index_key(first));
                const std::size_t line = note.find("\n\n") + 2;
                note.erase(line, note.find('\n', line) + 1 - line);
                b.put(store::Family::checkpoints, store::index_key(first), note);
              }),
              HasSubstr("both sign"));
}

TEST_F(LogKey, WhoKnowsOneKeyGetsToTheOthersByProof) {
  replace();
  fill(1);
  const merkle::NoteKey second = ledger->vkey();
  replace("p2", kReads);
  const merkle::LogKeys all = ledger->keys().log;
  const std::string text = json::serialize(json::value(chain()));
  const auto read = replay::read_key_chain(text);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->keys, all);
  ASSERT_EQ(read->links.size(), 2U);
  EXPECT_EQ(read->links[1].index, rotated);
  EXPECT_EQ(read->links[1].proposal, "p2");
  for (const merkle::NoteKey& known : {old_key, second, ledger->vkey()})
    EXPECT_EQ(replay::follow(known, *read).value(), all);
  EXPECT_EQ(replay::follow(all, *read).value(), all);
  const merkle::NoteKey stranger{old_key.name, test_key("another").public_key()};
  EXPECT_EQ(rule(replay::follow(stranger, *read)), "log-keys-differ");

  // No link is taken that one of its keys has not signed, or that skips one.
  const auto changed = [&](const std::function<void(json::array&)>& change) {
    json::object o = chain();
    change(o["keys"].as_array());
    return rule(replay::read_key_chain(json::serialize(json::value(o))));
  };
  EXPECT_EQ(changed([](json::array& a) { a.erase(a.begin() + 1); }), "key-chain");
  EXPECT_EQ(changed([](json::array& a) { std::swap(a[1], a[2]); }), "key-chain");
  EXPECT_EQ(changed([](json::array& a) { a.clear(); }), "key-chain");
  EXPECT_EQ(changed([&](json::array& a) { a[1].as_object()["statement"] = a[2].at("statement"); }),
            "inclusion-proof");
  EXPECT_EQ(changed([&](json::array& a) {
              merkle::Receipt forged = *ledger->receipt(LogIndex{all.all()[1].from - 1});
              forged.checkpoint = merkle::sign_checkpoint(
                  merkle::open_checkpoint(forged.checkpoint, old_key).value(), test_key("another"));
              a[1].as_object()["receipt"] = merkle::to_text(forged);
            }),
            "note-unsigned");
  EXPECT_EQ(changed([](json::array& a) { a[0].as_object()["vkey"] = "none"; }), "note-key");
}

}  // namespace
}  // namespace relais::tests
