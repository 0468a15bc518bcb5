// Files and standard input as the commands read and write them.
#pragma once

#include <filesystem>
#include <istream>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/file.h"

namespace relais::cli {

/// read_file() of ledger/base/file.h; "-" reads `in`.
Result<std::string> read_file_or(const std::string& file, std::istream& in, std::size_t limit);
/// Replaces the file, which is a regular one or not there. Rules "file-write", "file-kind".
Status write_file(const std::filesystem::path& file, std::string_view bytes);
/// The same in one step: a reader, and a crash, find the old file or the new one.
Status replace_file(const std::filesystem::path& file, std::string_view bytes);
/// Writes a file that is not there yet. One that holds the same bytes stays; one that holds others
/// stays too, and is an error (rule "file-differs"; a half-written one cannot be).
Status keep_file(const std::filesystem::path& file, std::string_view bytes);
Status make_folder(const std::filesystem::path& folder);

/// The first line of a passphrase file, without its line end; empty when no file is named.
Result<std::string> read_passphrase(const std::string& file);

}  // namespace relais::cli
