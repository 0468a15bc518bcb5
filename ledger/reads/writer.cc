// One thread that writes what was read: whole groups, each under one signed checkpoint and one
// sync.
#include <algorithm>
#include <chrono>
#include <future>

#include "ledger/reads/impl.h"

namespace relais::reads {
namespace {

std::size_t bytes_of(const Record& record) {
  std::size_t bytes = record.text.size();
  for (std::size_t i = 0; i < record.looks.size(); ++i)
    bytes += record.looks[i].size() + record.details[i].size();
  return bytes;
}

Error shutting_down() {
  return error(Errc::unavailable, "shutting-down", "the log of reads takes nothing now");
}

}  // namespace

void ReadLog::keep(Record record, Kept kept) {
  const std::size_t bytes = bytes_of(record);
  std::optional<Error> refused;
  bool wake = false;
  {
    const std::lock_guard guard(impl_->queue_mutex);
    if (impl_->failure) {
      refused = impl_->failure;
    } else if (impl_->stopping || !(impl_->writer.joinable() || impl_->by_hand)) {
      refused = shutting_down();
    } else if (impl_->queue.size() >= kMaxQueued || impl_->queued_bytes + bytes > kMaxQueuedBytes) {
      refused = error(Errc::limited, "queue-full", "too many reads wait; try again shortly");
    } else {
      impl_->queued_bytes += bytes;
      impl_->queue.push_back({std::move(record), std::move(kept)});
      wake = impl_->queue.size() >= impl_->wanted;
    }
  }
  if (refused) return kept(fail(std::move(*refused)));
  if (wake) impl_->queue_changed.notify_one();
}

Result<LogIndex> ReadLog::keep_and_wait(Record record) {
  std::promise<Result<LogIndex>> promise;
  keep(std::move(record), [&promise](Result<LogIndex> r) { promise.set_value(std::move(r)); });
  auto kept = promise.get_future();
  while (impl_->by_hand && kept.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    impl_->turn();
  return kept.get();
}

bool ReadLog::turn() {
  return impl_->turn();
}

void ReadLog::stop() {
  {
    const std::lock_guard guard(impl_->queue_mutex);
    impl_->stopping = true;
  }
  impl_->queue_changed.notify_one();
  if (std::exchange(impl_->by_hand, false)) {
    while (impl_->turn()) continue;
  } else {
    if (!impl_->writer.joinable()) return;
    impl_->writer.join();
  }
  // What fails here is read back from the write-ahead log, as after a crash.
  static_cast<void>(impl_->store->flush());
}

void ReadLog::on_rows(RowsWritten written) {
  const std::lock_guard guard(impl_->head_mutex);
  impl_->rows_written = std::move(written);
}

std::optional<Error> ReadLog::failure() const {
  const std::lock_guard guard(impl_->queue_mutex);
  return impl_->failure;
}

void ReadLog::Impl::start_writer() {
  by_hand = options.jobs != nullptr;
  if (!by_hand) writer = std::thread([this] { run_writer(); });
}

void ReadLog::Impl::fail_with(const Error& e) {
  const std::lock_guard guard(queue_mutex);
  failure = e;
}

/// Those who were answered a moment ago come again while the next write is under way, and would
/// then wait for two: so it is begun a little later, with them (ledger/base/pace.h); within what
/// two writes take.
void ReadLog::Impl::wait_for_group() {
  std::unique_lock guard(queue_mutex);
  const auto wait = [&](std::size_t count) {
    wanted = count;
    return [this] { return stopping || queue.size() >= wanted; };
  };
  queue_changed.wait(guard, wait(1));
  const auto others = pace.wait(queue.size());
  if (!others || stopping) return;
  const std::size_t before = queue.size();
  queue_changed.wait_for(guard, others->most, wait(others->groups));
  wanted = 1;
  pace.waited(before, queue.size());
}

/// All that wait, or as many as one group has.
std::deque<Waiting> ReadLog::Impl::take_group() {
  std::deque<Waiting> group;
  const std::lock_guard guard(queue_mutex);
  if (queue.size() <= kMaxGroup) {
    group.swap(queue);
    queued_bytes = 0;
    return group;
  }
  while (group.size() < kMaxGroup) {
    queued_bytes -= bytes_of(queue.front().record);
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return group;
}

void ReadLog::Impl::answered(std::size_t count, Steady::duration took) {
  constexpr Steady::duration kMost = std::chrono::milliseconds(3);
  const std::lock_guard guard(queue_mutex);
  pace.synced(count, std::min(queue.size(), kMaxGroup - count), std::min(2 * took, kMost));
}

void ReadLog::Impl::run_writer() {
  do {
    wait_for_group();
  } while (turn());
}

bool ReadLog::Impl::turn() {
  std::deque<Waiting> group = take_group();
  if (group.empty()) return false;
  const auto start = Steady::now();
  Result<LogIndex> first = LogIndex{};
  // No memory is like no disk: what was staged is not written, and the tree is ahead of the disk.
  try {
    std::optional<Error> refused = failure;  // only this thread changes it
    if (!refused && options.shortage) refused = options.shortage();
    first = refused ? Result<LogIndex>(fail(std::move(*refused))) : commit(group);
  } catch (const std::exception& e) {
    first = fail(Errc::io, "writer-failed", e.what());
    fail_with(first.error());
  }
  answered(group.size(), Steady::now() - start);
  for (std::size_t i = 0; i < group.size(); ++i)
    group[i].kept(first ? Result<LogIndex>(LogIndex{first->value + i}) : first);
  return true;
}

void ReadLog::Impl::stage(const Waiting& read, LogIndex at_index, Timestamp at,
                          store::Batch& batch) {
  const Record& record = read.record;
  const std::string key = store::index_key(at_index.value);
  const std::string entry = entry_bytes(at, record.text);
  tree->append(merkle::leaf_hash(entry));
  batch.put(store::Family::entries, key, entry);
  if (!record.looks.empty()) batch.put(store::Family::disclosures, key, encode_parts(record));
  index->add(record, at);
}

Result<LogIndex> ReadLog::Impl::commit(const std::deque<Waiting>& group) {
  const auto start = Steady::now();
  const std::shared_ptr<const Head> before = current();
  const LogIndex first{tree->size()};
  auto next = std::make_shared<Head>();
  next->last_received = std::max(clock->now(), before->last_received);
  store::Batch batch;
  for (std::size_t i = 0; i < group.size(); ++i)
    stage(group[i], LogIndex{first.value + i}, next->last_received, batch);
  const RowBytes rows = index->write_full(batch.records(*store, kIndices));
  next->checkpoint = {keys.name(), tree->size(), tree->root()};
  next->note = merkle::sign_checkpoint(next->checkpoint, *options.key);
  tree->write(batch);
  batch.put(store::Family::checkpoints, store::index_key(tree->size()), next->note);
  stats.bytes += batch.bytes();
  Status written = store->write(batch, true);
  if (written) written = head_file->write(next->note, store->sequence());
  if (!written) {
    // Whether the group is on disk is not known, and memory is ahead of it.
    fail_with(written.error());
    return fail(std::move(written).error());
  }
  index->publish();
  publish(std::move(next));
  tree->forget();
  if (const std::lock_guard guard(head_mutex); rows_written && !rows.empty()) rows_written(rows);
  stats.kept += group.size();
  ++stats.groups;
  stats.commit_us += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start).count());
  return first;
}

}  // namespace relais::reads
