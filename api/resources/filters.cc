#include "api/resources/filters.h"

#include "ledger/base/clock.h"
#include "ledger/rules/rules.h"
#include "ledger/statement/catalogue.h"

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

Result<std::optional<std::string_view>> vocabulary_parameter(const Request& request,
                                                             std::string_view name,
                                                             std::string_view vocabulary) {
  const auto value = request.param(name);
  if (!value || statement::vocabulary(vocabulary).contains(*value)) return value;
  return fail(error(Errc::malformed, "vocabulary", "not a value of the vocabulary")
                  .at(std::string(name))
                  .accepts("a value of the vocabulary " + std::string(vocabulary)));
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

Result<std::optional<Day>> day_parameter(const Request& request, std::string_view name) {
  const auto text = request.param(name);
  if (!text) return std::optional<Day>();
  if (const auto day = parse_date(*text)) return std::optional(*day);
  return fail(error(Errc::malformed, "day-form", "not a day")
                  .at(std::string(name))
                  .accepts("a date, as 2026-09-30"));
}

}  // namespace relais::api
