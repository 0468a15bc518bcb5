// How often who looked at a case, and what for: kept as it grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/clock.h"

namespace relais::reads {

/// Purposes that are counted one by one of a signatory, and their bytes: a purpose is any text that
/// a reader gives, and nobody makes the summary of a case long, or takes the place of another.
inline constexpr std::size_t kMaxPurposes = 4;
inline constexpr std::size_t kMaxSummaryPurpose = 64;

/// How often, from when to when.
struct Counted {
  std::uint64_t times = 0;
  Timestamp first{0};
  Timestamp last{0};
  void add(Timestamp at) {
    if (times++ == 0) first = at;
    last = at;
  }
};
template <class Archive>
void archive(Archive& ar, Counted& c) {
  ar(c.times, c.first, c.last);
}

struct PurposeLooks {
  std::string purpose;  ///< its first kMaxSummaryPurpose bytes, whole characters
  Counted looks;
};
template <class Archive>
void archive(Archive& ar, PurposeLooks& p) {
  ar(p.purpose, p.looks);
}

/// How often one signatory looked at a case.
struct SignatoryLooks {
  std::vector<PurposeLooks> purposes;  ///< in order; the first kMaxPurposes that it gave
  Counted others;                      ///< for any other purpose
  void add(std::string_view purpose, Timestamp at);
};
template <class Archive>
void archive(Archive& ar, SignatoryLooks& s) {
  ar(s.purposes, s.others);
}

/// Who looked at a case.
struct Summary {
  struct Row {
    std::string signatory;
    SignatoryLooks looks;
  };
  std::vector<Row> rows;  ///< by signatory
  SignatoryLooks& of(std::string_view signatory);
};
template <class Archive>
void archive(Archive& ar, Summary::Row& r) {
  ar(r.signatory, r.looks);
}
template <class Archive>
void archive(Archive& ar, Summary& s) {
  ar(s.rows);
}

}  // namespace relais::reads
