// XES 2.0 (IEEE 1849-2016): a trace for each case. Internal to this module.
#pragma once

#include "replay/export/writer.h"

namespace relais::replay::exports {

inline constexpr const char* kXesFile = "log.xes";

/// Appends text as the value of an attribute in double quotes (XML 1.0). What no XML can hold
/// becomes U+FFFD.
void append_xml(std::string& out, std::string_view text);

Result<std::unique_ptr<Writer>> make_xes_writer(const std::filesystem::path& folder);

}  // namespace relais::replay::exports
