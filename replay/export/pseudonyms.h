// What stands in an export for what identifies: the same for the same thing, and nothing without
// the key.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "ledger/base/id.h"
#include "ledger/crypto/seal.h"

namespace relais::replay::exports {

class Pseudonyms {
 public:
  explicit Pseudonyms(crypto::SecretKey key) : key_(std::move(key)) {}

  /// Of a thing of a kind: 32 hexadecimal digits of HMAC-SHA-256(key, kind ‖ 0x00 ‖ bytes). No kind
  /// has a zero in it.
  std::string of(std::string_view kind, std::string_view bytes) const;
  std::string of(std::string_view kind, const Uuid& id) const;
  /// Of something that a case knows by a UUID of its own.
  std::string of(std::string_view kind, const Uuid& of_case, const Uuid& id) const;

 private:
  crypto::SecretKey key_;
};

}  // namespace relais::replay::exports
