// Files and standard input as the commands read and write them.
#pragma once

#include <filesystem>
#include <istream>
#include <string>
#include <string_view>

#include "ledger/base/error.h"

namespace relais::cli {

/// The whole file, of at most `limit` bytes. Rules "file-missing", "file-read", "file-size".
Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit);
/// The same; "-" reads `in`.
Result<std::string> read_file_or(const std::string& file, std::istream& in, std::size_t limit);
/// Replaces the file. Rule "file-write".
Status write_file(const std::filesystem::path& file, std::string_view bytes);
Status make_folder(const std::filesystem::path& folder);

/// The first line of a passphrase file, without its line end; empty when no file is named.
Result<std::string> read_passphrase(const std::string& file);

}  // namespace relais::cli
