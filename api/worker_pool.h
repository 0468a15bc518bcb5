// A few threads for work that takes a core for longer than an io thread should be held: lists of
// statements, rebuilds.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace relais::api {

/// Thread-safe. Jobs must not throw.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t max_queued);
  /// Runs what is queued to its end.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, without effect, when max_queued jobs wait already.
  bool post(std::function<void()> job);
  std::size_t threads() const { return threads_.size(); }

 private:
  void run();
  void stop();

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace relais::api
