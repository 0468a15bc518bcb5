// What wraps the keys of the vault: a key that lives outside the data folder, so that a copy of the
// folder alone opens nothing, and that is replaced at every erasure, so that no older copy opens
// what was erased.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ledger/base/error.h"

namespace relais::vault {

/// Most bytes that are wrapped at once: a few keys.
inline constexpr std::size_t kMaxWrapped = 1024;

/// One or, between renew() and destroy_others(), several keys, of which the newest wraps. One
/// thread at a time.
class WrappingKey {
 public:
  WrappingKey() = default;
  WrappingKey(const WrappingKey&) = delete;
  WrappingKey& operator=(const WrappingKey&) = delete;
  virtual ~WrappingKey() = default;

  /// `secret` under the newest key. `context` is needed to unwrap it.
  virtual Result<std::string> wrap(std::string_view secret, std::string_view context) = 0;
  /// Errors: Errc::unavailable "wrapping-key-other" where it was wrapped by a key that is not here,
  /// Errc::corrupt "wrapping-key-broken" where it is not what was wrapped.
  virtual Result<std::string> unwrap(std::string_view wrapped, std::string_view context) = 0;
  /// Makes a new key, which wraps from now on; durable when this returns.
  virtual Status renew() = 0;
  /// Destroys every key but the one that wrapped this; durable when this returns.
  virtual Status destroy_others(std::string_view wrapped) = 0;
  /// Destroys all of it: of a ledger that was not made after all.
  virtual Status destroy() = 0;
  /// Whether what was last written of it is there still: where it is not, what is wrapped from now
  /// on opens for nobody who comes later. A token keeps its own. Errors: Errc::conflict
  /// "wrapping-key-changed"; Errc::not_found "key-file"; those of a file that cannot be read.
  virtual Status check_unchanged() { return {}; }
  /// Where it lives, for messages.
  virtual std::string place() const = 0;
};

/// Beside the data folder: DIR.wrapping-key.
std::filesystem::path default_wrapping_key(const std::filesystem::path& data);
/// Whether a place is a file's, and not a token's.
bool is_file(const std::string& place);
/// Errc::invalid "wrapping-key-inside" of a file in the data folder: who copies that has both.
Status check_outside(const std::string& place, const std::filesystem::path& data);

/// What it is opened for. A ledger that is written renews its key, so nobody else may have it then:
/// a file is locked, and must be one that can be replaced.
enum class Use { unwrap, renew };

/// `place`: the path of a file, or a PKCS#11 URI (RFC 7512) with module-path:
///   pkcs11:token=relais;object=relais?module-path=/usr/lib/…/libsofthsm2.so&pin-source=/etc/…/pin
/// Errors: Errc::not_found, Errc::io, Errc::malformed, Errc::forbidden "key-file…"; "pkcs11-…";
/// "wrapping-key-in-use" (Errc::conflict), "wrapping-key-fixed" (Errc::io).
Result<std::unique_ptr<WrappingKey>> open_wrapping_key(const std::string& place, Use use);
/// The same, newly made there. Errc::conflict "wrapping-key-exists" where there is one already: it
/// may be another ledger's, whose erasures would destroy the keys of this one.
Result<std::unique_ptr<WrappingKey>> make_wrapping_key(const std::string& place);

}  // namespace relais::vault
