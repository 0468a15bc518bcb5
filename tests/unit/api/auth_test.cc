#include "api/reading/auth.h"

#include <gtest/gtest.h>

#include "ledger/base/json.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/jws.h"
#include "tests/support/acts.h"

namespace relais::api {
namespace {

using tests::kOrigin;
using tests::test_key;

constexpr std::string_view kSource = "urn:relais:rhone:ml1";

class AuthTest : public ::testing::Test {
 protected:
  void SetUp() override {
    add("relais", 0);
    add("ml1", 1U << static_cast<unsigned>(schema::Role::ML));
    add("analyst", 1U << static_cast<unsigned>(schema::Role::ANALYST));
  }
  void add(const std::string& slug, std::uint16_t roles) {
    rules::Signatory s;
    s.slug = slug;
    s.source = "urn:relais:rhone:" + slug;
    s.roles = roles;
    const SignatoryId id = registry.add(s).id;
    rules::Key k;
    k.key = test_key(slug).public_key();
    k.kid = crypto::thumbprint(k.key);
    k.owner = id;
    k.valid_from = Timestamp{0};
    registry.add_key(k);
  }
  std::int64_t now() const { return clock.now().value / 1000; }

  json::object claims() {
    json::object o;
    o["iss"] = kSource;
    o["aud"] = kOrigin;
    o["iat"] = now();
    o["exp"] = now() + 300;
    o["jti"] = "1";
    o["purpose"] = "test";
    return o;
  }
  std::string sign(const json::object& o, std::string_view signer = "ml1",
                   std::string_view typ = kAccessTyp) {
    return "Bearer " + crypto::sign_jws(test_key(signer), typ, json::serialize(o));
  }
  std::string rule(const std::string& authorization) {
    const auto reader =
        authenticator.authenticate(authorization, registry, clock.now(), last_received);
    if (reader) return "ok";
    EXPECT_EQ(reader.error().code, Errc::unauthenticated) << reader.error().rule;
    return reader.error().rule;
  }

