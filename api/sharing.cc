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

Rate<SignatoryId> request_rate(unsigned per_second) {
  return {"too-many-requests",
          "at most " + std::to_string(per_second) + " requests or statements a second",
          1.0 * per_second, 5.0 * per_second};
}

Rate<SignatoryId> storage_rate(std::uint64_t bytes_a_day) {
  const auto day = static_cast<double>(bytes_a_day);
  return {"too-much-stored",
          "statements of " + std::to_string(bytes_a_day / 1'000'000) + " MB a day", day / 86'400,
          day};
}

Rate<SignatoryId> reserve_rate() {
  return {"reserve-share-used",
          "1 MB a day of erasures and revocations, while the disk has no room for other statements",
          kFreeBytesPerDay / 86'400, kFreeBytesPerDay};
}

Rate<SignatoryId> trace_rate(std::uint64_t bytes_a_day) {
  const auto day = static_cast<double>(bytes_a_day);
  return {"too-much-read",
          "answers with case data whose traces take " + std::to_string(bytes_a_day / 1'000'000) +
              " MB a day",
          day / 86'400, day};
}

Rate<std::string> address_rate(unsigned per_second) {
  return {"too-many-of-address",
          "at most " + std::to_string(per_second) + " statements a second from one address",
          1.0 * per_second, 5.0 * per_second};
}

Rate<std::string> stranger_rate(unsigned per_second) {
  return {"too-many-requests-of-address",
          "at most " + std::to_string(per_second) +
              " requests a second from one address that bring no valid token",
          1.0 * per_second, 5.0 * per_second};
}

Status SaltMemory::take(SignatoryId who, const std::vector<statement::SaltUse>& uses) {
  if (uses.empty()) return {};
  const std::lock_guard lock(mutex_);
  Used& used = by_[who];
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto it = used.by_salt.find(uses[i].salt);
    if (it != used.by_salt.end() && it->second != uses[i].disclosure)
      return fail(error(Errc::invalid, "sd-salt-repeated",
                        "the signatory has used this salt for another disclosure")
                      .at("disclosures[" + std::to_string(i) + "]")
                      .accepts("a salt of its own for each disclosure, from a working source of "
                               "randomness")
                      .from("RFC 9901, section 9.3"));
  }
  for (const statement::SaltUse& use : uses)
    if (used.by_salt.emplace(use.salt, use.disclosure).second) used.in_order.push_back(use.salt);
  while (used.in_order.size() > kMost) {
    used.by_salt.erase(used.in_order.front());
    used.in_order.pop_front();
  }
  return {};
}

}  // namespace relais::api
