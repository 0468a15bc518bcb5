#include "api/resources/filters.h"

#include "ledger/base/clock.h"
#include "ledger/rules/rules.h"

namespace relais::api {

Result<std::optional<SignatoryId>> signatory_parameter(const Request& request,
                                                       std::string_view name,
                                                       const rules::Registry& registry) {
  const auto slug = request.param(name);
  if (!slug) return std::optional<SignatoryId>();
  if (const rules::Signatory* found = registry.find_slug(*slug)) return std::optional(found->id);
  return fail(error(Errc::invalid, "signatory-unknown", "no signatory has this name")
                  .at(std::string(name))
                  .accepts("an id of /v1/signatories"));
}

Result<std::optional<std::string_view>> territory_parameter(const Request& request,
                                                            const rules::Registry& registry) {
  const auto value = request.param("territory");
  if (!value || rules::territory_of_convention(registry, std::string(*value))) return value;
  return fail(error(Errc::malformed, "territory-not-of-convention",
                    "the territory is not one of the convention's")
                  .at("territory")
                  .accepts(rules::accepted_territories(registry)));
}

std::optional<Day> day_parameter(const Request& request, std::string_view name) {
  const auto text = request.param(name);
  return text ? parse_date(*text) : std::nullopt;
}

}  // namespace relais::api
