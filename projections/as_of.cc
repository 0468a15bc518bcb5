// A case as it stood: its stream folded again, up to a size of the log.
#include <algorithm>

#include "ledger/rules/rules.h"
#include "projections/records.h"

namespace relais::projections {

Result<std::optional<rules::CaseState>> case_as_of(const log::Ledger& ledger, const Uuid& id,
                                                   TreeSize size) {
  const auto head = ledger.head();
  const TreeSize until = std::min(size, head->size());
  // The signatories are those of now: slugs keep their ordinals for ever, and an accepted event is
  // not judged again.
  MemoryRecords records;
  records.put(rules::registry_key(), encode(*head->registry));
  rules::WorldState world(records);

  const statement::StreamId stream{schema::StreamKind::CASE, id, {}};
  statement::EventView view;
  for (StreamVersion version{1};; ++version.value) {
    RELAIS_ASSIGN(const auto index, ledger.find(stream, version));
    if (!index || index->value >= until.value) break;
    RELAIS_ASSIGN(const std::string bytes, ledger.event(*index));
    if (!view.load(bytes))
      return fail(Errc::corrupt, "event-unreadable",
                  "typed event " + std::to_string(index->value) + " cannot be read");
    rules::evolve(world, rules::act_of(*index, view.get()));
  }
  const rules::CaseState* state = world.find_case(id);
  return state == nullptr ? std::optional<rules::CaseState>() : std::optional(*state);
}

}  // namespace relais::projections
