// OCEL 2.0, SQLite (www.ocel-standard.org, section 6): the only code that knows SQLite. Internal
// to this module.
#pragma once

#include "replay/export/writer.h"

namespace relais::replay::exports {

inline constexpr const char* kOcelSqliteFile = "log.ocel.sqlite";

Result<std::unique_ptr<Writer>> make_ocel_sqlite_writer(const std::filesystem::path& folder);

}  // namespace relais::replay::exports
