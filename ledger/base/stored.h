// What stands in a record. One that cannot be read is damage of a disk, or of who writes into the
// store, and no broken invariant of ours: no record may end the process.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "ledger/base/archive.h"
#include "ledger/base/error.h"
#include "ledger/base/records.h"

namespace relais {

/// Throws DamagedRecords with `what` where `ok` is false: as check(), for what was read.
inline void require_stored(bool ok, std::string_view what) {
  if (!ok) [[unlikely]]
    throw DamagedRecords(std::string(what));
}

/// The record of these bytes. Throws DamagedRecords with `what` where they are none.
template <class T>
T decode_stored(std::string_view bytes, std::string_view what) {
  auto record = decode<T>(bytes);
  require_stored(record.has_value(), what);
  return std::move(*record);
}

/// The rule of what could not be answered, or judged, for a damaged record.
inline constexpr std::string_view kRecordsDamaged = "records-damaged";
inline Error records_damaged(const DamagedRecords& e) {
  return error(Errc::corrupt, std::string(kRecordsDamaged), e.what())
      .accepts(
          "relais rebuild, which makes the projections anew from event 0; relais verify names "
          "what is damaged");
}

}  // namespace relais
