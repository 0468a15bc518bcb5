// The only code that knows RocksDB: column families, batches, ordered reads, generations of
// projections.
//
// Concurrency: every const member, and every RecordSource it gives, may be used from any thread;
// write() and the members that create or drop generations from one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/base/records.h"

namespace relais {
class WriteLog;
}

namespace relais::store {

/// The column families of docs/FORMATS.md, the projections' generations excepted.
enum class Family : std::uint8_t {
  meta,         ///< name → value: format version, live generation
  entries,      ///< index → entry bytes
  events,       ///< index → typed event
  nodes,        ///< tile level, tile index → hashes
  ids,          ///< id ‖ 0 ‖ signatory → index
  streams,      ///< stream key ‖ version → index
  disclosures,  ///< index → disclosure texts, sealed
  keystore,     ///< stream key → the key that sealed them, wrapped (ledger/vault)
  checkpoints,  ///< size → signed note
};
inline constexpr std::size_t kFamilies = 9;

/// Big-endian, so that key order is number order.
std::string index_key(std::uint64_t index);

/// Who runs what a store does beside its callers: flushes and compactions.
class Jobs {
 public:
  virtual ~Jobs() = default;
  /// Called under the store's locks: keeps the job, to be run later and once. Who waits for the
  /// store, or closes it, waits until it has run.
  virtual void add(std::function<void()> job) = 0;
};

struct Options {
  std::filesystem::path path;
  bool create = false;     ///< a new store; an existing one is refused
  bool read_only = false;  ///< beside a running server
  std::size_t block_cache_bytes = 256 * 1024 * 1024;
  std::size_t write_buffer_bytes = 64 * 1024 * 1024;  ///< of each large family
  /// Most that is read back after a crash: past it the oldest records are moved to their files.
  std::size_t write_ahead_log_bytes = 64 * 1024 * 1024;
  int max_open_files = 512;  ///< table files that are kept open
  /// Gets what RocksDB warns of, one line each; from any of its threads. Empty: nobody.
  std::function<void(const std::string&)> report;
  Jobs* jobs = nullptr;  ///< outlives the store; nullptr: threads of RocksDB's
};

/// What a reading of every file found to hold.
struct FilesRead {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  /// Of them, those that were written before the MANIFEST kept a checksum of each file: their
  /// blocks hold, their footers were not compared with anything.
  std::uint64_t by_blocks = 0;
};

class Store;

/// Writes that take effect together. Not thread-safe.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  void put(Family family, std::string_view key, std::string_view value);
  void erase(Family family, std::string_view key);
  /// The records of a generation as a sink into this batch; valid as long as the batch and the
  /// store.
  RecordSink& records(const Store& store, std::uint32_t generation);
  std::size_t bytes() const;
  void clear();

 private:
  friend class Store;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

using Visit = std::function<bool(std::string_view key, std::string_view value)>;

class Store {
 public:
  /// Errors: Errc::io rule "store-open" with RocksDB's message, "store-locked" where another
  /// process has it open, "store-exists", "store-missing"; Errc::storage_full; Errc::corrupt rule
  /// "store-file-damaged" where going on would let go of what is behind the damage.
  static Result<std::unique_ptr<Store>> open(const Options& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Result<std::optional<std::string>> get(Family family, std::string_view key) const;
  /// In key order from the first key not before `from`, until `visit` returns false. `bulk`: reads
  /// ahead and leaves the block cache alone.
  Status scan(Family family, std::string_view from, const Visit& visit, bool bulk = false) const;
  /// The last record of a family.
  Result<std::optional<std::pair<std::string, std::string>>> last(Family family) const;

  /// Durable when this returns and `sync` is true: written and fsynced to the write-ahead log.
  /// Errors: Errc::storage_full, Errc::io. After one the store takes no more; open it again.
  Status write(Batch& batch, bool sync);

  /// Moves what stands in the write-ahead log alone to the families' files. A store that is closed
  /// behind it opens at once; RocksDB by itself leaves the log to whoever opens the store next.
  Status flush();

  /// Errc::unavailable "handles-low" where a purge would not find the file handles that it takes.
  static Status can_purge();
  /// Makes what was erased or overwritten in a family unreadable in the store's files too: flushes,
  /// rewrites every file that may hold it, and lets go of the write-ahead log that did. Slow;
  /// readers and the writer go on meanwhile. What a snapshot can still see stays: ask
  /// no_snapshot_before() first. The error of can_purge() where it was not begun, since RocksDB
  /// stops for good where it finds no file handle on the way.
  Status purge(Family family);
  /// Whether writes are taken, after a purge that failed: ends what can be ended. An error says
  /// that the store must be opened anew.
  Status resume();

  /// Reads every byte of every file that counts and compares it with what was written. The first
  /// that does not hold is the error: "store-file-damaged", its field is the file's name.
  Result<FilesRead> check_files() const;
  /// "store-file-damaged" of a write-ahead log whose last record does not hold: an opening goes on
  /// without it, and one for writing lets go of it. Nothing where there is none.
  static Result<std::optional<Error>> damaged_end(const std::filesystem::path& path);

  /// The live generation of projections, from meta. A new store has generation 1.
  std::uint32_t generation() const;
  /// Makes the family of a generation, empty: one of the same number that was left over is dropped
  /// first.
  Status create_generation(std::uint32_t generation);
  Status drop_generation(std::uint32_t generation);
  /// Adds the writes of a sorted log to a generation, as one file and past the write-ahead log: for
  /// many at once. Durable when this returns. One thread at a time; another may write() meanwhile.
  Status ingest(std::uint32_t generation, const WriteLog& sorted);
  /// Puts the switch to a generation into a batch.
  void switch_generation(Batch& batch, std::uint32_t generation) const;
  /// To be called after the batch with the switch was written.
  void set_generation(std::uint32_t generation);
  /// Reads of a generation; keeps working after the generation was dropped. Throws DamagedRecords.
  std::shared_ptr<const RecordSource> records(std::uint32_t generation) const;
  /// The same as they stand now, whatever is written later; for as long as somebody holds it.
  std::shared_ptr<const RecordSource> snapshot(std::uint32_t generation) const;
  /// Number of the last write, and whether no snapshot is held that is older than a number.
  std::uint64_t sequence() const;
  bool no_snapshot_before(std::uint64_t sequence) const;

  /// Bytes of a family's files; and those that are free on its disk.
  std::uint64_t file_bytes(Family family) const;
  Result<std::uint64_t> free_bytes() const;
  /// A RocksDB figure as text, for metrics ("rocksdb.estimate-num-keys", …).
  std::optional<std::uint64_t> figure(std::string_view property) const;

 private:
  friend class Batch;
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relais::store
