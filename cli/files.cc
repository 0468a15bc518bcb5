#include "cli/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace relais::cli {
namespace {

constexpr std::size_t kMaxPassphraseBytes = std::size_t{64} * 1024;
constexpr std::size_t kMaxKeptBytes = 2'000'000'000;

Result<std::string> read_stream(std::istream& in, const std::string& name, std::size_t limit) {
  std::string bytes;
  char buffer[64 * 1024];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    bytes.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > limit)
      return fail(error(Errc::too_large, "file-size", name + " is too big")
                      .accepts("at most " + std::to_string(limit) + " bytes"));
  }
  if (in.bad()) return fail(Errc::io, "file-read", "cannot read " + name);
  return bytes;
}

}  // namespace

Result<std::string> read_file_or(const std::string& file, std::istream& in, std::size_t limit) {
  if (file == "-") return read_stream(in, "standard input", limit);
  auto text = read_file(file, limit);
  if (!text && text.error().rule == "file-kind") text.error().accepted += ", or - (standard input)";
  return text;
}

Status write_file(const std::filesystem::path& file, std::string_view bytes) {
  RELAIS_ASSIGN(const int fd, open_for_writing(file));
  int failed = 0;
  while (failed == 0 && !bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      failed = errno;
  }
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

Status keep_file(const std::filesystem::path& file, std::string_view bytes) {
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) return replace_file(file, bytes);
  RELAIS_ASSIGN(const std::string there, read_file(file, kMaxKeptBytes));
  if (there == bytes) return {};
  return fail(Errc::conflict, "file-differs", file.string() + " is there with other content");
}

Status make_folder(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec)
    return fail(Errc::io, "file-write", "cannot make " + folder.string() + ": " + ec.message());
  return {};
}

Result<std::string> read_passphrase(const std::string& file) {
  if (file.empty()) return std::string();
  RELAIS_ASSIGN(std::string text, read_file(file, kMaxPassphraseBytes));
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty())
    return fail(error(Errc::malformed, "passphrase-empty", file + " holds no passphrase")
                    .accepts("the passphrase in its first line"));
  return text;
}

}  // namespace relais::cli
