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

Status Rate::take(SignatoryId who, double count, Clock::time_point now) {
  if (per_second_ <= 0) return {};
  const double wanted = std::min(count, most_);
  const std::lock_guard lock(mutex_);
  const auto [it, fresh] = buckets_.try_emplace(who, Bucket{most_, now});
  Bucket& bucket = it->second;
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.left = std::min(most_, bucket.left + std::max(0.0, passed.count()) * per_second_);
  bucket.at = std::max(bucket.at, now);
  if (bucket.left < wanted)
    return fail(
        error(Errc::limited, rule_, "the signatory sends more than its share").accepts(accepted_));
  bucket.left -= wanted;
  return {};
}

Rate request_rate(unsigned per_second) {
  return {"too-many-requests",
          "at most " + std::to_string(per_second) + " requests or statements a second",
          1.0 * per_second, 5.0 * per_second};
}

Rate storage_rate(std::uint64_t bytes_a_day) {
  const auto day = static_cast<double>(bytes_a_day);
  return {"too-much-stored",
          "statements of " + std::to_string(bytes_a_day / 1'000'000) + " MB a day", day / 86'400,
          day};
}

Status SaltMemory::take(SignatoryId who, const std::vector<statement::SaltUse>& uses) {
  if (uses.empty()) return {};
  const std::lock_guard lock(mutex_);
  Used& used = by_[who];
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto [it, fresh] = used.by_salt.try_emplace(uses[i].salt, uses[i].disclosure);
    if (!fresh && it->second != uses[i].disclosure)
      return fail(error(Errc::invalid, "sd-salt-repeated",
                        "the signatory has used this salt for another disclosure")
                      .at("disclosures[" + std::to_string(i) + "]")
                      .accepts("a salt of its own for each disclosure, from a working source of "
                               "randomness")
                      .from("RFC 9901, section 9.3"));
    if (fresh) used.in_order.push_back(uses[i].salt);
  }
  while (used.in_order.size() > kMost) {
    used.by_salt.erase(used.in_order.front());
    used.in_order.pop_front();
  }
  return {};
}

}  // namespace relais::api
