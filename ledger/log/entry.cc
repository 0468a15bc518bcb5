#include "ledger/base/bytes.h"
#include "ledger/base/time_range.h"
#include "ledger/log/ledger.h"
#include "ledger/merkle/tile.h"

namespace relais::log {

std::string entry_bytes(Timestamp received_at, std::string_view jwt) {
  std::string entry;
  entry.reserve(8 + jwt.size());
  append_be(entry, static_cast<std::uint64_t>(received_at.value));
  entry.append(jwt);
  return entry;
}

Result<EntryView> parse_entry(std::string_view entry) {
  if (entry.size() <= 8 || entry.size() > merkle::kMaxEntryBytes)
    return fail(error(Errc::corrupt, "entry-form", "an entry has an impossible size")
                    .accepts("8 bytes of time and a JWT, 65,535 bytes at most"));
  const Timestamp received_at{static_cast<std::int64_t>(load_be<std::uint64_t>(entry))};
  if (!in_time_range(received_at))
    return fail(error(Errc::corrupt, "entry-time", "an entry has an impossible time of receipt")
                    .accepts("milliseconds since 1970, up to the end of the year 9999"));
  return EntryView{received_at, entry.substr(8)};
}

}  // namespace relais::log
