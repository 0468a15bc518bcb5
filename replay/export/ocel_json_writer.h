// OCEL 2.0, JSON (www.ocel-standard.org, sections 8.1 and 8.2). Internal to this module.
#pragma once

#include "replay/export/writer.h"

namespace relais::replay::exports {

inline constexpr const char* kOcelJsonFile = "log.ocel.json";
inline constexpr const char* kOcelObjects = "objects.part";  // until they are behind the events

Result<std::unique_ptr<Writer>> make_ocel_json_writer(const std::filesystem::path& folder);

}  // namespace relais::replay::exports
