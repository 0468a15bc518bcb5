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

const unsigned char* data_of(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

}  // namespace

SecretKey SecretKey::random() {
  use_sodium();
  SecretKey key;
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  return key;
}

SecretKey::SecretKey(std::string_view bytes) {
  check(bytes.size() == kBytes, "a secret key has 32 bytes");
  bytes_ = to_hash(bytes);
}

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) {
  sodium_memzero(other.bytes_.data(), other.bytes_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this == &other) return *this;
  bytes_ = other.bytes_;
  sodium_memzero(other.bytes_.data(), other.bytes_.size());
  return *this;
}

SecretKey::~SecretKey() {
  sodium_memzero(bytes_.data(), bytes_.size());
  if (locked_) sodium_munlock(bytes_.data(), bytes_.size());
}

void SecretKey::lock_memory() {
  locked_ = sodium_mlock(bytes_.data(), bytes_.size()) == 0;
}

std::string seal(const SecretKey& key, std::string_view text, std::string_view context) {
  use_sodium();
  std::string out(kSealOverhead + text.size(), '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  randombytes_buf(bytes, kNonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + kNonce, nullptr, data_of(text), text.size(),
                                             data_of(context), context.size(), nullptr, bytes,
                                             data_of(key.view()));
  return out;
}

std::optional<std::string> unseal(const SecretKey& key, std::string_view sealed,
                                  std::string_view context) {
  use_sodium();
  if (sealed.size() < kSealOverhead) return std::nullopt;
  std::string text(sealed.size() - kSealOverhead, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(text.data()), nullptr, nullptr, data_of(sealed) + kNonce,
          sealed.size() - kNonce, data_of(context), context.size(), data_of(sealed),
          data_of(key.view())) != 0)
    return std::nullopt;
  return text;
}

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
  crypto_generichash_update(&state, data_of(context), context.size());
  crypto_generichash_final(&state, bytes, kNonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + kNonce, nullptr, plain.data(), plain.size(),
                                             data_of(context), context.size(), nullptr, bytes,
                                             key_.data());
  return out;
}

std::optional<std::string> Sealer::open(std::string_view sealed, std::string_view context) const {
  use_sodium();
  if (sealed.size() != kSealedBytes) return std::nullopt;
  std::array<unsigned char, kPlain> plain{};
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), nullptr, nullptr, data_of(sealed) + kNonce, sealed.size() - kNonce,
          data_of(context), context.size(), data_of(sealed), key_.data()) != 0)
    return std::nullopt;
  if (plain[0] > kMaxText) return std::nullopt;
  return std::string(plain.begin() + 1, plain.begin() + 1 + plain[0]);
}

}  // namespace relais::crypto
