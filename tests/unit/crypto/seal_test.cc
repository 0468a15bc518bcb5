#include "ledger/crypto/seal.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace relais::crypto
