#include "ledger/crypto/ed25519.h"

#include <sodium.h>

#include "ledger/base/check.h"
#include "ledger/crypto/sha256.h"
#include "ledger/crypto/sodium.h"

namespace relais::crypto {
namespace {

const unsigned char* bytes_of(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

}  // namespace

SigningKey SigningKey::from_seed(const Hash& seed) {
  static_assert(std::tuple_size_v<Hash> == crypto_sign_SEEDBYTES);
  use_sodium();
  SigningKey key;
  crypto_sign_seed_keypair(key.public_.data(), key.secret_.data(), seed.data());
  return key;
}

SigningKey SigningKey::generate(Random& random) {
  Hash seed;
  random.fill(seed);
  SigningKey key = from_seed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

SigningKey::~SigningKey() {
  sodium_memzero(secret_.data(), secret_.size());
}

Hash SigningKey::seed() const {
  Hash seed;
  crypto_sign_ed25519_sk_to_seed(seed.data(), secret_.data());
  return seed;
}

Signature SigningKey::sign(std::string_view message) const {
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(),
                       secret_.data());
  return signature;
}

bool verify(const PublicKey& key, std::string_view message, std::string_view signature) {
  use_sodium();
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.size(),
                                     key.data()) == 0;
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  use_sodium();
  randombytes_buf(out.data(), out.size());
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  std::string bytes;
  append_be(bytes, seed);
  key_ = sha256({"relais seeded random ", bytes});
}

/// The ChaCha20 stream of the seed's key; each call takes the next nonce, so that no two calls
/// share bytes.
void SeededRandom::fill(std::span<std::uint8_t> out) {
  use_sodium();
  std::string nonce;
  append_be(nonce, counter_++);
  static_assert(crypto_stream_chacha20_NONCEBYTES == sizeof counter_);
  crypto_stream_chacha20(out.data(), out.size(), bytes_of(nonce), key_.data());
}

std::uint64_t SeededRandom::next() {
  std::array<std::uint8_t, 8> bytes;
  fill(bytes);
  return load_be<std::uint64_t>({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace relais::crypto
