// What lists are narrowed by. That a parameter has its form was checked before (api/contract); what
// depends on the ledger, as that there is such a signatory, is checked here.
#pragma once

#include <optional>
#include <string_view>

#include "api/http/http.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/rules/registry.h"

namespace relais::api {

/// A signatory by its slug, or nothing; rule "signatory-unknown".
Result<std::optional<SignatoryId>> signatory_parameter(const Request& request,
                                                       std::string_view name,
                                                       const rules::Registry& registry);
/// A commune or a named territory of the convention, or nothing; rule
/// "territory-not-of-convention".
Result<std::optional<std::string_view>> territory_parameter(const Request& request,
                                                            const rules::Registry& registry);
/// A date, or nothing.
std::optional<Day> day_parameter(const Request& request, std::string_view name);

}  // namespace relais::api
