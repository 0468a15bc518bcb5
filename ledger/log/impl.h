// Internal to ledger/log: what the public Ledger is made of.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <variant>

#include "ledger/base/pace.h"
#include "ledger/base/path_lock.h"
#include "ledger/log/admission.h"
#include "ledger/log/ledger.h"
#include "ledger/log/sealing.h"
#include "ledger/tiles/head_file.h"
#include "ledger/tiles/stored_tree.h"
#include "ledger/tiles/tree_writer.h"
#include "ledger/vault/vault.h"

namespace relais::log {

using tiles::HeadContent;
using tiles::HeadFile;
using tiles::TreeWriter;

/// What waits for the writer.
struct Group {
  std::vector<Submission> submissions;
  bool atomic = false;
  Done done;
  std::size_t bytes = 0;
};

class BatchCommit;

struct Ledger::Impl {
  PathLock folder_lock;  // of who writes; given back last
  Options options;
  const Clock* clock = nullptr;
  ModelFactory factory;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<vault::Vault> vault;  // absent where `locked` says why
  std::optional<Error> locked;
  std::optional<crypto::SigningKey> log_key;  // absent when read-only
  Stats stats;

  mutable std::mutex head_mutex;
  std::shared_ptr<const Head> head;

  // The writer and what it alone touches.
  std::thread writer;
  std::mutex ended_mutex;  // of who waits for its end, and does then what it would have done
  bool by_hand = false;    // the caller is the writer: Ledger::turn()
  std::optional<TreeWriter> tree;
  std::optional<HeadFile> head_file;
  std::shared_ptr<const RecordSource> records;  // must outlive the model
  std::unique_ptr<Model> model;
  Pace pace;

  // The queue.
  mutable std::mutex queue_mutex;
  std::condition_variable queue_changed;
  std::deque<Group> queue;
  std::deque<std::function<void()>> tasks;  // run by the writer between batches
  std::size_t queued = 0;
  std::size_t queued_bytes = 0;
  std::size_t wanted = 1;  // groups that the writer waits for
  bool stopping = false;
  /// A commit failed: memory is ahead of the disk, so nothing more is taken.
  std::optional<Error> failure;

  std::mutex rebuild_mutex;
  std::mutex purge_mutex;
  /// What a purge waits for: readers of before this moment. It stands still while they go, or a
  /// busy server, where one reader comes before another goes, would never get to it.
  struct Purge {
    std::string mark;  ///< of the erasures that it covers
    std::uint64_t sequence = 0;
  };
  std::optional<Purge> purge;  // of purge_mutex
  mutable std::mutex purge_failure_mutex;
  std::optional<Error> purge_failure;
  mutable std::mutex key_mutex;
  std::optional<Error> key_lost;  // as the last look found it

  std::mutex subscribers_mutex;
  std::map<std::uint64_t, std::function<void(TreeSize)>> subscribers;
  std::uint64_t next_subscription = 1;

  std::shared_ptr<const Head> current() const {
    const std::lock_guard lock(head_mutex);
    return head;
  }
  void publish(std::shared_ptr<const Head> next) {
    const std::lock_guard lock(head_mutex);
    head = std::move(next);
  }
  merkle::TileReader tile_reader() const;
  Result<merkle::Receipt> receipt(LogIndex index) const;
  /// Sealed ones too.
  Result<std::vector<std::string>> disclosures(LogIndex index) const;
  Result<std::vector<std::string>> open_disclosures(LogIndex index, const Hash& leaf,
                                                    std::string_view record) const;
  Status open_vault();
  Status rotate_keys();

  /// The keys and files that only the writer needs. `now`: what the store holds.
  Status open_writer(const HeadContent& content, const Head& now);
  std::optional<Error> shortage() const;
  std::optional<Error> lost_key() const {
    const std::lock_guard lock(key_mutex);
    return key_lost;
  }
  Result<bool> try_purge();
  void start_writer();
  void run_writer();
  bool enough() const;
  void await_groups(std::unique_lock<std::mutex>& lock);
  bool turn();
  void commit_groups(std::deque<Group>& groups);
  void give_up(std::optional<BatchCommit>& batch, const Error& why);
  /// Runs `task` on the writer's thread between two batches and waits for it; directly when there
  /// is no writer. What it wrote is acknowledged when this returns.
  Status run_between_batches(const std::function<Status()>& task);
  /// The store is on disk up to here, and whoever waits is about to be told: `head` has it.
  Status acknowledge(std::string_view note);
  /// A number in the family `meta`.
  Status put_meta(std::string_view key, std::uint64_t value);
  void notify(TreeSize size);
};

/// Judges, orders and commits the groups of one batch. Lives as long as the batch.
class BatchCommit {
 public:
  explicit BatchCommit(Ledger::Impl& ledger);
  /// `group.done` is taken; it is called by commit() or give_up().
  void take(Group& group);
  /// Writes everything, publishes the head and answers; give_up() when the disk failed.
  void commit();
  /// Ends a batch that cannot be committed: the ledger takes nothing more, and those who wait are
  /// told.
  void give_up(const Error& e);

