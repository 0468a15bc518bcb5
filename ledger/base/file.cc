#include "ledger/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace relais {
namespace {

Error kind_error(const std::filesystem::path& file, mode_t mode) {
  const char* what = S_ISDIR(mode)    ? "a folder"
                     : S_ISFIFO(mode) ? "a FIFO"
                     : S_ISSOCK(mode) ? "a socket"
                                      : "a device";
  return error(Errc::io, "file-kind", file.string() + " is " + what)
      .accepts("a regular file, or a symbolic link to one");
}

Error size_error(const std::filesystem::path& file, std::size_t limit) {
  return error(Errc::too_large, "file-size", file.string() + " is too big")
      .accepts("at most " + std::to_string(limit) + " bytes");
}

}  // namespace

Error file_error(const std::string& rule, const std::filesystem::path& file, int code) {
  Error e = error(Errc::io, rule, file.string() + ": " + std::strerror(code));
  if (code == EMFILE || code == ENFILE) e.accepted = "a higher limit of open files (ulimit -n)";
  return e;
}

Result<RegularFile> RegularFile::open(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return fail(Errc::io, "file-missing", "there is no file " + file.string());
    if (errno == ENXIO) return fail(kind_error(file, S_IFSOCK));  // open(2): a UNIX socket
    return fail(file_error("file-read", file, errno));
  }
  RegularFile opened(file, fd);
  struct stat info{};
  if (::fstat(fd, &info) != 0) return fail(file_error("file-read", file, errno));
  if (!S_ISREG(info.st_mode)) return fail(kind_error(file, info.st_mode));
  opened.mode_ = info.st_mode & 07777;
  opened.size_ = static_cast<std::uint64_t>(info.st_size);
  return opened;
}

RegularFile::~RegularFile() {
  if (fd_ >= 0) ::close(fd_);
}

/// The size that the system names is not relied on: another may write the file meanwhile, and those
/// under /proc have none.
Status RegularFile::read(std::string& bytes, std::size_t limit) const {
  constexpr std::size_t kAtOnce = std::size_t{256} * 1024;
  if (size_ > limit) return fail(size_error(path_, limit));
  bytes.clear();
  bytes.reserve(static_cast<std::size_t>(size_) + 1);
  for (std::size_t done = 0;;) {
    bytes.resize(done + std::clamp(bytes.capacity() - done, std::size_t{1}, kAtOnce));
    const ssize_t n = ::read(fd_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("file-read", path_, errno));
    done += static_cast<std::size_t>(n);
    bytes.resize(done);
    if (n == 0) return {};
    if (done > limit) return fail(size_error(path_, limit));
  }
}

Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
  RELAIS_ASSIGN(const RegularFile opened, RegularFile::open(file));
  std::string bytes;
  RELAIS_TRY(opened.read(bytes, limit));
  return bytes;
}

Status check_file(const std::filesystem::path& file, std::size_t limit, const std::string& field) {
  auto opened = RegularFile::open(file);
  if (!opened) return fail(std::move(opened.error()).at(field));
  if (opened->size() > limit) return fail(size_error(file, limit).at(field));
  return {};
}

Result<int> open_for_writing(const std::filesystem::path& file) {
  constexpr mode_t kMode = 0666;  // and the process's mask
  const int fd =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, kMode);
  if (fd < 0) {
    if (errno == ENXIO) return fail(kind_error(file, S_IFIFO));  // a FIFO that nobody reads
    return fail(file_error("file-write", file, errno));
  }
  struct stat info{};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  ::close(fd);
  return fail(kind_error(file, info.st_mode));
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n == 0) return ENOSPC;
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

Status write_file(const std::filesystem::path& file, std::string_view bytes) {
  RELAIS_ASSIGN(const int fd, open_for_writing(file));
  int failed = write_all(fd, bytes);
  if (::close(fd) != 0 && failed == 0) failed = errno;
  if (failed != 0) return fail(file_error("file-write", file, failed));
  return {};
}

namespace {

bool sync(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

}  // namespace

Status replace_file(const std::filesystem::path& file, std::string_view bytes) {
  // Two programs that write the same file do not share the one that it is made of.
  const std::filesystem::path fresh = file.string() + "." + std::to_string(::getpid()) + ".new";
  std::error_code ec;
  if (const Status written = write_file(fresh, bytes); !written) {
    std::filesystem::remove(fresh, ec);
    return written;
  }
  // What is kept is there after a loss of power, whole or not at all.
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const bool synced = sync(fresh);
  std::filesystem::rename(fresh, file, ec);
  if (ec || !synced || !sync(folder))
    return fail(Errc::io, "file-write", "cannot write " + file.string());
  return {};
}

void remove_unfinished(const std::filesystem::path& folder) {
  constexpr std::string_view kEnd = ".new";
  constexpr std::string_view kDigits = "0123456789";
  std::vector<std::filesystem::path> left;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
    std::string name = entry.path().filename().string();
    std::error_code none;
    if (!name.ends_with(kEnd) || !entry.is_regular_file(none)) continue;
    name.resize(name.size() - kEnd.size());
    const std::size_t dot = name.find_last_not_of(kDigits);
    if (dot != name.npos && dot > 0 && name[dot] == '.' && dot + 1 < name.size())
      left.push_back(entry.path());
  }
  for (const auto& file : left) std::filesystem::remove(file, ec);
}

}  // namespace relais
