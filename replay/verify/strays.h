// Records of a store that no entry owns.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/store/store.h"

namespace relais::replay {

/// Whether each record's key is one that a log of `size` entries can have, in every family but the
/// projections, which are compared record by record, and the two indices, whose keys are the
/// signatories' own. Rule "verify-stray": its message names each family that has strays, how many
/// and the first. `visit` sees every record that is looked at, but for those of the entries.
using VisitRecord =
    std::function<void(store::Family family, std::string_view key, std::string_view value)>;
Status check_strays(const store::Store& store, std::uint64_t size, const VisitRecord& visit);

}  // namespace relais::replay
