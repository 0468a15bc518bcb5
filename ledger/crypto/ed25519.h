// Ed25519 (RFC 8032) by libsodium: the one verifier of every path, so that no two parts disagree on
// an edge case.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"

namespace relais::crypto {

using PublicKey = Hash;
using Signature = std::array<std::uint8_t, 64>;

using relais::view;  // of a Hash, beside the one of a Signature below

inline std::string_view view(const Signature& s) {
  return {reinterpret_cast<const char*>(s.data()), s.size()};
}

/// A private key with its public part. The memory of the seed is wiped on destruction.
class SigningKey {
 public:
  /// From the 32-byte seed (the JWK member `d`).
  static SigningKey from_seed(const Hash& seed);
  static SigningKey generate(Random& random);
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  const PublicKey& public_key() const { return public_; }
  Hash seed() const;
  Signature sign(std::string_view message) const;

 private:
  SigningKey() = default;
  std::array<std::uint8_t, 64> secret_{};
  PublicKey public_{};
};

/// Whether `signature` (64 bytes) is by `key` over `message`. Thread-safe.
bool verify(const PublicKey& key, std::string_view message, std::string_view signature);

/// The operating system's randomness, by libsodium. Thread-safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// A deterministic stream from a seed, for scenarios and generated workloads; never for keys that
/// matter. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t next();

 private:
  std::array<std::uint8_t, 32> key_{};
  std::uint64_t counter_ = 0;
};

}  // namespace relais::crypto
