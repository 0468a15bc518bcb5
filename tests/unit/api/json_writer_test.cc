#include "ledger/base/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "api/http/target.h"
#include "ledger/base/clock.h"
#include "ledger/base/json.h"

namespace relais::api {
namespace {

TEST(JsonWriter, WritesNestedValuesWithTheirCommas) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("a", std::uint64_t{1}).member("b", "x").key("c").begin_array();
  json.text("1").begin_object().end_object().null().boolean(false).signed_number(-7).raw("[2]");
  json.end_array().member("d", true).member("e", Timestamp{0}).key("f").begin_object();
  json.end_object().end_object();
  EXPECT_EQ(out,
            R"({"a":1,"b":"x","c":["1",{},null,false,-7,[2]],"d":true,"e":"1970-01-01T00:00:00Z",)"
            R"("f":{}})");
}

TEST(JsonWriter, EscapesWhatRfc8259Asks) {
  std::string out;
  JsonWriter(out).text(std::string("\"\\\n\r\t\x01\x1f/\x7f\xc3\xa9", 11));
  EXPECT_EQ(out, "\"\\\"\\\\\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa9\"");
}

TEST(JsonWriter, NumbersAreExactAtTheirLimits) {
  std::string out;
  JsonWriter json(out);
  json.begin_array().number(~std::uint64_t{0}).signed_number(INT64_MIN).end_array();
  EXPECT_EQ(out, "[18446744073709551615,-9223372036854775808]");
}

TEST(JsonWriter, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  std::string out;
  JsonWriter(out).text("a\xff\xc3(");
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\xef\xbf\xbd(\"");
}

RC_GTEST_PROP(JsonWriter, AnyTextIsReadBackByTheStrictParser, (const std::string& bytes)) {
  std::string out;
  JsonWriter(out).text(bytes);
  const auto value = json::parse(out);
  RC_ASSERT(value.has_value());
  if (is_utf8(bytes)) RC_ASSERT(std::string(value->as_string()) == bytes);
}

TEST(JsonWriter, LongTextsAreEscapedAsShortOnesAre) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 1000U}) {
    std::string out;
    JsonWriter(out).text(std::string(size, 'a') + "\n");
    EXPECT_EQ(out, '"' + std::string(size, 'a') + "\\n\"");
    out.clear();
    JsonWriter(out)
        .member("k", std::string(size, 'a'))
        .member("l", std::string(size, 'b') + "\x01");
    EXPECT_EQ(out, "\"k\":\"" + std::string(size, 'a') + "\",\"l\":\"" + std::string(size, 'b') +
                       "\\u0001\"");
  }
}

RC_GTEST_PROP(JsonWriter, TimesAreThoseOfTheRestOfTheProject, ()) {
  const auto ms = *rc::gen::inRange<std::int64_t>(0, 253'402'300'800'000);
  const Timestamp t{*rc::gen::element(ms, ms / 1000 * 1000, ms / 86'400'000 * 86'400'000)};
  std::string out;
  JsonWriter(out).member("t", t);
  RC_ASSERT(out == "\"t\":\"" + to_rfc3339(t) + "\"");
}

TEST(JsonWriter, EveryDayOfFourCenturiesIsWrittenAsElsewhere) {
  for (std::int64_t day = 0; day < 146'097 + 1; ++day) {
    const Timestamp t{day * 86'400'000 + 1};
    std::string out;
    JsonWriter(out).member("t", t);
    ASSERT_EQ(out, "\"t\":\"" + to_rfc3339(t) + "\"");
  }
}

RC_GTEST_PROP(JsonWriter, UuidsAreThoseOfTheRestOfTheProject,
              (std::uint64_t high, std::uint64_t low)) {
  std::string out;
  JsonWriter(out).member("u", Uuid{high, low});
  RC_ASSERT(out == "\"u\":\"" + to_string(Uuid{high, low}) + "\"");
}

}  // namespace
}  // namespace relais::api
