#include "projections/overlay.h"

#include <set>
#include <utility>

#include "ledger/base/check.h"

namespace relais::projections {

const Overlay::Latest& Overlay::index(std::string_view key) const {
  check(!key.empty(), "a record without a key");
  const auto first = static_cast<unsigned char>(key[0]);
  Indexed& indexed = indexed_[first];
  for (; indexed.writes < writes_.size(); ++indexed.writes)
    if (writes_.first(indexed.writes) == first)
      indexed.latest.insert_or_assign(std::string(writes_.key(indexed.writes)), indexed.writes);
  return indexed.latest;
}

std::vector<std::string> Overlay::keys(std::string_view prefix, std::string_view after,
                                       std::size_t limit) const {
  const Latest& latest = index(prefix);
  const auto wanted = [&](std::string_view key) { return key.starts_with(prefix) && key > after; };
  std::set<std::string> found;
  for (const auto& [key, position] : latest)
    if (wanted(key) && !writes_.erased(position)) found.emplace(key);
  // Stored keys come in order: as many as are asked for, whatever else was found, are enough.
  std::size_t stored = 0;
  base_.scan(prefix, after, [&](std::string_view key, std::string_view) {
    if (!wanted(key)) return true;
    const auto it = latest.find(key);
    if (it != latest.end() && writes_.erased(it->second)) return true;
    found.emplace(key);
    return ++stored < limit;
  });
  std::vector<std::string> out;
  for (auto it = found.begin(); it != found.end() && out.size() < limit; ++it) out.push_back(*it);
  return out;
}

std::optional<std::string> Overlay::get(std::string_view key) const {
  const Latest& latest = index(key);
  const auto it = latest.find(key);
  if (it == latest.end()) return base_.get(key);
  if (writes_.erased(it->second)) return std::nullopt;
  return std::string(writes_.value(it->second));
}

WriteLog Overlay::take() {
  indexed_.clear();
  return std::exchange(writes_, {});
}

}  // namespace relais::projections
