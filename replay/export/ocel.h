// What both forms of OCEL 2.0 have in common. Internal to this module.
#pragma once

#include <string_view>
#include <vector>

#include "replay/export/row.h"

namespace relais::replay::exports {

/// What each event has beside its members.
inline const std::vector<Column>& ocel_row_columns() {
  static const std::vector<Column> columns = {
      {"index", ValueType::integer}, {"leaf", ValueType::text}, {"author_time", ValueType::moment}};
  return columns;
}
/// Their values, in that order.
inline std::vector<std::string> ocel_row_values(const Row& row) {
  return {std::to_string(row.index.value), to_hex(view(row.leaf)), to_rfc3339(row.author_time)};
}

inline std::vector<Column> ocel_columns(const statement::EventType& type) {
  std::vector<Column> columns = ocel_row_columns();
  for (Column& column : columns_of(type)) columns.push_back(std::move(column));
  return columns;
}

}  // namespace relais::replay::exports
