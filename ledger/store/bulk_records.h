// A generation that is made anew: one thread folds, another writes what was folded before.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "ledger/base/error.h"
#include "ledger/base/records.h"
#include "ledger/base/write_log.h"
#include "ledger/store/store.h"

namespace relais::store {

/// The records of a generation for who writes it. What was written last is read from memory until
/// it is in the store; at most one log waits there. One thread at a time.
class BulkRecords final : public RecordSource {
 public:
  /// `store` must outlive it. `by`: another thread, or whoever waits (std::launch::deferred).
  BulkRecords(Store& store, std::uint32_t generation, std::launch by = std::launch::async);

  /// Takes a log that is not sorted yet, once the one before is in the store. The error is that of
  /// the one before.
  Status write(WriteLog log);
  /// Waits until all is in the store. From then on it is the store's records and nothing else.
  Status finish();

  std::optional<std::string> get(std::string_view key) const override;
  // These wait until all is in the store.
  void scan(std::string_view prefix, std::string_view from, const Visit& visit) const override;
  void scan_back(std::string_view prefix, std::string_view from, const Visit& visit) const override;

 private:
  void wait() const;

  Store& store_;
  const std::uint32_t generation_;
  const std::launch by_;
  const std::shared_ptr<const RecordSource> stored_;
  WriteLog log_;  // sorted; does not change while it is written
  mutable std::future<Status> written_;
};

}  // namespace relais::store
