// The wrapping key under a running ledger: what is disclosed while it is another would be lost.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

namespace fs = std::filesystem;

class KeyLost : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    key = log::wrapping_key_place(data(), {});
    copy = folder.path / "copy";
    fs::copy_file(key, copy);
  }
  static json::object noted() {
    json::object data = detected();
    data["note"] = "what she said";
    return data;
  }
  /// The rule that a statement with a disclosure is refused with; "" where it is taken.
  std::string disclosing(std::uint64_t n) {
    const auto outcome = submit(sign("ml1", "case.detected", case_subject(n), noted()));
    return outcome ? std::string() : outcome.error().rule;
  }
  std::string looked() {
    ledger->look_at_key();
    const auto lost = ledger->key_lost();
    return lost ? lost->rule : std::string();
  }
  void put(const fs::path& from) {
    fs::copy_file(from, folder.path / "next", fs::copy_options::overwrite_existing);
    fs::rename(folder.path / "next", key);
  }
  fs::path key;
  fs::path copy;
};

TEST_F(KeyLost, NothingThatDisclosesIsTakenWhileTheFileIsAnother) {
  EXPECT_EQ(looked(), "");
  EXPECT_EQ(disclosing(1), "");
  const std::string whole = sign("ml1", "case.detected", case_subject(2), noted());
  ASSERT_TRUE(submit(whole.substr(0, whole.find('~') + 1)));

  const fs::path other = folder.path / "other.wrapping-key";
  {
    const auto theirs = log::wrapping_key_place(folder.path / "other", {});
    ASSERT_EQ(theirs, other);
    log::Genesis genesis = scene_genesis();
    ASSERT_TRUE(log::create_ledger(folder.path / "other", genesis, clock, random, model_factory()));
  }
  put(other);
  EXPECT_EQ(looked(), "wrapping-key-changed");
  EXPECT_EQ(disclosing(3), "wrapping-key-changed");
  const auto completed = submit(whole);
  ASSERT_FALSE(completed) << "a disclosure that comes later is one too";
  EXPECT_EQ(completed.error().rule, "wrapping-key-changed");
  EXPECT_EQ(completed.error().code, Errc::unavailable);
  EXPECT_TRUE(submit(sign("ml1", "case.detected", case_subject(3), detected())));
  EXPECT_FALSE(ledger->failure());

  fs::remove(key);
  EXPECT_EQ(looked(), "wrapping-key-missing");
  EXPECT_EQ(disclosing(4), "wrapping-key-missing");

  put(copy);
  EXPECT_EQ(looked(), "");
  EXPECT_EQ(disclosing(4), "");
  EXPECT_TRUE(submit(whole));
  open();
  EXPECT_EQ(ledger->disclosures(LogIndex{ledger->head()->size().value - 1})->size(), 1U);
}

/// An erasure passes, and is owed until the key is back.
TEST_F(KeyLost, AnErasureIsTakenAndOwed) {
  ASSERT_EQ(disclosing(1), "");
  fs::remove(key);
  EXPECT_EQ(looked(), "wrapping-key-missing");
  accept("ml1", "case.data_erased", case_subject(1),
         tests::data(R"({"basis":"art17","targets":[1]})"));
  EXPECT_FALSE(ledger->purge_erased());
  put(copy);
  EXPECT_EQ(looked(), "");
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_EQ(looked(), "") << "the key is another, and the ledger's own";
}

/// That the file cannot be read for a while says nothing of it.
TEST_F(KeyLost, WhatCannotBeLookedAtIsAsItWas) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string said = looked();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(said, "");
  EXPECT_EQ(disclosing(1), "");
}

}  // namespace
}  // namespace relais::tests
