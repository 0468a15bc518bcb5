// What was exported, of which log, and that the log's key says so (docs/FORMATS.md, "Manifest of an
// export").
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/merkle/log_keys.h"

namespace relais::replay::exports {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kManifestNote = "manifest.note";
inline constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 20;

struct ManifestFile {
  std::string name;
  std::uint64_t bytes = 0;
  Hash sha256{};
};

struct Manifest {
  std::string format;
  std::string checkpoint;     ///< the signed note of the tree that it was taken from
  std::uint64_t entries = 0;  ///< of it, those that the rows are of: the first so many
  std::uint64_t rows = 0;
  bool kept_key = false;  ///< whose pseudonyms are those of other exports by the same key
  Timestamp made_at;
  std::vector<ManifestFile> files;
};

/// JSON with a line end.
std::string to_json(const Manifest& manifest);
/// Signs the manifest's hash under the name <origin>/export, so that it is never taken for a
/// checkpoint of the log. `size`: of the checkpoint in it.
std::string sign_manifest(std::string_view manifest_json, const std::string& origin,
                          std::uint64_t size, const crypto::SigningKey& key);

struct VerifiedExport {
  Manifest manifest;
  merkle::Checkpoint checkpoint;
};
/// Reads DIR/manifest.json, the note beside it, and every file that it names. Errors: those of
/// merkle::open_checkpoint(); "export-manifest" (it is not what was signed, or has another form),
/// "export-file" (a file is not what was exported; its name is in `field`).
Result<VerifiedExport> verify_export(const std::filesystem::path& manifest,
                                     const merkle::LogKeys& log);

}  // namespace relais::replay::exports
