// Inside the module: how other threads wake a connection's coroutine.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "api/http/http.h"

namespace relais::api {

/// A flag that can be waited for on one io thread and raised from any, also when the connection
/// and its io_context have gone.
class Signal : public std::enable_shared_from_this<Signal> {
 public:
  explicit Signal(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  virtual ~Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    if (!std::exchange(waiting_, false)) return;
    // On the io thread, and so behind the beginning of the wait.
    boost::asio::post(executor_, [self = shared_from_this()] { self->end_wait(); });
  }

  // On the io thread.

  /// The timer to wait for, or null when the flag is up already. A wait may end early.
  boost::asio::steady_timer* arm(boost::asio::steady_timer::time_point until) {
    const std::lock_guard lock(mutex_);
    if (raised_) return nullptr;
    if (!timer_) timer_.emplace(executor_);
    timer_->expires_at(until);
    waiting_ = true;
    return &*timer_;
  }
  /// Takes the flag down; gives whether it was up.
  bool lower() {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
    return std::exchange(raised_, false);
  }
  /// Nobody waits any more, for ever. Lets go of the executor, which must not outlive its context
  /// as the signal may.
  void close() {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
    timer_.reset();
    executor_ = {};
  }

 private:
  void end_wait() {
    const std::lock_guard lock(mutex_);
    if (timer_) timer_->cancel();
  }

  boost::asio::any_io_executor executor_;
  std::mutex mutex_;
  bool raised_ = false;
  bool waiting_ = false;
  std::optional<boost::asio::steady_timer> timer_;
};

/// Where a handler puts its response, and the connection takes it.
class ResponseSlot final : public Signal {
 public:
  using Signal::Signal;

  /// The first response counts.
  void set(Response response) {
    {
      const std::lock_guard lock(mutex_);
      if (filled_ || abandoned_) return;
      filled_ = true;
      response_ = std::move(response);
    }
    raise();
  }
  std::optional<Response> take() {
    const std::lock_guard lock(mutex_);
    if (!filled_ || abandoned_) return std::nullopt;
    abandoned_ = true;
    return std::move(response_);
  }
  /// Lets go of what came or may still come.
  void abandon() {
    close();
    Response dropped;
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    std::swap(dropped, response_);
  }

 private:
  std::mutex mutex_;
  bool filled_ = false;
  bool abandoned_ = false;
  Response response_;
};

}  // namespace relais::api
