// What a client remembers of a log between two looks: the newest checkpoint, in a file. What does
// not go on from it is told, and what convicts the log is kept.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ledger/base/error.h"
#include "ledger/base/path_lock.h"
#include "ledger/merkle/log_keys.h"
#include "replay/verify/fork.h"

namespace relais::cli {

/// The checkpoint in a file; nothing where there is no file. Rule "checkpoint-kept" where it does
/// not hold.
Result<std::optional<replay::SignedTree>> read_seen(const std::filesystem::path& file,
                                                    const merkle::LogKeys& log);

/// For who reads what was seen, and replaces it: a lock on <file>.lock, since the file itself is
/// another one with each look. Two at once would each go on from what was seen, and see no
/// contradiction. Waits ten seconds for another program. Rule "folder-locked".
Result<PathLock> lock_seen(const std::filesystem::path& file);

/// Pieces of evidence of one kind that are kept in one place, at most: a server can make any
/// number.
inline constexpr std::size_t kMaxEvidence = 16;

/// compare_trees() with what was seen, in `file`. Rules "history-differs", and `fork` then;
/// "history-unproven".
Status compare_with_seen(const replay::Fetch& fetch, const replay::SignedTree& seen,
                         const replay::SignedTree& shown, const std::filesystem::path& file,
                         std::string& fork);

/// The first 128 bits of a text's SHA-256, in hexadecimal digits: evidence is called by them.
std::string digest_name(std::string_view text);

}  // namespace relais::cli
