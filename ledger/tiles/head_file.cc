#include "ledger/tiles/head_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "ledger/base/bytes.h"
#include "ledger/base/file.h"
#include "ledger/crypto/sha256.h"

namespace relais::tiles {
namespace {

constexpr std::size_t kSlotBytes = 4096;  // a block of its own each
constexpr unsigned kSlots = 2;
/// What a file may have and still be looked into; more than two slots are damage.
constexpr std::size_t kMostBytes = std::size_t{1} << 20;
constexpr int kLooks = 5;

Error io_error(const std::filesystem::path& path) {
  if (errno == ENOSPC || errno == EDQUOT)
    return error(Errc::storage_full, "storage-full", "the disk of the ledger is full")
        .accepts("room on it; writing then resumes by itself");
  if (errno == EROFS)
    return error(Errc::unavailable, "storage-read-only", "the disk of the ledger takes no writes")
        .accepts("a disk mounted for writing; writing then resumes by itself");
  return error(Errc::io, "head-file", path.string() + ": " + std::strerror(errno));
}

struct Slot {
  merkle::Checkpoint checkpoint;
  std::uint64_t written = 0;
};

/// note ‖ 0x00 ‖ number: the checksum is over these.
std::string slot_text(std::string_view note, std::uint64_t written) {
  std::string text(note);
  text.push_back('\0');
  append_be(text, written);
  return text;
}

/// What a slot holds, if it is that and nothing else. One of before has zeros behind the note.
std::optional<Slot> read_slot(std::string_view slot, const merkle::LogKeys& log) {
  const std::size_t end = slot.find('\0');
  if (slot.size() != kSlotBytes || end == slot.npos) return std::nullopt;
  const std::string_view note = slot.substr(0, end);
  Slot read;
  std::string_view rest = slot.substr(end);
  if (rest.find_first_not_of('\0') != rest.npos) {
    constexpr std::size_t kNumber = 1 + sizeof read.written;
    if (rest.size() < kNumber + sizeof(Hash)) return std::nullopt;
    read.written = load_be<std::uint64_t>(rest.substr(1));
    const Hash sum = crypto::sha256(slot_text(note, read.written));
    if (rest.substr(kNumber, sizeof(Hash)) != view(sum)) return std::nullopt;
    rest.remove_prefix(kNumber + sizeof(Hash));
    if (rest.find_first_not_of('\0') != rest.npos) return std::nullopt;
  }
  auto checkpoint = merkle::open_checkpoint(note, log);
  if (!checkpoint) return std::nullopt;
  read.checkpoint = std::move(*checkpoint);
  return read;
}

bool is_newer(const Slot& slot, const HeadContent& content) {
  if (!content.newest || slot.checkpoint.size != content.newest->size)
    return !content.newest || slot.checkpoint.size > content.newest->size;
  return slot.written > content.written;
}

HeadContent look_into(const std::filesystem::path& path, const merkle::LogKeys& log) {
  HeadContent content;
  const auto read = read_file(path, kMostBytes);
  if (!read || read->empty()) {
    content.flaw = read                                  ? "is empty"
                   : read.error().rule == "file-missing" ? "is missing"
                   : read.error().rule == "file-size"
                       ? "is damaged"
                       : "cannot be read (" + read.error().message + ")";
    return content;
  }
  const std::string& bytes = *read;
  unsigned slot = 0;
  for (std::size_t at = 0; at < bytes.size(); at += kSlotBytes, ++slot) {
    const auto found = read_slot(std::string_view(bytes).substr(at, kSlotBytes), log);
    if (!found || slot >= kSlots) {
      content.flaw = "is damaged";
      continue;
    }
    if (is_newer(*found, content)) {
      content.older = std::exchange(content.newest, found->checkpoint);
      content.next = (slot + 1) % kSlots;
    } else {
      content.older = found->checkpoint;
    }
    content.written = std::max(content.written, found->written);
  }
  // A file that ends behind its first slot may have had the newest in its second.
  if (bytes.size() != kSlots * kSlotBytes) content.flaw = "is damaged";
  return content;
}

}  // namespace

Result<HeadFile> HeadFile::open(const std::filesystem::path& path, unsigned next) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return fail(io_error(path));
  HeadFile file(fd, next);
  struct stat now{};
  constexpr off_t kMost = kSlots * kSlotBytes;
  if (::fstat(fd, &now) == 0 && !S_ISREG(now.st_mode))
    return fail(error(Errc::io, "head-file", path.string() + " is not a file")
                    .accepts("a regular file, or none"));
  if (::fstat(fd, &now) != 0 || (now.st_size > kMost && ::ftruncate(fd, kMost) != 0))
    return fail(io_error(path));
  return file;
}

HeadFile::HeadFile(HeadFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), next_(other.next_) {}

HeadFile::~HeadFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status HeadFile::write(std::string_view note, std::uint64_t written) {
  std::string slot = slot_text(note, written);
  slot += view(crypto::sha256(slot));
  if (slot.size() > kSlotBytes)
    return fail(Errc::internal, "head-file", "a checkpoint is too long");
  slot.resize(kSlotBytes, '\0');
  const auto offset = static_cast<off_t>(next_ * kSlotBytes);
  next_ = (next_ + 1) % kSlots;
  std::size_t done = 0;
  while (done < slot.size()) {
    const ssize_t n =
        ::pwrite(fd_, slot.data() + done, slot.size() - done, offset + static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = ENOSPC;
    if (n <= 0) return fail(io_error("head"));
    done += static_cast<std::size_t>(n);
  }
  // A folder that somebody has removed takes writes for as long as its files are open, and keeps
  // nothing.
  struct stat file{};
  if (::fstat(fd_, &file) != 0) return fail(io_error("head"));
  if (file.st_nlink == 0)
    return fail(error(Errc::io, "data-folder-gone", "the folder of the ledger was removed")
                    .accepts("the folder from a backup that is at least as long"));
  return {};
}

HeadContent HeadFile::read(const std::filesystem::path& path, const merkle::LogKeys& log) {
  HeadContent content;
  // A server beside may be writing a slot at this moment: it is whole with the next look.
  for (int look = 0; look < kLooks; ++look) {
    content = look_into(path, log);
    if (content.flaw.empty()) break;
  }
  return content;
}

}  // namespace relais::tiles
