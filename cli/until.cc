#include "cli/until.h"

#include <algorithm>

#include "ledger/base/clock.h"

namespace relais::cli {

Result<TreeSize> size_until(const log::Ledger& ledger, const std::string& until) {
  const TreeSize all = ledger.head()->size();
  if (until.empty()) return all;
  if (until.size() < 19 && std::ranges::all_of(until, [](char c) { return c >= '0' && c <= '9'; }))
    return TreeSize{std::min<std::uint64_t>(std::stoull(until), all.value)};
  if (const auto day = parse_date(until)) {
    RELAIS_ASSIGN(const LogIndex index, ledger.index_at(Timestamp{day->value * 86'400'000LL}));
    return TreeSize{index.value};
  }
  const auto time = parse_rfc3339(until);
  if (!time)
    return fail(error(Errc::invalid, "until-form", "this is neither a number nor a time")
                    .at("--until")
                    .accepts("a number of entries, 2026-01-31, or 2026-01-31T12:00:00Z"));
  RELAIS_ASSIGN(const LogIndex index, ledger.index_at(*time));
  return TreeSize{index.value};
}

}  // namespace relais::cli
