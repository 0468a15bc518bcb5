// What each signatory gets of what all use, so that none keeps the others out. Thread-safe; they
// hold an entry a signatory.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/statement/salts.h"

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

/// A token bucket a signatory: so many of a thing a period on average, and a bucketful at once.
/// Whoever sends more waits, not everybody else.
class Rate {
 public:
  using Clock = std::chrono::steady_clock;
  /// `rule` refuses, in words `accepted`. 0 a second: no limit.
  Rate(std::string rule, std::string accepted, double per_second, double at_once)
      : rule_(std::move(rule)),
        accepted_(std::move(accepted)),
        per_second_(per_second),
        most_(at_once) {}

  /// Errc::limited where there is too little left. More than a full bucket is taken from a full
  /// one.
  Status take(SignatoryId who, double count = 1, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double left = 0;
    Clock::time_point at;
  };
  const std::string rule_;
  const std::string accepted_;
  const double per_second_;
  const double most_;
  std::mutex mutex_;
  std::map<SignatoryId, Bucket> buckets_;
};

/// Requests and statements of a signatory: five seconds' worth at once. Rule "too-many-requests".
Rate request_rate(unsigned per_second);
/// What its statements take on the disk: a day's worth at once. Rule "too-much-stored".
Rate storage_rate(std::uint64_t bytes_a_day);

/// The salts that each signatory has used lately, so that a signer whose randomness has failed is
/// told before its digests can be compared.
class SaltMemory {
 public:
  /// Remembers them. Rule "sd-salt-repeated" (Errc::invalid): one was used for another disclosure.
  Status take(SignatoryId who, const std::vector<statement::SaltUse>& uses);

 private:
  static constexpr std::size_t kMost = 16'384;  // of one signatory
  struct Used {
    std::unordered_map<std::uint64_t, std::uint64_t> by_salt;
    std::deque<std::uint64_t> in_order;
  };
  std::mutex mutex_;
  std::map<SignatoryId, Used> by_;
};

}  // namespace relais::api
