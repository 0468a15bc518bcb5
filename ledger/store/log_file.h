// RocksDB's write-ahead log as a file that is there before it is written: zeros ahead of what is
// appended. A sync behind an append that makes a file longer waits for the file system's journal;
// over zeros it writes the bytes and no more, in about half the time.
#pragma once

#include <cstddef>

namespace rocksdb {
class Env;
}

namespace relais::store {

/// Zeros that are written at once, when the last ones are used up.
inline constexpr std::size_t kZerosAhead = std::size_t{1} << 20;

/// The machine's files, write-ahead logs (".log") with zeros behind them until they are closed, or
/// the next one of their folder is begun. After a crash the last one has them still: RocksDB and
/// record_file.h read over them. A log that is not the last ends where its records end.
rocksdb::Env* files_with_zeros();

}  // namespace relais::store
