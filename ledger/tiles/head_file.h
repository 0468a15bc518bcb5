// DIR/head: the last checkpoint that was handed out, outside the store. The store alone cannot tell
// that its own end is missing: a damaged write-ahead log is read up to the damage, a restored
// backup up to its age. A log that went on from there would fork.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/merkle/log_keys.h"

namespace relais::tiles {

/// What stands in the file.
struct HeadContent {
  std::optional<merkle::Checkpoint> newest;  ///< of those that the log has signed
  std::optional<merkle::Checkpoint> older;   ///< that of the other slot
  unsigned next = 0;                         ///< slot that is to be written next
  /// Why something of it does not hold, as "is missing": the file, or a slot.
  std::string flaw;
};

/// Two slots that are written in turn, so that a write cut short by power loss leaves the other.
/// Each holds a signed checkpoint, padded with zeros: its signature is its checksum.
class HeadFile {
 public:
  /// Opens or makes the file. `next`: as read() gave it, so that the newest is never overwritten.
  static Result<HeadFile> open(const std::filesystem::path& path, unsigned next);
  HeadFile(HeadFile&& other) noexcept;
  HeadFile& operator=(HeadFile&&) = delete;
  HeadFile(const HeadFile&) = delete;
  ~HeadFile();

  /// Writes the note into the next slot. Not synced: the entries are, and what this guards against
  /// is not a crash of the machine.
  Status write(std::string_view note);

  /// What the keys of the log have signed. Beside a running server too.
  static HeadContent read(const std::filesystem::path& path, const merkle::LogKeys& log);

 private:
  HeadFile(int fd, unsigned next) : fd_(fd), next_(next) {}
  int fd_ = -1;
  unsigned next_ = 0;
};

}  // namespace relais::tiles
