// Who looked, as JSON.
#pragma once

#include <string>

#include "ledger/base/json_writer.h"
#include "ledger/reads/read_log.h"

namespace relais::api {

/// The member "looks": [{signatory, purpose, times, first, last}], and "otherLooks", how many are
/// in no row, where there are more than reads::kMaxSummary of these.
void write_looks(JsonWriter& json, const reads::Summary& summary);
/// The same into a JSON object with members that is written already.
void append_looks(std::string& object, const reads::Summary& summary);

}  // namespace relais::api
