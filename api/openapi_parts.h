// Inside the module: the parts of docs/openapi.json.
#pragma once

#include <set>
#include <string_view>

#include "api/contract/endpoint.h"
#include "projections/json/shape.h"

namespace relais::api {

/// The member `paths`.
json::object paths_of(const shape::Shapes& shapes);
/// Statuses of the problem documents that an endpoint answers with.
std::set<unsigned> refusals_of(const Endpoint& e);
json::object header_ref(std::string_view name);

}  // namespace relais::api
