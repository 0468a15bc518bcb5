// By which emergency access a reader sees a case.
#pragma once

#include <utility>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/id.h"
#include "ledger/base/records.h"
#include "ledger/rules/registry.h"

namespace relais::api {

/// Of these cases, those in which the reader takes no part but by an emergency access of its own,
/// and the index of its opening. They are rare: of a reader that has none it costs one read.
std::vector<std::pair<Uuid, LogIndex>> seen_by_emergency(const RecordSource& records,
                                                         const rules::Registry& registry,
                                                         SignatoryId reader, Timestamp now,
                                                         const std::vector<Uuid>& cases);

}  // namespace relais::api
