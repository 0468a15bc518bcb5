// Rows of events: one at a time, from the stored event and, rarely, a look back in its case.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/log/ledger.h"
#include "replay/export/pseudonyms.h"
#include "replay/export/row.h"

namespace relais::replay::exports {

/// Of the first `until` entries of a ledger that outlives it. One thread. The events of a case are
/// asked for in their order. Memory is bounded: kTiles tiles of hashes, kParcours places.
class Rows {
 public:
  static constexpr std::size_t kTiles = 1'024;
  static constexpr std::size_t kParcours = 65'536;

  Rows(const log::Ledger& ledger, TreeSize until, Pseudonyms pseudonyms);

  /// The signatories admitted by then.
  std::vector<Object> signatories() const;
  /// Nothing where the event is not exported. Errors: Errc::corrupt "export-event", those of the
  /// store.
  Result<std::optional<Row>> row(LogIndex index, std::string_view event);

 private:
  struct Tile {
    std::uint64_t number = 0;
    std::string hashes;
  };
  using Event = schema::Event::Reader;

  Result<Hash> leaf(LogIndex index);
  Result<std::optional<LogIndex>> application(LogIndex index, Event event,
                                              const statement::EventType& type);
  Result<std::optional<LogIndex>> look_back(Event event) const;
  Result<bool> is_case(const Uuid& id) const;
  void set_subject(Row& row, Event event) const;
  Status add_values(Row& row, Event event);
  Result<std::string> told(Row& row, Event event, const statement::Field& field,
                           std::string_view text);
  void link_signatory(Row& row, std::string_view slug, std::string_view qualifier) const;
  static void add_born(Row& row);

  const log::Ledger& ledger_;
  const TreeSize until_;
  const Pseudonyms pseudonyms_;
  const std::shared_ptr<const rules::Registry> registry_;
  statement::EventView view_;
  std::vector<Tile> tiles_;
  std::unordered_map<Uuid, LogIndex, UuidHash> applications_;  // the last one of a case
};

}  // namespace relais::replay::exports
