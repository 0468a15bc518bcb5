#include "api/read_queue.h"

#include <algorithm>
#include <utility>

namespace relais::api {

Admitted ReadQueue::post(WorkerPool& pool, SignatoryId who, std::function<void()> job) {
  const std::size_t most_runners = std::max<std::size_t>(pool.threads(), 2) - 1;
  const std::lock_guard lock(mutex_);
  if (const auto it = waiting_.find(who); it != waiting_.end() && it->second.size() >= most_each_)
    return fail(error(Errc::limited, "too-many-reads-of-signatory",
                      "too many lists are being read by this signatory")
                    .accepts("at most " + std::to_string(most_each_) + " that wait at once"));
  if (count_ >= most_)
    return fail(error(Errc::unavailable, "too-many-reads", "too many lists are being read"));
  // Where no worker can be asked for, one that is at work takes it later; there must be one.
  if (runners_ < most_runners && !start(pool) && runners_ == 0)
    return fail(error(Errc::unavailable, "too-many-reads", "too much work waits"));
  auto& jobs = waiting_[who];
  if (jobs.empty()) turns_.push_back(who);
  jobs.push_back(std::move(job));
  ++count_;
  return {};
}

std::size_t ReadQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

bool ReadQueue::start(WorkerPool& pool) {
  if (!pool.post([this, &pool] { run(pool); })) return false;
  ++runners_;
  return true;
}

/// Whether nothing waits, so that the runner ends.
bool ReadQueue::ended() {
  const std::lock_guard lock(mutex_);
  if (!turns_.empty()) return false;
  --runners_;
  return true;
}

/// The next of whose turn it is. Nothing where another runner has taken it; then this one ends.
std::function<void()> ReadQueue::next() {
  const std::lock_guard lock(mutex_);
  if (turns_.empty()) {
    --runners_;
    return nullptr;
  }
  const SignatoryId who = turns_.front();
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

/// One, and then behind what else waits for a worker. Where there is no room to wait, it goes on.
void ReadQueue::run(WorkerPool& pool) {
  while (std::function<void()> job = next()) {
    job();
    job = nullptr;  // what it holds ends before the next
    if (ended()) return;
    if (pool.post([this, &pool] { run(pool); })) return;
  }
}

}  // namespace relais::api
