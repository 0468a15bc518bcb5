#include "ledger/reads/summary.h"

#include <algorithm>

namespace relais::reads {
namespace {

/// Cut where a character of UTF-8 begins.
std::string_view shortened(std::string_view purpose) {
  if (purpose.size() <= kMaxSummaryPurpose) return purpose;
  std::size_t end = kMaxSummaryPurpose;
  while (end > 0 && (static_cast<unsigned char>(purpose[end]) & 0xC0) == 0x80) --end;
  return purpose.substr(0, end);
}

}  // namespace

void SignatoryLooks::add(std::string_view purpose, Timestamp at) {
  const std::string_view wanted = shortened(purpose);
  auto it = std::ranges::lower_bound(purposes, wanted, {}, &PurposeLooks::purpose);
  if (it == purposes.end() || it->purpose != wanted) {
    if (purposes.size() == kMaxPurposes) return others.add(at);
    it = purposes.insert(it, {std::string(wanted), {}});
  }
  it->looks.add(at);
}

SignatoryLooks& Summary::of(std::string_view signatory) {
  auto it = std::ranges::lower_bound(rows, signatory, {}, &Row::signatory);
  if (it == rows.end() || it->signatory != signatory)
    it = rows.insert(it, {std::string(signatory), {}});
  return it->looks;
}

}  // namespace relais::reads
