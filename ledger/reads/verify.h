// The log of reads re-derived from its entries: form and time of each, the parts beside it, tree,
// checkpoints, indices and summaries.
#pragma once

#include <cstdint>
#include <functional>

#include "ledger/base/error.h"
#include "ledger/reads/read_log.h"
#include "ledger/store/store.h"

namespace relais::reads {

struct VerifyReport {
  std::uint64_t entries = 0;
  std::uint64_t looks = 0;  ///< parts whose digests the entries have
  std::uint64_t checkpoints = 0;
  std::uint64_t tiles = 0;
  std::uint64_t cases = 0;  ///< that were looked at
  store::FilesRead files;
  Hash root{};
};

/// Verifies a log of reads that was opened for reading, up to its head. The first thing that does
/// not hold is the error: its rule is "verify-…" or "store-file-damaged", its field begins with
/// "reads".
Result<VerifyReport> verify(
    const ReadLog& log,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace relais::reads
