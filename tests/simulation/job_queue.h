// What the stores do beside their callers, in one queue that the simulation runs when its seed says
// so, or when a caller waits for it.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "ledger/store/store.h"

namespace relais::simulation {

class JobQueue final : public store::Jobs {
 public:
  /// That of the thread which makes it, as long as it is there.
  JobQueue() { here() = this; }
  ~JobQueue() override { here() = nullptr; }
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;
  /// nullptr where the thread has none.
  static JobQueue* of_this_thread() { return here(); }

  void add(std::function<void()> job) override { jobs_.push_back(std::move(job)); }
  bool empty() const { return jobs_.empty(); }
  std::size_t size() const { return jobs_.size(); }
  void run_one() {
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
  }

 private:
  static JobQueue*& here() {
    thread_local JobQueue* queue = nullptr;
    return queue;
  }
  std::deque<std::function<void()>> jobs_;
};

}  // namespace relais::simulation
