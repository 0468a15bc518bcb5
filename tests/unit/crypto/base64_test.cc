#include "ledger/crypto/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace relais::crypto {
namespace {

struct Row {
  const char* bytes;
  const char* padded;
  const char* url;
};

// RFC 4648, section 10.
constexpr Row kRows[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff", "+/8=", "-_8"},
};

TEST(Base64, KnownAnswers) {
  for (const Row& row : kRows) {
    EXPECT_EQ(base64_encode(row.bytes), row.padded);
    EXPECT_EQ(base64url_encode(row.bytes), row.url);
    EXPECT_EQ(base64_decode(row.padded), row.bytes);
    EXPECT_EQ(base64url_decode(row.url), row.bytes);
  }
}

TEST(Base64, UrlRefusesWhatIsNotTheOneText) {
  for (const std::string_view text : {
           "Zg==", "Zg=",   "Zm8=",  "=",                          // padding
           " Zg",  "Zg ",   "Zg\n",  "Z g",   "Zm9v\n",   "\r\n",  // white space
           "QR",   "Qf",    "Zm9",   "Zm-",                // trailing bits that are not zero
           "Z",    "Zm9vY",                                // no whole byte
           "+/8",  "Zm+v",  "Zm9v.", "Zm9v~", "\xc3\xa9",  // foreign characters
       })
    EXPECT_FALSE(base64url_decode(text).has_value()) << text;
  EXPECT_FALSE(base64url_decode(std::string_view("Zg\0", 3)).has_value());
  EXPECT_FALSE(base64url_decode(std::string_view("\0Zg", 3)).has_value());
}

TEST(Base64, StandardRefusesWhatIsNotTheOneText) {
  for (const std::string_view text : {
           "Zg",    "Zg=",   "Zm8",      "Zg===",  "Zm9v=",  "Zm9v====", "=", "====",  // padding
           "Zg= =", " Zg==", "Zg== ",    "Zg==\n", "Zm\n9v",  // white space
           "QR==",  "Zm9=",                                   // trailing bits
           "Z",     "Z===",                                   // no whole byte
           "-_8=",  "Zm9v.", "Zg==Zg==",                      // foreign, or two texts
       })
    EXPECT_FALSE(base64_decode(text).has_value()) << text;
}

TEST(Base64, EveryByteOutsideTheAlphabetIsRefused) {
  const std::string_view shared = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (int c = 0; c < 256; ++c) {
    const std::string text{'Z', 'm', static_cast<char>(c), 'v'};
    const bool letter = shared.find(static_cast<char>(c)) != std::string_view::npos;
    EXPECT_EQ(base64url_decode(text).has_value(), letter || c == '-' || c == '_') << c;
    EXPECT_EQ(base64_decode(text).has_value(), letter || c == '+' || c == '/') << c;
  }
}

/// Texts are read in blocks: their ends, and what is wrong, may be anywhere in one.
TEST(Base64, EveryLengthAndEveryPlace) {
  std::string bytes;
  for (int length = 0; length < 150; ++length) {
    const std::string text = base64url_encode(bytes);
    EXPECT_EQ(base64url_decode(text), bytes) << length;
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes) << length;
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string wrong = text;
      wrong[at] = '.';
      EXPECT_FALSE(base64url_decode(wrong).has_value()) << length << " at " << at;
      wrong[at] = static_cast<char>(text[at] | 0x80);
      EXPECT_FALSE(base64url_decode(wrong).has_value()) << length << " at " << at;
    }
    bytes.push_back(static_cast<char>(length * 89 + 7));
  }
}

RC_GTEST_PROP(Base64, RoundTrips, (const std::string& bytes)) {
  RC_ASSERT(base64url_decode(base64url_encode(bytes)) == bytes);
  RC_ASSERT(base64_decode(base64_encode(bytes)) == bytes);
}

RC_GTEST_PROP(Base64, WhatDecodesIsWhatEncodes, ()) {
  // Over the alphabet and a few others, about half of the short texts decode: each must be the one
  // text of its bytes.
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("AQgwZ09-_+/=QQAAAA")));
  if (const auto bytes = base64url_decode(text)) RC_ASSERT(base64url_encode(*bytes) == text);
  if (const auto bytes = base64_decode(text)) RC_ASSERT(base64_encode(*bytes) == text);
}

}  // namespace
}  // namespace relais::crypto
