// A folder that one program at a time works in.
#pragma once

#include <filesystem>
#include <utility>

#include "ledger/base/error.h"

namespace relais {

/// flock(2) on the folder itself, which nobody deletes while it is used, as they may a file that is
/// only there to be locked. Given back at the end, or with the process.
class FolderLock {
 public:
  FolderLock() = default;
  /// Of a folder that is there. `wait`: until it is free; else Errc::conflict, rule
  /// "folder-locked". Errc::io where it cannot be opened.
  static Result<FolderLock> take(const std::filesystem::path& folder, bool wait);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace relais