  ManualClock clock{tests::kSceneStart};
  Timestamp last_received{0};
  crypto::SeededRandom random{1};
  rules::Registry registry;
  Authenticator authenticator{std::string(kOrigin)};
};

TEST_F(AuthTest, ATokenOfAnEnrolledKeyNamesItsReader) {
  const auto token = make_token(test_key("ml1"), kSource, kOrigin, "case review", clock, random);
  ASSERT_TRUE(token);
  const auto reader =
      authenticator.authenticate("bearer " + *token, registry, clock.now(), last_received);
  ASSERT_TRUE(reader) << to_string(reader.error());
  EXPECT_EQ(reader->id, registry.find_slug("ml1")->id);
  EXPECT_FALSE(reader->analyst());
  EXPECT_EQ(reader->token->purpose, "case review");
  EXPECT_EQ(reader->token->expires_at, now() + 300);
}

TEST_F(AuthTest, TheAnalystIsKnownByItsRole) {
  auto o = claims();
  o["iss"] = "urn:relais:rhone:analyst";
  const auto reader = authenticator.authenticate(sign(o, "analyst"), registry, clock.now(), {});
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->analyst());
}

TEST_F(AuthTest, WithoutATokenNobodyReads) {
  for (const char* bad : {"", "Bearer", "Bearer ", "Basic YTpi", "bear x"})
    EXPECT_EQ(rule(bad), "token-missing") << bad;
  EXPECT_EQ(rule("Bearer x"), "jws-form");
  EXPECT_EQ(rule("Bearer " + std::string(5000, 'a')), "token-size");
}

TEST_F(AuthTest, ATokenEndsAtItsExpiryAlsoFromTheCache) {
  const std::string token = sign(claims());
  EXPECT_EQ(rule(token), "ok");
  clock.advance_ms(299'999);
  EXPECT_EQ(rule(token), "ok");
  clock.advance_ms(1);
  EXPECT_EQ(rule(token), "token-expired");
  auto o = claims();
  o["iat"] = now() - 300;
  o["exp"] = now();
  EXPECT_EQ(rule(sign(o)), "token-expired");
}

TEST_F(AuthTest, ATokenIsForOneLog) {
  auto o = claims();
  o["aud"] = "relais.example/isere";
  EXPECT_EQ(rule(sign(o)), "token-audience");
}

TEST_F(AuthTest, IssuedInTheFutureIsRefusedPastAMinute) {
  auto o = claims();
  o["iat"] = now() + 60;
  o["exp"] = now() + 360;
  EXPECT_EQ(rule(sign(o)), "ok");
  o["iat"] = now() + 61;
  EXPECT_EQ(rule(sign(o)), "token-not-yet");
}

TEST_F(AuthTest, ATokenLivesFiveMinutesAtMost) {
  auto o = claims();
  o["exp"] = now() + 301;
  EXPECT_EQ(rule(sign(o)), "token-lifetime");
  o["exp"] = now();
  EXPECT_EQ(rule(sign(o)), "token-claim");
}

TEST_F(AuthTest, EveryClaimIsNeededInItsForm) {
  for (const char* name : {"iss", "aud", "iat", "exp", "jti", "purpose"}) {
    auto o = claims();
    o.erase(name);
    EXPECT_EQ(rule(sign(o)), "token-claim") << name;
    o = claims();
    o[name] = true;
    EXPECT_EQ(rule(sign(o)), "token-claim") << name;
  }
  auto o = claims();
  o["purpose"] = "";
  EXPECT_EQ(rule(sign(o)), "token-claim");
  o["purpose"] = std::string(201, 'x');
  EXPECT_EQ(rule(sign(o)), "token-claim");
  o["purpose"] = std::string(200, 'x');
  EXPECT_EQ(rule(sign(o)), "ok");
  o["iat"] = 1.5;
  EXPECT_EQ(rule(sign(o)), "token-claim");
}

TEST_F(AuthTest, TheSignatureTheTypeAndTheIssuerMustHold) {
  std::string token = sign(claims());
  const auto at = token.rfind('.') + 10;
  token[at] = token[at] == 'A' ? 'B' : 'A';
  EXPECT_EQ(rule(token), "signature-invalid");
  EXPECT_EQ(rule(sign(claims(), "ml1", "cloudevents+sd-jwt")), "jws-type");
  EXPECT_EQ(rule(sign(claims(), "stranger")), "key-unknown");
  auto o = claims();
  o["iss"] = "urn:relais:rhone:analyst";
  EXPECT_EQ(rule(sign(o)), "token-issuer");
}

TEST_F(AuthTest, ARevokedKeyReadsNoMoreAlsoWithACachedToken) {
  const std::string token = sign(claims());
  EXPECT_EQ(rule(token), "ok");
  const KeyId kid = crypto::thumbprint(test_key("ml1").public_key());
  registry.mutable_key(kid)->valid_until = Timestamp{clock.now().value - 1};
  EXPECT_EQ(rule(token), "key-revoked");
}

TEST_F(AuthTest, AClockThatIsBehindTheLogDoesNotBringAKeyBack) {
  const std::string token = sign(claims());
  const KeyId kid = crypto::thumbprint(test_key("ml1").public_key());
  registry.mutable_key(kid)->valid_until = Timestamp{clock.now().value + 1'000};
  EXPECT_EQ(rule(token), "ok");
  last_received = Timestamp{clock.now().value + 1'000};
  EXPECT_EQ(rule(token), "key-revoked");
}

TEST_F(AuthTest, WhoHasLeftReadsNoMore) {
  const std::string token = sign(claims());
  EXPECT_EQ(rule(token), "ok");
  registry.mutable_signatory(registry.find_slug("ml1")->id).active = false;
  EXPECT_EQ(rule(token), "signatory-inactive");
}

TEST_F(AuthTest, APurposeIsNeededToMakeAToken) {
  for (const std::string& purpose : {std::string(), std::string(201, 'x'), std::string("\xff")}) {
    const auto token = make_token(test_key("ml1"), kSource, kOrigin, purpose, clock, random);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().rule, "token-purpose");
  }
}

}  // namespace
}  // namespace relais::api
