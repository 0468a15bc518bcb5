// Where read models live: ordered bytes to bytes. RocksDB implements it in the store; memory
// implements it here, for replays that leave no trace.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace relais {

/// Stored records cannot be read: a block is damaged, or the disk fails. An exception, because a
/// read model must never look empty for that, and no caller could go on.
struct DamagedRecords : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads. Implementations say whether they are thread-safe.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// Calls `visit` for each record whose key begins with `prefix` and is not before `from`, in key
  /// order, until it returns false.
  virtual void scan(
      std::string_view prefix, std::string_view from,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
  /// As scan, but from the last record not after `from` downwards (an empty `from` starts at the
  /// end of the prefix).
  virtual void scan_back(
      std::string_view prefix, std::string_view from,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

/// Writes.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
};

/// Records in memory. Not thread-safe.
class MemoryRecords final : public RecordSource, public RecordSink {
 public:
  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  void scan_back(
      std::string_view prefix, std::string_view from,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;
  const std::map<std::string, std::string, std::less<>>& all() const { return records_; }

 private:
  std::map<std::string, std::string, std::less<>> records_;
};

}  // namespace relais
