// The keys of a log, one after the other. A checkpoint is signed by the key of its size, so that
// who has an old key signs nothing for whoever knows that it was replaced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/note.h"

namespace relais::merkle {

/// Keys of one log, at most.
inline constexpr std::size_t kMaxLogKeys = 101;

struct LogKey {
  NoteKey key;
  std::uint64_t from = 0;  ///< the smallest tree whose checkpoint it signs
  bool operator==(const LogKey&) const = default;
};

/// Oldest first, all under one name, the first from size 0 on. Value type.
class LogKeys {
 public:
  LogKeys() : LogKeys(NoteKey{}) {}
  LogKeys(NoteKey only)
      : keys_{LogKey{std::move(only), 0}} {}  // NOLINT(google-explicit-constructor)

  /// `key` signs from size `from` on. Rule "log-keys": it was there before, `from` goes back, or
  /// there are too many.
  Status add(const crypto::PublicKey& key, std::uint64_t from);

  const std::string& name() const { return keys_.front().key.name; }
  /// The key of a checkpoint of `size` entries.
  const NoteKey& at(std::uint64_t size) const;
  const NoteKey& newest() const { return keys_.back().key; }
  const std::vector<LogKey>& all() const { return keys_; }
  bool has(const crypto::PublicKey& key) const;
  /// Whether all that `known` says is true here too. It may know fewer keys at either end, and then
  /// not from where on its oldest signs.
  bool extends(const LogKeys& known) const;
  /// The same keys under another name.
  LogKeys renamed(const std::string& name) const;
  bool operator==(const LogKeys&) const = default;

 private:
  std::vector<LogKey> keys_;  // never empty
};

/// The file log.vkey: the newest key's vkey on the first line; then, newest first, each older one's
/// with a blank and the largest size whose checkpoint it signs. Each line ends.
std::string to_text(const LogKeys& keys);
/// Rules "note-key", "log-keys". The last line need not end.
Result<LogKeys> parse_log_keys(std::string_view text);

/// As open_checkpoint() of one key, with the key of the checkpoint's size. Rule
/// "checkpoint-key-range" (Errc::unauthenticated): another key of the log has signed it.
Result<Checkpoint> open_checkpoint(std::string_view note, const LogKeys& log);
/// Where a key begins at this size, the one before has signed the checkpoint too: so who knows only
/// that one gets to the new one by proof. Of the ledger's own log, for a checkpoint that holds.
/// Errors: of open_checkpoint().
Status check_handover(std::string_view note, std::uint64_t size, const LogKeys& log);

}  // namespace relais::merkle
