#include "api/request_rate.h"

#include <algorithm>
#include <string>

namespace relais::api {

Status RequestRate::take(SignatoryId who, Clock::time_point now) {
  if (per_second_ == 0) return {};
  const double most = 5.0 * per_second_;
  const std::lock_guard lock(mutex_);
  const auto [it, fresh] = buckets_.try_emplace(who, Bucket{most, now});
  Bucket& bucket = it->second;
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.left = std::min(most, bucket.left + std::max(0.0, passed.count()) * per_second_);
  bucket.at = now;
  if (bucket.left < 1) {
    return fail(error(Errc::limited, "too-many-requests", "the signatory sends too many requests")
                    .accepts("at most " + std::to_string(per_second_) +
                             " requests a second; lists of statements, pages of events"));
  }
  bucket.left -= 1;
  return {};
}

}  // namespace relais::api
