// Times of receipt never go back along the log.
#pragma once

#include <filesystem>
#include <map>
#include <utility>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "replay/verify/verify.h"

namespace relais::cli {

/// The receipts of one log that were verified, by index.
class ReceiptTimes {
 public:
  struct Received {
    Timestamp at;
    std::filesystem::path file;  ///< where it is kept; empty where it is not
  };
  using Known = std::pair<const std::uint64_t, Received>;

  bool empty() const { return known_.empty(); }
  /// Index of the newest; there is one.
  std::uint64_t newest() const { return known_.rbegin()->first; }
  void note(std::uint64_t index, Received received) {
    known_.insert_or_assign(index, std::move(received));
  }
  /// The known one that a receipt of this index and time is on the wrong side of; nullptr where
  /// there is none.
  const Known* contradicted(std::uint64_t index, Timestamp at) const;

 private:
  std::map<std::uint64_t, Received> known_;
};

/// "receipt-order".
Error receipt_order(const replay::ReceiptReport& receipt, const ReceiptTimes::Known& other);

}  // namespace relais::cli
