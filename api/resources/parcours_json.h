// A parcours as a reader sees it, in the list of all and beside the session that has it before it.
#pragma once

#include <optional>
#include <vector>

#include "api/reading/visibility.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/registry.h"
#include "ledger/rules/time/deadlines.h"
#include "projections/read.h"

namespace relais::api {

struct Parcours {
  Uuid case_id;
  rules::Psp psp;  ///< without debates where they are not for the reader
  std::optional<projections::Opinion> opinion;  ///< the last one, with its votes; the same
  std::vector<rules::Deadline> deadlines;       ///< that follow from `psp`, the first one first

  bool overdue(Timestamp now) const;
};

/// Of a case whose parcours the reader may see (Kind::parcours), as it is seen.
Parcours parcours_of(Visibility& visibility, const RecordSource& records,
                     const rules::Registry& registry, rules::CaseState state);
/// {phase, applicant, …, deadlines}, the members of an object that is open.
void write_parcours(JsonWriter& json, const rules::Registry& registry, const Parcours& p,
                    Timestamp now);
/// {opinion, inFavour, against, abstained, at}.
void write_opinion(JsonWriter& json, const projections::Opinion& o);

}  // namespace relais::api
