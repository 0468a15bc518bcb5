// The writes of a model between two flushes, in front of the stored records. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/base/write_log.h"
#include "projections/model.h"

namespace relais::projections {

/// What is read is indexed by the first read behind it, and only the keys of its read model, which
/// has a first byte of its own.
class Overlay final : public Tables {
 public:
  /// `base` must outlive the overlay.
  explicit Overlay(const RecordSource& base) : base_(base) {}

  std::optional<std::string> get(std::string_view key) const override;
  std::vector<std::string> keys(std::string_view prefix, std::string_view after,
                                std::size_t limit) const override;
  void put(std::string_view key, std::string_view value) override { writes_.put(key, value); }
  void erase(std::string_view key) override { writes_.erase(key); }

  /// For the records of who reads nothing back through the overlay: they go with the same flush.
  RecordSink& sink() { return writes_; }
  /// What was written, not sorted yet, and forgets it: it must be readable in `base` before the
  /// next get().
  WriteLog take();

 private:
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

  /// The index of the keys that begin as this one does, made of what was written since.
  const Latest& index(std::string_view key) const;

  const RecordSource& base_;
  WriteLog writes_;
  mutable std::map<unsigned char, Indexed> indexed_;
};

}  // namespace relais::projections
