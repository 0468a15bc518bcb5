#include "ledger/crypto/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "ledger/base/file.h"

namespace relais::crypto {
namespace {

namespace fs = std::filesystem;

struct Descriptor {
  int fd;
  explicit Descriptor(int f) : fd(f) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::unexpected<Error> io_error(const fs::path& file, std::string_view what) {
  const int code = errno;
  if (code == ENOSPC || code == EDQUOT || code == EFBIG)
    return fail(
        error(Errc::storage_full, "storage-full", "the disk of " + file.string() + " is full")
            .accepts("room on it"));
  if (code == EROFS)
    return fail(error(Errc::unavailable, "storage-read-only",
                      "the disk of " + file.string() + " takes no writes"));
  return fail(error(code == ENOENT ? Errc::not_found : Errc::io, "key-file",
                    std::string(what) + " " + file.string() + ": " + std::strerror(code)));
}

/// Written and on disk; errno says why not.
bool write_synced(int fd, std::string_view bytes) {
  errno = write_all(fd, bytes);
  return errno == 0 && ::fsync(fd) == 0;
}

Status sync_folder_of(const fs::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.fd < 0 || ::fsync(parent.fd) != 0) return io_error(folder, "cannot sync");
  return {};
}

/// Zeros in the place of what an open file holds.
Status write_over(int fd, const fs::path& file) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return io_error(file, "cannot look at");
  if (!S_ISREG(info.st_mode)) return fail(Errc::io, "key-file", "not a file: " + file.string());
  const std::string zeros(static_cast<std::size_t>(info.st_size), '\0');
  if (!write_synced(fd, zeros)) return io_error(file, "cannot write over");
  return {};
}

}  // namespace

Status create_private_file(const fs::path& file, std::string_view bytes) {
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                              S_IRUSR | S_IWUSR));
  if (out.fd < 0) {
    if (errno == EEXIST)
      return fail(
          error(Errc::conflict, "key-file-exists", "a key file is never replaced: " + file.string())
              .accepts("a path where nothing is yet"));
    return io_error(file, "cannot create");
  }
  if (!write_synced(out.fd, bytes)) {
    auto failure = io_error(file, "cannot write");
    ::unlink(file.c_str());
    return failure;
  }
  return sync_folder_of(file);
}

namespace {

/// Written over, and gone.
void discard(const fs::path& file) {
  if (const Descriptor left(::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC)); left.fd >= 0)
    static_cast<void>(write_over(left.fd, file));
  ::unlink(file.c_str());
}

/// Gives a new file with the bytes the name of the old one, and its lock.
Status put_in_place(const fs::path& file, std::string_view bytes, PathLock* lock) {
  fs::path next = file;
  next += ".new";
  if (const Descriptor left(::open(next.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
      left.fd >= 0) {  // of a replacement that did not get to its end
    RELAIS_TRY(write_over(left.fd, next));
    ::unlink(next.c_str());
  }
  RELAIS_TRY(create_private_file(next, bytes));
  auto of_next = lock == nullptr ? Result<PathLock>(PathLock()) : PathLock::take(next);
  if (!of_next) {
    discard(next);
    return fail(std::move(of_next.error()));
  }
  if (::rename(next.c_str(), file.c_str()) != 0) {
    auto failure = io_error(file, "cannot replace");
    discard(next);
    return failure;
  }
  if (lock != nullptr) *lock = std::move(*of_next);
  return sync_folder_of(file);
}

enum class OtherNames { spared, written_over };

Status replace(const fs::path& file, std::string_view bytes, OtherNames others, PathLock* lock) {
  const Descriptor old(::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat before{};
  if (old.fd < 0 || ::fstat(old.fd, &before) != 0) return io_error(file, "cannot open");
  RELAIS_TRY(put_in_place(file, bytes, lock));
  if (others == OtherNames::spared && before.st_nlink > 1) return {};
  return write_over(old.fd, file);
}

}  // namespace

Status replace_private_file(const fs::path& file, std::string_view bytes, PathLock* lock) {
  return replace(file, bytes, OtherNames::written_over, lock);
}

Status rewrite_private_file(const fs::path& file, std::string_view bytes, PathLock* lock) {
  return replace(file, bytes, OtherNames::spared, lock);
}

Status read_private_file(const fs::path& file, std::string& bytes) {
  const auto in = RegularFile::open(file);
  const std::string accepted = "a regular file of at most 16 KiB";
  if (!in && in.error().rule == "file-kind")
    return fail(error(Errc::malformed, "key-file", in.error().message).accepts(accepted));
  if (!in)
    return fail(error(in.error().rule == "file-missing" ? Errc::not_found : Errc::io, "key-file",
                      "cannot open the key: " + in.error().message)
                    .accepts(in.error().accepted));
  if (in->size() > kMaxPrivateFile)
    return fail(
        error(Errc::malformed, "key-file", "not a key file: " + file.string()).accepts(accepted));
  if ((in->mode() & 077) != 0)
    return fail(error(Errc::forbidden, "key-file-mode",
                      "others may read the private key in " + file.string())
                    .accepts("mode 0600 (chmod 600)"));
  bytes.reserve(kMaxPrivateFile + 1);  // read into one buffer, which is wiped
  return in->read(bytes, kMaxPrivateFile);
}

}  // namespace relais::crypto
