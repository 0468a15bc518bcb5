// DIR/head: the last checkpoint that was handed out, outside the store. The store alone cannot tell
// that its own end is missing: a damaged write-ahead log is read up to the damage, a restored
// backup up to its age. A log that went on from there would fork.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/merkle/note.h"

namespace relais::log {

/// Two slots that are written in turn, so that a write cut short by power loss leaves the other.
/// Each holds a signed checkpoint, padded with zeros: its signature is its checksum.
class HeadFile {
 public:
  /// Opens or makes the file.
  static Result<HeadFile> open(const std::filesystem::path& path);
  HeadFile(HeadFile&& other) noexcept;
  HeadFile& operator=(HeadFile&&) = delete;
  HeadFile(const HeadFile&) = delete;
  ~HeadFile();

  /// Writes the note into the next slot. Not synced: the entries are, and what this guards against
  /// is not a crash of the machine.
  Status write(std::string_view note);

  /// The newest checkpoint in the file that `log` has signed. Nothing where there is no file;
  /// "self-check-head" where no slot holds.
  static Result<std::optional<merkle::Checkpoint>> read(const std::filesystem::path& path,
                                                        const merkle::NoteKey& log);

 private:
  explicit HeadFile(int fd) : fd_(fd) {}
  int fd_ = -1;
  unsigned next_ = 0;
};

}  // namespace relais::log
