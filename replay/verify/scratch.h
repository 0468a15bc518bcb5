// Records that a replay folds into and then throws away: a store in a temporary folder, so that
// memory stays bounded however long the log is.
#pragma once

#include <filesystem>
#include <memory>

#include "ledger/base/error.h"
#include "ledger/log/ledger.h"
#include "ledger/log/model.h"
#include "ledger/store/bulk_records.h"
#include "ledger/store/store.h"

namespace relais::replay {

class Scratch {
 public:
  /// Makes a fresh folder under the system's folder for temporary files.
  static Result<std::unique_ptr<Scratch>> make(const log::ModelFactory& factory);
  ~Scratch();

  log::Model& model() { return *model_; }
  /// Writes what the model has changed, while the caller goes on; the records then stand for `size`
  /// events.
  Status flush(TreeSize size);
  /// Waits until all that was flushed is written.
  Status finish() { return records_->finish(); }
  const RecordSource& records() const { return *records_; }

 private:
  Scratch() = default;
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::BulkRecords> records_;
  std::unique_ptr<log::Model> model_;
};

/// Folds the typed events [0, until) of a ledger into a scratch.
Status fold_until(const log::Ledger& ledger, TreeSize until, Scratch& scratch,
                  const std::function<void(std::uint64_t, std::uint64_t)>& progress);

/// The first key at which two sets of records differ; nothing when they are equal. Counts the equal
/// ones.
struct Difference {
  std::string key;
  bool in_left = false;
  bool in_right = false;
};
std::optional<Difference> first_difference(const RecordSource& left, const RecordSource& right,
                                           std::uint64_t& equal);

}  // namespace relais::replay
