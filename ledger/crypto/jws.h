// Compact JWS (RFC 7515) with EdDSA: the common form of statements, access tokens and proofs of
// possession.
#pragma once

#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/base/json.h"
#include "ledger/crypto/ed25519.h"

namespace relais::crypto {

/// A parsed JWS whose signature has not been checked yet. Views point into the text that was
/// parsed.
struct Jws {
  std::string_view signing_input;  ///< header and payload in base64url, with the dot
  std::string payload;             ///< decoded bytes
  std::string signature;           ///< 64 bytes
  KeyId kid;
};

/// Parses `text` and its protected header. The header must have `alg` EdDSA or Ed25519 (RFC 9864),
/// `typ` as given (compared as a media type: case-insensitive, "application/" optional) and `kid` a
/// thumbprint; `jwk`, `jku`, `x5u`, `x5c`, `crit` and unknown members other than `cty` are refused.
/// Errors: rules "jws-…", Errc::malformed or unauthenticated.
Result<Jws> parse_jws(std::string_view text, std::string_view typ);

/// Errc::unauthenticated, rule "signature-invalid", when the signature is not by `key`.
Status verify_jws(const Jws& jws, const PublicKey& key);

/// Header {"alg":"EdDSA","typ":typ,"kid":thumbprint}; the payload is signed as it is.
std::string sign_jws(const SigningKey& key, std::string_view typ, std::string_view payload);

}  // namespace relais::crypto
