// DIR/head and the keys: what a start refuses, and the way out when the file is lost.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "ledger/tiles/head_file.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

constexpr std::streamoff kSlot = 4096;

class HeadOf : public LedgerTest {
 protected:
  std::filesystem::path file() const { return data() / "head"; }
  std::string bytes() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void change(std::streamoff at) {
    std::string b = bytes();
    b[static_cast<std::size_t>(at)] = static_cast<char>(b[static_cast<std::size_t>(at)] ^ 1);
    std::ofstream(file(), std::ios::binary) << b;
  }
  tiles::HeadContent content() const {
    return tiles::HeadFile::read(file(), *log::load_vkey(data()));
  }
  /// Opens for writing; "" or the error.
  std::string start(std::optional<std::string> accept = {}, bool strict = false) {
    ledger.reset();
    log::Options options;
    options.data = data();
    options.accept_head = std::move(accept);
    options.strict = strict;
    options.read_only = strict;
    auto opened = log::Ledger::open(options, clock, model_factory());
    if (!opened) return to_string(opened.error());
    ledger = std::move(*opened);
    return "";
  }
  std::string name() const {
    const auto& c = ledger->head()->checkpoint;
    return std::to_string(c.size) + ":" + crypto::base64_encode(view(c.root));
  }
  /// The newest slot's offset.
  std::streamoff newest() const { return content().next == 0 ? kSlot : 0; }
};

TEST_F(HeadOf, ALostHeadIsRefusedAndTakenByItsName) {
  fill(2);
  const std::string last = name();
  ledger.reset();
  const std::string whole = bytes();
  for (const std::string& lost :
       {std::string("missing"), std::string("empty"), std::string("damaged")}) {
    std::filesystem::remove(file());
    if (lost == "empty") std::ofstream(file()).flush();
    if (lost == "damaged") std::ofstream(file(), std::ios::binary) << std::string(8192, 'x');
    const std::string said = start();
    EXPECT_NE(said.find("self-check-head"), std::string::npos) << said;
    EXPECT_NE(said.find("head is " + lost), std::string::npos) << said;
    EXPECT_NE(said.find("relais rebuild --data"), std::string::npos) << said;
    EXPECT_NE(said.find(last), std::string::npos) << said;
  }
  EXPECT_NE(start("3:AAAA").find("head-differs"), std::string::npos);
  EXPECT_EQ(start(last), "");
  ledger.reset();
  EXPECT_EQ(content().newest->size, std::stoull(last));
  EXPECT_TRUE(content().flaw.empty()) << content().flaw;
  EXPECT_EQ(start(), "");
  EXPECT_NE(start(last).find("head-holds"), std::string::npos) << "it is not lost any more";
}

TEST_F(HeadOf, AnOlderStoreWithoutHeadIsRefused) {
  fill(1);
  ledger.reset();
  std::filesystem::copy(data() / "store", folder.path / "older",
                        std::filesystem::copy_options::recursive);
  EXPECT_EQ(start(), "");
  fill(1, 100);
  ledger.reset();
  std::filesystem::remove_all(data() / "store");
  std::filesystem::rename(folder.path / "older", data() / "store");
  EXPECT_NE(start().find("was handed out"), std::string::npos);
  std::filesystem::remove(file());
  EXPECT_NE(start().find("head is missing"), std::string::npos);
}

/// No checkpoint is over what completes a statement of before: the number of the write is.
TEST_F(HeadOf, AWriteThatNoCheckpointIsOverIsMissed) {
  fill(1);
  json::object payload = detected();
  payload["note"] = "exemple";
  const std::string whole = sign("ml1", "case.detected", case_subject(50), payload);
  ASSERT_TRUE(submit(whole.substr(0, whole.find('~') + 1)));
  const std::string last = name();
  ledger.reset();
  const std::filesystem::path older = folder.path / "older";
  std::filesystem::copy(data() / "store", older, std::filesystem::copy_options::recursive);
  EXPECT_EQ(start(), "");
  const auto completed = submit(whole);
  ASSERT_TRUE(completed) << to_string(completed.error());
  EXPECT_EQ(completed->disclosures_added, 1U);
  EXPECT_EQ(name(), last) << "the log has not changed";
  const std::uint64_t written = ledger->store().sequence();
  EXPECT_EQ(content().written, written);
  ledger.reset();
  EXPECT_EQ(start(), "") << "what is whole goes on";
  ledger.reset();

  std::filesystem::remove_all(data() / "store");
  std::filesystem::copy(older, data() / "store", std::filesystem::copy_options::recursive);
  for (const bool strict : {false, true}) {
    const std::string said = start({}, strict);
    EXPECT_NE(said.find("self-check-head"), std::string::npos) << said;
    EXPECT_NE(said.find("write " + std::to_string(written)), std::string::npos) << said;
    EXPECT_NE(said.find("--head " + last), std::string::npos) << said;
  }
  EXPECT_NE(start("1:AAAA").find("head-differs"), std::string::npos);
  EXPECT_EQ(start(last), "");
  EXPECT_TRUE(submit(whole)) << "who has it brings it again";
  ledger.reset();
  EXPECT_EQ(start(), "");
}

