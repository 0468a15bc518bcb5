#include "ledger/crypto/digest.h"

#include <sodium.h>

#include "ledger/crypto/sodium.h"

namespace relais::crypto {
namespace {

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

struct Digest::State {
  crypto_hash_sha256_state sha;
};

Digest::Digest() : state_(std::make_unique<State>()) {
  use_sodium();
  crypto_hash_sha256_init(&state_->sha);
}
Digest::~Digest() = default;

void Digest::add(std::string_view bytes) {
  crypto_hash_sha256_update(&state_->sha, octets(bytes), bytes.size());
}

Hash Digest::finish() {
  Hash digest;
  crypto_hash_sha256_final(&state_->sha, digest.data());
  return digest;
}

Hash hmac_sha256(const SecretKey& key, std::string_view bytes) {
  static_assert(SecretKey::kBytes == crypto_auth_hmacsha256_KEYBYTES);
  use_sodium();
  Hash mac;
  crypto_auth_hmacsha256(mac.data(), octets(bytes), bytes.size(), octets(key.view()));
  return mac;
}

}  // namespace relais::crypto
