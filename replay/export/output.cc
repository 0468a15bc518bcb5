#include "replay/export/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "ledger/base/file.h"
#include "ledger/crypto/digest.h"

namespace relais::replay::exports {
namespace {

constexpr std::size_t kAtOnce = std::size_t{256} * 1024;

/// Closes it at the end.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Result<Output> Output::open(const std::filesystem::path& file) {
  RELAIS_ASSIGN(const int fd, open_for_writing(file));
  return Output(file, fd);
}

Output::~Output() {
  if (fd_ >= 0) ::close(fd_);
}

Status Output::flush() {
  const int failed = write_all(fd_, buffer_);
  buffer_.clear();
  if (failed != 0) return fail(file_error("file-write", file_, failed));
  return {};
}

Status Output::take(std::string& bytes) {
  buffer_.append(bytes);
  bytes.clear();
  return buffer_.size() < kAtOnce ? Status() : flush();
}

Status Output::finish() {
  RELAIS_TRY(flush());
  int failed = ::fsync(fd_) == 0 ? 0 : errno;
  if (::close(std::exchange(fd_, -1)) != 0 && failed == 0) failed = errno;
  if (failed != 0) return fail(file_error("file-write", file_, failed));
  return {};
}

Status read_pieces(const std::filesystem::path& file,
                   const std::function<Status(std::string_view)>& piece) {
  {
    RELAIS_TRY(RegularFile::open(file));
  }
  const Descriptor in{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (in.fd < 0) return fail(file_error("file-read", file, errno));
  std::string bytes(kAtOnce, '\0');
  for (;;) {
    const ssize_t n = ::read(in.fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("file-read", file, errno));
    if (n == 0) return {};
    RELAIS_TRY(piece(std::string_view(bytes).substr(0, static_cast<std::size_t>(n))));
  }
}

Result<FileDigest> digest_file(const std::filesystem::path& file) {
  FileDigest found;
  crypto::Digest digest;
  RELAIS_TRY(read_pieces(file, [&](std::string_view piece) {
    digest.add(piece);
    found.bytes += piece.size();
    return Status();
  }));
  found.sha256 = digest.finish();
  return found;
}

Status sync_path(const std::filesystem::path& path) {
  const Descriptor opened{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (opened.fd >= 0 && ::fsync(opened.fd) == 0) return {};
  return fail(file_error("file-write", path, errno));
}

}  // namespace relais::replay::exports
