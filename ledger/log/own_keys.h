// The keys that sign the checkpoints of a ledger's two logs, and how one takes another's place.
//
// clang-format off
//   DIR/keys/log.jwk        signs checkpoints
//   DIR/keys/log.jwk.next   will, once the signatories have decided and the log says so
//   DIR/log.vkey            all that ever did (ledger/merkle/log_keys.h)
// clang-format on
//
// The log itself says which key signs: entry 0, and each log.key_rotated. A rotation is done with
// the write of its entry; what is left to do to the files then, the next start finishes.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/merkle/log_keys.h"
#include "ledger/rules/registry.h"
#include "ledger/store/store.h"

namespace relais::log {

class Ledger;

/// Both by the name of the ledger's log, each by the sizes of its own.
struct OwnKeys {
  merkle::LogKeys log;
  merkle::LogKeys reads;
  bool operator==(const OwnKeys&) const = default;
};
OwnKeys own_keys(const rules::Registry& registry);

/// In the family `meta`: indices (8 bytes each) of the entries that rotated the log's key.
inline constexpr std::string_view kLogKeysKey = "log-keys";
std::string log_keys_value(const rules::Registry& registry);
/// There too: entries (8 bytes) that the log of reads had at least (Ledger::reads_size()).
inline constexpr std::string_view kReadsKey = "reads";
/// What the typed events say that kLogKeysKey names, and entry 0; nothing where that is not there
/// to be read. Errc::corrupt "self-check-log-key".
Result<std::optional<OwnKeys>> stored_keys(const store::Store& store);

/// DIR/log.vkey. Errors name the file.
Result<merkle::LogKeys> load_log_keys(const std::filesystem::path& data);
Status save_log_keys(const std::filesystem::path& data, const merkle::LogKeys& keys);

/// DIR/keys/log.jwk, which must be the newest of the keys: "self-check-log-key". A rotation that
/// was interrupted behind its entry is finished.
Result<crypto::SigningKey> load_log_key(const std::filesystem::path& data,
                                        const merkle::LogKeys& keys);
/// DIR/keys/log.jwk.next: "log-key-not-prepared".
Result<crypto::SigningKey> load_next_log_key(const std::filesystem::path& data);
/// Makes DIR/keys/log.jwk.next where there is none; the one that is there may have been voted on.
Result<crypto::SigningKey> prepare_log_key(const std::filesystem::path& data, Random& random);

/// Puts the prepared key in the place of the one that signs, as a proposal decided that has its
/// quorum. `ledger` is that of `data`, opened for writing with this key as Options::next_log_key;
/// `reads_size` that of its log of reads, in which nobody writes meanwhile. Gives the entry. Rules
/// "log-key-undecided", and those of log.key_rotated.
Result<LogIndex> rotate_log_key(Ledger& ledger, const std::filesystem::path& data,
                                std::uint64_t reads_size, const Clock& clock, Random& random);

}  // namespace relais::log
