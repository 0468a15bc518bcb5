#include "ledger/base/archive.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace relais::sample {

enum class Colour : std::uint8_t { red, green = 7, blue = 200 };

struct Inner {
  std::int32_t number = 0;
  std::string text;
  bool operator==(const Inner&) const = default;
};

template <class A>
void archive(A& ar, Inner& r) {
  ar(r.number, r.text);
}

struct Record {
  std::uint64_t big = 0;
  std::int64_t signed_big = 0;
  std::uint16_t small = 0;
  bool flag = false;
  Colour colour = Colour::red;
  LogIndex index;
  Timestamp time;
  Uuid uuid;
  KeyId key;
  Hash hash{};
  std::string text;
  std::vector<Inner> list;
  std::map<std::string, std::uint32_t, std::less<>> by_name;
  std::set<std::uint32_t> numbers;
  std::optional<Inner> maybe;
  std::optional<Timestamp> when;
  bool operator==(const Record&) const = default;
};

template <class A>
void archive(A& ar, Record& r) {
  ar(r.big, r.signed_big, r.small, r.flag, r.colour, r.index, r.time, r.uuid, r.key, r.hash, r.text,
     r.list, r.by_name, r.numbers, r.maybe, r.when);
}

Inner arbitrary_inner() {
  return {*rc::gen::arbitrary<std::int32_t>(), *rc::gen::string<std::string>()};
}

Record arbitrary_record() {
  Record r;
  // Small numbers and extreme ones alike.
  r.big = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(0, 64);
  r.signed_big = *rc::gen::arbitrary<std::int64_t>() >> *rc::gen::inRange(0, 64);
  r.small = *rc::gen::arbitrary<std::uint16_t>();
  r.flag = *rc::gen::arbitrary<bool>();
  r.colour = *rc::gen::element(Colour::red, Colour::green, Colour::blue);
  r.index.value = *rc::gen::arbitrary<std::uint64_t>();
  r.time.value = *rc::gen::arbitrary<std::int64_t>();
  r.uuid = {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
  r.key.bytes = *rc::gen::arbitrary<Hash>();
  r.hash = *rc::gen::arbitrary<Hash>();
  r.text = *rc::gen::string<std::string>();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) r.list.push_back(arbitrary_inner());
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
    r.by_name[*rc::gen::string<std::string>()] = *rc::gen::arbitrary<std::uint32_t>();
  r.numbers = *rc::gen::arbitrary<std::set<std::uint32_t>>();
  if (*rc::gen::arbitrary<bool>()) r.maybe = arbitrary_inner();
  if (*rc::gen::arbitrary<bool>()) r.when = Timestamp{*rc::gen::arbitrary<std::int64_t>()};
  return r;
}

}  // namespace relais::sample

namespace relais {
namespace {

using sample::Inner;
using sample::Record;

RC_GTEST_PROP(Archive, RoundTrip, ()) {
  const Record record = sample::arbitrary_record();
  const auto back = decode<Record>(encode(record));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == record);
}

RC_GTEST_PROP(Archive, EveryShorterTextAndALongerOneIsRefused, ()) {
  const std::string bytes = encode(sample::arbitrary_record());
  const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
  RC_ASSERT(!decode<Record>(bytes.substr(0, cut)).has_value());
  RC_ASSERT(!decode<Record>(bytes + '\0').has_value());
}

RC_GTEST_PROP(Archive, ArbitraryBytesNeverReadPastTheEnd, (const std::string& bytes)) {
  // What is read from foreign bytes is a record like any other, and has no other bytes.
  const auto record = decode<Record>(bytes);
  if (record) RC_ASSERT(encode(*record) == bytes);
}

TEST(Archive, BytesAreTheDocumentedOnes) {
  EXPECT_EQ(to_hex(encode(Inner{0, ""})), "0000");
  EXPECT_EQ(to_hex(encode(Inner{-1, "ab"})), "01026162");
  EXPECT_EQ(to_hex(encode(Inner{150, "x"})), "ac020178");  // zigzag 300
  EXPECT_EQ(to_hex(encode(LogIndex{300})), "ac02");
  EXPECT_EQ(to_hex(encode(Uuid{1, 2})), "00000000000000010000000000000002");
  EXPECT_EQ(to_hex(encode(std::optional<std::uint8_t>{})), "00");
  EXPECT_EQ(to_hex(encode(std::optional<std::uint8_t>{5})), "0105");
  EXPECT_EQ(to_hex(encode(std::vector<std::string>{"", "a"})), "02000161");
}

TEST(Archive, ACountPastTheBytesReservesNothing) {
  std::string bytes(9, '\xff');
  bytes.push_back('\x01');  // 2^64 - 1 elements
  EXPECT_FALSE(decode<std::vector<std::string>>(bytes).has_value());
  EXPECT_FALSE(decode<std::string>(bytes).has_value());
  EXPECT_FALSE((decode<std::map<std::string, std::string>>(bytes)).has_value());
}

TEST(Archive, AValueHasOneEncoding) {
  using Numbers = std::set<std::uint32_t>;
  using Names = std::map<std::string, std::uint32_t>;
  EXPECT_EQ(decode<LogIndex>("\x01"), LogIndex{1});
  EXPECT_FALSE(decode<LogIndex>({"\x81\x00", 2})) << "longer than it need be";
  EXPECT_FALSE(decode<LogIndex>(std::string(9, '\xff') + '\x02')) << "past 64 bits";
  EXPECT_FALSE(decode<std::uint16_t>("\x80\x80\x04")) << "past 16 bits";
  EXPECT_FALSE(decode<std::int8_t>("\x80\x02")) << "past 8 bits";
  EXPECT_FALSE(decode<bool>("\x02"));
  EXPECT_FALSE(decode<std::optional<bool>>({"\x02\x00", 2}));
  EXPECT_FALSE(decode<sample::Colour>("\x80\x02")) << "past what the enum is of";
  EXPECT_EQ(decode<Numbers>("\x02\x01\x02"), (Numbers{1, 2}));
  EXPECT_FALSE(decode<Numbers>("\x02\x02\x01")) << "out of order";
  EXPECT_FALSE(decode<Numbers>("\x02\x01\x01")) << "twice";
  EXPECT_EQ(decode<Names>("\x02\x01"
                          "a\x01\x01"
                          "b\x01"),
            (Names{{"a", 1}, {"b", 1}}));
  EXPECT_FALSE(
      decode<Names>("\x02\x01"
                    "b\x01\x01"
                    "a\x01"));
  EXPECT_FALSE(
      decode<Names>("\x02\x01"
                    "a\x01\x01"
                    "a\x02"));
}

TEST(Archive, AVarintThatNeverEndsIsRefused) {
  EXPECT_FALSE(decode<LogIndex>(std::string(11, '\x80')).has_value());
  EXPECT_FALSE(decode<LogIndex>(std::string(3, '\x80')).has_value());
}

}  // namespace
}  // namespace relais
