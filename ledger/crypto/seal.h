// Authenticated encryption of small texts that leave the program and come back: XChaCha20-Poly1305
// (draft-irtf-cfrg-xchacha-03) by libsodium.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/bytes.h"

namespace relais::crypto {

/// Thread-safe.
class Sealer {
 public:
  explicit Sealer(const Hash& key) : key_(key) {}
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  /// Of at most kMaxText bytes; how long the text is does not show. `context` is not in the result,
  /// and needed to open it. The same text in the same context gives the same bytes: the nonce is a
  /// keyed hash of both.
  std::string seal(std::string_view text, std::string_view context) const;
  /// Nothing where it was not sealed by this key for this context.
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const;

  static constexpr std::size_t kMaxText = 127;
  static constexpr std::size_t kSealedBytes = 24 + 1 + kMaxText + 16;

 private:
  Hash key_;
};

}  // namespace relais::crypto
