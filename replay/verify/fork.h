// What convicts a log that has signed two histories, in one file: whoever knows its public key
// needs nothing else, and no server (docs/FORMATS.md, "A client's folder of receipts").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/log_keys.h"
#include "replay/verify/verify_remote.h"

namespace relais::replay {

/// A checkpoint as the log's key has signed it.
struct SignedTree {
  merkle::Checkpoint checkpoint;
  std::string note;
};

/// What is kept of a note that open_checkpoint() takes: its body, and the lines that the log's own
/// keys have signed. Whatever else stands behind it is its server's choice, and as long as it
/// likes.
SignedTree signed_tree(merkle::Checkpoint checkpoint, std::string_view note,
                       const merkle::LogKeys& log);

/// Whether one of two signed trees begins with the other: the consistency proof is made of tiles.
/// Errors of verify_growth(); with "verify-growth", `fork` is what convicts the log.
Status compare_trees(const Fetch& fetch, const SignedTree& one, const SignedTree& other,
                     std::string& fork);

struct ForkReport {
  merkle::Checkpoint older;
  merkle::Checkpoint newer;
};

/// The inverse: that the file convicts the log. Both trees are signed by its keys, and the larger
/// one begins, by the proof, with another tree of the smaller one's size. Rules "fork-form",
/// "fork-unproven", and those of checkpoints.
Result<ForkReport> verify_fork(std::string_view text, const merkle::LogKeys& log);

}  // namespace relais::replay
