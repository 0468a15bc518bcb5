#include "ledger/crypto/x25519.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/jwk.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/crypto/support.h"

namespace relais::crypto {
namespace {

using test::alice;
using test::bob;
using test::from_hex;
using test::hash;

std::string x25519_jwk(std::string_view x, std::string_view more = "") {
  return R"({"kty":"OKP","crv":"X25519","x":")" + std::string(x) + "\"" + std::string(more) + "}";
}

/// The u-coordinates of order 1, 2, 4 and 8 on the curve and its twist, in every encoding of 255
/// and of 256 bits that X25519 reads alike: those of p and p + 1 too, and with the top bit. RFC
/// 7748, section 6.1, and the list of https://cr.yp.to/ecdh.html, "May an adversary change keys?".
constexpr std::string_view kLowOrder[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

TEST(X25519, Rfc7748KnownAnswers) {
  // Section 6.1.
  EXPECT_EQ(to_hex(view(alice().public_key().bytes)),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(view(bob().public_key().bytes)),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const auto shared = alice().agree(bob().public_key());
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(to_hex(view(*shared)),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(bob().agree(alice().public_key()), shared);
  // Section 5.2, where the scalar is to be clamped and the point has its top bit set.
  const auto masked =
      OpeningKey::from_scalar(
          hash("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"))
          .agree({hash("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")});
  ASSERT_TRUE(masked.has_value());
  EXPECT_EQ(to_hex(view(*masked)),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST(X25519, Rfc8037KnownAnswers) {
  // Appendix A.6: the keys as JWK members.
  EXPECT_EQ(to_text(bob().public_key()), "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08");
  EXPECT_EQ(to_text(alice().public_key()), "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo");
  // RFC 7638, by another implementation (python3-jwcrypto).
  EXPECT_EQ(to_text(thumbprint(bob().public_key())), "giQqigT_IKcuzHl0FVJ3k5ts3_TWNAxvsC08UZsfcM8");
}

TEST(X25519, PointsOfLowOrderGiveNothingAndAreNoKeys) {
  SeededRandom random(7);
  for (const std::string_view hex : kLowOrder) {
    const SealingKey point{hash(hex)};
    EXPECT_FALSE(alice().agree(point).has_value()) << hex;
    EXPECT_FALSE(OpeningKey::generate(random).agree(point).has_value()) << hex;
    const auto parsed = parse_sealing_key(to_text(point));
    ASSERT_FALSE(parsed.has_value()) << hex;
    EXPECT_EQ(parsed.error().rule, "sealing-key");
  }
}

TEST(X25519, TheSecondEncodingOfAPointIsNoKey) {
  Hash u{};
  u[0] = 9;
  EXPECT_TRUE(parse_sealing_key(to_text(SealingKey{u})).has_value());  // the base point
  u[31] = 0x80;
  EXPECT_FALSE(parse_sealing_key(to_text(SealingKey{u})).has_value());
  Hash high;  // p + 9
  high.fill(0xff);
  high[0] = 0xf6;
  high[31] = 0x7f;
  EXPECT_FALSE(parse_sealing_key(to_text(SealingKey{high})).has_value());
  high[0] = 0xeb;  // p - 2
  EXPECT_TRUE(parse_sealing_key(to_text(SealingKey{high})).has_value());
}

RC_GTEST_PROP(X25519, BothEndsAgreeAndKeysRoundTrip, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const OpeningKey one = OpeningKey::generate(random);
  const OpeningKey other = OpeningKey::generate(random);
  RC_ASSERT(one.agree(other.public_key()).value() == other.agree(one.public_key()).value());
  RC_ASSERT(parse_sealing_key(to_text(one.public_key())).value() == one.public_key());
  RC_ASSERT(parse_sealing_jwk(public_jwk(one.public_key())).value() == one.public_key());
  RC_ASSERT(parse_sealing_jwk(private_jwk(one)).value() == one.public_key());
  RC_ASSERT(parse_opening_jwk(private_jwk(one)).value().scalar() == one.scalar());
}

TEST(X25519, WritesTheMembersInTheirOrder) {
  const std::string members =
      R"({"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",)"
      R"("kid":"giQqigT_IKcuzHl0FVJ3k5ts3_TWNAxvsC08UZsfcM8","alg":"ECDH-ES+A256KW","use":"enc")";
  EXPECT_EQ(public_jwk(bob().public_key()), members + "}");
  EXPECT_EQ(private_jwk(bob()), members + R"(,"d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"})");
}

TEST(X25519, RefusesOtherKeys) {
  const std::string x = to_text(bob().public_key());
  const std::string texts[] = {
      "",
      "[]",
      "{}",
      R"({"crv":"X25519","x":")" + x + "\"}",
      R"({"kty":"EC","crv":"X25519","x":")" + x + "\"}",
      R"({"kty":"OKP","crv":"Ed25519","x":")" + x + "\"}",
      R"({"kty":"EC","crv":"P-256","x":")" + x + R"(","y":")" + x + "\"}",
      R"({"kty":"OKP","crv":"X25519"})",
      R"({"kty":"OKP","crv":"X25519","x":1})",
      x25519_jwk(x.substr(1)),
      x25519_jwk(x + "="),
      x25519_jwk(x.substr(0, 42) + "9"),
      x25519_jwk(x, R"(,"alg":"EdDSA")"),
      x25519_jwk(x, R"(,"alg":"ECDH-ES")"),
      x25519_jwk(x, R"(,"use":"sig")"),
      x25519_jwk(x, R"(,"x":")" + x + "\""),
  };
  for (const std::string& text : texts) {
    const auto got = parse_sealing_jwk(text);
    ASSERT_FALSE(got.has_value()) << text;
    EXPECT_EQ(got.error().code, Errc::malformed) << text;
  }
  EXPECT_TRUE(parse_sealing_jwk(x25519_jwk(x, R"(,"use":"enc","kid":"mine")")).has_value());
  EXPECT_FALSE(parse_opening_jwk(x25519_jwk(x)).has_value());
  const std::string d = R"(,"d":")" + base64url_encode(view(alice().scalar())) + "\"";
  EXPECT_FALSE(parse_opening_jwk(x25519_jwk(x, d)).has_value()) << "the private key of another";
}

TEST(X25519, KeyFilesOfBothKindsAreNotTakenForEachOther) {
  const tests::TempFolder folder;
  const std::filesystem::path file = folder.path / "seal.jwk";
  for (const char* passphrase : {"", "correct horse"}) {
    ASSERT_TRUE(save_opening_key(file, bob(), passphrase).has_value());
    const std::string text = test::read_file(file);
    EXPECT_EQ(text.find("XasIfmJKikt54X") == std::string::npos, *passphrase != '\0');
    struct stat info{};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    const auto loaded = load_opening_key(file, passphrase);
    ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error());
    EXPECT_EQ(loaded->scalar(), bob().scalar());
    EXPECT_FALSE(load_opening_key(file, "wrong").has_value() && *passphrase != '\0');
    const auto signing = load_private_key(file, passphrase);
    ASSERT_FALSE(signing.has_value());
    EXPECT_EQ(signing.error().rule, "jwk-form");
    EXPECT_FALSE(save_opening_key(file, alice(), passphrase).has_value()) << "replaced";
    std::filesystem::remove(file);
  }
  ASSERT_TRUE(save_private_key(file, test::rfc_key(), "").has_value());
  EXPECT_FALSE(load_opening_key(file, "").has_value());
}

}  // namespace
}  // namespace relais::crypto
