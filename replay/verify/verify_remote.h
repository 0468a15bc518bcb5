// A log verified over the network, trusting nothing but its public key.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/log_keys.h"
#include "replay/verify/verify.h"

namespace relais::replay {

/// GET of a path of the log ("checkpoint", "tile/0/x001/067", "tile/entries/000.p/3"), which lies
/// under /log/ on a server.
using Fetch = std::function<Result<std::string>(const std::string& path)>;

struct RemoteReport {
  merkle::Checkpoint checkpoint;
  std::uint64_t entries = 0;     ///< whose bytes were seen; 0 without entry bundles
  std::uint64_t signatures = 0;  ///< of statements
  std::uint64_t tiles = 0;       ///< hash tiles that were compared
};

/// Hears of the checkpoint that a server shows, before anything else is read; an error ends it.
using First = std::function<Status(const merkle::Checkpoint& checkpoint, const std::string& note)>;

/// `log`: all its keys, for what is judged (key_chain.h). Checks the checkpoint's signature, every
/// hash tile against the leaves, and the root. With `entries` (which takes a token of an analyst)
/// the leaves are made from the entries themselves, and every signature, key and rule is judged
/// again by folding in memory; without it they are what the tiles of level 0 say. The first thing
/// that does not hold is the error, as in verify(); an empty tree is none of a ledger
/// ("verify-empty"), whose entry 0 is its convention.
Result<RemoteReport> verify_remote(const Fetch& fetch, const merkle::LogKeys& log, bool entries,
                                   const Progress& progress, const First& first = {});

/// What a signed tree begins with, and the proof that ties it to the signed root.
struct Growth {
  Hash begins_with{};
  std::vector<Hash> proof;  ///< RFC 9162, 2.1.4; empty between two of one size
};

/// Whether a log that signed both checkpoints has only grown between them: the consistency proof is
/// made here, of a few tiles. Errors: of the fetch, as they are; "verify-tile" where the tiles do
/// not hash up to the newer root, which says something of the server and nothing of the log;
/// "verify-growth" where the two signed trees contradict each other, and `growth` shows it then.
Status verify_growth(const Fetch& fetch, const merkle::Checkpoint& older,
                     const merkle::Checkpoint& newer, Growth* growth = nullptr);

}  // namespace relais::replay
