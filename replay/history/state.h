// What a replay prints: the state of one read model as JSON lines.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/json.h"
#include "ledger/base/records.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"

namespace relais::replay {

/// Names that dump() knows: cases, keys, timeline, referrals.
const std::vector<std::string>& state_names();

/// Calls `line` with one JSON object a record of the read model, in key order. Rule
/// "projection-unknown" names the known ones.
Status dump(const RecordSource& records, std::string_view projection,
            const std::function<void(const std::string&)>& line);

}  // namespace relais::replay
