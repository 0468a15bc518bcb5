#include "ledger/crypto/jwk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include "ledger/base/json.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/crypto/support.h"

namespace relais::crypto {
namespace {

using test::rfc_key;

// RFC 8037, appendix A.
constexpr std::string_view kX = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr std::string_view kD = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
constexpr std::string_view kThumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

std::string jwk(std::string_view x, std::string_view more = "") {
  return R"({"kty":"OKP","crv":"Ed25519","x":")" + std::string(x) + "\"" + std::string(more) + "}";
}

TEST(Jwk, Rfc8037KnownAnswers) {
  const SigningKey key = rfc_key();
  EXPECT_EQ(to_text(key.public_key()), kX);
  EXPECT_EQ(to_text(thumbprint(key.public_key())), kThumbprint);
  const auto parsed = parse_private_jwk(jwk(kX, R"(,"d":")" + std::string(kD) + "\""));
  ASSERT_TRUE(parsed.has_value()) << to_string(parsed.error());
  EXPECT_EQ(parsed->public_key(), key.public_key());
  EXPECT_EQ(parsed->seed(), key.seed());
}

TEST(Jwk, WritesTheMembersInTheirOrder) {
  const std::string x(kX);
  const std::string kid(kThumbprint);
  const std::string members = R"({"kty":"OKP","crv":"Ed25519","x":")" + x + R"(","kid":")" + kid +
                              R"(","alg":"EdDSA","use":"sig")";
  EXPECT_EQ(public_jwk(rfc_key().public_key()), members + "}");
  EXPECT_EQ(private_jwk(rfc_key()), members + R"(,"d":")" + std::string(kD) + R"("})");
}

RC_GTEST_PROP(Jwk, RoundTrips, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const SigningKey key = SigningKey::generate(random);
  const PublicKey& pub = key.public_key();
  RC_ASSERT(parse_public_jwk(public_jwk(pub)).value() == pub);
  RC_ASSERT(parse_public_jwk(private_jwk(key)).value() == pub);
  RC_ASSERT(parse_private_jwk(private_jwk(key)).value().seed() == key.seed());
  RC_ASSERT(parse_public_key(to_text(pub)).value() == pub);
  RC_ASSERT(parse_key_id(to_text(thumbprint(pub))).value() == thumbprint(pub));
}

TEST(Jwk, AcceptsWhatOtherToolsWrite) {
  EXPECT_TRUE(parse_public_jwk(jwk(kX)).has_value());
  EXPECT_TRUE(parse_public_jwk(jwk(kX, R"(,"alg":"Ed25519","kid":"mine","ext":true)")).has_value());
}

TEST(Jwk, RefusesOtherKeys) {
  const std::string x(kX);
  const std::string texts[] = {
      "",
      "[]",
      "\"x\"",
      "{}",
      R"({"crv":"Ed25519","x":")" + x + "\"}",
      R"({"kty":"EC","crv":"Ed25519","x":")" + x + "\"}",
      R"({"kty":"OKP","crv":"X25519","x":")" + x + "\"}",
      R"({"kty":"OKP","crv":"Ed25519"})",
      R"({"kty":"OKP","crv":"Ed25519","x":1})",
      jwk(x.substr(1)),
      jwk(x + "A"),
      jwk(x + "="),
      jwk(""),
      jwk(x.substr(0, 42) + "p"),
      jwk(x, R"(,"alg":"ES256")"),
      jwk(x, R"(,"alg":null)"),
      jwk(x, R"(,"use":"enc")"),
      jwk(x, R"(,"x":")" + x + "\""),
  };
  for (const std::string& text : texts) {
    const auto got = parse_public_jwk(text);
    ASSERT_FALSE(got.has_value()) << text;
    EXPECT_EQ(got.error().code, Errc::malformed) << text;
  }
}

TEST(Jwk, RefusesAPrivateKeyWithoutItsOwnPublicPart) {
  SeededRandom random(1);
  const std::string other = to_text(SigningKey::generate(random).public_key());
  const std::string d = R"(,"d":")" + std::string(kD) + "\"";
  EXPECT_FALSE(parse_private_jwk(jwk(kX)).has_value());
  EXPECT_FALSE(parse_private_jwk(jwk(kX, R"(,"d":"AAAA")")).has_value());
  EXPECT_FALSE(parse_private_jwk(jwk(other, d)).has_value());
  EXPECT_TRUE(parse_private_jwk(jwk(kX, d)).has_value());
}

TEST(KeyId, RefusesWhatIsNoThumbprint) {
  const std::string text(kThumbprint);
  EXPECT_TRUE(parse_key_id(text).has_value());
  for (const std::string& bad : {std::string(), text + "=", text + "A", text.substr(1),
                                 text.substr(0, 42) + "l", " " + text.substr(1)}) {
    const auto got = parse_key_id(bad);
    ASSERT_FALSE(got.has_value()) << bad;
    EXPECT_EQ(got.error().rule, "key-id");
  }
}

json::value letters(std::size_t count) {
  return boost::json::string(count, 'A');
}

