#include "ledger/store/record_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

namespace relais::store {
namespace {

// Blocks of 32 KiB; a record is masked CRC-32C (4) ‖ length (2) ‖ type (1) ‖ payload,
// little-endian, and does not cross a block: longer ones are several, of types first, middle, last.
// Fewer than 7 bytes at a block's end are zeros.
constexpr std::size_t kBlock = 32'768;
constexpr std::size_t kHeader = 7;
constexpr unsigned char kFull = 1, kFirst = 2;

using Crc = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

struct Header {
  std::uint32_t crc = 0;
  std::size_t length = 0;
  unsigned char type = 0;
};

Header header_at(std::string_view block, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(block[at + i]));
  };
  return {byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24, byte(4) | byte(5) << 8,
          static_cast<unsigned char>(byte(6))};
}

bool holds(std::string_view block, std::size_t at, const Header& h) {
  if (at + kHeader + h.length > block.size()) return false;
  Crc crc;
  crc.process_bytes(block.data() + at + 6, 1 + h.length);
  return masked(crc.checksum()) == h.crc;
}

/// Whether the record is whole under another length than the one it names.
bool holds_with_another_length(std::string_view block, std::size_t at) {
  const std::uint32_t wanted = header_at(block, at).crc;
  Crc crc;
  for (std::size_t i = at + 6; i < block.size(); ++i) {
    crc.process_byte(static_cast<unsigned char>(block[i]));
    if (masked(crc.checksum()) == wanted) return true;
  }
  return false;
}

/// Whether a write begins at some place of a block behind `from`.
bool write_begins(std::string_view block, std::size_t from) {
  for (std::size_t at = from; at + kHeader <= block.size(); ++at) {
    const Header h = header_at(block, at);
    if ((h.type == kFull || h.type == kFirst) && holds(block, at, h)) return true;
  }
  return false;
}

std::string read_block(std::ifstream& in) {
  std::string block(kBlock, '\0');
  in.read(block.data(), static_cast<std::streamsize>(block.size()));
  block.resize(static_cast<std::size_t>(in.gcount()));
  return block;
}

/// Where in a block the first record is that does not hold; nothing where all do.
std::optional<std::size_t> first_broken(std::string_view block) {
  std::size_t at = 0;
  while (at + kHeader <= block.size()) {
    const Header h = header_at(block, at);
    if (!holds(block, at, h)) return at;
    at += kHeader + h.length;
  }
  const bool padded = block.size() == kBlock &&
                      std::ranges::all_of(block.substr(at), [](char c) { return c == '\0'; });
  if (at == block.size() || padded) return std::nullopt;
  return at;
}

/// What follows a block: where the last byte is that is no zero, and whether a write begins there.
struct Rest {
  std::uint64_t content_end = 0;  // 0: zeros only
  std::size_t blocks = 0;
  bool write_begins = false;
};

/// End of what is no zero in a block from `from`; `from` where there is nothing.
std::size_t content_end(std::string_view block, std::size_t from) {
  const std::size_t last = block.find_last_not_of('\0');
  return last == std::string_view::npos || last < from ? from : last + 1;
}

Rest read_rest(std::ifstream& in, std::uint64_t begin) {
  Rest rest;
  for (std::string block = read_block(in); !block.empty(); block = read_block(in), ++rest.blocks) {
    if (const std::size_t end = content_end(block, 0); end > 0) {
      rest.content_end = begin + end;
      rest.write_begins = rest.write_begins || write_begins(block, 0);
    }
    begin += block.size();
  }
  return rest;
}

/// Of the record at `at`, which does not hold. Nothing where only zeros stand from there: in a
/// write-ahead log they wait for what is appended next (log_file.h), in a MANIFEST a sync that
/// failed has left them, and RocksDB passes over them. That is as if the file ended there.
std::optional<Flaw::Kind> kind_of(std::string_view block, std::size_t at, const Rest& rest,
                                  bool zeros_behind) {
  const std::size_t end = content_end(block, at);
  if (end == at && rest.content_end == 0) return std::nullopt;
  if (at + kHeader <= block.size() && holds_with_another_length(block, at))
    return Flaw::Kind::damaged;
  if (write_begins(block, at + 1) || rest.write_begins) return Flaw::Kind::damaged;
  if (rest.content_end > 0) return Flaw::Kind::last;
  // A disk writes whole sectors: where the record's last ones are zeros, they were not written.
  constexpr std::size_t kSector = 512;
  const std::size_t written =
      zeros_behind ? std::min((end + kSector - 1) / kSector * kSector, block.size()) : block.size();
  const std::size_t wanted =
      at + kHeader > written ? at + kHeader : at + kHeader + header_at(block, at).length;
  const bool may_end = zeros_behind || (rest.blocks == 0 && block.size() < kBlock);
  return may_end && wanted > written ? Flaw::Kind::cut : Flaw::Kind::last;
}

std::unexpected<Error> file_failed(const std::filesystem::path& file) {
  return fail(Errc::io, "store-file", file.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<std::optional<Flaw>> find_flaw(const std::filesystem::path& file, Place place) {
  std::ifstream in(file, std::ios::binary);
  if (!in && errno == ENOENT) return std::optional<Flaw>();
  if (!in) return file_failed(file);
  std::uint64_t begin = 0;
  for (std::string block = read_block(in); !block.empty(); block = read_block(in)) {
    if (const auto at = first_broken(block)) {
      const Rest rest = read_rest(in, begin + block.size());
      const auto kind = place == Place::before_another
                            ? std::optional(Flaw::Kind::damaged)
                            : kind_of(block, *at, rest, file.extension() == ".log");
      return kind ? std::optional(Flaw{file, begin + *at, *kind}) : std::nullopt;
    }
    begin += block.size();
  }
  return std::optional<Flaw>();
}

namespace {

bool write_at(int fd, std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (put < 0 && errno == EINTR) continue;
    if (put == 0) errno = ENOSPC;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
    at += static_cast<std::uint64_t>(put);
  }
  return true;
}

/// Synced also where it ends there already: who has ended it may have lost power before it did. And
/// written once more: after a sync that failed, what the system holds of a file counts as written,
/// and a later sync that succeeds says nothing of it (fsync(2)).
bool rewrite(std::ifstream& in, int fd) {
  std::uint64_t end = 0;
  for (std::string block = read_block(in); !block.empty(); block = read_block(in)) {
    const auto at = first_broken(block);
    const std::string_view whole = std::string_view(block).substr(0, at.value_or(block.size()));
    if (!write_at(fd, whole, end)) return false;
    end += whole.size();
    if (at) break;
  }
  return ::ftruncate(fd, static_cast<off_t>(end)) == 0 && ::fsync(fd) == 0;
}

}  // namespace

Status end_log(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const int fd = in ? ::open(file.c_str(), O_WRONLY | O_CLOEXEC) : -1;
  if (fd < 0) return file_failed(file);
  const bool done = rewrite(in, fd);
  const int why = errno;
  ::close(fd);
  errno = why;
  return done ? Status() : file_failed(file);
}

Error damaged_file(const std::filesystem::path& file, const std::string& what) {
  return error(Errc::corrupt, "store-file-damaged", file.string() + " is damaged: " + what)
      .at(file.filename().string())
      .accepts(
          "the file as it was written, or a restored backup at least as long as the last "
          "checkpoint "
          "that was handed out");
}

Error to_error(const Flaw& flaw) {
  return damaged_file(flaw.file,
                      "the record at byte " + std::to_string(flaw.at) + " is not what was written");
}

}  // namespace relais::store
