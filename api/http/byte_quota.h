// Memory for what clients send and read, shared by all connections, so that nobody's bodies take
// all of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace relais::api {

/// So many bytes in all, of which one address has at most a part. Thread-safe.
class ByteQuota {
 public:
  ByteQuota(std::uint64_t most, std::uint64_t most_of_address)
      : most_(most), most_of_address_(most_of_address) {}

  /// False when there is not enough left. The address "" is the administrator's: counted, never
  /// refused.
  bool take(const std::string& address, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    std::uint64_t& of_address = by_address_[address];
    const bool room = taken_ + bytes <= most_ && of_address + bytes <= most_of_address_;
    if (room || address.empty()) {
      taken_ += bytes;
      of_address += bytes;
      return true;
    }
    if (of_address == 0) by_address_.erase(address);
    return false;
  }
  void give_back(const std::string& address, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    taken_ -= bytes;
    const auto it = by_address_.find(address);
    if ((it->second -= bytes) == 0) by_address_.erase(it);
  }
  std::uint64_t taken() const { return taken_; }
  /// Whether what is left is less than a tenth.
  bool nearly_full() const { return taken_ > most_ - most_ / 10; }

 private:
  const std::uint64_t most_;
  const std::uint64_t most_of_address_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> by_address_;
  std::atomic<std::uint64_t> taken_{0};
};

/// What one message has taken of a quota, given back at its end.
class ByteLease {
 public:
  ByteLease(ByteQuota& quota, const std::string& address) : quota_(quota), address_(address) {}
  ~ByteLease() {
    if (bytes_ != 0) quota_.give_back(address_, bytes_);
  }
  ByteLease(const ByteLease&) = delete;
  ByteLease& operator=(const ByteLease&) = delete;

  /// Takes what is missing to so many bytes. Up to kFree every message has without asking: there
  /// are only so many connections.
  bool cover(std::uint64_t bytes) {
    if (bytes <= kFree || bytes <= bytes_) return true;
    if (!quota_.take(address_, bytes - bytes_)) return false;
    bytes_ = bytes;
    return true;
  }
  static constexpr std::uint64_t kFree = 64 * 1024;

 private:
  ByteQuota& quota_;
  const std::string& address_;
  std::uint64_t bytes_ = 0;
};

}  // namespace relais::api