class KeyFile : public ::testing::Test {
 protected:
  static unsigned mode(const std::filesystem::path& file) {
    struct stat info{};
    return ::stat(file.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  void write(std::string_view text) const {
    std::filesystem::remove(file());
    std::ofstream(file()) << text;
    ::chmod(file().c_str(), 0600);
  }
  std::filesystem::path file() const { return folder_ / "key.json"; }

  const tests::TempFolder temp_;
  const std::filesystem::path& folder_ = temp_.path;
};

TEST_F(KeyFile, PlainRoundTripAndMode) {
  const mode_t before = ::umask(0);
  const auto saved = save_private_key(file(), rfc_key(), "");
  ::umask(before);
  ASSERT_TRUE(saved.has_value()) << to_string(saved.error());
  EXPECT_EQ(mode(file()), 0600u);
  EXPECT_EQ(test::read_file(file()), private_jwk(rfc_key()) + "\n");
  const auto loaded = load_private_key(file(), "");
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error());
  EXPECT_EQ(loaded->seed(), rfc_key().seed());
}

TEST_F(KeyFile, EncryptedRoundTrip) {
  ASSERT_TRUE(save_private_key(file(), rfc_key(), "correct horse").has_value());
  EXPECT_EQ(mode(file()), 0600u);
  const std::string text = test::read_file(file());
  EXPECT_EQ(text.find(kD), std::string::npos);
  EXPECT_NE(text.find(R"("kty":"relais-encrypted","kdf":"argon2id13")"), std::string::npos);

  const auto loaded = load_private_key(file(), "correct horse");
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error());
  EXPECT_EQ(loaded->seed(), rfc_key().seed());
  for (const char* wrong : {"", "correct horse ", "Correct horse"}) {
    const auto refused = load_private_key(file(), wrong);
    ASSERT_FALSE(refused.has_value()) << wrong;
    EXPECT_EQ(refused.error().rule, "key-passphrase");
    EXPECT_EQ(refused.error().code, Errc::unauthenticated);
  }
}

TEST_F(KeyFile, EncryptionIsSaltedAndAChangedFileIsRefused) {
  ASSERT_TRUE(save_private_key(file(), rfc_key(), "p").has_value());
  const std::string first = test::read_file(file());
  ASSERT_TRUE(save_private_key(folder_ / "again", rfc_key(), "p").has_value());
  EXPECT_NE(first, test::read_file(folder_ / "again"));

  const json::object whole = json::parse(first).value().as_object();
  const auto refused_with = [&](const char* member, const json::value& value) {
    json::object changed = whole;
    changed[member] = value;
    write(json::serialize(changed));
    const auto got = load_private_key(file(), "p");
    return got ? std::string("accepted") : got.error().rule;
  };
  EXPECT_EQ(refused_with("kid", "another"), "key-passphrase");
  EXPECT_EQ(refused_with("nonce", letters(32)), "key-passphrase");
  EXPECT_EQ(refused_with("salt", letters(22)), "key-passphrase");
  EXPECT_EQ(refused_with("ciphertext", letters(64)), "key-passphrase");
  EXPECT_EQ(refused_with("ciphertext", "AAAA"), "key-file");
  EXPECT_EQ(refused_with("nonce", "AAAA"), "key-file");
  EXPECT_EQ(refused_with("kdf", "scrypt"), "key-file");
  EXPECT_EQ(refused_with("kdf", nullptr), "key-file");
  // A file may not make the machine work for hours.
  EXPECT_EQ(refused_with("ops", 1'000'000), "key-file");
  EXPECT_EQ(refused_with("mem", std::int64_t{1} << 40), "key-file");
  EXPECT_EQ(refused_with("ops", -1), "key-file");
}

TEST_F(KeyFile, AnExistingFileIsNeverReplaced) {
  write("precious");
  for (const char* passphrase : {"", "p"}) {
    const auto saved = save_private_key(file(), rfc_key(), passphrase);
    ASSERT_FALSE(saved.has_value());
    EXPECT_EQ(saved.error().code, Errc::conflict);
  }
  EXPECT_EQ(test::read_file(file()), "precious");
  std::filesystem::create_symlink(folder_ / "target", folder_ / "link");
  EXPECT_FALSE(save_private_key(folder_ / "link", rfc_key(), "").has_value());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "target"));
}

TEST_F(KeyFile, AFileThatOthersMayReadIsRefused) {
  ASSERT_TRUE(save_private_key(file(), rfc_key(), "").has_value());
  for (const mode_t open : {0640, 0604, 0620, 0602, 0610, 0601, 0644}) {
    ASSERT_EQ(::chmod(file().c_str(), open), 0);
    const auto loaded = load_private_key(file(), "");
    ASSERT_FALSE(loaded.has_value()) << open;
    EXPECT_EQ(loaded.error().rule, "key-file-mode");
  }
  ASSERT_EQ(::chmod(file().c_str(), 0400), 0);
  EXPECT_TRUE(load_private_key(file(), "").has_value());
}

TEST_F(KeyFile, WhatIsNoKeyFileIsAnError) {
  const auto absent = load_private_key(file(), "");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, Errc::not_found);
  EXPECT_FALSE(load_private_key(folder_, "").has_value());
  EXPECT_FALSE(save_private_key(folder_ / "no" / "such" / "folder", rfc_key(), "").has_value());
  for (const char* text : {"", "not json", "[]", "{}", R"({"kty":"relais-encrypted"})"}) {
    write(text);
    const auto loaded = load_private_key(file(), "p");
    ASSERT_FALSE(loaded.has_value()) << text;
    EXPECT_EQ(loaded.error().code, Errc::malformed) << text;
  }
  write(std::string(20'000, ' ') + private_jwk(rfc_key()));
  EXPECT_FALSE(load_private_key(file(), "").has_value());
}

}  // namespace
}  // namespace relais::crypto
