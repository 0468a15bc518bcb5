#include "ledger/base/path_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

namespace relais {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenTries{50};

bool is_at(int fd, const std::filesystem::path& path) {
  struct stat locked{};
  struct stat there{};
  return ::fstat(fd, &locked) == 0 && ::stat(path.c_str(), &there) == 0 &&
         locked.st_dev == there.st_dev && locked.st_ino == there.st_ino;
}

}  // namespace

/// Asked for again and again: flock(2) itself waits without an end.
Result<PathLock> PathLock::take(const std::filesystem::path& path, std::chrono::milliseconds wait) {
  const Steady::time_point end = Steady::now() + wait;
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
      return fail(Errc::io, "folder-locked",
                  "cannot open " + path.string() + ": " + std::strerror(errno));
    PathLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
      if (is_at(fd, path)) return lock;
    } else if (errno == EINTR) {
      continue;
    } else if (errno != EWOULDBLOCK) {
      return fail(Errc::io, "folder-locked",
                  "cannot lock " + path.string() + ": " + std::strerror(errno));
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now());
    if (left.count() <= 0) break;
    std::this_thread::sleep_for(std::min(left, kBetweenTries));
  }
  return fail(error(Errc::conflict, "folder-locked", "another program works in " + path.string())
                  .accepts("the same once it has ended"));
}

bool PathLock::is_of(const std::filesystem::path& path) const {
  return held() && is_at(fd_, path);
}

PathLock::~PathLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace relais
