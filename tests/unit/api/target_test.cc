#include "api/http/target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace relais::api {
namespace {

TEST(Target, PathAndQueryAreSplitAndThenDecoded) {
  const auto t = parse_target("/v1/events/a%2Fb%20c?source=urn%3Ax&open=true&q=a+b&empty=&bare");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->path, (std::vector<std::string>{"v1", "events", "a/b c"}));
  ASSERT_EQ(t->query.size(), 5U);
  EXPECT_EQ(t->query[0].value, "urn:x");
  EXPECT_EQ(t->query[2].value, "a b");
  EXPECT_EQ(t->query[3].value, "");
  EXPECT_EQ(t->query[4].name, "bare");
}

TEST(Target, RootAndTrailingSlashAreDifferentPaths) {
  EXPECT_EQ(parse_target("/")->path, std::vector<std::string>{""});
  EXPECT_EQ(parse_target("/v1/")->path, (std::vector<std::string>{"v1", ""}));
  EXPECT_TRUE(parse_target("*")->path.empty());
}

/// RFC 9112, section 3.2.2: a server must take what a proxy is asked.
TEST(Target, AnAbsoluteFormIsReadBehindItsOrigin) {
  for (const char* same :
       {"http://x/a/b?c=d", "HTTPS://x:443/a/b?c=d", "http://[::1]:80/a/b?c=d"}) {
    const auto t = parse_target(same);
    ASSERT_TRUE(t) << same;
    EXPECT_EQ(t->path, (std::vector<std::string>{"a", "b"})) << same;
    ASSERT_EQ(t->query.size(), 1U) << same;
  }
  EXPECT_EQ(parse_target("http://x")->path, std::vector<std::string>{""});
  EXPECT_EQ(parse_target("http://x?c=d")->path, std::vector<std::string>{""});
  EXPECT_EQ(parse_target("http://x?c=d")->query[0].name, "c");
}

TEST(Target, WhatHasNoFormIsRefused) {
  for (const char* bad :
       {"", "v1", "ftp://x/", "http:///", "http://u@x/", "http:x", "http", "https", "/%", "/%1",
        "/%zz", "/%00", "/a%0Ab", "/%ff", "/%c0%af", "/%ed%a0%80", "/?a=%", "/?%ff=1",
        "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"}) {
    const auto t = parse_target(bad);
    ASSERT_FALSE(t) << bad;
    EXPECT_EQ(t.error().rule, "target-form") << bad;
    EXPECT_EQ(t.error().code, Errc::malformed) << bad;
  }
}

TEST(Target, AParameterIsGivenOnce) {
  const auto t = parse_target("/v1/events?limit=1&%6cimit=2");
  ASSERT_FALSE(t);
  EXPECT_EQ(t.error().rule, "query-repeated");
  EXPECT_EQ(t.error().field, "limit");
}

TEST(Target, TooManyParametersAreRefused) {
  std::string target = "/x?";
  for (int i = 0; i < 33; ++i) target += "p" + std::to_string(i) + "=1&";
  EXPECT_FALSE(parse_target(target));
}

RC_GTEST_PROP(Target, WhatIsEncodedIsDecodedAgain, (const std::vector<std::uint16_t>& units)) {
  std::string text;  // well-formed UTF-8 without control characters, up to three bytes a character
  for (const std::uint16_t u : units) {
    if (u < 0x20 || u == 0x7f || (u >= 0xd800 && u < 0xe000)) continue;
    if (u < 0x80) {
      text.push_back(static_cast<char>(u));
    } else if (u < 0x800) {
      text.push_back(static_cast<char>(0xc0 | (u >> 6)));
      text.push_back(static_cast<char>(0x80 | (u & 0x3f)));
    } else {
      text.push_back(static_cast<char>(0xe0 | (u >> 12)));
      text.push_back(static_cast<char>(0x80 | ((u >> 6) & 0x3f)));
      text.push_back(static_cast<char>(0x80 | (u & 0x3f)));
    }
  }
  RC_ASSERT(is_utf8(text));
  const auto t = parse_target("/" + percent_encode(text) + "?q=" + percent_encode(text));
  RC_ASSERT(t.has_value());
  RC_ASSERT(t->path[0] == text);
  RC_ASSERT(t->query[0].value == text);
}

TEST(Utf8, OverlongFormsAndSurrogatesAreNotUtf8) {
  EXPECT_TRUE(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xff"})
    EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace relais::api
