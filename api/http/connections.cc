#include "api/http/connections.h"

#include <algorithm>
#include <cstdint>

namespace relais::api {

Admission Connections::make_room(const std::string& address) {
  if (address.empty()) return Admission::served;
  const std::lock_guard lock(mutex_);
  const auto of_address = by_address_.find(address);
  if (of_address != by_address_.end() && of_address->second >= limits_.max_connections_per_address)
    return end_oldest_idle(address) ? Admission::served : Admission::too_many_of_address;
  if (counted_ < limits_.max_connections) return Admission::served;
  const auto most =
      std::ranges::max_element(by_address_, {}, [](const auto& entry) { return entry.second; });
  if (most != by_address_.end() && end_oldest_idle(std::string(most->first)))
    return Admission::served;
  return end_oldest_idle({}) ? Admission::served : Admission::too_many;
}

/// Of any address where it is empty.
bool Connections::end_oldest_idle(const std::string& address) {
  std::shared_ptr<Connection> oldest;
  for (const auto& [unused, open] : open_) {
    if (open.ended) continue;
    auto connection = open.connection.lock();
    if (connection == nullptr || connection->address().empty() || !connection->idle_since() ||
        (!address.empty() && connection->address() != address))
      continue;
    const auto since = connection->idle_since();
    if (since && (oldest == nullptr || *since < oldest->idle_since().value_or(INT64_MAX)))
      oldest = std::move(connection);
  }
  if (oldest == nullptr) return false;
  uncount(open_[oldest.get()], oldest->address());
  oldest->give_way();
  return true;
}

void Connections::uncount(Open& open, const std::string& address) {
  if (open.ended || address.empty()) return;
  open.ended = true;
  --counted_;
  const auto it = by_address_.find(address);
  if (--it->second == 0) by_address_.erase(it);
}

void Connections::count_again(const Connection* connection) {
  const std::lock_guard lock(mutex_);
  const auto it = open_.find(connection);
  if (it == open_.end() || !it->second.ended) return;
  it->second.ended = false;
  ++counted_;
  ++by_address_[connection->address()];
}

void Connections::add(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  open_.emplace(connection.get(), Open{connection, false});
  if (!connection->address().empty()) {
    ++counted_;
    ++by_address_[connection->address()];
  }
  if (stopping_) connection->stop();
}

void Connections::remove(const Connection* connection) {
  const std::lock_guard lock(mutex_);
  const auto it = open_.find(connection);
  if (it == open_.end()) return;
  uncount(it->second, connection->address());
  open_.erase(it);
  changed_.notify_all();
}

void Connections::stop_all() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (const auto& [unused, open] : open_)
    if (const auto connection = open.connection.lock()) connection->stop();
}

void Connections::abort_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [unused, open] : open_)
    if (const auto connection = open.connection.lock()) connection->abort();
}

bool Connections::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return open_.empty(); });
}

}  // namespace relais::api
