// docs/openapi.json: what is served, as OpenAPI 3.1.
#pragma once

#include <string>

namespace relais::api {

/// The document, made of the table of endpoints (api/contract) and of the shapes of what is
/// written. The same bytes each time; made at the first call.
const std::string& openapi_document();

}  // namespace relais::api
