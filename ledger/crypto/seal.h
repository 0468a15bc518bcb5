// Authenticated encryption by XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) of libsodium: of
// small texts that leave the program and come back, and of what is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/bytes.h"

namespace relais::crypto {

/// 32 bytes that nobody else may know; wiped when they go.
class SecretKey {
 public:
  static constexpr std::size_t kBytes = 32;
  /// From the system's random numbers, never from a seed: what it protects is for ever.
  static SecretKey random();
  /// Of kBytes bytes.
  explicit SecretKey(std::string_view bytes);
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();
  std::string_view view() const { return relais::view(bytes_); }
  /// Asks the system never to write the page to swap; it may be out of such pages.
  void lock_memory();

 private:
  SecretKey() = default;
  Hash bytes_{};
  bool locked_ = false;
};

/// A random nonce (24 bytes) ‖ the encrypted text ‖ a tag (16 bytes). `context` is not in it, and
/// needed to open it. 2^80 texts under one key before a nonce comes twice.
std::string seal(const SecretKey& key, std::string_view text, std::string_view context);
/// Nothing where it was not sealed by this key for this context.
std::optional<std::string> unseal(const SecretKey& key, std::string_view sealed,
                                  std::string_view context);
inline constexpr std::size_t kSealOverhead = 24 + 16;

/// For cursors. Thread-safe.
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
