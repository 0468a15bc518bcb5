#include "api/sharing.h"

#include <algorithm>

namespace relais::api {

Status Shares::take(SignatoryId who, std::size_t count) {
  const auto full = [this](const std::string& of, std::size_t most) {
    return fail(error(Errc::limited, "too-many-" + thing_ + of,
                      "there are too many " + thing_ + (of.empty() ? "" : " of this signatory"))
                    .accepts("at most " + std::to_string(most) + " at once; try again shortly"));
  };
  const std::lock_guard lock(mutex_);
  if (by_[who] + count > most_each_) return full("-of-signatory", most_each_);
  if (taken_ + count > most_) return full("", most_);
  by_[who] += count;
  taken_ += count;
  return {};
}

void Shares::give_back(SignatoryId who, std::size_t count) {
  const std::lock_guard lock(mutex_);
  by_[who] -= count;
  taken_ -= count;
}

std::size_t Shares::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

Status RequestRate::take(SignatoryId who, std::size_t count, Clock::time_point now) {
  if (per_second_ == 0) return {};
  const double most = 5.0 * per_second_;
  const double wanted = std::min(static_cast<double>(count), most);
  const std::lock_guard lock(mutex_);
  const auto [it, fresh] = buckets_.try_emplace(who, Bucket{most, now});
  Bucket& bucket = it->second;
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.left = std::min(most, bucket.left + std::max(0.0, passed.count()) * per_second_);
  bucket.at = std::max(bucket.at, now);
  if (bucket.left < wanted) {
    return fail(error(Errc::limited, "too-many-requests", "the signatory sends too many requests")
                    .accepts("at most " + std::to_string(per_second_) +
                             " requests or statements a second"));
  }
  bucket.left -= wanted;
  return {};
}

}  // namespace relais::api
