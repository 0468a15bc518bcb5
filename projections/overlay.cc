#include "projections/overlay.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"

namespace relais::projections {

const Overlay::Latest& Overlay::index(std::string_view key) const {
  check(!key.empty(), "a record without a key");
  const auto first = static_cast<unsigned char>(key[0]);
  Indexed& indexed = indexed_[first];
  for (; indexed.writes < writes_.size(); ++indexed.writes) {
    const Write& w = writes_[indexed.writes];
    if (w.high >> 56U == first)
      indexed.latest.insert_or_assign(std::string(key_of(w)), indexed.writes);
  }
  return indexed.latest;
}

std::vector<std::string> Overlay::keys(std::string_view prefix, std::string_view after,
                                       std::size_t limit) const {
  const Latest& latest = index(prefix);
  const auto wanted = [&](std::string_view key) { return key.starts_with(prefix) && key > after; };
  std::set<std::string> found;
  for (const auto& [key, position] : latest)
    if (wanted(key) && !writes_[position].erased) found.emplace(key);
  // Stored keys come in order: as many as are asked for, whatever else was found, are enough.
  std::size_t stored = 0;
  base_.scan(prefix, after, [&](std::string_view key, std::string_view) {
    if (!wanted(key)) return true;
    const auto it = latest.find(key);
    if (it != latest.end() && writes_[it->second].erased) return true;
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
  const Write& w = writes_[it->second];
  if (w.erased) return std::nullopt;
  return std::string(value_of(w));
}

void Overlay::put(std::string_view key, std::string_view value) {
  add(key, value, false);
}

void Overlay::erase(std::string_view key) {
  add(key, {}, true);
}

void Overlay::add(std::string_view key, std::string_view value, bool erased) {
  // Each write then takes bytes of its own, and its offset says which came first.
  check(!key.empty(), "a record without a key");
  check(bytes_.size() + key.size() + value.size() <= std::numeric_limits<std::uint32_t>::max(),
        "more than 4 GiB of records between two flushes");
  std::array<char, 16> head{};
  std::copy_n(key.data(), std::min(key.size(), head.size()), head.data());
  const std::string_view first(head.data(), head.size());
  writes_.push_back({load_be<std::uint64_t>(first), load_be<std::uint64_t>(first.substr(8)),
                     static_cast<std::uint32_t>(bytes_.size()),
                     static_cast<std::uint32_t>(key.size()),
                     static_cast<std::uint32_t>(value.size()), erased});
  bytes_.append(key).append(value);
}

/// By key; writes of one key in the order they were made.
bool Overlay::before(const Write& a, const Write& b) const {
  if (a.high != b.high) return a.high < b.high;
  if (a.low != b.low) return a.low < b.low;
  if (const int order = key_of(a).compare(key_of(b)); order != 0) return order < 0;
  return a.offset < b.offset;
}

void Overlay::flush(RecordSink& out) {
  std::ranges::sort(writes_, [this](const Write& a, const Write& b) { return before(a, b); });
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    const Write& w = writes_[i];
    const bool last = i + 1 == writes_.size() || key_of(writes_[i + 1]) != key_of(w);
    if (!last) continue;
    if (w.erased) {
      out.erase(key_of(w));
    } else {
      out.put(key_of(w), value_of(w));
    }
  }
  writes_.clear();
  bytes_.clear();
  indexed_.clear();
}

}  // namespace relais::projections
