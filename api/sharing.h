// What each signatory gets of what all use, so that none keeps the others out. Thread-safe; they
// hold an entry a signatory.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/http/problem.h"
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

/// A token bucket for each of whom there are many: so many of a thing a second on average, and a
/// bucketful at once. Whoever sends more waits, not everybody else.
template <class Key>
class Rate {
 public:
  using Clock = std::chrono::steady_clock;
  /// `rule` refuses, in words `accepted`. 0 a second: no limit.
  Rate(std::string rule, std::string accepted, double per_second, double at_once)
      : rule_(std::move(rule)),
        accepted_(std::move(accepted)),
        per_second_(per_second),
        most_(at_once) {}

  /// Errc::limited where there is too little left, with the time until there is enough. More than
  /// a full bucket is taken from a full one.
  Admitted take(const Key& who, double count = 1, Clock::time_point now = Clock::now()) {
    if (per_second_ <= 0) return {};
    const double wanted = std::min(count, most_);
    const std::lock_guard lock(mutex_);
    Bucket& bucket = filled(who, now);
    if (bucket.left < wanted) {
      const double seconds = std::ceil((wanted - bucket.left) / per_second_);
      return std::unexpected(Refused(
          error(Errc::limited, rule_, "more than the share is asked for")
              .accepts(accepted_ + "; again in " + std::to_string(std::llround(seconds)) + " s"),
          std::chrono::seconds(std::max(1LL, std::llround(seconds)))));
    }
    bucket.left -= wanted;
    return {};
  }
  /// What turned out to cost more: taken although there may be too little left, so that who asks
  /// next waits.
  void charge(const Key& who, double count, Clock::time_point now = Clock::now()) {
    if (per_second_ <= 0) return;
    const std::lock_guard lock(mutex_);
    filled(who, now).left -= count;
  }
  /// What was taken and not used.
  void give_back(const Key& who, double count, Clock::time_point now = Clock::now()) {
    charge(who, -std::min(count, most_), now);
  }

 private:
  struct Bucket {
    double left = 0;
    Clock::time_point at;
  };
  static constexpr std::size_t kMost = 10'000;  // buckets; those that are full say nothing

  Bucket& filled(const Key& who, Clock::time_point now) {
    if (buckets_.size() >= kMost)
      std::erase_if(buckets_, [&](const auto& entry) { return fill(entry.second, now) >= most_; });
    Bucket& bucket = buckets_.try_emplace(who, Bucket{most_, now}).first->second;
    bucket.left = fill(bucket, now);
    bucket.at = std::max(bucket.at, now);
    return bucket;
  }
  double fill(const Bucket& bucket, Clock::time_point now) const {
    const std::chrono::duration<double> passed = now - bucket.at;
    return std::min(most_, bucket.left + std::max(0.0, passed.count()) * per_second_);
  }

  const std::string rule_;
  const std::string accepted_;
  const double per_second_;
  const double most_;
  std::mutex mutex_;
  std::map<Key, Bucket> buckets_;
};

/// Requests and statements of a signatory: five seconds' worth at once. Rule "too-many-requests".
Rate<SignatoryId> request_rate(unsigned per_second);
/// What its statements take on the disk: a day's worth at once. Rule "too-much-stored".
Rate<SignatoryId> storage_rate(std::uint64_t bytes_a_day);
/// What its erasures and revocations take that cost nothing else and have room when nothing else
/// has. Rule "reserve-share-used".
inline constexpr double kFreeBytesPerDay = 1'000'000;
Rate<SignatoryId> reserve_rate();
/// What the traces of its reads take: a day's worth at once. Rule "too-much-read".
Rate<SignatoryId> trace_rate(std::uint64_t bytes_a_day);
/// Statements that come from an address, whoever signed them. Rule "too-many-of-address".
Rate<std::string> address_rate(unsigned per_second);
/// Requests of an address that no signatory answers for: what is open to all, what there is not, a
/// token that does not hold. Rule "too-many-requests-of-address".
Rate<std::string> stranger_rate(unsigned per_second);

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

/// What callers have used up. Outlives the service where a ledger is opened anew.
struct Accounts {
  Rate<SignatoryId> requests;
  Rate<SignatoryId> stored;        ///< bytes
  Rate<SignatoryId> reserve;       ///< bytes of what is owed, or ends a harm
  Rate<SignatoryId> traced;        ///< bytes of the log of reads
  Rate<std::string> of_addresses;  ///< statements
  Rate<std::string> of_strangers;  ///< requests of an address without a token
  SaltMemory salts;
};

/// A place among the streams, as long as it lives.
class StreamSlot {
 public:
  StreamSlot(Shares& places, SignatoryId who) : places_(places), who_(who) {}
  ~StreamSlot() { places_.give_back(who_); }
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;

 private:
  Shares& places_;
  const SignatoryId who_;
};

}  // namespace relais::api
