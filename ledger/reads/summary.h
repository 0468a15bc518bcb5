// How often who looked at a case, and what for: kept as it grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/clock.h"

namespace relais::reads {

/// Rows that a summary has at most: a purpose is any text that a reader gives.
inline constexpr std::size_t kMaxSummary = 100;

/// How often somebody looked at a case for a purpose.
struct SummaryRow {
  std::string signatory;
  std::string purpose;
  std::uint64_t times = 0;
  Timestamp first;
  Timestamp last;
};
template <class Archive>
void archive(Archive& ar, SummaryRow& r) {
  ar(r.signatory, r.purpose, r.times, r.first, r.last);
}

/// Who looked at a case.
struct Summary {
  std::vector<SummaryRow> rows;  ///< by signatory, then purpose; at most kMaxSummary
  std::uint64_t others = 0;      ///< looks that found no row free
  void add(std::string_view signatory, std::string_view purpose, Timestamp at);
};
template <class Archive>
void archive(Archive& ar, Summary& s) {
  ar(s.rows, s.others);
}

}  // namespace relais::reads
