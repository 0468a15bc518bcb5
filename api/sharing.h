// What each signatory gets of what all use, so that none keeps the others out. Thread-safe; they
// hold an entry a signatory.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "ledger/base/error.h"
#include "ledger/base/id.h"

namespace relais::api {

/// So many of a thing at once, and of one signatory a part of them.
class Shares {
 public:
  /// `thing`: in the plural, "streams".
  Shares(std::string thing, std::size_t most, std::size_t most_each)
      : thing_(std::move(thing)), most_(most), most_each_(most_each) {}
  /// Rules "too-many-<thing>", "too-many-<thing>-of-signatory" (Errc::limited).
  Status take(SignatoryId who, std::size_t count = 1);
  void give_back(SignatoryId who, std::size_t count = 1);
  std::size_t taken() const;

 private:
  const std::string thing_;
  const std::size_t most_;
  const std::size_t most_each_;
  mutable std::mutex mutex_;
  std::size_t taken_ = 0;
  std::map<SignatoryId, std::size_t> by_;
};

/// A token bucket a signatory: so many a second on average, five seconds' worth at once. Whoever
/// sends more waits, not everybody else.
class RequestRate {
 public:
  using Clock = std::chrono::steady_clock;
  /// 0: no limit.
  explicit RequestRate(unsigned per_second) : per_second_(per_second) {}

  /// Takes the part of `count` requests; "too-many-requests" (Errc::limited) where there is too
  /// little left. More than a full bucket is taken from a full one.
  Status take(SignatoryId who, std::size_t count = 1, Clock::time_point now = Clock::now());

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
