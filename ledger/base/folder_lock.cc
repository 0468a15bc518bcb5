#include "ledger/base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace relais {

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder, bool wait) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return fail(Errc::io, "folder-locked",
                "cannot open " + folder.string() + ": " + std::strerror(errno));
  FolderLock lock(fd);
  int done = 0;
  do done = ::flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  while (done != 0 && errno == EINTR);
  if (done == 0) return lock;
  return fail(error(Errc::conflict, "folder-locked", "another program works in " + folder.string())
                  .accepts("the same once it has ended"));
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace relais
