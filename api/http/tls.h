// What server and client ask of TLS alike. Internal to the rooms that know Asio.
#pragma once

#include <openssl/ssl.h>

#include "ledger/base/error.h"

namespace relais::api {

/// Of certificates and keys: what a system trusts has some hundreds of KiB.
inline constexpr std::size_t kMaxPemBytes = std::size_t{16} << 20;

/// TLS 1.3, or 1.2 too; in 1.2 only what has forward secrecy and AEAD, as in 1.3 (RFC 9325, section
/// 4.2). Errc::io, rule "tls-files".
inline Status ask_for_modern_tls(SSL_CTX* context, bool also_1_2) {
  SSL_CTX_set_min_proto_version(context, also_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
  if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1) return {};
  return fail(Errc::io, "tls-files", "this OpenSSL has no cipher for TLS 1.2");
}

}  // namespace relais::api
