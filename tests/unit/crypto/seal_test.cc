#include "ledger/crypto/seal.h"

#include <gtest/gtest.h>

#include "tests/unit/crypto/support.h"

namespace relais::crypto {
namespace {

Hash key(std::uint8_t byte) {
  Hash k;
  k.fill(byte);
  return k;
}

TEST(Sealer, OpensWhatItSealedInItsContextOnly) {
  const Sealer sealer(key(1));
  for (const std::string text : {std::string("7"), std::string(), std::string(127, '\xff')}) {
    const std::string sealed = sealer.seal(text, "reader 3, list");
    EXPECT_EQ(sealed.size(), Sealer::kSealedBytes) << "the length of the text does not show";
    EXPECT_EQ(sealer.open(sealed, "reader 3, list"), text);
    EXPECT_EQ(sealer.open(sealed, "reader 4, list"), std::nullopt);
    EXPECT_EQ(Sealer(key(2)).open(sealed, "reader 3, list"), std::nullopt);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      EXPECT_EQ(sealer.open(changed, "reader 3, list"), std::nullopt) << i;
    }
  }
  EXPECT_EQ(sealer.open("", ""), std::nullopt);
}

TEST(Sealer, OneTextInOneContextIsOneSeal) {
  const Sealer sealer(key(1));
  EXPECT_EQ(sealer.seal("7", "a"), sealer.seal("7", "a"));
  EXPECT_NE(sealer.seal("7", "a").substr(0, 24), sealer.seal("8", "a").substr(0, 24));
  EXPECT_NE(sealer.seal("7", "a").substr(0, 24), sealer.seal("7", "b").substr(0, 24));
}

TEST(Seal, OpensByItsKeyInItsContextOnly) {
  const SecretKey one = SecretKey::random();
  for (const std::string text : {std::string("7"), std::string(), std::string(70'000, '\xff')}) {
    const std::string sealed = seal(one, text, "entry 3");
    EXPECT_EQ(sealed.size(), text.size() + kSealOverhead);
    EXPECT_EQ(unseal(one, sealed, "entry 3"), text);
    EXPECT_EQ(unseal(one, sealed, "entry 4"), std::nullopt);
    EXPECT_EQ(unseal(SecretKey::random(), sealed, "entry 3"), std::nullopt);
    EXPECT_NE(seal(one, text, "entry 3"), sealed) << "the nonce is another each time";
  }
  std::string sealed = seal(one, "a text", "");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    sealed[i] = static_cast<char>(sealed[i] ^ 1);
    EXPECT_EQ(unseal(one, sealed, ""), std::nullopt) << i;
    EXPECT_EQ(unseal(one, sealed.substr(0, i), ""), std::nullopt) << i;
    sealed[i] = static_cast<char>(sealed[i] ^ 1);
  }
}

// Sealed by another implementation: HChaCha20 in Python over the ChaCha20Poly1305 of
// python3-cryptography.
TEST(Seal, OpensWhatAnotherImplementationSealed) {
  constexpr std::string_view kSealed =
      "000102030405060708090a0b0c0d0e0f1011121314151617c937dfe082687bd14da6f5679183dc8c2cb3597b7193"
      "171e9d7ed23af1fc3a0c5561b9051c433d50c716c9";
  const SecretKey secret(std::string(32, '\x07'));
  EXPECT_EQ(unseal(secret, test::from_hex(kSealed), "a context"), "a text that was sealed once");
}

TEST(SecretKey, IsLeftBehindByItsMove) {
  SecretKey one = SecretKey::random();
  const std::string bytes(one.view());
  const SecretKey other = std::move(one);
  EXPECT_EQ(other.view(), bytes);
  EXPECT_EQ(one.view(), std::string(32, '\0'));  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace relais::crypto
