// RocksDB's files of records (write-ahead log, MANIFEST) as bytes. RocksDB reads one as far as it
// holds and takes what is behind for a write that a power loss cut short: then it lets go of the
// files that the lost records named. So they are looked at before it opens them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ledger/base/error.h"

namespace relais::store {

/// The first record of a file that does not hold.
struct Flaw {
  enum class Kind : std::uint8_t {
    cut,      ///< the file ends inside it: a write that a crash cut short was never acknowledged
    last,     ///< it is all there, and what it says is not what was written; nothing is behind it
    damaged,  ///< the same, and there are whole records behind it
  };
  std::filesystem::path file;
  std::uint64_t at = 0;  ///< where it begins
  Kind kind = Kind::damaged;
};

/// Whether a file is the one that was written last: only that one may a crash have cut short.
enum class Place : std::uint8_t { last, before_another };

/// Errors: Errc::io "store-file". Zeros behind the last record are none: in a write-ahead log
/// (".log") they were there before it (log_file.h). A log before another was ended before that one
/// was begun: whatever stands behind its last whole record is damage. A file that is not there any
/// more has no flaw: a server beside lets go of its own.
Result<std::optional<Flaw>> find_flaw(const std::filesystem::path& file, Place place = Place::last);

/// Ends the last log where its whole records end, all of it on disk when this returns: what a crash
/// has left behind them was never acknowledged, and another log follows. Errc::io "store-file".
Status end_log(const std::filesystem::path& file);

/// "store-file-damaged", with the file and the place.
Error to_error(const Flaw& flaw);
/// The same of any file.
Error damaged_file(const std::filesystem::path& file, const std::string& what);

}  // namespace relais::store
