// Files as they are read, whoever has put what in their place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "ledger/base/error.h"

namespace relais {

/// A regular file, opened for reading. What is none (a FIFO, a device, a folder) is refused without
/// a wait for whoever may write into it; symbolic links are followed.
class RegularFile {
 public:
  /// Rules "file-missing", "file-kind", "file-read"; all Errc::io.
  static Result<RegularFile> open(const std::filesystem::path& file);
  ~RegularFile();
  RegularFile(RegularFile&& other) noexcept
      : path_(std::move(other.path_)),
        fd_(std::exchange(other.fd_, -1)),
        mode_(other.mode_),
        size_(other.size_) {}
  RegularFile& operator=(RegularFile&&) = delete;

  std::uint32_t mode() const { return mode_; }  ///< permission bits, as chmod(2) has them
  std::uint64_t size() const { return size_; }  ///< bytes, when it was opened
  /// Everything, into `bytes`. Errc::too_large rule "file-size" past `limit` bytes; "file-read".
  Status read(std::string& bytes, std::size_t limit) const;

 private:
  RegularFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::filesystem::path path_;
  int fd_ = -1;
  std::uint32_t mode_ = 0;
  std::uint64_t size_ = 0;
};

/// The whole of a regular file of at most `limit` bytes. Rules of RegularFile.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit);
/// For a file that somebody else's code reads: that it is one, of at most `limit` bytes. The error
/// has `field`.
Status check_file(const std::filesystem::path& file, std::size_t limit, const std::string& field);

/// A file to be written, made or emptied: never a FIFO or a device. A descriptor that the caller
/// closes. Rule "file-write".
Result<int> open_for_writing(const std::filesystem::path& file);

/// All of the bytes, also where a call takes a part of them or is interrupted: 0, or errno.
int write_all(int fd, std::string_view bytes);
/// Replaces the file, which is a regular one or not there. Rules "file-write", "file-kind".
Status write_file(const std::filesystem::path& file, std::string_view bytes);
/// The same in one step: a reader, and a crash, find the old file or the new one.
Status replace_file(const std::filesystem::path& file, std::string_view bytes);
/// Removes what writes of a process that was killed have left in a folder (<file>.<number>.new).
/// For who alone writes there.
void remove_unfinished(const std::filesystem::path& folder);

/// What errno says, and what helps where it is the process that has no more handles.
Error file_error(const std::string& rule, const std::filesystem::path& file, int code);

}  // namespace relais
