// What was disclosed, encrypted with a key of its own for each stream (for what is about a person:
// each case), so that it can be destroyed for ever:
//
//   wrapping key (outside the data folder) ─► root keys ─► a data key a stream ─► disclosures
//
// Erasing destroys the stream's data key and its ciphertexts. Copies of the store that were made
// before still have both, so a rotation follows: all other data keys are wrapped by a new root key,
// that one by a new wrapping key, and the old wrapping key is destroyed. From then on no copy opens
// anything (docs/decisions/0021-vault.md). Bytes: docs/FORMATS.md, "Vault".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "ledger/crypto/seal.h"
#include "ledger/store/store.h"
#include "ledger/vault/wrapping_key.h"

namespace relais::vault {

/// Const members may be called from any thread, all others from one at a time, and those that take
/// the store by reference only while nobody else writes to it.
class Vault {
 public:
  /// The first root key, into a store that has none.
  static Status create(store::Store& store, WrappingKey& key);
  /// Errors: those of unwrap(), Errc::corrupt "vault-missing".
  static Result<std::unique_ptr<Vault>> open(const store::Store& store,
                                             std::unique_ptr<WrappingKey> key);

  /// The data key of a stream; nothing where it has none, or none any more.
  Result<std::optional<crypto::SecretKey>> find(std::string_view stream) const;
  /// A new data key; what wraps it goes into the batch, in the place of the one before.
  crypto::SecretKey make(store::Batch& batch, std::string_view stream) const;
  static void destroy(store::Batch& batch, std::string_view stream);

  /// A text of a stream, at a place in the log that is needed to open it; its length shows in steps
  /// of kStep bytes only.
  static std::string seal(const crypto::SecretKey& key, std::string_view stream,
                          std::string_view place, std::string_view text);
  /// Nothing where the key was destroyed. Errors: Errc::corrupt "vault-record-broken" where it is
  /// not what was sealed for this place.
  Result<std::optional<std::string>> open(std::string_view sealed, std::string_view place) const;
  static Result<std::optional<std::string>> open(const crypto::SecretKey& key,
                                                 std::string_view sealed, std::string_view place);
  static constexpr std::size_t kStep = 64;

  // A rotation, step by step, each durable when it returns. One that was interrupted is begun anew.

  /// A new root key, which wraps from now on, under a new wrapping key: the old one never opens it.
  Status begin_rotation(store::Store& store);
  /// Wraps the next stretch of data keys by it; gives whether none is left. One that cannot be
  /// unwrapped opens nothing any more, and is left as it is.
  Result<bool> rewrap(store::Store& store);
  /// Another new wrapping key, for the new root key alone; all others are destroyed.
  Status end_rotation(store::Store& store);
  /// WrappingKey::check_unchanged(); not while a rotation is under way.
  Status check_key() const { return wrapping_->check_unchanged(); }
  /// Data keys that could not be unwrapped in this rotation.
  std::uint64_t broken() const { return broken_; }

 private:
  explicit Vault(const store::Store& store, std::unique_ptr<WrappingKey> key)
      : store_(store), wrapping_(std::move(key)) {}
  Status write_roots(store::Store& store);
  std::optional<crypto::SecretKey> unwrap(std::string_view stream, std::string_view wrapped) const;

  const store::Store& store_;
  const std::unique_ptr<WrappingKey> wrapping_;
  mutable std::shared_mutex mutex_;
  std::map<std::uint32_t, crypto::SecretKey> roots_;  // by number; the highest wraps
  std::uint64_t broken_ = 0;
  std::string next_;  // key of the record where rewrap() goes on
};

}  // namespace relais::vault
