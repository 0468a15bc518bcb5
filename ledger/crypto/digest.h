// SHA-256 of what comes piece by piece (FIPS 180-4), and under a key (HMAC, RFC 2104).
#pragma once

#include <memory>
#include <string_view>

#include "ledger/base/bytes.h"
#include "ledger/crypto/seal.h"

namespace relais::crypto {

class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void add(std::string_view bytes);
  /// Of all that was added. Once.
  Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// HMAC-SHA-256. Thread-safe.
Hash hmac_sha256(const SecretKey& key, std::string_view bytes);

}  // namespace relais::crypto
