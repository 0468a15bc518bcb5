// An event stream as a connection reads it: woken when there is more.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/http/http.h"

namespace relais::tests {

/// What pulls a stream, as a connection does.
class Pulled {
 public:
  explicit Pulled(std::shared_ptr<api::BodyStream> stream) : stream_(std::move(stream)) {
    stream_->start([state = state_] {
      const std::lock_guard lock(state->mutex);
      state->woken = true;
      state->changed.notify_all();
    });
  }
  /// All bytes until `wanted` is among them, or the stream has ended.
  std::string until(std::string_view wanted) {
    for (;;) {
      const auto piece = stream_->pull();
      bytes_ += piece.bytes;
      if (bytes_.find(wanted) != std::string::npos || piece.end || piece.broken) return bytes_;
      if (piece.more || !piece.bytes.empty()) continue;
      std::unique_lock lock(state_->mutex);
      state_->changed.wait(lock, [this] { return state_->woken; });
      state_->woken = false;
    }
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool woken = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::shared_ptr<api::BodyStream> stream_;
  std::string bytes_;
};

}  // namespace relais::tests
