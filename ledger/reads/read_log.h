// The log of reads: every answer that gave case data, in a log of the same make as the ledger's own
// (docs/FORMATS.md, "Log of reads"): origin <origin>/reads, its own tree and signed checkpoints, a
// store of its own.
//
// Concurrency: every public member may be called from any thread. keep() never blocks on the disk;
// its callback runs on the writer's thread and must be short. One thread writes: what waits while
// the disk syncs is the next group, so that many reads share one write.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/merkle/log_keys.h"
#include "ledger/merkle/receipt.h"
#include "ledger/reads/index.h"
#include "ledger/reads/record.h"
#include "ledger/reads/summary.h"
#include "ledger/store/store.h"

namespace relais::reads {

/// Reads that are written together.
inline constexpr std::size_t kMaxGroup = 2'000;
/// Reads that wait; more are refused (Errc::limited, "queue-full").
inline constexpr std::size_t kMaxQueued = 20'000;
inline constexpr std::size_t kMaxQueuedBytes = 64u << 20;
/// What readers of it see; replaced as a whole after each commit.
struct Head {
  merkle::Checkpoint checkpoint;
  std::string note;  ///< the signed checkpoint
  Timestamp last_received;
  TreeSize size() const { return TreeSize{checkpoint.size}; }
};

struct Stats {
  std::atomic<std::uint64_t> kept{0}, groups{0}, commit_us{0}, bytes{0};
};

/// An entry as it was read back.
struct Stored {
  LogIndex index;
  Timestamp received_at;
  Record record;
};

struct Options {
  std::filesystem::path path;  ///< DATA/reads
  merkle::LogKeys ledger;      ///< name of the ledger's log; its keys, by sizes of this one
  std::optional<crypto::SigningKey> key;  ///< the log's; nothing: for reading only
  std::optional<Error> unwritable;        ///< why it is for reading only: what keep() answers
  bool strict = false;  ///< for verifying: what a start would mend or do without is an error too
  /// SIZE:ROOT of the store's last checkpoint, to be taken for the last one that was handed out
  /// where DATA/reads/head is lost.
  std::optional<std::string> accept_head;
  std::uint64_t least = 0;  ///< entries that it had already, as the ledger beside it knows
  /// Asked once a group: why there is no room for it, as where the rest is kept for erasures.
  /// Empty: there always is.
  std::function<std::optional<Error>()> shortage;
  int max_open_files = 128;
  std::size_t block_cache_bytes = 32u << 20;
  std::function<void(const std::string&)> report;  ///< what the store warns of; any thread
  store::Jobs* jobs = nullptr;  ///< as log::Options::jobs: the caller is the writer, by turn()
};

/// "relais.example/rhone-2023/reads", with the ledger's keys.
merkle::LogKeys keys_of(const merkle::LogKeys& ledger);

/// Makes DATA/reads, which must not exist: an empty log under a signed checkpoint. Nothing is left
/// behind when it fails.
Status create_log(const std::filesystem::path& path, const merkle::NoteKey& ledger,
                  const crypto::SigningKey& key);

class ReadLog {
 public:
  struct Impl;  ///< internal to ledger/reads
  /// Called once: the place of the entry, on disk and under a signed checkpoint; or why it is not
  /// kept.
  using Kept = std::function<void(Result<LogIndex>)>;

  /// Opens and checks itself as the ledger does: refuses (Errc::corrupt, rules "self-check-…")
  /// rather than fork. "store-missing" where there is none.
  static Result<std::unique_ptr<ReadLog>> open(const Options& options, const Clock& clock);
  /// Stops the writer after what is queued was written and answered.
  ~ReadLog();
  ReadLog(const ReadLog&) = delete;
  ReadLog& operator=(const ReadLog&) = delete;

  void keep(Record record, Kept kept);
  /// keep(), and waits.
  Result<LogIndex> keep_and_wait(Record record);
  /// Where there is no writer's thread (Options::jobs): writes what waits, one group of it. Gives
  /// whether anything waited.
  bool turn();
  /// Refuses new reads ("shutting-down"), writes and answers what is queued, and moves all of it
  /// out of the write-ahead log.
  void stop();
  /// Why nothing can be written, until it is opened anew: the error of the write that failed.
  std::optional<Error> failure() const;
  /// Hears, on the writer's thread, what the indices took on the disk beside the entries: a bundle
  /// of 256 has its rows when it is full. One at a time; an empty one ends it.
  using RowsWritten = std::function<void(const RowBytes&)>;
  void on_rows(RowsWritten written);

  // --- reading

  std::shared_ptr<const Head> head() const;
  Result<std::string> entry(LogIndex index) const;  ///< Errc::not_found past the end
  Result<Stored> find(LogIndex index) const;        ///< the same, parsed; Errc::corrupt
  /// Looks at a case, newest first, from the last one before `until`, until `visit` returns false.
  void scan_case(const Uuid& id, LogIndex until, const std::function<bool(LogIndex)>& visit) const;
  /// The same of what a signatory looked at.
  void scan_signatory(std::string_view slug, LogIndex until,
                      const std::function<bool(LogIndex)>& visit) const;
  /// The same of both (index.h).
  void scan_both(const Uuid& id, std::string_view slug, Along along, LogIndex until,
                 const std::function<bool(LogIndex, bool found)>& pass) const;
  Summary summary(const Uuid& id) const;
  /// First index whose entry was received at or after `t`; the head's size when there is none.
  Result<LogIndex> index_at(Timestamp t) const;
  Result<merkle::Receipt> receipt(LogIndex index) const;
  /// Hashes of a tile as they stand now (1 to 256 times 32 bytes).
  Result<std::string> tile(std::uint8_t level, std::uint64_t index) const;
  const merkle::LogKeys& keys() const;  ///< under the name of this log
  const merkle::NoteKey& vkey() const;  ///< the one that signs now
  const Stats& stats() const;
  const store::Store& store() const;

 private:
  explicit ReadLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relais::reads
