// The log for those who analyse it: pseudonymised rows in the formats that their tools read
// (docs/EXPORTS.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "ledger/crypto/seal.h"
#include "ledger/log/ledger.h"
#include "replay/export/manifest.h"
#include "replay/export/writer.h"

namespace relais::replay::exports {

struct ExportOptions {
  const Format* format = nullptr;
  TreeSize until;                ///< rows are of the entries before it
  std::filesystem::path folder;  ///< that the files go into: there, and of nobody else meanwhile
  bool kept_key = false;         ///< the manifest says so
  Timestamp made_at;
};
using ExportProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Writes the format's files, manifest.json and manifest.note. All of it is on disk when this
/// returns. Files of an export that was interrupted there are replaced. `log_key` is the one that
/// signs checkpoints of the ledger's head.
Result<Manifest> export_log(const log::Ledger& ledger, const ExportOptions& options,
                            crypto::SecretKey pseudonym_key, const crypto::SigningKey& log_key,
                            const ExportProgress& progress);

/// Names that an export of any format leaves in its folder, finished or not.
std::vector<std::string> export_file_names();

}  // namespace relais::replay::exports
