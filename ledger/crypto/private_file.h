// Files with secrets: only their owner may read them, and they are written whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/path_lock.h"

namespace relais::crypto {

inline constexpr std::size_t kMaxPrivateFile = 16 * 1024;

/// Creates the file with mode 0600 and syncs it. Errors: Errc::conflict "key-file-exists", Errc::io
/// "key-file".
Status create_private_file(const std::filesystem::path& file, std::string_view bytes);

/// Puts other bytes in the place of a file: a new file that is synced before it has the name. What
/// the old one held is written over before its blocks are given back; a disk that writes elsewhere
/// (flash, copy on write) may keep it until it reuses them.
/// `lock`, where it is given, is the file's: the new one is locked before it has the name, and the
/// lock is its from then on, so that at no moment another program gets hold of what has the name.
Status replace_private_file(const std::filesystem::path& file, std::string_view bytes,
                            PathLock* lock = nullptr);

/// The same where the file goes on to hold what it holds: whether it can be replaced. The old one
/// is written over too, so that no copy is left in free blocks that a later replacement does not
/// reach; unless it has another name (a hard link), under which somebody keeps it.
Status rewrite_private_file(const std::filesystem::path& file, std::string_view bytes,
                            PathLock* lock = nullptr);

/// Of a regular file of at most kMaxPrivateFile bytes that nobody else may open. Errors:
/// Errc::not_found or Errc::io "key-file", Errc::malformed "key-file", Errc::forbidden
/// "key-file-mode".
Status read_private_file(const std::filesystem::path& file, std::string& bytes);

}  // namespace relais::crypto
