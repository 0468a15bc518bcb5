// Internal to ledger/reads: what the public ReadLog is made of.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "ledger/base/pace.h"
#include "ledger/base/path_lock.h"
#include "ledger/reads/index.h"
#include "ledger/reads/read_log.h"
#include "ledger/tiles/head_file.h"
#include "ledger/tiles/stored_tree.h"
#include "ledger/tiles/tree_writer.h"

namespace relais::reads {

using Steady = std::chrono::steady_clock;

/// What waits for the writer.
struct Waiting {
  Record record;
  ReadLog::Kept kept;
};

struct ReadLog::Impl {
  PathLock lock;  // of who writes; given back last
  Options options;
  const Clock* clock = nullptr;
  merkle::LogKeys keys;
  std::unique_ptr<store::Store> store;
  std::optional<Index> index;
  Stats stats;

  mutable std::mutex head_mutex;
  std::shared_ptr<const Head> head;
  RowsWritten rows_written;  // of head_mutex

  // The writer and what it alone touches.
  std::thread writer;
  bool by_hand = false;  // the caller is the writer: ReadLog::turn()
  std::optional<tiles::TreeWriter> tree;
  std::optional<tiles::HeadFile> head_file;
  Pace pace;

  // The queue.
  mutable std::mutex queue_mutex;
  std::condition_variable queue_changed;
  std::deque<Waiting> queue;
  std::size_t wanted = 1;  // the writer sleeps until so many wait
  std::size_t queued_bytes = 0;
  bool stopping = false;
  std::optional<Error> failure;

  std::shared_ptr<const Head> current() const {
    const std::lock_guard guard(head_mutex);
    return head;
  }
  void publish(std::shared_ptr<const Head> next) {
    const std::lock_guard guard(head_mutex);
    head = std::move(next);
  }

  Status open_writer(const tiles::HeadContent& content, const Head& now);
  Status load_index(const ReadLog& log);
  void start_writer();
  void run_writer();
  bool turn();
  void wait_for_group();
  std::deque<Waiting> take_group();
  void answered(std::size_t count, Steady::duration took);
  /// Writes the group; then its first index.
  Result<LogIndex> commit(const std::deque<Waiting>& group);
  void stage(const Waiting& read, LogIndex index, Timestamp at, store::Batch& batch);
  void fail_with(const Error& e);
};

/// The checks of ReadLog::open.
Result<Head> self_check(const store::Store& store, const merkle::LogKeys& log);

}  // namespace relais::reads
