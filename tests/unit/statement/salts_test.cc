#include "ledger/statement/salts.h"

#include <gtest/gtest.h>

#include "ledger/crypto/base64.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/statement/sd_jwt.h"

namespace relais::statement {
namespace {

std::string with_salt(const std::string& salt, const std::string& value = "1") {
  return crypto::base64url_encode("[\"" + salt + "\",\"a\"," + value + "]");
}

std::string rule_of(const std::vector<std::string>& disclosures) {
  const auto uses = check_salts(disclosures);
  return uses ? "" : uses.error().rule;
}

TEST(Salts, OursAreGood) {
  crypto::SystemRandom random;
  std::vector<std::string> made;
  for (int i = 0; i < 500; ++i) made.push_back(make_disclosure("a", i, random));
  EXPECT_EQ(rule_of(made), "");
}

TEST(Salts, WhatOthersMakeIsTaken) {
  // RFC 9901, section 5; 32 figures of hexadecimal; 128 bits and more in base64url.
  for (const char* salt : {"2GLC42sKQveCfGfryNRN9w", "8f14e45fceea167a5a36dedd4bea2543",
                           "eluV5Og3gSNII8EYnsxA_A", "6Ij7tM-a5iVPGboS5tmvVAeXb2cJ4kQq"})
    EXPECT_EQ(rule_of({with_salt(salt)}), "") << salt;
}

TEST(Salts, WhatCanBeGuessedIsRefused) {
  for (const char* salt :
       {"AAAAAAAAAAAAAAAAAAAAAA", "c2FsdHNhbHRzYWx0c2FsdA", "AAAAAAAAAAAAAAAAAAAAAQ",
        "8f14e45fceea167a5a36de",  // 88 bits of hexadecimal
        "31415926535897932384626433832795", "not base64url at all!!", "2GLC42sKQveCfGfryNRN9"})
    EXPECT_EQ(rule_of({with_salt(salt)}), "sd-salt") << salt;
}

TEST(Salts, OneForEachDisclosure) {
  const std::string salt = "2GLC42sKQveCfGfryNRN9w";
  EXPECT_EQ(rule_of({with_salt(salt, "1"), with_salt(salt, "2")}), "sd-salt-repeated");
}

}  // namespace
}  // namespace relais::statement
