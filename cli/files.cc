#include "cli/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

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

Status keep_file(const std::filesystem::path& file, std::string_view bytes) {
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) return replace_file(file, bytes);
  RELAIS_ASSIGN(const std::string there, read_file(file, kMaxKeptBytes));
  if (there == bytes) return {};
  return fail(Errc::conflict, "file-differs", file.string() + " is there with other content");
}

std::filesystem::path ledger_around(const std::filesystem::path& path) {
  std::error_code ec;
  // What is not there yet stays relative otherwise.
  const std::filesystem::path absolute = std::filesystem::absolute(path, ec);
  std::filesystem::path at = std::filesystem::weakly_canonical(absolute, ec);
  if (ec) at = absolute.lexically_normal();
  for (;; at = at.parent_path()) {
    if (std::filesystem::exists(at / "store" / "CURRENT", ec) &&
        std::filesystem::exists(at / "log.vkey", ec))
      return at;
    if (!at.has_relative_path()) return {};
  }
}

Status check_outside_ledger(const std::filesystem::path& path, const std::string& option) {
  const std::filesystem::path ledger = ledger_around(path);
  if (ledger.empty()) return {};
  return fail(error(Errc::invalid, "path-in-ledger",
                    path.string() + " lies in the ledger " + ledger.string() +
                        ", where nothing but the ledger writes")
                  .at(option)
                  .accepts("a path outside of it"));
}

namespace {

std::unexpected<Error> exists(const std::filesystem::path& file, const std::string& option) {
  return fail(error(Errc::conflict, "file-exists", file.string() + " is there already")
                  .at(option)
                  .accepts("a path where nothing is yet"));
}

}  // namespace

Status check_new_file(const std::filesystem::path& file, const std::string& option) {
  std::error_code ec;
  if (std::filesystem::exists(std::filesystem::symlink_status(file, ec))) {
    if (std::filesystem::exists(file, ec)) RELAIS_TRY(check_file(file, kMaxKeptBytes, option));
    return exists(file, option);
  }
  return check_outside_ledger(file, option);
}

Result<NewFile> NewFile::open(const std::filesystem::path& file, const std::string& option) {
  RELAIS_TRY(check_new_file(file, option));
  NewFile made(file, file.string() + "." + std::to_string(::getpid()) + ".new", option);
  made.fd_ =
      ::open(made.fresh_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (made.fd_ >= 0) return made;
  const int failed = errno;
  const std::filesystem::path fresh = std::exchange(made.fresh_, {});
  return fail(file_error("file-write", fresh, failed).at(option));
}

NewFile::NewFile(NewFile&& other) noexcept
    : file_(std::move(other.file_)),
      fresh_(std::exchange(other.fresh_, {})),
      option_(std::move(other.option_)),
      fd_(std::exchange(other.fd_, -1)),
      buffer_(std::move(other.buffer_)) {}

NewFile::~NewFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!fresh_.empty()) ::unlink(fresh_.c_str());
}

Status NewFile::flush() {
  const int failed = write_all(fd_, buffer_);
  buffer_.clear();
  if (failed != 0) return fail(file_error("file-write", file_, failed).at(option_));
  return {};
}

Status NewFile::append(std::string_view bytes) {
  constexpr std::size_t kAtOnce = std::size_t{256} * 1024;
  buffer_.append(bytes);
  return buffer_.size() < kAtOnce ? Status() : flush();
}

/// By a link, which replaces nothing as a renaming would.
Status NewFile::finish() {
  RELAIS_TRY(flush());
  if (::close(std::exchange(fd_, -1)) != 0)
    return fail(file_error("file-write", file_, errno).at(option_));
  if (::link(fresh_.c_str(), file_.c_str()) != 0) {
    if (errno == EEXIST) return exists(file_, option_);
    return fail(file_error("file-write", file_, errno).at(option_));
  }
  return {};
}

Status make_file(const std::filesystem::path& file, std::string_view bytes,
                 const std::string& option) {
  RELAIS_ASSIGN(NewFile made, NewFile::open(file, option));
  RELAIS_TRY(made.append(bytes));
  return made.finish();
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
