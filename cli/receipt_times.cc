#include "cli/receipt_times.h"

#include <iterator>
#include <string>

namespace relais::cli {

const ReceiptTimes::Known* ReceiptTimes::contradicted(std::uint64_t index, Timestamp at) const {
  const auto next = known_.upper_bound(index);
  if (next != known_.end() && at > next->second.at) return &*next;
  const auto same = known_.lower_bound(index);
  if (same == known_.begin()) return nullptr;
  const auto before = std::prev(same);
  return at < before->second.at ? &*before : nullptr;
}

Error receipt_order(const replay::ReceiptReport& receipt, const ReceiptTimes::Known& other) {
  const auto& [index, received] = other;
  const std::string file =
      received.file.empty() ? std::string() : " (" + received.file.string() + ")";
  return error(Errc::corrupt, "receipt-order",
               "the log says that it received entry " + std::to_string(receipt.index) + " at " +
                   to_rfc3339(receipt.received_at) + ", and entry " + std::to_string(index) +
                   " at " + to_rfc3339(received.at) + file + ": its times of receipt go back")
      .at("extra")
      .accepts("a log whose times of receipt never go back");
}

}  // namespace relais::cli
