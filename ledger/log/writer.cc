#include <future>

#include "ledger/base/stored.h"
#include "ledger/base/time_range.h"
#include "ledger/log/impl.h"

namespace relais::log {
namespace {

std::size_t group_bytes(const std::vector<Submission>& group) {
  std::size_t bytes = 0;
  for (const Submission& s : group) {
    bytes += s.statement.jwt.size();
    for (const auto& d : s.statement.disclosures) bytes += d.size();
    for (const auto& sealed : s.statement.sealed) bytes += sealed.text.size();
  }
  return bytes;
}

/// The time of receipt is signed for ever: one that nobody can write is not signed.
std::optional<Error> wrong_clock(Timestamp now) {
  if (in_time_range(now)) return std::nullopt;
  return error(Errc::unavailable, "clock-range", "the ledger's clock is before 1970 or past 9999")
      .accepts("the same once the machine's clock is right");
}

void answer(Group& group, const Error& e) {
  group.done(std::vector<Outcome>(group.submissions.size(), Outcome(fail(e))));
}

Error shutting_down() {
  return error(Errc::unavailable, "shutting-down", "the ledger takes no statements now");
}

}  // namespace

void Ledger::submit(std::vector<Submission> group, bool atomic, Done done) {
  const std::size_t count = group.size();
  std::unique_lock lock(impl_->queue_mutex, std::defer_lock);
  const auto refuse = [&](Error e) {
    if (lock.owns_lock()) lock.unlock();
    done(std::vector<Outcome>(count, Outcome(fail(std::move(e)))));
  };
  if (count == 0) return done({});
  if (count > kMaxGroup)
    return refuse(error(Errc::too_large, "group-size", "too many statements in one group")
                      .accepts("at most 1,000 statements"));
  const std::size_t bytes = group_bytes(group);
  lock.lock();
  if (impl_->failure) return refuse(*impl_->failure);
  if (impl_->stopping || !(impl_->writer.joinable() || impl_->by_hand))
    return refuse(error(Errc::unavailable, "shutting-down", "the ledger takes no statements now"));
  if (impl_->queued + count > kMaxQueued || impl_->queued_bytes + bytes > kMaxQueuedBytes)
    return refuse(
        error(Errc::limited, "queue-full", "too many statements wait; try again shortly"));
  impl_->queued += count;
  impl_->queued_bytes += bytes;
  impl_->queue.push_back({std::move(group), atomic, std::move(done), bytes});
  const bool enough = impl_->enough();
  lock.unlock();
  if (enough) impl_->queue_changed.notify_one();
}

std::vector<Outcome> Ledger::submit_and_wait(std::vector<Submission> group, bool atomic) {
  std::promise<std::vector<Outcome>> promise;
  submit(std::move(group), atomic,
         [&promise](std::vector<Outcome> outcomes) { promise.set_value(std::move(outcomes)); });
  auto outcomes = promise.get_future();
  while (impl_->by_hand && outcomes.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    impl_->turn();
  return outcomes.get();
}

bool Ledger::turn() {
  return impl_->turn();
}

Status Ledger::preverify(Submission& s) const {
  const auto head = impl_->current();
  const rules::Key* key = head->registry->find_key(s.statement.kid);
  if (key == nullptr) return {};
  RELAIS_TRY(statement::verify_signature(s.statement, key->key));
  s.verified = true;
  return {};
}

void Ledger::stop() {
  {
    const std::lock_guard lock(impl_->queue_mutex);
    impl_->stopping = true;
  }
  impl_->queue_changed.notify_one();
  const std::lock_guard ended(impl_->ended_mutex);
  if (std::exchange(impl_->by_hand, false)) {
    while (impl_->turn()) continue;
  } else {
    if (!impl_->writer.joinable()) return;
    impl_->writer.join();
  }
  // What fails here is read back from the write-ahead log, as after a crash.
  static_cast<void>(impl_->store->flush());
}

std::optional<Error> Ledger::failure() const {
  const std::lock_guard lock(impl_->queue_mutex);
  if (impl_->failure || !impl_->stopping) return impl_->failure;
  return shutting_down();
}

std::optional<Error> Ledger::shortage() const {
  return impl_->shortage();
}

/// A purge writes what is left of the disclosures a second time before it lets go of the first.
std::optional<Error> Ledger::Impl::shortage() const {
  if (options.reserve_bytes == 0) return std::nullopt;
  const std::uint64_t reserve =
      options.reserve_bytes + store->file_bytes(store::Family::disclosures);
  const auto free = store->free_bytes();
  if (!free || *free >= reserve) return std::nullopt;
  constexpr std::uint64_t kMiB = 1 << 20;
  return error(Errc::storage_full, "storage-low",
               "the ledger's disk has " + std::to_string(*free / kMiB) +
                   " MiB left, and the last " + std::to_string(reserve / kMiB) +
                   " are kept for erasures")
      .accepts("case.data_erased, key.revoked; anything else when there is room again");
}

void Ledger::Impl::start_writer() {
  by_hand = options.jobs != nullptr;
  if (!by_hand) writer = std::thread([this] { run_writer(); });
}

/// As many groups as the writer waits for, or as many statements as it takes at once.
bool Ledger::Impl::enough() const {
  return queue.size() >= wanted || queued >= kMaxBatch;
}

/// Until there is something to do; statements, once those are there that are likely to come.
void Ledger::Impl::await_groups(std::unique_lock<std::mutex>& lock) {
  const auto called = [this] { return stopping || !tasks.empty() || enough(); };
  queue_changed.wait(lock, called);
  const auto wait = pace.wait(queue.size());
  if (!wait || stopping || !tasks.empty() || queued >= kMaxBatch) return;
  const std::size_t before = queue.size();
  wanted = wait->groups;
  queue_changed.wait_for(lock, wait->most, called);
  wanted = 1;
  pace.waited(before, queue.size());
}

void Ledger::Impl::run_writer() {
  do {
    std::unique_lock lock(queue_mutex);
    await_groups(lock);
  } while (turn());
}

/// All tasks, and as much of the queue as one batch has. Gives whether anything waited.
bool Ledger::Impl::turn() {
  std::deque<Group> taken;
  std::deque<std::function<void()>> run;
  {
    const std::lock_guard lock(queue_mutex);
    if (queue.empty() && tasks.empty()) return false;
    run.swap(tasks);
    std::size_t count = 0;
    while (!queue.empty() &&
           (taken.empty() || count + queue.front().submissions.size() <= kMaxBatch)) {
      count += queue.front().submissions.size();
      queued_bytes -= queue.front().bytes;
      taken.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    queued -= count;
  }
  for (const auto& task : run) task();
  if (taken.empty()) return true;
  if (const auto wrong = wrong_clock(clock->now())) {
    for (Group& g : taken) answer(g, *wrong);
    return true;
  }
  if (!failure) commit_groups(taken);  // only this thread changes it
  for (Group& g : taken)
    if (g.done) answer(g, *failure);
  return true;
}

void Ledger::Impl::give_up(std::optional<BatchCommit>& batch, const Error& why) {
  if (batch) return batch->give_up(why);
  const std::lock_guard lock(queue_mutex);
  failure = why;
}

/// No memory is like no disk: what was staged is not written, and the state is ahead of the disk.
void Ledger::Impl::commit_groups(std::deque<Group>& groups) {
  std::optional<BatchCommit> batch;
  try {
    batch.emplace(*this);
    for (Group& g : groups) batch->take(g);
    batch->commit();
  } catch (const DamagedRecords& e) {
    give_up(batch, records_damaged(e));
  } catch (const std::exception& e) {
    give_up(batch, error(Errc::io, "writer-failed", e.what()));
  }
}

Status Ledger::Impl::acknowledge(std::string_view note) {
  return head_file->write(note, store->sequence());
}

Status Ledger::Impl::run_between_batches(const std::function<Status()>& task) {
  const auto run = [&]() -> Status {
    const std::uint64_t before = store->sequence();
    RELAIS_TRY(task());
    if (!head_file || store->sequence() == before || current()->note.empty()) return {};
    return acknowledge(current()->note);
  };
  std::promise<Status> done;
  {
    std::unique_lock lock(queue_mutex);
    if (stopping || !writer.joinable()) {
      lock.unlock();
      const std::lock_guard ended(ended_mutex);
      if (writer.joinable()) writer.join();
      return run();
    }
    tasks.emplace_back([&] {
      try {
        done.set_value(run());
      } catch (...) {
        done.set_exception(std::current_exception());
      }
    });
  }
  queue_changed.notify_one();
  return done.get_future().get();
}

void Ledger::Impl::notify(TreeSize size) {
  const std::lock_guard lock(subscribers_mutex);
  for (const auto& [number, callback] : subscribers) callback(size);
}

std::uint64_t Ledger::subscribe(std::function<void(TreeSize)> on_commit) {
  const std::lock_guard lock(impl_->subscribers_mutex);
  impl_->subscribers.emplace(impl_->next_subscription, std::move(on_commit));
  return impl_->next_subscription++;
}

void Ledger::unsubscribe(std::uint64_t subscription) {
  const std::lock_guard lock(impl_->subscribers_mutex);
  impl_->subscribers.erase(subscription);
}

}  // namespace relais::log
