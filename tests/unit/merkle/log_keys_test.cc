// The keys of a log: which one signs which tree, the file that names them, and where one hands
// over.
#include "ledger/merkle/log_keys.h"

#include <gtest/gtest.h>

#include "tests/unit/merkle/support.h"

namespace relais::merkle {
namespace {

using test::key;
using test::rule;

const std::string kKeysOrigin = "example.com/log";

NoteKey vkey(std::uint64_t seed, const std::string& name = kKeysOrigin) {
  return {name, key(seed).public_key(), 0x01};
}
std::string note(std::uint64_t size, std::uint64_t seed) {
  return sign_checkpoint({kKeysOrigin, size, empty_root()}, key(seed));
}
/// Key 1 up to 40, key 2 up to 99, key 3 from 100 on.
LogKeys three() {
  LogKeys keys(vkey(1));
  EXPECT_TRUE(keys.add(key(2).public_key(), 41));
  EXPECT_TRUE(keys.add(key(3).public_key(), 100));
  return keys;
}

TEST(LogKeys, EachSignsItsTreesAlone) {
  const LogKeys keys = three();
  for (const auto& [size, seed] :
       {std::pair{0, 1}, {40, 1}, {41, 2}, {99, 2}, {100, 3}, {7000, 3}}) {
    const auto at = static_cast<std::uint64_t>(size);
    EXPECT_EQ(keys.at(at), vkey(static_cast<std::uint64_t>(seed))) << size;
    for (std::uint64_t by = 1; by <= 4; ++by) {
      const std::string got = rule(open_checkpoint(note(at, by), keys));
      EXPECT_EQ(got, by == static_cast<std::uint64_t>(seed) ? "ok"
                     : by == 4                              ? "note-unsigned"
                                                            : "checkpoint-key-range")
          << size << " by " << by;
    }
  }
  const auto late = open_checkpoint(note(41, 1), keys);
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().message.find(to_vkey(vkey(1))), std::string::npos);
  EXPECT_NE(late.error().accepted.find(to_vkey(vkey(2))), std::string::npos);
}

TEST(LogKeys, WhereOneHandsOverBothSign) {
  const LogKeys keys = three();
  const std::string both = countersign(note(41, 1), key(2));
  for (const NoteKey& one : {vkey(1), vkey(2)}) EXPECT_EQ(rule(open_checkpoint(both, one)), "ok");
  EXPECT_EQ(rule(open_checkpoint(both, keys)), "ok");
  EXPECT_EQ(rule(check_handover(both, 41, keys)), "ok");
  EXPECT_EQ(rule(check_handover(note(41, 2), 41, keys)), "note-unsigned");
  EXPECT_EQ(rule(check_handover(note(42, 2), 42, keys)), "ok");
  // The old one beside the new one, later: it is not asked for, and says nothing.
  EXPECT_EQ(rule(open_checkpoint(countersign(note(60, 1), key(2)), keys)), "ok");
}

TEST(LogKeys, TheFileNamesThemAll) {
  const LogKeys keys = three();
  const std::string text = to_text(keys);
  EXPECT_EQ(text,
            to_vkey(vkey(3)) + "\n" + to_vkey(vkey(2)) + " 99\n" + to_vkey(vkey(1)) + " 40\n");
  EXPECT_EQ(parse_log_keys(text).value(), keys);
  EXPECT_EQ(parse_log_keys(to_vkey(vkey(1))).value(), LogKeys(vkey(1)));
  EXPECT_EQ(to_text(LogKeys(vkey(1))), to_vkey(vkey(1)) + "\n");
  // Two keys were replaced before anything of the log of reads was signed by the middle one.
  LogKeys quick(vkey(1));
  EXPECT_TRUE(quick.add(key(2).public_key(), 1));
  EXPECT_TRUE(quick.add(key(3).public_key(), 1));
  EXPECT_EQ(parse_log_keys(to_text(quick)).value(), quick);
  EXPECT_EQ(quick.at(0), vkey(1));
  EXPECT_EQ(quick.at(1), vkey(3));
}

TEST(LogKeys, WhatIsNoHistoryIsRefused) {
  const std::string newest = to_vkey(vkey(3)) + "\n";
  for (const std::string& text :
       {std::string(), newest + to_vkey(vkey(2)), newest + to_vkey(vkey(2)) + " -1",
        newest + to_vkey(vkey(2)) + " 041", newest + to_vkey(vkey(2)) + " 18446744073709551615",
        newest + to_vkey(vkey(2)) + " 40\n" + to_vkey(vkey(1)) + " 50",
        newest + to_vkey(vkey(3)) + " 40", newest + to_vkey(vkey(2, "example.com/other")) + " 40",
        newest + "\n" + to_vkey(vkey(2)) + " 40", to_vkey(vkey(3)) + " 7"})
    EXPECT_NE(rule(parse_log_keys(text)), "ok") << text;
  LogKeys many(vkey(1));
  for (std::uint64_t i = 2; i <= kMaxLogKeys; ++i)
    EXPECT_TRUE(many.add(key(i).public_key(), i * 10));
  EXPECT_EQ(rule(many.add(key(500).public_key(), 9'000)), "log-keys");
  EXPECT_EQ(parse_log_keys(to_text(many)).value(), many);
  EXPECT_EQ(rule(parse_log_keys(newest +
                                [&] {
                                  std::string rest = to_text(many);
                                  return rest.insert(rest.find('\n'), " 9000");
                                }())),
            "log-keys");
}

TEST(LogKeys, OneExtendsWhatIsKnownAtEitherEnd) {
  const LogKeys keys = three();
  EXPECT_TRUE(keys.extends(keys));
  for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_TRUE(keys.extends(vkey(i))) << i;
  EXPECT_FALSE(keys.extends(vkey(4)));
  LogKeys middle(vkey(2));
  EXPECT_TRUE(middle.add(key(3).public_key(), 100));
  EXPECT_TRUE(keys.extends(middle));
  EXPECT_FALSE(middle.extends(keys));
  LogKeys elsewhere(vkey(2));
  EXPECT_TRUE(elsewhere.add(key(3).public_key(), 101));
  EXPECT_FALSE(keys.extends(elsewhere)) << "the same keys, and another tree at which they change";
  EXPECT_FALSE(keys.extends(LogKeys(vkey(1, "example.com/other"))));
}

}  // namespace
}  // namespace relais::merkle
