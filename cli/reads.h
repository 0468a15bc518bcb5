// The log of reads beside a ledger, as every command opens it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/log/ledger.h"
#include "ledger/reads/read_log.h"

namespace relais::cli {

struct OpenReads {
  bool read_only = false;                  ///< for verifying
  std::optional<std::string> accept_head;  ///< SIZE:ROOT, where DATA/reads/head is lost
  /// Entries that the lost log had, as the refused start named them: it is begun anew.
  std::optional<std::uint64_t> anew;
  /// Room on the disk that traces leave alone; what a purge of the disclosures needs is added. 0:
  /// none.
  std::uint64_t reserve_bytes = 0;
  int max_open_files = 128;
  std::function<void(const std::string&)> report;
};

/// Opens DATA/reads. A ledger that never had one gets it now, and with it DATA/reads.vkey; where
/// that file is, or the ledger has kept that there was one, a log that is missing was lost, and one
/// that has fewer entries is another ("self-check-reads"). Where the ledger or the disk
/// takes no writes it is opened for reading, and failure() says why. The ledger outlives it.
Result<std::unique_ptr<reads::ReadLog>> open_reads(const std::filesystem::path& data,
                                                   log::Ledger& ledger, const Clock& clock,
                                                   const OpenReads& how);

/// DATA/reads.vkey, by the keys of Ledger::keys().reads.
Status save_reads_keys(const std::filesystem::path& data, const merkle::LogKeys& ledger);

/// Whether the ledger in this folder has a log of reads, or had one.
Result<bool> has_reads(const std::filesystem::path& data, const log::Ledger& ledger);

}  // namespace relais::cli
