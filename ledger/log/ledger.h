// The ledger: one writer that judges, orders, stores and signs; many readers.
//
// Concurrency: every public member may be called from any thread. submit() never blocks on the
// disk; its callback runs on the writer's thread and must be short. Reads see only what is on disk
// and under a signed checkpoint.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/model.h"
#include "ledger/log/own_keys.h"
#include "ledger/merkle/note.h"
#include "ledger/merkle/receipt.h"
#include "ledger/rules/registry.h"
#include "ledger/statement/statement.h"
#include "ledger/store/store.h"

namespace relais::log {

/// Limits of the writer. A group is what one request submits.
inline constexpr std::size_t kMaxGroup = 1'000;  ///< statements of one group
inline constexpr std::size_t kMaxBatch =
    2'000;  ///< statements committed together, unless one group alone is larger
inline constexpr std::size_t kMaxQueued =
    20'000;  ///< statements that wait; more are refused (Errc::limited, "queue-full")
inline constexpr std::size_t kMaxQueuedBytes = 256u << 20;

struct Submission {
  statement::Statement statement;
  /// The caller has already checked the signature against the key that `kid` names, in preverify().
  std::optional<SignatoryId> owner;  ///< who pays for it, to who shares the queue out
  bool verified = false;
  std::optional<SignatoryId> by;  ///< who brings it, by a token of its own
  /// If-Match: the stream must be at this version, as the signer counts it.
  std::optional<StreamVersion> expected;
};

/// A statement that is in the log, on disk and under a signed checkpoint.
struct Accepted {
  LogIndex index;
  std::string id;
  std::string source;
  statement::StreamId stream;
  StreamVersion version;  ///< as its signer counts (ledger/rules/relation.h)
  Timestamp received_at;
  Hash leaf{};
  merkle::Receipt
      receipt;  ///< always the first one: the checkpoint of the batch that took the statement in
  bool duplicate = false;             ///< the same bytes were already there; this is their receipt
  bool whole = true;                  ///< what was sent disclosed all that it has digests of
  std::size_t disclosures_added = 0;  ///< that were missing of a duplicate, and are kept now
};
using Outcome = Result<Accepted>;
using Done = std::function<void(std::vector<Outcome>)>;

/// What is owed to a person, and what ends a harm, has room when nothing else has: an erasure, and
/// the revocation of a key that could sign on otherwise. Another date of an end that has come, or
/// is only moved, waits for room.
bool passes_shortage(const statement::Statement& s, const rules::Registry& registry, Timestamp at);

/// What readers see; replaced as a whole after each commit.
struct Head {
  merkle::Checkpoint checkpoint;
  std::string note;         ///< the signed checkpoint
  Timestamp last_received;  ///< of the last entry; receipt times never go back
  std::shared_ptr<const rules::Registry> registry;
  std::shared_ptr<const OwnKeys> keys;  ///< by which checkpoints are verified, this one too
  /// Live generation of the projections, as they stood at this head: whatever one answer reads of
  /// them is of one moment. Whoever holds a head keeps its moment on disk, so nobody does for long.
  std::shared_ptr<const RecordSource> records;
  std::uint32_t generation = 1;
  TreeSize size() const { return TreeSize{checkpoint.size}; }
};

/// Counters since the start, for metrics.
struct Stats {
  std::atomic<std::uint64_t> accepted{0}, refused{0}, duplicates{0}, batches{0}, commit_us{0},
      judge_us{0}, bytes{0}, purge_failures{0};
};

/// An entry as stored: received_at (u64 big-endian, ms) ‖ JWT.
std::string entry_bytes(Timestamp received_at, std::string_view jwt);
struct EntryView {
  Timestamp received_at;
  std::string_view jwt;
};
Result<EntryView> parse_entry(std::string_view entry);

struct Options {
  std::filesystem::path data;       ///< the folder that relais init made
  std::string wrapping_key;         ///< its place (ledger/vault); empty: beside the data folder
  bool read_only = false;           ///< no writer; submit() is refused
  std::optional<Error> unwritable;  ///< why it is read-only: what submit() answers, failure() says
  bool ignore_projections = false;  ///< for rebuilding and verifying what may be damaged; needs
                                    ///< read_only or rebuild() next
  /// In whose hands the log goes on from a log.key_rotated that names it; without it none is
  /// taken. A server never has one: `relais rotate` runs alone.
  std::optional<crypto::SigningKey> next_log_key;
  /// For verifying: what a start would mend or do without is an error too.
  bool strict = false;
  /// SIZE:ROOT of the store's last checkpoint, to be taken for the last one that was handed out
  /// where DIR/head is lost. Errors: "head-differs", "head-holds".
  std::optional<std::string> accept_head;
  /// Room on the disk that is kept for what must pass when it is low; what a purge of the
  /// disclosures needs is added. 0: none.
  std::uint64_t reserve_bytes = 0;
  int max_open_files = 512;  ///< of the store
  std::size_t block_cache_bytes = 256u << 20;
  std::size_t max_cases = 100'000;                 ///< decoded case states kept by the writer
  std::function<void(const std::string&)> report;  ///< gets what the store warns of; any thread
  /// Whoever gives them runs them, and the writer too, by turn(): then the ledger has no thread of
  /// its own, and all of it is for one thread. For what has to happen the same way twice.
  store::Jobs* jobs = nullptr;
};

class Ledger {
 public:
  struct Impl;  ///< internal to ledger/log
  /// Opens and checks itself: last checkpoint against tree and entries, tail against events, ids
  /// and streams, projections' position, log key against the convention. Refuses (Errc::corrupt,
  /// rules "self-check-…") rather than fork.
  static Result<std::unique_ptr<Ledger>> open(const Options& options, const Clock& clock,
                                              ModelFactory factory);
  /// Stops the writer after what is queued was committed and answered.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // --- writing

