// JSON that is read, looked at and forgotten.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/json.h"

namespace relais::json {

/// As parse(). The value stands in `memory`, which outlives it.
Result<value> parse(std::string_view text, const boost::json::storage_ptr& memory);

}  // namespace relais::json
