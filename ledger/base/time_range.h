// The times that RFC 3339 can write, as everything that is stored must be.
#pragma once

#include <algorithm>

#include "ledger/base/id.h"

namespace relais {

inline constexpr Timestamp kFirstTime{0};                   ///< 1970-01-01T00:00:00Z
inline constexpr Timestamp kLastTime{253'402'300'799'999};  ///< 9999-12-31T23:59:59.999Z

/// Whether a time may be stored and signed.
inline bool in_time_range(Timestamp t) {
  return kFirstTime <= t && t <= kLastTime;
}

}  // namespace relais
