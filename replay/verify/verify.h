// Everything re-derived from the entries: signatures, keys, rules, tree, checkpoints, typed events,
// indices, disclosures, projections. Trusts nothing that is stored but the entries themselves, and
// of those only what their signatures cover.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/log/ledger.h"
#include "ledger/merkle/log_keys.h"
#include "ledger/store/store.h"

namespace relais::replay {

using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct VerifyReport {
  std::uint64_t entries = 0;
  std::uint64_t signatures = 0;  ///< of statements, key proofs not counted
  std::uint64_t checkpoints = 0;
  std::uint64_t for_readers = 0;  ///< disclosures that their readers alone can open (JWE)
  std::uint64_t disclosures = 0;  ///< texts whose digest a statement signs
  std::uint64_t sealed = 0;       ///< entries whose texts were not opened: without wrapping key
  std::uint64_t records = 0;      ///< projection records that equal the rebuilt ones
  std::uint64_t tiles = 0;
  store::FilesRead files;  ///< of the store, read byte by byte
  Hash root{};
};

struct VerifyOptions {
  unsigned threads = 2;     ///< that check signatures, beside the one that folds
  bool projections = true;  ///< compare the live generation with a rebuilt one
};

/// Verifies a ledger that was opened with read_only and ignore_projections, up to its head: first
/// every byte of the store's files, then what they say. The
/// first thing that does not hold is the error: its rule is "verify-…" or "store-file-damaged", its
/// field names the entry, checkpoint, tile, record or file.
Result<VerifyReport> verify(const log::Ledger& ledger, const VerifyOptions& options,
                            const Progress& progress);

/// A receipt against the log's public keys and the statement it is for, offline (`relais verify
/// --receipt`). The entry's bytes are the receipt's extra data (eight bytes: the time of receipt)
/// and the statement's JWT. Disclosures are not part of the entry, but what the JWT signs says
/// which there may be: one that is not referred to exactly once is refused (RFC 9901, section 7.1).
struct ReceiptReport {
  merkle::Checkpoint checkpoint;
  std::uint64_t index = 0;
  Timestamp received_at;
  Timestamp stated;             ///< the statement's own time
  std::size_t disclosures = 0;  ///< that the statement signs, and that were given
  std::size_t withheld = 0;     ///< digests without a disclosure: withheld, erased or a decoy
};
Result<ReceiptReport> verify_receipt(std::string_view receipt, std::string_view statement,
                                     const merkle::LogKeys& log);

}  // namespace relais::replay
