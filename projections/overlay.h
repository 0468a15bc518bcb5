// The writes of a model between two flushes, in front of the stored records. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "projections/model.h"

namespace relais::projections {

/// A log of writes in one block of memory: nothing is looked up or allocated a write. Sorted at
/// flush, where the last write of a key wins.
class Overlay final : public Tables {
 public:
  /// `base` must outlive the overlay.
  explicit Overlay(const RecordSource& base) : base_(base) {}

  std::optional<std::string> get(std::string_view key) const override;
  std::vector<std::string> keys(std::string_view prefix, std::string_view after,
                                std::size_t limit) const override;
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;

  /// Writes each changed key once, in key order, and forgets them: what was written must be
  /// readable in `base` before the next get().
  void flush(RecordSink& out);

 private:
  struct Write {
    std::uint64_t high = 0;  // the key's first sixteen bytes as numbers: most comparisons end here
    std::uint64_t low = 0;
    std::uint32_t offset = 0;  // of the key in bytes_; the value stands behind it
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;
    bool erased = false;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  void add(std::string_view key, std::string_view value, bool erased);
  void index() const;
  std::string_view key_of(const Write& w) const {
    return std::string_view(bytes_).substr(w.offset, w.key_size);
  }
  std::string_view value_of(const Write& w) const {
    return std::string_view(bytes_).substr(w.offset + w.key_size, w.value_size);
  }
  bool before(const Write& a, const Write& b) const;

  const RecordSource& base_;
  std::string bytes_;
  std::vector<Write> writes_;  // in the order they were made
  // The last write of each key among the first `indexed_` ones; made by index().
  mutable std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> latest_;
  mutable std::size_t indexed_ = 0;
};

}  // namespace relais::projections
