// X25519 (RFC 7748) by libsodium: the keys that disclosures are sealed to, and their JWK form
// (RFC 8037, RFC 7638). Types of their own, so that no sealing key is taken for one that signs.
#pragma once

#include <compare>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"

namespace relais::crypto {

/// A public point: what is sealed to it, the opening key opens.
struct SealingKey {
  Hash bytes{};
  auto operator<=>(const SealingKey&) const = default;
};

template <class Ar>
void archive(Ar& ar, SealingKey& key) {
  ar(key.bytes);
}

/// The private scalar with its public part. The memory of the scalar is wiped on destruction.
class OpeningKey {
 public:
  /// From the 32 bytes of the JWK member `d`; they are clamped when they are used (RFC 7748,
  /// section 5).
  static OpeningKey from_scalar(const Hash& scalar);
  static OpeningKey generate(Random& random);
  OpeningKey(const OpeningKey&) = default;
  OpeningKey& operator=(const OpeningKey&) = default;
  ~OpeningKey();

  const SealingKey& public_key() const { return public_; }
  Hash scalar() const { return scalar_; }
  /// The secret that both ends share; nothing where it is all zero, which a point of low order
  /// makes of every scalar (RFC 7748, section 6.1; RFC 8037, section 3.2).
  std::optional<Hash> agree(const SealingKey& other) const;

 private:
  OpeningKey() = default;
  Hash scalar_{};
  SealingKey public_{};
};

/// SHA-256 thumbprint of the public JWK {"crv":"X25519","kty":"OKP","x":…}.
KeyId thumbprint(const SealingKey& key);
/// The JWK member `x`: base64url of 32 bytes.
std::string to_text(const SealingKey& key);
/// Refuses points of low order, and the second encodings that some points have: no tool makes
/// either. Errors: Errc::malformed, rule "sealing-key".
Result<SealingKey> parse_sealing_key(std::string_view x);

/// {"kty":"OKP","crv":"X25519","x":…,"kid":…,"alg":"ECDH-ES+A256KW","use":"enc"}
std::string public_jwk(const SealingKey& key);
/// The same with "d".
std::string private_jwk(const OpeningKey& key);
/// From a public or private JWK.
Result<SealingKey> parse_sealing_jwk(std::string_view json);
Result<OpeningKey> parse_opening_jwk(std::string_view json);

/// As save_private_key and load_private_key of jwk.h.
Status save_opening_key(const std::filesystem::path& file, const OpeningKey& key,
                        std::string_view passphrase);
Result<OpeningKey> load_opening_key(const std::filesystem::path& file, std::string_view passphrase);

}  // namespace relais::crypto
