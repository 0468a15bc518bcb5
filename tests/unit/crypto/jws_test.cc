#include "ledger/crypto/jws.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <utility>
#include <vector>

#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "tests/unit/crypto/support.h"

namespace relais::crypto {
namespace {

using test::rfc_key;

constexpr std::string_view kTyp = "cloudevents+sd-jwt";
const std::string kKid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// A token with any header text, signed as it should be.
std::string token(std::string_view header) {
  std::string text = base64url_encode(header) + "." + base64url_encode(R"({"a":1})");
  const Signature signature = rfc_key().sign(text);
  return text + "." + base64url_encode(view(signature));
}

std::string header(std::string_view more = "", std::string_view alg = "EdDSA",
                   std::string_view typ = kTyp) {
  return R"({"alg":")" + std::string(alg) + R"(","typ":")" + std::string(typ) + R"(","kid":")" +
         kKid + "\"" + std::string(more) + "}";
}

TEST(Jws, Rfc8037KnownAnswer) {
  // Appendix A.4; its header has no typ and no kid, which parse_jws asks for.
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const std::string signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  Jws jws;
  jws.signing_input = input;
  jws.signature = base64url_decode(signature).value();
  EXPECT_TRUE(verify_jws(jws, rfc_key().public_key()).has_value());
  EXPECT_FALSE(parse_jws(input + "." + signature, kTyp).has_value());
}

TEST(Jws, HeaderIsTheDocumentedOne) {
  const std::string text = sign_jws(rfc_key(), kTyp, "payload");
  EXPECT_EQ(base64url_decode(text.substr(0, text.find('.'))), header());
}

RC_GTEST_PROP(Jws, SignsParsesVerifies, (std::uint64_t seed, const std::string& payload)) {
  SeededRandom random(seed);
  const SigningKey key = SigningKey::generate(random);
  const std::string text = sign_jws(key, kTyp, payload);
  const auto jws = parse_jws(text, kTyp);
  RC_ASSERT(jws.has_value());
  RC_ASSERT(jws->payload == payload);
  RC_ASSERT(jws->kid == thumbprint(key.public_key()));
  RC_ASSERT(text.starts_with(jws->signing_input));
  RC_ASSERT(verify_jws(*jws, key.public_key()).has_value());

  const auto wrong = verify_jws(*jws, SigningKey::generate(random).public_key());
  RC_ASSERT(!wrong.has_value());
  RC_ASSERT(wrong.error().rule == "signature-invalid");
  RC_ASSERT(wrong.error().code == Errc::unauthenticated);
}

RC_GTEST_PROP(Jws, NoChangedTextIsValid, ()) {
  const std::string text = sign_jws(rfc_key(), kTyp, R"({"amount":100})");
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  const char other = *rc::gen::elementOf(std::string("ABab01-_.~= \n"));
  RC_PRE(text[at] != other);
  std::string changed = text;
  changed[at] = other;
  const auto jws = parse_jws(changed, kTyp);
  RC_ASSERT(!jws || !verify_jws(*jws, rfc_key().public_key()));
}

TEST(Jws, AcceptsBothNamesOfTheAlgorithmAndMediaTypes) {
  for (const std::string& good :
       {header(), header("", "Ed25519"), header("", "EdDSA", "application/cloudevents+sd-jwt"),
        header("", "EdDSA", "CloudEvents+SD-JWT"),
        header("", "EdDSA", "APPLICATION/CloudEvents+sd-jwt"), header(R"(,"cty":"json")")}) {
    const std::string text = token(good);
    const auto jws = parse_jws(text, kTyp);
    ASSERT_TRUE(jws.has_value()) << good << to_string(jws.error());
    EXPECT_TRUE(verify_jws(*jws, rfc_key().public_key()).has_value());
  }
  EXPECT_TRUE(parse_jws(token(header()), "application/cloudevents+sd-jwt").has_value());
}

struct Refusal {
  std::string header;
  Errc code;
  std::string rule;
};

TEST(Jws, RefusesHeaders) {
  const auto u = Errc::unauthenticated;
  const auto m = Errc::malformed;
  const std::string rest = R"(,"typ":"cloudevents+sd-jwt","kid":")" + kKid + "\"}";
  const Refusal rows[] = {
      {header("", "none"), u, "jws-algorithm"},
      {header("", "None"), u, "jws-algorithm"},
      {header("", "HS256"), u, "jws-algorithm"},
      {header("", "ES256"), u, "jws-algorithm"},
      {header("", "Ed448"), u, "jws-algorithm"},
      {header("", "eddsa"), u, "jws-algorithm"},
      {R"({"x":1)" + rest, m, "jws-header-member"},
      {R"({"alg":1)" + rest, m, "jws-header-member"},
      {R"({"cty":"json")" + rest, u, "jws-algorithm"},
      {header("", "EdDSA", "JWT"), m, "jws-type"},
      {header("", "EdDSA", "relais-access+jwt"), m, "jws-type"},
      {header("", "EdDSA", "text/cloudevents+sd-jwt"), m, "jws-type"},
      {R"({"alg":"EdDSA","kid":")" + kKid + "\"}", m, "jws-type"},
      {R"({"alg":"EdDSA","typ":"cloudevents+sd-jwt"})", u, "jws-key-id"},
      {R"({"alg":"EdDSA","typ":"cloudevents+sd-jwt","kid":"k1"})", m, "jws-key-id"},
      {header(R"(,"jwk":{"kty":"OKP"})"), u, "jws-header-key"},
      {header(R"(,"jku":"https://example.org/keys")"), u, "jws-header-key"},
      {header(R"(,"x5u":"https://example.org/x")"), u, "jws-header-key"},
      {header(R"(,"x5c":[])"), u, "jws-header-key"},
      {header(R"(,"crit":["exp"])"), m, "jws-critical"},
      {header(R"(,"crit":[])"), m, "jws-critical"},
      {header(R"(,"b64":false)"), m, "jws-header-member"},
      {header(R"(,"zip":"DEF")"), m, "jws-header-member"},
      {header(R"(,"cty":1)"), m, "jws-header-member"},
      {header(R"(,"alg":"EdDSA")"), m, "json-duplicate-member"},
      {header(R"(,"alg":"none")"), m, "json-duplicate-member"},
      {"[]", m, "jws-form"},
      {"\"EdDSA\"", m, "jws-form"},
      {"", m, "json-syntax"},
      {"{", m, "json-syntax"},
      {header(R"(,"cty":")" + std::string(1000, 'x') + "\""), m, "jws-form"},
  };
  for (const Refusal& row : rows) {
    const auto got = parse_jws(token(row.header), kTyp);
    ASSERT_FALSE(got.has_value()) << row.header;
    EXPECT_EQ(got.error().rule, row.rule) << row.header;
    EXPECT_EQ(got.error().code, row.code) << row.header;
  }
}

TEST(Jws, AHeaderThatHeldDoesNotHoldForAnotherType) {
  const std::string text = token(header());
  for (int time = 0; time < 2; ++time) {
    EXPECT_TRUE(parse_jws(text, kTyp).has_value());
    const auto other = parse_jws(text, "relais-access+jwt");
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().rule, "jws-type");
  }
}

TEST(Jws, EachOfManyHeadersNamesItsOwnKey) {
  SeededRandom random(5);
  std::vector<std::pair<std::string, KeyId>> tokens;
  for (int i = 0; i < 600; ++i) {
    const SigningKey key = SigningKey::generate(random);
    tokens.emplace_back(sign_jws(key, kTyp, "payload"), thumbprint(key.public_key()));
  }
  for (int time = 0; time < 2; ++time)
    for (const auto& [text, kid] : tokens) {
      const auto jws = parse_jws(text, kTyp);
      ASSERT_TRUE(jws.has_value());
      EXPECT_EQ(jws->kid, kid);
    }
}

TEST(Jws, RefusesTextsThatAreNotCompactJws) {
  const std::string good = token(header());
  ASSERT_TRUE(parse_jws(good, kTyp).has_value());
  const std::size_t first = good.find('.');
  const std::size_t second = good.rfind('.');
  const std::string two_parts = good.substr(0, second);
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), two_parts, two_parts + ".", good + ".",
        "." + good, good + "=", good + " ", good + "\n", " " + good, good + "A",
        good.substr(0, good.size() - 1), good.substr(0, first) + "=" + good.substr(first),
        good.substr(0, second) + "=" + good.substr(second),
        // "QR" has trailing bits that are not zero; "QQ" is the one text of that byte.
        good.substr(0, first) + ".QR" + good.substr(second)}) {
    const auto got = parse_jws(text, kTyp);
    ASSERT_FALSE(got.has_value()) << text;
    EXPECT_EQ(got.error().code, Errc::malformed) << text;
  }
  EXPECT_TRUE(parse_jws(good.substr(0, first) + ".QQ" + good.substr(second), kTyp).has_value());
}

}  // namespace
}  // namespace relais::crypto
