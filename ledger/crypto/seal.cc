#include "ledger/crypto/seal.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "ledger/base/check.h"
#include "ledger/crypto/sodium.h"

namespace relais::crypto {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kPlain = 1 + Sealer::kMaxText;
static_assert(Sealer::kSealedBytes == kNonce + kPlain + crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(sizeof(Hash) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* raw(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

}  // namespace

Sealer::~Sealer() {
  sodium_memzero(key_.data(), key_.size());
}

std::string Sealer::seal(std::string_view text, std::string_view context) const {
  use_sodium();
  check(text.size() <= kMaxText, "a text is too long to be sealed");
  std::array<unsigned char, kPlain> plain{};
  plain[0] = static_cast<unsigned char>(text.size());
  std::copy(text.begin(), text.end(), plain.begin() + 1);
  std::string out(kSealedBytes, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  crypto_generichash_state state;
  crypto_generichash_init(&state, key_.data(), key_.size(), kNonce);
  crypto_generichash_update(&state, plain.data(), plain.size());
  crypto_generichash_update(&state, raw(context), context.size());
  crypto_generichash_final(&state, bytes, kNonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + kNonce, nullptr, plain.data(), plain.size(),
                                             raw(context), context.size(), nullptr, bytes,
                                             key_.data());
  return out;
}

std::optional<std::string> Sealer::open(std::string_view sealed, std::string_view context) const {
  use_sodium();
  if (sealed.size() != kSealedBytes) return std::nullopt;
  std::array<unsigned char, kPlain> plain{};
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), nullptr, nullptr, raw(sealed) + kNonce, sealed.size() - kNonce,
          raw(context), context.size(), raw(sealed), key_.data()) != 0)
    return std::nullopt;
  if (plain[0] > kMaxText) return std::nullopt;
  return std::string(plain.begin() + 1, plain.begin() + 1 + plain[0]);
}

}  // namespace relais::crypto
