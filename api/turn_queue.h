// Work for the workers that many ask for: reads that look at many records, and lists of statements.
// Who asks for much of it waits for itself, and neither for nor before others; an io thread waits
// for none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "api/http/problem.h"
#include "api/worker_pool.h"
#include "ledger/base/id.h"

namespace relais::api {

/// Thread-safe. Takes turns among those that wait: signatories, addresses. A worker does one and
/// then what else waits in the pool: of two queues on one pool, neither keeps the other out.
template <class Key>
class TurnQueue {
 public:
  struct Limits {
    std::size_t most = 0;       ///< that wait
    std::size_t most_each = 0;  ///< the same, of one
    std::size_t spared = 0;     ///< workers that it leaves to others, however many wait
  };
  /// `thing`: in the plural, for the rules: "reads"; `whose`: "signatory".
  TurnQueue(std::string thing, std::string whose, Limits limits)
      : thing_(std::move(thing)), whose_(std::move(whose)), limits_(limits) {}

  /// Has a worker do it. Jobs must not throw. Rules "too-many-<thing>-of-<whose>" (Errc::limited),
  /// "too-many-<thing>" (Errc::unavailable): nothing was taken. The pool ends before the queue
  /// does.
  Admitted post(WorkerPool& pool, const Key& who, std::function<void()> job) {
    const std::size_t most_runners =
        std::max<std::size_t>(pool.threads(), limits_.spared + 1) - limits_.spared;
    const std::lock_guard lock(mutex_);
    if (const auto it = waiting_.find(who);
        it != waiting_.end() && it->second.size() >= limits_.most_each)
      return fail(
          error(Errc::limited, "too-many-" + thing_ + "-of-" + whose_,
                "too many " + thing_ + " of this " + whose_ + " wait")
              .accepts("at most " + std::to_string(limits_.most_each) + " that wait at once"));
    // Where no worker can be asked for, one that is at work takes it later; there must be one.
    if (count_ >= limits_.most || (runners_ < most_runners && !start(pool) && runners_ == 0))
      return fail(error(Errc::unavailable, "too-many-" + thing_, "too many " + thing_ + " wait"));
    auto& jobs = waiting_[who];
    if (jobs.empty()) turns_.push_back(who);
    jobs.push_back(std::move(job));
    ++count_;
    return {};
  }
  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  bool start(WorkerPool& pool) {
    if (!pool.post([this, &pool] { run(pool); })) return false;
    ++runners_;
    return true;
  }
  /// One, and then behind what else waits for a worker. Where there is no room to wait, it goes on.
  void run(WorkerPool& pool) {
    while (std::function<void()> job = next()) {
      job();
      job = nullptr;  // what it holds ends before the next
      if (ended()) return;
      if (pool.post([this, &pool] { run(pool); })) return;
    }
  }
  /// Whether nothing waits, so that the runner ends.
  bool ended() {
    const std::lock_guard lock(mutex_);
    if (!turns_.empty()) return false;
    --runners_;
    return true;
  }
  /// The next of whose turn it is. Nothing where another runner has taken it; then this one ends.
  std::function<void()> next() {
    const std::lock_guard lock(mutex_);
    if (turns_.empty()) {
      --runners_;
      return nullptr;
    }
    const Key who = std::move(turns_.front());
    turns_.pop_front();
    const auto it = waiting_.find(who);
    std::function<void()> job = std::move(it->second.front());
    it->second.pop_front();
    --count_;
    if (it->second.empty())
      waiting_.erase(it);
    else
      turns_.push_back(who);
    return job;
  }

  const std::string thing_;
  const std::string whose_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::map<Key, std::deque<std::function<void()>>> waiting_;
  std::deque<Key> turns_;    // of those that wait
  std::size_t count_ = 0;    // of what waits
  std::size_t runners_ = 0;  // workers that have one, or will take one
};

/// Reads that look at many records, in turns of their signatories.
using ReadQueue = TurnQueue<SignatoryId>;
/// Lists of statements and the parts of them, in turns of the addresses that they come from: who
/// sends them needs no token.
using ListQueue = TurnQueue<std::string>;

}  // namespace relais::api
