#include "ledger/crypto/aes.h"

#include <gtest/gtest.h>

#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "tests/unit/crypto/support.h"

namespace relais::crypto {
namespace {

using test::from_hex;
using test::hash;

TEST(ConcatKdf, Rfc7518AppendixC) {
  const Hash secret = hash("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4");
  EXPECT_EQ(base64url_encode(concat_kdf(secret, "A128GCM", "Alice", "Bob", 128)),
            "VqqN6vgjbSBcIijNcacQGg");
  EXPECT_NE(base64url_encode(concat_kdf(secret, "A128GCM", "Alice", "Bo", 128)),
            "VqqN6vgjbSBcIijNcacQGg");
}

TEST(KeyWrap, Rfc3394Section46) {
  const Hash kek = hash("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const Hash key = hash("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
  const std::string wrapped = wrap_key(kek, key);
  EXPECT_EQ(to_hex(wrapped),
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
  EXPECT_EQ(unwrap_key(kek, wrapped), key);
  EXPECT_FALSE(unwrap_key(key, wrapped).has_value());
  for (std::size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
    std::string changed = wrapped;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(unwrap_key(kek, changed).has_value()) << bit;
  }
  for (const std::size_t size : {0, 8, 16, 32, 39})
    EXPECT_FALSE(unwrap_key(kek, wrapped.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(unwrap_key(kek, wrapped + wrapped.substr(0, 8)).has_value());
}

TEST(Gcm, Rfc7516AppendixA1) {
  const Hash key = hash("b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc");
  const std::string iv = from_hex("e3c575fc02dbe944b4e14ddb");
  constexpr std::string_view kAad = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
  constexpr std::string_view kText =
      "The true sign of intelligence is not knowledge but imagination.";
  const GcmText sealed = gcm_encrypt(key, iv, kAad, kText);
  EXPECT_EQ(base64url_encode(sealed.ciphertext),
            "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji"
            "SdiwkIr3ajwQzaBtQD_A");
  EXPECT_EQ(base64url_encode(sealed.tag), "XFBoMYUZodetZdvTiFvSkQ");
  EXPECT_EQ(gcm_decrypt(key, iv, kAad, sealed.ciphertext, sealed.tag), kText);

  const std::string zeros(16, '\0');
  EXPECT_FALSE(gcm_decrypt(key, iv, "", sealed.ciphertext, sealed.tag).has_value());
  EXPECT_FALSE(gcm_decrypt(key, iv, kAad, sealed.ciphertext, zeros).has_value());
  EXPECT_FALSE(gcm_decrypt(key, iv, kAad, "", sealed.tag).has_value());
  EXPECT_FALSE(gcm_decrypt(key, zeros.substr(4), kAad, sealed.ciphertext, sealed.tag).has_value());
  // A short tag can be guessed, and is none (RFC 7518, section 5.3).
  EXPECT_FALSE(gcm_decrypt(key, iv, kAad, sealed.ciphertext, sealed.tag.substr(0, 4)).has_value());
}

TEST(Gcm, AnEmptyTextIsAuthenticatedToo) {
  const Hash key = hash("b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc");
  const std::string iv(kGcmIvBytes, 'i');
  const GcmText sealed = gcm_encrypt(key, iv, "aad", "");
  EXPECT_EQ(gcm_decrypt(key, iv, "aad", "", sealed.tag), "");
  EXPECT_FALSE(gcm_decrypt(key, iv, "dad", "", sealed.tag).has_value());
}

}  // namespace
}  // namespace relais::crypto
