// How much is still owed to callers: what a service waits for before it ends.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace relais::api {

/// Thread-safe.
class InFlight {
 public:
  /// One more, as long as the result or a copy of it lives.
  std::shared_ptr<void> take() {
    const std::lock_guard lock(mutex_);
    ++count_;
    return {this, [this](void*) { give_back(); }};
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  void give_back() {
    const std::lock_guard lock(mutex_);
    --count_;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

}  // namespace relais::api