  /// Queues a group. `atomic`: all statements are accepted, or none is (each other outcome is then
  /// rule "group-refused"). Otherwise each is judged on its own, in order. `done` gets one outcome
  /// a statement.
  void submit(std::vector<Submission> group, bool atomic, Done done);
  /// submit(), and waits.
  std::vector<Outcome> submit_and_wait(std::vector<Submission> group, bool atomic);
  /// What the writer's thread does each time it wakes, where there is none (Options::jobs): judges
  /// and commits what waits, one batch of it. Gives whether anything waited.
  bool turn();
  /// Checks the signature of a statement with the key as readers see it now, on the caller's
  /// thread. A key that is not known yet is not an error: the writer decides (`verified` stays
  /// false). Errc::unauthenticated where the signature does not hold.
  Status preverify(Submission& s) const;
  /// What the log has of a statement, by the signatory that it is of, as readers see it now. One
  /// read where it has none of this id.
  enum class Known {
    no,       ///< nothing, or another one under this id
    lacking,  ///< it, and no disclosures
    whole,    ///< it, with disclosures, or it came with none
  };
  Result<Known> knows(const statement::Statement& s, SignatoryId signatory) const;
  /// Refuses new groups ("shutting-down"), commits and answers what is queued, and moves all of it
  /// out of the write-ahead log, so that the next to open the store has nothing to read back.
  void stop();
  /// Why nothing can be written: the error of the commit that failed, or "shutting-down". Memory is
  /// ahead of the disk from then on, so only opening the ledger again ends this. Readers have the
  /// last head.
  std::optional<Error> failure() const;

  /// Why only erasures and ends of keys are taken now: "storage-low".
  std::optional<Error> shortage() const;

  /// To be called now and then: whether the wrapping key is still what this ledger has written.
  /// What is disclosed while it is not would be lost with the next start, so nothing that discloses
  /// is taken until a later look finds it again. Returns at once while a purge is under way, which
  /// looks itself.
  void look_at_key();
  /// Why nothing that discloses is taken: "wrapping-key-changed", "wrapping-key-missing".
  std::optional<Error> key_lost() const;

