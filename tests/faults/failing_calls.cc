// Lets a chosen call to the disk fail: loaded in front of the C library (LD_PRELOAD), it counts the
// calls on files under one folder and gives the n-th one an error, or takes a part of it, as a disk
// that is full, broken or interrupted does.
//
//   RELAIS_FAULTS        a file of 40 bytes that whoever tests has mapped too: struct Control
//   RELAIS_FAULTS_UNDER  the folder
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum Kind : std::uint32_t {
  kWrite = 1,
  kSync = 2,
  kRename = 4,
  kCreate = 8,
  kTruncate = 16,
  kUnlink = 32
};

struct Control {
  std::atomic<std::uint32_t> kinds;    // that count; 0: none
  std::atomic<std::int32_t> error;     // errno; 0: a write takes half of its bytes
  std::atomic<std::int64_t> left;      // counts down; the call that finds 1 fails
  std::atomic<std::uint32_t> lasting;  // the later ones fail too
  std::atomic<std::uint32_t> unused;
  std::atomic<std::uint64_t> seen;  // calls that counted
  std::atomic<std::uint64_t> failed;
};
static_assert(sizeof(Control) == 40);

Control* control() {
  static Control* const mapped = [] {
    const char* name = std::getenv("RELAIS_FAULTS");
    const int fd = name == nullptr ? -1 : ::open(name, O_RDWR | O_CLOEXEC);
    void* at = fd < 0 ? MAP_FAILED
                      : ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) ::close(fd);
    return at == MAP_FAILED ? nullptr : static_cast<Control*>(at);
  }();
  return mapped;
}

bool under(const char* path) {
  static const char* const folder = std::getenv("RELAIS_FAULTS_UNDER");
  return folder != nullptr && path != nullptr &&
         std::strncmp(path, folder, std::strlen(folder)) == 0;
}

bool under(int fd) {
  char link[64];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = ::readlink(link, path, sizeof path - 1);
  if (n <= 0) return false;
  path[n] = '\0';
  return under(path);
}

enum class Fate { goes_on, fails, half };

/// What becomes of a call; sets errno where it fails.
template <class File>
Fate fate(Kind kind, File file) {
  Control* c = control();
  if (c == nullptr || (c->kinds & kind) == 0 || !under(file)) return Fate::goes_on;
  ++c->seen;
  const std::int64_t left = c->left.fetch_sub(1);
  if (left > 1 || (left < 1 && c->lasting == 0)) return Fate::goes_on;
  ++c->failed;
  if (c->error == 0) return kind == kWrite ? Fate::half : Fate::goes_on;
  errno = c->error;
  return Fate::fails;
}

template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

std::size_t share(Fate f, std::size_t n) {
  return f == Fate::half && n > 1 ? n / 2 : n;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, std::size_t n) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  const Fate f = fate(kWrite, fd);
  return f == Fate::fails ? -1 : real(fd, bytes, share(f, n));
}

ssize_t pwrite(int fd, const void* bytes, std::size_t n, off_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t, off_t)>("pwrite");
  const Fate f = fate(kWrite, fd);
  return f == Fate::fails ? -1 : real(fd, bytes, share(f, n), at);
}

ssize_t pwrite64(int fd, const void* bytes, std::size_t n, off_t at) {
  return pwrite(fd, bytes, n, at);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  static const auto real = next<ssize_t (*)(int, const struct iovec*, int)>("writev");
  return fate(kWrite, fd) == Fate::fails ? -1 : real(fd, parts, count);
}

int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return fate(kSync, fd) == Fate::fails ? -1 : real(fd);
}

int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  return fate(kSync, fd) == Fate::fails ? -1 : real(fd);
}

int ftruncate(int fd, off_t size) {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return fate(kTruncate, fd) == Fate::fails ? -1 : real(fd, size);
}

int ftruncate64(int fd, off_t size) {
  return ftruncate(fd, size);
}

int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return fate(kRename, to) == Fate::fails ? -1 : real(from, to);
}

int unlink(const char* path) {
  static const auto real = next<int (*)(const char*)>("unlink");
  return fate(kUnlink, path) == Fate::fails ? -1 : real(path);
}

int open(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open");
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (fate(kCreate, path) == Fate::fails) return -1;
  }
  return real(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  return open(path, flags, mode);
}

}  // extern "C"
