// The writes of a model between two flushes, in front of the stored records. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "projections/model.h"

namespace relais::projections {

/// A log of writes in one block of memory: nothing is looked up or allocated a write. Sorted at
/// flush, where the last write of a key wins. What is read is indexed by the first read behind it,
/// and only the keys of its read model, which has a first byte of its own.
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
  using Latest = std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>>;
  /// The last write of each key with one first byte, among the first `writes` ones.
  struct Indexed {
    Latest latest;
    std::size_t writes = 0;
  };

  void add(std::string_view key, std::string_view value, bool erased);
  /// The index of the keys that begin as this one does, made of what was written since.
  const Latest& index(std::string_view key) const;
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
  mutable std::map<unsigned char, Indexed> indexed_;
};

}  // namespace relais::projections