  /// Builds a new generation of projections from event 0 beside the live one and switches to it.
  /// One at a time. `progress` gets (events done, events in all).
  Status rebuild(const std::function<void(std::uint64_t, std::uint64_t)>& progress);

  /// Rewrites the files that still hold disclosures which case.data_erased destroyed, if there are
  /// any and no reader that began before the erasure is still at it. Gives whether it did. Slow,
  /// beside the writer; one at a time. One that failed is owed, and is no failure of the ledger:
  /// unless the store takes no writes behind it ("store-stopped"), which opening it again ends.
  Result<bool> purge_erased();
  /// Every key of what is disclosed is wrapped anew with the next purge, although nothing was
  /// erased: for a wrapping key that somebody else may have.
  Status owe_rotation();
  struct Purge {
    bool owed = false;             ///< erased disclosures are still in the files
    std::optional<Error> failure;  ///< why the last purge did not end that
  };
  Purge purge_state() const;

  /// Entries that the log of reads beside the ledger had at least, as keep_reads_size() was told;
  /// nothing where there never was one. Errc::corrupt, "self-check-reads".
  Result<std::optional<std::uint64_t>> reads_size() const;
  Status keep_reads_size(std::uint64_t size);

  // --- reading

  std::shared_ptr<const Head> head() const;
  Result<std::string> entry(LogIndex index) const;  ///< Errc::not_found past the end
  Result<std::string> event(LogIndex index) const;  ///< typed event bytes
  /// Disclosure texts as they were submitted; empty where there were none or they were erased.
  /// Errc::unavailable "vault-locked" where the ledger was opened without its wrapping key.
  Result<std::vector<std::string>> disclosures(LogIndex index) const;
  /// What was sealed in place of others: JWEs, as JSON.
  Result<std::vector<std::string>> sealed(LogIndex index) const;
  /// Both, of a record of the family, for who reads many, with the hash of its entry.
  Result<std::vector<std::string>> open_disclosures(LogIndex index, const Hash& leaf,
                                                    std::string_view record) const;
  /// Why disclosures cannot be opened; nothing where they can.
  const std::optional<Error>& locked() const;
  /// Indices of the entries with this CloudEvents id, one a source that used it.
  Result<std::vector<LogIndex>> find(std::string_view id) const;
  /// Index of the event at a position of a stream; nothing when the stream is shorter.
  Result<std::optional<LogIndex>> find(const statement::StreamId& stream,
                                       StreamVersion version) const;
  /// The events of [from, head), in order, until `visit` returns false. `bytes` are valid during
  /// the call.
  Status scan_events(LogIndex from,
                     const std::function<bool(LogIndex, std::string_view bytes)>& visit) const;
  Status scan_entries(LogIndex from,
                      const std::function<bool(LogIndex, std::string_view bytes)>& visit) const;
  /// First index whose entry was received at or after `t`; the head's size when there is none.
  Result<LogIndex> index_at(Timestamp t) const;
  /// The receipt that was handed out for an entry.
  Result<merkle::Receipt> receipt(LogIndex index) const;
  /// Hashes of a tile as they stand now (1 to 256 times 32 bytes).
  Result<std::string> tile(std::uint8_t level, std::uint64_t index) const;
  /// First `width` entries of bundle `index`.
  Result<std::string> bundle(std::uint64_t index, std::uint16_t width) const;
  Result<std::vector<Hash>> consistency_proof(std::uint64_t old_size, std::uint64_t size) const;
  merkle::NodeReader node_reader() const;
  /// The log's name and public key: the one that signs now.
  merkle::NoteKey vkey() const;
  /// Every key that ever signed checkpoints, of this log and of the log of reads beside it.
  OwnKeys keys() const;

  const Stats& stats() const;
  const store::Store& store() const;
  const ModelFactory& factory() const;
  const Clock& clock() const;

  /// Called on the writer's thread after each commit with the new size. Returns a number for
  /// unsubscribe().
  std::uint64_t subscribe(std::function<void(TreeSize)> on_commit);
  void unsubscribe(std::uint64_t subscription);

 private:
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relais::log
