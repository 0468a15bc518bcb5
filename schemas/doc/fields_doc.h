// Every member of every event, whether it is sensitive, and why: docs/FIELDS.md,
// `relais rules --fields`.
#pragma once

#include <string>

namespace relais::schema::doc {

/// docs/FIELDS.md, from the schema alone.
std::string fields_markdown();

}  // namespace relais::schema::doc
