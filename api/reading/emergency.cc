#include "api/reading/emergency.h"

#include "ledger/rules/case_state.h"
#include "ledger/rules/relation.h"
#include "ledger/statement/catalogue.h"
#include "projections/read.h"

namespace relais::api {
namespace {

/// Whether the reader takes part beside its emergency accesses.
bool takes_part_otherwise(rules::CaseState state, const rules::Signatory& reader, Timestamp now) {
  state.accesses.clear();
  return rules::takes_part_now(rules::relations_of(state, reader.id, reader.role_set(), now));
}

}  // namespace

std::vector<std::pair<Uuid, LogIndex>> seen_by_emergency(const RecordSource& records,
                                                         const rules::Registry& registry,
                                                         SignatoryId reader, Timestamp now,
                                                         const std::vector<Uuid>& cases) {
  std::vector<std::pair<Uuid, LogIndex>> seen;
  const rules::Signatory* by = registry.find(reader);
  if (by == nullptr || now >= projections::emergency_until(records, reader)) return seen;
  const statement::EventOrdinal opening =
      statement::catalogue().find("relais.case.emergency_access_opened.v1")->ordinal;
  for (const Uuid& id : cases) {
    const auto state = projections::find_case(records, id);
    if (!state || !rules::emergency_access(*state, reader, now)) continue;
    if (takes_part_otherwise(*state, *by, now)) continue;
    auto version = static_cast<std::uint32_t>(state->acts.size());
    const auto opened = [&](const rules::ActMark& act) {
      return act.type == opening && act.by == reader;
    };
    while (version > 0 && !opened(state->acts[version - 1])) --version;
    if (version == 0) continue;
    if (const auto item = projections::timeline_item(records, id, version))
      seen.emplace_back(id, item->index);
  }
  return seen;
}

}  // namespace relais::api
