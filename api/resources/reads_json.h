// Who looked, as JSON.
#pragma once

#include <string>

#include "ledger/base/json_writer.h"
#include "ledger/reads/read_log.h"

namespace relais::api {

/// The member "looks": [{signatory, purpose, times, first, last}]; a row without `purpose` is of
/// all purposes of the signatory beside its reads::kMaxPurposes first ones.
void write_looks(JsonWriter& json, const reads::Summary& summary);
/// The same into a JSON object with members that is written already.
void append_looks(std::string& object, const reads::Summary& summary);

}  // namespace relais::api
