// One CloudEvent a line. Internal to this module.
#pragma once

#include "replay/export/writer.h"

namespace relais::replay::exports {

inline constexpr const char* kNdjsonFile = "events.ndjson";
Result<std::unique_ptr<Writer>> make_ndjson_writer(const std::filesystem::path& folder);

}  // namespace relais::replay::exports
