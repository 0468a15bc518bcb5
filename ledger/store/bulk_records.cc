#include "ledger/store/bulk_records.h"

#include <utility>

namespace relais::store {

BulkRecords::BulkRecords(Store& store, std::uint32_t generation, std::launch by)
    : store_(store), generation_(generation), by_(by), stored_(store.records(generation)) {}

void BulkRecords::wait() const {
  if (written_.valid()) written_.wait();
}

Status BulkRecords::write(WriteLog log) {
  log.sort();  // while the one before is written
  RELAIS_TRY(finish());
  log_ = std::move(log);
  written_ = std::async(by_, [this] { return store_.ingest(generation_, log_); });
  return {};
}

Status BulkRecords::finish() {
  if (!written_.valid()) return {};
  Status written = written_.get();
  log_ = {};
  return written;
}

std::optional<std::string> BulkRecords::get(std::string_view key) const {
  const std::size_t i = log_.find(key);
  if (i == log_.size()) return stored_->get(key);
  if (log_.erased(i)) return std::nullopt;
  return std::string(log_.value(i));
}

void BulkRecords::scan(std::string_view prefix, std::string_view from, const Visit& visit) const {
  wait();
  stored_->scan(prefix, from, visit);
}

void BulkRecords::scan_back(std::string_view prefix, std::string_view from,
                            const Visit& visit) const {
  wait();
  stored_->scan_back(prefix, from, visit);
}

}  // namespace relais::store