/// A newest slot that is torn is passed over only where the store goes further than the other.
TEST_F(HeadOf, ATornSlotOfAWriteWithoutACheckpointIsMendedOnlyWhereTheWriteIsThere) {
  fill(1);
  json::object payload = detected();
  payload["note"] = "exemple";
  const std::string whole = sign("ml1", "case.detected", case_subject(50), payload);
  ASSERT_TRUE(submit(whole.substr(0, whole.find('~') + 1)));
  ledger.reset();
  const std::filesystem::path older = folder.path / "older";
  std::filesystem::copy(data() / "store", older, std::filesystem::copy_options::recursive);
  EXPECT_EQ(start(), "");
  ASSERT_TRUE(submit(whole));
  ledger.reset();
  const std::string before = bytes();
  change(newest() + 300);
  ASSERT_EQ(content().flaw, "is damaged");
  EXPECT_EQ(start(), "");
  ledger.reset();
  std::ofstream(file(), std::ios::binary) << before;
  change(newest() + 300);
  std::filesystem::remove_all(data() / "store");
  std::filesystem::rename(older, data() / "store");
  EXPECT_NE(start().find("head is damaged"), std::string::npos);
}

/// A slot of before has no number: it is taken, and has one after the start.
TEST_F(HeadOf, ASlotOfBeforeIsTaken) {
  fill(1);
  const std::string note = ledger->head()->note;
  ledger.reset();
  std::string slot = note;
  slot.resize(kSlot, '\0');
  std::ofstream(file(), std::ios::binary) << slot << slot;
  EXPECT_EQ(content().written, 0U);
  EXPECT_EQ(content().flaw, "");
  EXPECT_EQ(start(), "");
  EXPECT_EQ(content().written, ledger->store().sequence());
}

TEST_F(HeadOf, TheGenesisNeedsNone) {
  const std::filesystem::path young = folder.path / "young";
  ASSERT_TRUE(log::create_ledger(young, scene_genesis(), clock, random, model_factory()));
  std::filesystem::remove(young / "head");
  log::Options options;
  options.data = young;
  ASSERT_TRUE(log::Ledger::open(options, clock, model_factory()));
  EXPECT_TRUE(std::filesystem::exists(young / "head"));
}

TEST_F(HeadOf, SlotsAreWrittenInTurnAcrossStarts) {
  for (int i = 0; i < 4; ++i) {
    fill(1, 100 + static_cast<std::uint64_t>(i));
    const std::streamoff before = newest();
    EXPECT_EQ(start(), "");
    accept("ml1", "case.detected", case_subject(200 + static_cast<std::uint64_t>(i)), detected());
    EXPECT_NE(newest(), before);
    EXPECT_EQ(content().newest->size, ledger->head()->size().value);
  }
}

/// The store is written before its checkpoint: where the newest slot is torn by a crash, the other
/// is older than the store. Any other slot that does not hold may have been the newest.
TEST_F(HeadOf, ATornSlotIsMendedAndADamagedOneRefused) {
  fill(2);
  ledger.reset();
  const std::string whole = bytes();
  change(newest() + 40);
  EXPECT_NE(start({}, true).find("head is damaged"), std::string::npos) << "verifying is strict";
  EXPECT_EQ(start(), "");
  ledger.reset();
  EXPECT_TRUE(content().flaw.empty());

  change((newest() == 0 ? kSlot : 0) + 40);
  EXPECT_NE(start().find("head is damaged"), std::string::npos);
  std::ofstream(file(), std::ios::binary) << whole;
  change(newest() + kSlot - 1);  // behind the checkpoint
  EXPECT_EQ(content().flaw, "is damaged");
  std::ofstream(file(), std::ios::binary) << whole.substr(0, 5000);
  EXPECT_EQ(content().flaw, "is damaged");
}

/// What is cut behind its first slot may have had the newest in its second.
TEST_F(HeadOf, AHeadOfOneSlotHasLostTheOther) {
  fill(2);
  if (newest() != 0) accept("ml1", "case.risk_assessed", case_subject(1), assessed());
  ASSERT_EQ(newest(), 0);
  ledger.reset();
  const std::string whole = bytes();
  ASSERT_EQ(whole.size(), static_cast<std::size_t>(2 * kSlot));
  std::ofstream(file(), std::ios::binary) << whole.substr(0, kSlot);
  EXPECT_EQ(content().flaw, "is damaged");
  EXPECT_NE(start().find("head is damaged"), std::string::npos);
  std::ofstream(file(), std::ios::binary) << whole;
  EXPECT_EQ(start(), "");
}

