// How many requests a second each signatory gets.
#pragma once

#include <chrono>
#include <map>
#include <mutex>

#include "ledger/base/error.h"
#include "ledger/base/id.h"

namespace relais::api {

/// A token bucket a signatory: so many requests a second on average, five seconds' worth at once.
/// Whoever sends more waits, not everybody else. Thread-safe; holds a bucket a signatory.
class RequestRate {
 public:
  using Clock = std::chrono::steady_clock;
  /// 0: no limit.
  explicit RequestRate(unsigned per_second) : per_second_(per_second) {}

  /// Takes one request's part; "too-many-requests" (Errc::limited) where there is none left.
  Status take(SignatoryId who, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double left = 0;
    Clock::time_point at;
  };
  const unsigned per_second_;
  std::mutex mutex_;
  std::map<SignatoryId, Bucket> buckets_;
};

}  // namespace relais::api
