// SHA-256 (FIPS 180-4) by OpenSSL, with the algorithm fetched once and a context reused in each
// thread.
#pragma once

#include <initializer_list>
#include <string_view>

#include "ledger/base/bytes.h"

namespace relais::crypto {

/// Digest of the parts one behind the other. Thread-safe.
Hash sha256(std::initializer_list<std::string_view> parts);
inline Hash sha256(std::string_view bytes) {
  return sha256({bytes});
}

}  // namespace relais::crypto
