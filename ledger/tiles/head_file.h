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
  std::uint64_t written = 0;                 ///< the highest number of a write; 0: of before
  unsigned next = 0;                         ///< slot that is to be written next
  /// Why something of it does not hold, as "is missing": the file, or a slot.
  std::string flaw;
};

/// Two slots that are written in turn, so that a write cut short by power loss leaves the other.
/// Each holds a signed checkpoint, and the number of the store's last write that was acknowledged
/// (Store::sequence()): what comes to a statement of before is in no tree. docs/FORMATS.md has the
/// bytes.
class HeadFile {
 public:
  /// Opens or makes the file. `next`: as read() gave it, so that the newest is never overwritten.
  static Result<HeadFile> open(const std::filesystem::path& path, unsigned next);
  HeadFile(HeadFile&& other) noexcept;
  HeadFile& operator=(HeadFile&&) = delete;
  HeadFile(const HeadFile&) = delete;
  ~HeadFile();

  /// Writes note and number into the next slot. Not synced: the store is, and what this guards
  /// against is not a crash of the machine.
  Status write(std::string_view note, std::uint64_t written);

  /// What the keys of the log have signed. Beside a running server too.
  static HeadContent read(const std::filesystem::path& path, const merkle::LogKeys& log);

 private:
  HeadFile(int fd, unsigned next) : fd_(fd), next_(next) {}
  int fd_ = -1;
  unsigned next_ = 0;
};

}  // namespace relais::tiles
