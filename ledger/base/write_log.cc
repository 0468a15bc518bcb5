#include "ledger/base/write_log.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <numeric>
#include <span>

#include "ledger/base/check.h"

namespace relais {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

}  // namespace

void Blocks::add(std::size_t bytes) {
  const std::size_t size = std::max(bytes, next_);
  next_ = std::min(2 * next_, kLargePage);
  // A block of large pages is filled with one fault each, not with one for every 4 KiB.
  const bool large = size == kLargePage;
  void* const block = large ? std::aligned_alloc(kLargePage, size) : std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  blocks_.emplace_back(static_cast<char*>(block));
  if (large) static_cast<void>(::madvise(block, size, MADV_HUGEPAGE));
  at_ = blocks_.back().get();
  left_ = size;
}

WriteLog::Head WriteLog::head_of(std::string_view key) {
  std::array<char, sizeof(Head)> bytes{};
  std::ranges::copy(key.substr(0, bytes.size()), bytes.begin());
  const std::string_view first(bytes.data(), bytes.size());
  return {load_be<std::uint64_t>(first), load_be<std::uint64_t>(first.substr(8)),
          load_be<std::uint64_t>(first.substr(16))};
}

void WriteLog::add(std::string_view key, std::string_view value, bool erased) {
  check(!key.empty(), "a record without a key");
  check(key.size() <= std::numeric_limits<std::uint16_t>::max() &&
            value.size() <= std::numeric_limits<std::uint32_t>::max(),
        "a record that is too large");
  char* const room = blocks_.take(key.size() + value.size());
  std::memcpy(room, key.data(), key.size());
  if (!value.empty()) std::memcpy(room + key.size(), value.data(), value.size());
  writes_.push_back({head_of(key), room, static_cast<std::uint32_t>(value.size()), made_++,
                     static_cast<std::uint16_t>(key.size()), erased});
}

inline int WriteLog::compare(const Write& a, const Write& b) {
  for (std::size_t i = 0; i < a.head.size(); ++i)
    if (a.head[i] != b.head[i]) return a.head[i] < b.head[i] ? -1 : 1;
  // Of two that are the same as far as they go, one may still end in zeros.
  if (std::min(a.key_size, b.key_size) <= sizeof(Head))
    return a.key_size < b.key_size ? -1 : static_cast<int>(a.key_size > b.key_size);
  return key_of(a).substr(sizeof(Head)).compare(key_of(b).substr(sizeof(Head)));
}

void WriteLog::sort() {
  // By first byte, which says whose records they are; then each part by itself.
  std::array<std::size_t, 257> ends{};
  for (const Write& w : writes_) ++ends[(w.head[0] >> 56U) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Write> parts(writes_.size());
  for (const Write& w : writes_) parts[ends[w.head[0] >> 56U]++] = w;
  writes_.clear();
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const std::size_t begin = byte == 0 ? 0 : ends[byte - 1];
    std::ranges::sort(std::span(parts).subspan(begin, ends[byte] - begin),
                      [](const Write& a, const Write& b) {
                        const int order = compare(a, b);
                        return order != 0 ? order < 0 : a.made < b.made;
                      });
  }
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (i + 1 == parts.size() || compare(parts[i], parts[i + 1]) != 0) writes_.push_back(parts[i]);
}

std::size_t WriteLog::find(std::string_view key) const {
  const Head head = head_of(key);
  const auto it = std::ranges::partition_point(
      writes_, [&](const Write& w) { return w.head != head ? w.head < head : key_of(w) < key; });
  if (it == writes_.end() || key_of(*it) != key) return writes_.size();
  return static_cast<std::size_t>(it - writes_.begin());
}

void WriteLog::each(RecordSink& out) const {
  for (const Write& w : writes_) {
    if (w.erased) {
      out.erase(key_of(w));
    } else {
      out.put(key_of(w), value_of(w));
    }
  }
}

}  // namespace relais
