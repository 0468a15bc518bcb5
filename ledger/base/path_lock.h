// A folder, or a file, that one program at a time works in.
#pragma once

#include <chrono>
#include <filesystem>
#include <utility>

#include "ledger/base/error.h"

namespace relais {

/// flock(2) on the thing itself, which nobody deletes while it is used, as they may a file that is
/// only there to be locked. Given back at the end, or with the process.
class PathLock {
 public:
  PathLock() = default;
  /// Of what is there, and has the path still once it is locked: another program may have put
  /// something else in its place. Waits so long for that one to give it back, and no longer. Rule
  /// "folder-locked": Errc::conflict where it does not, Errc::io where the path cannot be opened.
  static Result<PathLock> take(const std::filesystem::path& path,
                               std::chrono::milliseconds wait = {});
  ~PathLock();
  PathLock(PathLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PathLock& operator=(PathLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  bool held() const { return fd_ >= 0; }
  /// Whether what is locked has this path still.
  bool is_of(const std::filesystem::path& path) const;

 private:
  explicit PathLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace relais
