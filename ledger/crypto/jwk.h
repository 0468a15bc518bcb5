// Keys on disk and on the wire: JWK for Ed25519 (RFC 8037), thumbprints (RFC 7638).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/crypto/ed25519.h"

namespace relais::crypto {

/// SHA-256 thumbprint of the public JWK {"crv":"Ed25519","kty":"OKP","x":…}.
KeyId thumbprint(const PublicKey& key);
/// base64url text of a thumbprint, 43 characters.
std::string to_text(const KeyId& kid);
Result<KeyId> parse_key_id(std::string_view text);
/// The JWK member `x`: base64url of 32 bytes.
std::string to_text(const PublicKey& key);
Result<PublicKey> parse_public_key(std::string_view x);

/// {"kty":"OKP","crv":"Ed25519","x":…,"kid":…,"alg":"EdDSA","use":"sig"}
std::string public_jwk(const PublicKey& key);
/// The same with "d".
std::string private_jwk(const SigningKey& key);
/// From a public or private JWK.
Result<PublicKey> parse_public_jwk(std::string_view json);
Result<SigningKey> parse_private_jwk(std::string_view json);

/// Writes a private key to a new file of mode 0600; an existing file is never replaced. With a
/// passphrase the file holds
/// {"kty":"relais-encrypted","kdf":"argon2id13",…}: Argon2id (interactive limits) and
/// XChaCha20-Poly1305 by libsodium.
Status save_private_key(const std::filesystem::path& file, const SigningKey& key,
                        std::string_view passphrase);
/// Reads either form. A file that others may read (mode & 077) is refused.
Result<SigningKey> load_private_key(const std::filesystem::path& file, std::string_view passphrase);

}  // namespace relais::crypto
