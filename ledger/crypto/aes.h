// AES-256 by OpenSSL, in the two modes that a sealed disclosure takes (RFC 7518, sections 4.4 and
// 5.3), and the key derivation between the key agreement and them. Internal to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/bytes.h"

namespace relais::crypto {

inline constexpr std::size_t kWrappedKeyBytes = 40;
inline constexpr std::size_t kGcmIvBytes = 12;
inline constexpr std::size_t kGcmTagBytes = 16;

/// Concat KDF (NIST SP 800-56A, section 5.8.1, with SHA-256) as RFC 7518, section 4.6.2, fills it
/// in, for keys of up to 256 bits: the first `bits` / 8 bytes of one block.
std::string concat_kdf(const Hash& secret, std::string_view algorithm, std::string_view apu,
                       std::string_view apv, std::uint32_t bits);

/// AES Key Wrap (RFC 3394): 40 bytes; nothing where the wrapped key is not by `kek`.
std::string wrap_key(const Hash& kek, const Hash& key);
std::optional<Hash> unwrap_key(const Hash& kek, std::string_view wrapped);

struct GcmText {
  std::string ciphertext;
  std::string tag;  ///< 16 bytes
};
/// `iv` is of 12 bytes.
GcmText gcm_encrypt(const Hash& key, std::string_view iv, std::string_view aad,
                    std::string_view plaintext);
/// Nothing where one of them is not what was encrypted.
std::optional<std::string> gcm_decrypt(const Hash& key, std::string_view iv, std::string_view aad,
                                       std::string_view ciphertext, std::string_view tag);

}  // namespace relais::crypto
