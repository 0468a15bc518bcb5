#include "ledger/base/records.h"

namespace relais {

std::optional<std::string> MemoryRecords::get(std::string_view key) const {
  const auto it = records_.find(key);
  if (it == records_.end()) return std::nullopt;
  return it->second;
}

void MemoryRecords::scan(
    std::string_view prefix, std::string_view from,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  for (auto it = records_.lower_bound(from < prefix ? prefix : from);
       it != records_.end() && std::string_view(it->first).starts_with(prefix); ++it)
    if (!visit(it->first, it->second)) return;
}

void MemoryRecords::scan_back(
    std::string_view prefix, std::string_view from,
    const std::function<bool(std::string_view, std::string_view)>& visit) const {
  auto it = records_.end();
  if (!from.empty()) {
    it = records_.upper_bound(from);
  } else {
    // The end of the prefix: the first key that is greater than every key with it.
    for (it = records_.lower_bound(prefix);
         it != records_.end() && std::string_view(it->first).starts_with(prefix);)
      ++it;
  }
  while (it != records_.begin()) {
    --it;
    if (!std::string_view(it->first).starts_with(prefix)) return;
    if (!visit(it->first, it->second)) return;
  }
}

void MemoryRecords::put(std::string_view key, std::string_view value) {
  records_.insert_or_assign(std::string(key), std::string(value));
}

void MemoryRecords::erase(std::string_view key) {
  if (const auto it = records_.find(key); it != records_.end()) records_.erase(it);
}

}  // namespace relais
