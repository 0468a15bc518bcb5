// The cases of sd-jwt-python, as SD-JWTs made by tests/data/sd-jwt/convert.py.
#include <filesystem>

#include "ledger/crypto/jwk.h"
#include "tests/unit/statement/support.h"

namespace relais::statement {
namespace {

using namespace tests;

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(RELAIS_SOURCE_DIR) + "/tests/data/sd-jwt"))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

class SdJwtVectors : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { vector_ = read_json("sd-jwt/" + GetParam() + "/sd-jwt.json"); }

  std::string text(std::string_view member) const {
    return std::string(vector_.at(member).as_string());
  }

  /// The payload of an SD-JWT whose signature holds.
  Result<json::object> payload(std::string_view jwt) const {
    RELAIS_ASSIGN(const crypto::Jws jws, crypto::parse_jws(jwt, text("typ")));
    RELAIS_ASSIGN(const crypto::PublicKey key, crypto::parse_public_key(text("x")));
    RELAIS_TRY(crypto::verify_jws(jws, key));
    return object(jws.payload);
  }

  json::value vector_;
};

TEST_P(SdJwtVectors, TheVerifierSeesWhatIsExpected) {
  const std::string presented = text("presented");
  const auto parts = split_sd_jwt(presented);
  ASSERT_TRUE(parts.has_value()) << to_string(parts.error());
  auto signed_payload = payload(parts->jwt);
  ASSERT_TRUE(signed_payload.has_value()) << to_string(signed_payload.error());
  const auto processed = process_sd_jwt(std::move(*signed_payload), parts->disclosures);
  ASSERT_TRUE(processed.has_value()) << to_string(processed.error());
  EXPECT_EQ(json::value(processed->payload), vector_.at("expected"));
  EXPECT_EQ(processed->disclosed.size(), parts->disclosures.size());
  EXPECT_EQ(processed->withheld + parts->disclosures.size(), processed->digests);
}

TEST_P(SdJwtVectors, EveryDisclosureFindsItsPlace) {
  const std::string issued = text("issued");
  const auto parts = split_sd_jwt(issued);
  ASSERT_TRUE(parts.has_value());
  auto signed_payload = payload(parts->jwt);
  ASSERT_TRUE(signed_payload.has_value());
  const auto processed = process_sd_jwt(std::move(*signed_payload), parts->disclosures);
  ASSERT_TRUE(processed.has_value()) << to_string(processed.error());
  EXPECT_EQ(processed->disclosed.size(), parts->disclosures.size());
  const std::string shown = json::serialize(json::value(processed->payload));
  EXPECT_EQ(shown.find("\"_sd\""), std::string::npos) << shown;
  EXPECT_EQ(shown.find("\"...\""), std::string::npos) << shown;
}

TEST_P(SdJwtVectors, AKeyBindingIsRefused) {
  const auto parts = split_sd_jwt(text("presented") + "e30.e30.AA");
  ASSERT_FALSE(parts.has_value());
  EXPECT_EQ(parts.error().rule, "key-binding-unsupported");
}

INSTANTIATE_TEST_SUITE_P(All, SdJwtVectors, ::testing::ValuesIn(case_names()),
                         [](const auto& row) { return row.param; });

TEST(SdJwtCases, AreAllThere) {
  EXPECT_EQ(case_names().size(), 17U);
}

}  // namespace
}  // namespace relais::statement