/// The log's key has signed both slots.
TEST_F(HeadOf, SlotsThatContradictEachOtherAreRefused) {
  fill(2);
  const auto key = crypto::load_private_key(data() / "keys" / "log.jwk", {});
  ASSERT_TRUE(key);
  const merkle::Checkpoint newest_one = ledger->head()->checkpoint;
  ledger.reset();
  const std::string whole = bytes();
  const std::streamoff other = newest() == 0 ? kSlot : 0;
  for (const std::uint64_t size : {newest_one.size, newest_one.size - 1, std::uint64_t{1}}) {
    merkle::Checkpoint forked{newest_one.origin, size, newest_one.root};
    forked.root[0] ^= 1;
    std::string slot = merkle::sign_checkpoint(forked, *key);
    slot.resize(kSlot, '\0');
    std::string b = whole;
    b.replace(static_cast<std::size_t>(other), kSlot, slot);
    std::ofstream(file(), std::ios::binary) << b;
    const std::string said = start();
    EXPECT_NE(said.find("self-check-head"), std::string::npos) << size << ": " << said;
    EXPECT_NE(start({}, true).find("self-check-head"), std::string::npos) << size;
  }
  std::ofstream(file(), std::ios::binary) << whole;
  EXPECT_EQ(start(), "");
}

TEST_F(HeadOf, FoldersThatOthersMayWriteIntoAreRefused) {
  namespace fs = std::filesystem;
  fill(1);
  for (const fs::path& folder : {data(), data() / "keys", data() / "store"}) {
    fs::permissions(folder, fs::perms::owner_all | fs::perms::group_write);
    EXPECT_NE(start().find("data-folder-mode"), std::string::npos) << folder;
    fs::permissions(folder, fs::perms::owner_all);
    EXPECT_EQ(start(), "") << folder;
  }
}

/// Who owns it may write into it, whatever its mode; root may anyway.
TEST_F(HeadOf, WhatSomebodyElseOwnsIsRefused) {
  namespace fs = std::filesystem;
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  fill(1);
  constexpr uid_t kOther = 65'534;
  const fs::path key = log::wrapping_key_place(data(), {});
  for (const fs::path& path :
       {data(), data() / "keys", data() / "store", data() / "keys" / "log.jwk", data() / "head",
        data() / "store" / "CURRENT", key}) {
    ASSERT_EQ(::chown(path.c_str(), kOther, static_cast<gid_t>(-1)), 0) << path;
    const std::string said = start();
    EXPECT_NE(said.find("data-owner"), std::string::npos) << path << said;
    EXPECT_NE(said.find(path.string()), std::string::npos) << said;
    ASSERT_EQ(::chown(path.c_str(), 0, static_cast<gid_t>(-1)), 0);
    EXPECT_EQ(start(), "") << path;
  }
}

TEST_F(HeadOf, AWrappingKeyWhereEverybodyMayReplaceItIsRefused) {
  namespace fs = std::filesystem;
  fill(1);
  const fs::path around = log::wrapping_key_place(data(), {}).parent_path();
  fs::permissions(around, fs::perms::all);
  EXPECT_NE(start().find("wrapping-key-folder"), std::string::npos);
  fs::permissions(around, fs::perms::all | fs::perms::sticky_bit);
  EXPECT_EQ(start(), "") << "only owners replace what is in it, as in /tmp";
  fs::permissions(around, fs::perms::owner_all);
  EXPECT_EQ(start(), "");
}

TEST_F(HeadOf, KeysThatAreNotThisLogsAreRefused) {
  fill(1);
  const auto& registry = *ledger->head()->registry;
  const Timestamp at = ledger->head()->last_received;
  ASSERT_TRUE(log::load_system_key(data(), registry, at));
  const auto replace = [&](const std::string& name) {
    std::filesystem::remove(data() / "keys" / name);
    ASSERT_TRUE(crypto::save_private_key(data() / "keys" / name, test_key("ml1"), {}));
  };
  replace("system.jwk");  // a key that the log knows, and not as its own
  const auto system = log::load_system_key(data(), registry, at);
  ASSERT_FALSE(system);
  EXPECT_EQ(system.error().rule, "self-check-system-key");
  EXPECT_EQ(system.error().field, "keys/system.jwk");
  EXPECT_NE(system.error().accepted.find("thumbprint"), std::string::npos);
  std::filesystem::remove(data() / "keys" / "system.jwk");
  EXPECT_EQ(log::load_system_key(data(), registry, at).error().field, "keys/system.jwk");

  replace("log.jwk");
  const std::string said = start();
  EXPECT_NE(said.find("self-check-log-key"), std::string::npos) << said;
  EXPECT_NE(said.find("keys/log.jwk"), std::string::npos) << said;
  EXPECT_NE(said.find(merkle::to_vkey(*log::load_vkey(data()))), std::string::npos) << said;
}

TEST_F(HeadOf, TheConventionFileIsTheOneThatWasSigned) {
  fill(1);
  ledger.reset();
  EXPECT_EQ(start({}, true), "");
  std::ofstream(data() / "convention.toml") << "another convention\n";
  EXPECT_NE(start({}, true).find("self-check-convention"), std::string::npos);
}

}  // namespace
}  // namespace relais::tests
