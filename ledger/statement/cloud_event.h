// CloudEvents 1.0 in structured JSON: the rules for attributes.
#pragma once

#include <string>

#include "ledger/base/error.h"
#include "ledger/base/json.h"

namespace relais::statement {

/// Checks a structured-mode JSON event against CloudEvents 1.0.2 and its JSON format: specversion
/// "1.0"; id, source, type non-empty strings; source a URI-reference; time RFC 3339; attribute
/// names lower-case letters and digits; attribute values of an allowed type; not both data and
/// data_base64; datacontenttype, dataschema, subject well formed. Rules "cloudevents-…",
/// Errc::malformed.
Status check_cloud_event(const json::object& event);

}  // namespace relais::statement
