#include "api/http/sessions.h"

namespace relais::api {

std::size_t Sessions::count() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

void Sessions::add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  open_.emplace(connection.get(), connection);
  if (stopping_) connection->stop();
}

void Sessions::remove(const Connection* connection) {
  const std::lock_guard lock(mutex_);
  open_.erase(connection);
  changed_.notify_all();
}

void Sessions::stop_all() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const auto& [unused, weak] : open_)
    if (const auto connection = weak.lock()) connection->stop();
}

void Sessions::abort_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [unused, weak] : open_)
    if (const auto connection = weak.lock()) connection->abort();
}

bool Sessions::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return open_.empty(); });
}

bool Sessions::take_body(std::uint64_t bytes) {
  if (body_bytes_.fetch_add(bytes) + bytes <= limits_.max_bodies_bytes) return true;
  body_bytes_.fetch_sub(bytes);
  return false;
}

}  // namespace relais::api
