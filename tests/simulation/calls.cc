// The C library's calls on files, in front of those of the library itself: those on the simulated
// disk go there, all others to the system. So the whole program runs as it is: RocksDB's files, the
// zeros ahead of its logs, `head`, the wrapping key.
//
// And the call that waits: where a job of the store is what is waited for, it is run by who waits.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include "tests/simulation/disk.h"
#include "tests/simulation/job_queue.h"

using relais::simulation::Disk;
using relais::simulation::JobQueue;

namespace {

mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : mode_t{0};
}

int open_file(const char* path, int flags, mode_t mode) {
  Disk* const disk = Disk::of(path);
  if (disk != nullptr) return disk->open(path, flags, mode);
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_file(path, flags, mode);
}

int close(int fd) {
  if (Disk* const disk = Disk::of(fd)) disk->close(fd);
  return static_cast<int>(::syscall(SYS_close, fd));
}

ssize_t write(int fd, const void* bytes, std::size_t n) {
  Disk* const disk = Disk::of(fd);
  return disk != nullptr ? disk->append(fd, bytes, n) : ::syscall(SYS_write, fd, bytes, n);
}

ssize_t pwrite(int fd, const void* bytes, std::size_t n, off_t at) {
  Disk* const disk = Disk::of(fd);
  return disk != nullptr ? disk->write(fd, bytes, n, at)
                         : ::syscall(SYS_pwrite64, fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void* bytes, std::size_t n, off_t at) {
  return pwrite(fd, bytes, n, at);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  if (Disk::of(fd) == nullptr) return ::syscall(SYS_writev, fd, parts, count);
  ssize_t all = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t n = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (n < 0) return all > 0 ? all : n;
    all += n;
    if (static_cast<std::size_t>(n) < parts[i].iov_len) break;
  }
  return all;
}

int fsync(int fd) {
  Disk* const disk = Disk::of(fd);
  return disk != nullptr ? disk->sync(fd) : static_cast<int>(::syscall(SYS_fsync, fd));
}

int fdatasync(int fd) {
  Disk* const disk = Disk::of(fd);
  return disk != nullptr ? disk->sync(fd) : static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int ftruncate(int fd, off_t size) {
  Disk* const disk = Disk::of(fd);
  return disk != nullptr ? disk->truncate(fd, size)
                         : static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off_t size) {
  return ftruncate(fd, size);
}

int rename(const char* from, const char* to) {
  Disk* const disk = Disk::of(to);
  return disk != nullptr ? disk->rename(from, to)
                         : static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

int unlink(const char* path) {
  Disk* const disk = Disk::of(path);
  return disk != nullptr ? disk->unlink(path)
                         : static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int remove(const char* path) {
  const int done = unlink(path);
  if (done == 0 || errno != EISDIR) return done;
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int link(const char* from, const char* to) {
  Disk* const disk = Disk::of(to);
  return disk != nullptr ? disk->link(from, to)
                         : static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

// Neither says anything about what is on disk.
int fallocate(int fd, int mode, off_t at, off_t size) {
  return Disk::of(fd) != nullptr ? 0
                                 : static_cast<int>(::syscall(SYS_fallocate, fd, mode, at, size));
}
int sync_file_range(int fd, off64_t at, off64_t size, unsigned flags) {
  return Disk::of(fd) != nullptr
             ? 0
             : static_cast<int>(::syscall(SYS_sync_file_range, fd, at, size, flags));
}

int pthread_cond_wait(pthread_cond_t* changed, pthread_mutex_t* mutex) {
  using Wait = int (*)(pthread_cond_t*, pthread_mutex_t*);
  static const auto real = reinterpret_cast<Wait>(::dlsym(RTLD_NEXT, "pthread_cond_wait"));
  JobQueue* const jobs = JobQueue::of_this_thread();
  if (jobs == nullptr || jobs->empty()) return real(changed, mutex);
  pthread_mutex_unlock(mutex);
  jobs->run_one();
  pthread_mutex_lock(mutex);
  return 0;  // as if woken: who waits looks again
}

}  // extern "C"