 private:
  struct Staged {  // an entry of this batch
    std::string entry;
    Hash leaf;
    Accepted accepted;
  };
  struct Known {  // an entry of this batch, or of the group that is tried
    LogIndex index;
    StreamVersion version;
    std::string_view jwt;  // of the submission, which outlives the batch
  };
  /// What a statement is to the log: an act that may follow, or an entry that it has already.
  struct Admitted {
    SignatoryId signatory;
    std::variant<rules::Act, LogIndex> what;
  };
  struct Answer {  // what a submission got so far; the receipt comes with the commit
    Result<LogIndex> place;
    bool duplicate = false;
    std::size_t disclosures_added = 0;  // by a duplicate
    bool whole = true;
  };
  struct Refused {
    std::size_t position = 0;  // in the group
    Error error;
  };
  struct Pending {
    Done done;
    std::size_t count = 0;  // of submissions
    std::vector<Answer> answers;
  };

  Result<Admitted> admit(Submission& s, LogIndex index);
  Status check_rotation(const statement::Statement& s, LogIndex index) const;
  Result<Answer> take_one(Submission& s);
  static std::optional<Refused> alone(const Group& group);
  std::optional<Refused> try_group(Group& group);
  Result<std::optional<LogIndex>> find_duplicate(const statement::Statement& s,
                                                 SignatoryId signatory) const;
  Result<std::vector<std::string>> missing_disclosures(const Submission& submission,
                                                       SignatoryId signatory, LogIndex index);
  MaySeal may_seal(const Submission& submission, SignatoryId signatory) const;
  Status check_not_erased(const statement::Statement& s, SignatoryId signatory,
                          LogIndex index) const;
  Result<StreamVersion> version_of(const statement::Statement& s, SignatoryId signatory,
                                   LogIndex index) const;
  Result<std::size_t> complete(const Submission& submission, SignatoryId signatory, LogIndex index);
  LogIndex stage(Submission& s, const rules::Act& act);
  Status keep(const statement::StreamId& stream, LogIndex index, const Hash& leaf,
              const std::vector<std::string>& texts);
  void destroy_disclosures(const rules::Act& act, std::span<const std::uint32_t> versions);
  Result<LogIndex> place_of(const statement::StreamId& stream, StreamVersion version) const;
  Result<Hash> leaf_of(LogIndex index) const;
  Result<const crypto::SecretKey*> data_key(const std::string& stream);
  Status rekey_erased();
  Result<bool> rekey(const statement::StreamId& stream, StreamVersion version);
  void hand_over(Head& head);
  void answer_all(const std::string& note);
  Outcome finish(Answer& a, const std::string& note);

  Ledger::Impl& ledger_;
  std::optional<Error> shortage_;
  std::optional<Error> key_lost_;
  std::size_t rotations_;  // of the log's key, before this batch
  std::uint64_t first_;
  Timestamp received_at_;
  store::Batch batch_;
  std::vector<Staged> staged_;
  std::map<std::string, Known> ids_;                          // of this batch
  std::map<LogIndex, std::vector<std::string>> disclosures_;  // of this batch: new, or completed
  std::map<std::string, LogIndex> streams_;                   // of this batch
  std::map<std::string, crypto::SecretKey> keys_;             // of streams, found or made
  std::map<std::string, statement::StreamId> erased_;         // of this batch
  std::vector<Pending> pending_;
};

/// In the family `meta`: there are erased disclosures whose bytes are still in the store's files.
/// Its value is the index of the last erasure.
inline constexpr std::string_view kPurgeKey = "purge";

/// What a statement disclosed, as it is sealed: the place in the log is its index and the hash of
/// its entry.
std::string disclosure_place(LogIndex index, const Hash& leaf);

/// The checks of Ledger::open. `log` are the keys that checkpoints must be signed by.
Result<Head> self_check(const store::Store& store, const merkle::LogKeys& log,
                        const merkle::TileReader& read_tile);

}  // namespace relais::log
