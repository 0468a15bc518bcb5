// JWE (RFC 7516) in its general JSON serialization, of one kind alone: ECDH-ES+A256KW with X25519
// (RFC 7518, section 4.6; RFC 8037, section 3.2), A256GCM, an ephemeral key for each recipient.
//
//   {"protected": base64url of {"enc":"A256GCM", and the members that the caller names},
//    "recipients": [{"header": {"alg":"ECDH-ES+A256KW", "kid":…, "epk":{"kty":"OKP",…}},
//                    "encrypted_key": 40 bytes}, …],
//    "iv": 12 bytes, "ciphertext": …, "tag": 16 bytes}
//
// Where there is one recipient, `epk` may stand in the protected header, as npm `jose` writes it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/json.h"
#include "ledger/crypto/x25519.h"

namespace relais::crypto {

inline constexpr std::size_t kMaxJweRecipients = 32;
inline constexpr std::size_t kMaxJwePlaintext = 64 * 1024;

struct JweRecipient {
  KeyId kid;  ///< thumbprint of the sealing key
  SealingKey epk;
  std::string encrypted_key;
};

/// A JWE that has its form; whether it is what was sealed shows when it is opened.
struct Jwe {
  std::string header;            ///< the protected header in base64url: what is authenticated
  std::vector<std::string> own;  ///< values of the caller's members, in the order they were named
  bool epk_in_header = false;
  std::vector<JweRecipient> recipients;
  std::string iv, ciphertext, tag;
};

/// A member of the protected header beside `enc`, whose value is a string.
using JweMember = std::pair<std::string_view, std::string_view>;

/// Exactly the members above, `own` being those of the protected header beside `enc`, each once and
/// a string. Refused (Errc::malformed, Errc::too_large): `zip`, `crit`, `apu`, `apv`, unknown
/// members, other algorithms, an `alg` that stands elsewhere, another curve, points of low order,
/// a recipient or an ephemeral key twice, sizes other than these, base64url that is not strict.
/// Rules "jwe-…", with the member in `field`.
Result<Jwe> parse_jwe(const json::value& value, std::span<const std::string_view> own);

/// The one text of a JWE: members in the order above, no white space.
std::string to_text(const Jwe& jwe);

/// Seals to each recipient. The keys differ; there are 1 to kMaxJweRecipients of them, and
/// kMaxJwePlaintext bytes at most.
Jwe seal_jwe(std::string_view plaintext, std::span<const JweMember> own,
             std::span<const SealingKey> recipients, Random& random);

/// The plaintext. Errors: "jwe-recipient" where it is not sealed to this key; "jwe-opening"
/// (Errc::unauthenticated) where anything in it is not what was sealed, whatever it is (RFC 7516,
/// section 11.5).
Result<std::string> open_jwe(const Jwe& jwe, const OpeningKey& key);

}  // namespace relais::crypto
