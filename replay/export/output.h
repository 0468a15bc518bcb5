// A file of an export while it is written, and as it stands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "ledger/base/bytes.h"
#include "ledger/base/error.h"

namespace relais::replay::exports {

class Output {
 public:
  /// Made or emptied. Rules "file-write", "file-kind".
  static Result<Output> open(const std::filesystem::path& file);
  ~Output();
  Output(Output&& other) noexcept
      : file_(std::move(other.file_)),
        fd_(std::exchange(other.fd_, -1)),
        buffer_(std::move(other.buffer_)) {}
  Output& operator=(Output&&) = delete;

  /// What `bytes` holds, which is empty then. Memory is bounded by what is given at once.
  Status take(std::string& bytes);
  /// All of it is on disk when this returns.
  Status finish();
  const std::filesystem::path& file() const { return file_; }

 private:
  Output(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}
  Status flush();
  std::filesystem::path file_;
  int fd_ = -1;
  std::string buffer_;
};

/// The bytes of a regular file, in pieces of at most 256 KiB. Rules of RegularFile, and of `piece`.
Status read_pieces(const std::filesystem::path& file,
                   const std::function<Status(std::string_view)>& piece);

struct FileDigest {
  std::uint64_t bytes = 0;
  Hash sha256{};
};
Result<FileDigest> digest_file(const std::filesystem::path& file);

/// What was written is on disk: of a file, or of the names in a folder.
Status sync_path(const std::filesystem::path& path);

}  // namespace relais::replay::exports
