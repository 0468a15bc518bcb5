#include "ledger/base/json.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <string>

#include "ledger/base/json_memory.h"

namespace relais {
namespace {

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

struct Refusal {
  const char* name;
  std::string text;
  std::string rule;
};

class JsonRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(JsonRefuses, WithTheRule) {
  const auto got = json::parse(GetParam().text);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Errc::malformed);
  EXPECT_EQ(got.error().rule, GetParam().rule);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonRefuses,
    ::testing::Values(
        Refusal{"Nothing", "", "json-syntax"}, Refusal{"OnlySpace", " \n", "json-syntax"},
        Refusal{"CutShort", R"({"a":1)", "json-syntax"},
        Refusal{"CutShortString", R"("abc)", "json-syntax"},
        Refusal{"DuplicateMember", R"({"a":1,"a":2})", "json-duplicate-member"},
        Refusal{"DuplicateByEscape", R"({"a":1,"\u0061":2})", "json-duplicate-member"},
        Refusal{"DuplicateEmptyName", R"({"":1,"":2})", "json-duplicate-member"},
        Refusal{"DuplicateBelow", R"([{"b":{"a":1,"c":[],"a":1}}])", "json-duplicate-member"},
        Refusal{"Infinite", "1e400", "json-number-range"},
        Refusal{"InfiniteBelow", R"({"a":[-1e400]})", "json-number-range"},
        Refusal{"PastTwoTo53", "9007199254740993", "json-number-range"},
        Refusal{"PastMinusTwoTo53", "-9007199254740993", "json-number-range"},
        Refusal{"PastInt64", "9223372036854775808", "json-number-range"},
        Refusal{"PastUint64", "18446744073709551616", "json-number-range"},
        Refusal{"FortyDigits", std::string(40, '7'), "json-number-range"},
        Refusal{"FourHundredDigits", "-" + std::string(400, '7'), "json-number-range"},
        Refusal{"LeadingZero", "01", "json-syntax"}, Refusal{"LeadingPlus", "+1", "json-syntax"},
        Refusal{"NoFraction", "1.", "json-syntax"}, Refusal{"Nan", "NaN", "json-syntax"},
        Refusal{"LoneHighSurrogate", R"("\ud800")", "json-syntax"},
        Refusal{"LoneLowSurrogate", R"("\udc00")", "json-syntax"},
        Refusal{"TwoHighSurrogates", R"("\ud800\ud800")", "json-syntax"},
        Refusal{"SurrogateInName", R"({"\ud800":1})", "json-syntax"},
        Refusal{"SurrogateAsUtf8", "\"\xed\xa0\x80\"", "json-syntax"},
        Refusal{"InvalidUtf8", "\"\xff\"", "json-syntax"},
        Refusal{"OverlongUtf8", "\"\xc0\xaf\"", "json-syntax"},
        Refusal{"CutUtf8", "\"\xe2\x82\"", "json-syntax"},
        Refusal{"RawControl", "\"\x01\"", "json-syntax"},
        Refusal{"RawNul", std::string("\"\0\"", 3), "json-syntax"},
        Refusal{"ByteOrderMark", "\xef\xbb\xbf{}", "json-syntax"},
        Refusal{"TwoValues", "{} {}", "json-syntax"}, Refusal{"Behind", "{}x", "json-syntax"},
        Refusal{"NulBehind", std::string("{}\0", 3), "json-syntax"},
        Refusal{"TrailingComma", "[1,]", "json-syntax"},
        Refusal{"Comment", "/* a */ 1", "json-syntax"},
        Refusal{"SingleQuotes", "{'a':1}", "json-syntax"},
        Refusal{"UpperCaseTrue", "True", "json-syntax"},
        Refusal{"TooDeep", nested(json::kMaxDepth + 1), "json-depth"},
        Refusal{"FarTooDeep", std::string(100'000, '['), "json-depth"}),
    [](const auto& entry) { return std::string(entry.param.name); });

struct Accepted {
  const char* name;
  std::string text;
  std::string again;  ///< what serialize makes of it
};

class JsonReads : public ::testing::TestWithParam<Accepted> {};

TEST_P(JsonReads, AndWritesAgain) {
  const auto got = json::parse(GetParam().text);
  ASSERT_TRUE(got.has_value()) << to_string(got.error());
  EXPECT_EQ(json::serialize(*got), GetParam().again);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonReads,
    ::testing::Values(Accepted{"Space", " \t\r\n{ \"a\" : [ ] } \n", R"({"a":[]})"},
                      Accepted{"OrderIsKept", R"({"b":1,"a":2})", R"({"b":1,"a":2})"},
                      Accepted{"SameNameElsewhere", R"({"a":{"a":1},"b":{"a":2}})",
                               R"({"a":{"a":1},"b":{"a":2}})"},
                      Accepted{"TwoTo53", "9007199254740992", "9007199254740992"},
                      Accepted{"MinusTwoTo53", "-9007199254740992", "-9007199254740992"},
                      Accepted{"SurrogatePair", R"("\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""},
                      Accepted{"Escapes", R"("\"\\\/\b\f\n\r\t\u0000")",
                               R"("\"\\/\b\f\n\r\t\u0000")"},
                      Accepted{"Accents", "\"\xc3\xa9t\xc3\xa9\"", "\"\xc3\xa9t\xc3\xa9\""},
                      Accepted{"Scalars", "[true,false,null,0,-1]", "[true,false,null,0,-1]"},
                      Accepted{"Deepest", nested(json::kMaxDepth), nested(json::kMaxDepth)}),
    [](const auto& entry) { return std::string(entry.param.name); });

TEST(Json, NamesTheDuplicateMember) {
  const auto got = json::parse(R"({"x":{"risk":1,"risk":2}})");
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().field, "risk");
}

TEST(Json, ReadsFractionsAsDoubles) {
  const auto got = json::parse("[0.5,1e3,-2.25E-1,1e308]");
  ASSERT_TRUE(got.has_value());
  const json::array& numbers = got->get_array();
  EXPECT_EQ(numbers[0].get_double(), 0.5);
  EXPECT_EQ(numbers[1].get_double(), 1000.0);
  EXPECT_EQ(numbers[2].get_double(), -0.225);
  EXPECT_EQ(numbers[3].get_double(), 1e308);
}

TEST(Json, StandsInTheMemoryThatIsGiven) {
  std::array<unsigned char, 512> room;
  boost::json::monotonic_resource memory(room.data(), room.size());
  const std::string text = R"({"a":["more than fits beside its length",{"b":1}],"c":")" +
                           std::string(2'000, 'x') + "\"}";
  const auto got = json::parse(text, &memory);
  ASSERT_TRUE(got.has_value()) << to_string(got.error());
  EXPECT_EQ(got->storage().get(), &memory);
  EXPECT_EQ(json::serialize(*got), text);
  const auto twice = json::parse(R"({"a":{"b":1,"b":2}})", &memory);
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().rule, "json-duplicate-member");
}

TEST(Json, FindsStringsOnly) {
  const auto got = json::parse(R"({"s":"text","n":1,"z":null})");
  ASSERT_TRUE(got.has_value());
  const json::object& o = got->get_object();
  ASSERT_NE(json::find_string(o, "s"), nullptr);
  EXPECT_EQ(*json::find_string(o, "s"), "text");
  EXPECT_EQ(json::find_string(o, "n"), nullptr);
  EXPECT_EQ(json::find_string(o, "z"), nullptr);
  EXPECT_EQ(json::find_string(o, "absent"), nullptr);
}

}  // namespace
}  // namespace relais
