// Files and standard input as the commands read and write them.
#pragma once

#include <filesystem>
#include <istream>
#include <string>
#include <string_view>
#include <utility>

#include "ledger/base/error.h"
#include "ledger/base/file.h"

namespace relais::cli {

/// read_file() of ledger/base/file.h; "-" reads `in`.
Result<std::string> read_file_or(const std::string& file, std::istream& in, std::size_t limit);
/// Writes a file that is not there yet. One that holds the same bytes stays; one that holds others
/// stays too, and is an error (rule "file-differs"; a half-written one cannot be).
Status keep_file(const std::filesystem::path& file, std::string_view bytes);
/// The folder of a ledger that a path lies in, or is; empty where it lies in none. Nothing but the
/// ledger itself writes there.
std::filesystem::path ledger_around(const std::filesystem::path& path);
/// For a file that a command makes: nothing is there yet, and no ledger is around it. `option`
/// names the path in errors. Rules "file-exists" (Errc::conflict), "file-kind", "path-in-ledger".
Status check_new_file(const std::filesystem::path& file, const std::string& option);
/// The same for a folder that a command writes files into.
Status check_outside_ledger(const std::filesystem::path& path, const std::string& option);

/// A file that is written bit by bit, and is there once all of it is: until then it has another
/// name beside it, which the end of the object removes.
class NewFile {
 public:
  /// Rules of check_new_file(), "file-write".
  static Result<NewFile> open(const std::filesystem::path& file, const std::string& option);
  ~NewFile();
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  Status append(std::string_view bytes);
  /// Errc::conflict "file-exists" where somebody else has made it meanwhile.
  Status finish();

 private:
  NewFile(std::filesystem::path file, std::filesystem::path fresh, std::string option)
      : file_(std::move(file)), fresh_(std::move(fresh)), option_(std::move(option)) {}
  std::filesystem::path file_;
  std::filesystem::path fresh_;  ///< empty once it has its name
  std::string option_;
  int fd_ = -1;
  std::string buffer_;
  Status flush();
};

/// The whole of one at once.
Status make_file(const std::filesystem::path& file, std::string_view bytes,
                 const std::string& option);

Status make_folder(const std::filesystem::path& folder);

/// The first line of a passphrase file, without its line end; empty when no file is named.
Result<std::string> read_passphrase(const std::string& file);

}  // namespace relais::cli
