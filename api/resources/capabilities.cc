// GET /v1/capabilities: who can help with this need, here, for this public, with room now.
#include "api/context.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/rules.h"
#include "ledger/statement/catalogue.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using projections::CapabilityItem;

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& t : texts) json.text(t);
  json.end_array();
}

void write_capability(JsonWriter& json, const rules::Registry& registry,
                      const CapabilityItem& item) {
  const rules::Signatory* s = registry.find(item.signatory);
  const rules::Capability& c = item.capability;
  json.begin_object();
  json.member("signatory", s == nullptr ? std::string_view() : std::string_view(s->slug));
  json.member("name", s == nullptr ? std::string_view() : std::string_view(s->name));
  json.member("id", item.id);
  if (!c.label.empty()) json.member("label", c.label);
  json.member("serviceType", c.service_type);
  write_texts(json, "publics", c.publics);
  write_texts(json, "needs", c.needs);
  write_texts(json, "territories", c.territories);
  json.member("level", statement::wire_name(c.level));
  if (c.places) json.member("places", *c.places);
  if (c.capacity_at) json.member("capacityAt", *c.capacity_at);
  json.member("stale", item.stale);
  if (!item.mailbox.empty()) json.member("mailbox", item.mailbox);
  json.end_object();
}

/// A value of a vocabulary, or an error that says where the values are to be found.
Status known_value(std::string_view name, std::string_view value, std::string_view vocabulary) {
  if (statement::vocabulary(vocabulary).contains(value)) return {};
  return fail(error(Errc::malformed, "vocabulary", "not a value of the vocabulary")
                  .at(std::string(name))
                  .accepts("a value of the vocabulary " + std::string(vocabulary)));
}

Result<Response> list_capabilities(Call& call, const Context& context) {
  const auto need = call.request.param("need");
  if (!need)
    return fail(error(Errc::malformed, "query-missing", "the question names no need")
                    .at("need")
                    .accepts("a value of the vocabulary need"));
  RELAIS_TRY(known_value("need", *need, "need"));
  const std::string_view audience = call.request.param("public").value_or("");
  if (!audience.empty()) RELAIS_TRY(known_value("public", audience, "publics_v1"));
  const std::string_view territory = call.request.param("territory").value_or("");
  if (!territory.empty() &&
      !rules::territory_of_convention(*call.head->registry, std::string(territory)))
    return fail(error(Errc::malformed, "territory-not-of-convention",
                      "the territory is not one of the convention's")
                    .at("territory")
                    .accepts(rules::accepted_territories(*call.head->registry)));
  const auto items =
      projections::find_capabilities(*call.head->records, *call.head->registry, *need, territory,
                                     audience, rules::legal_day(context.clock.now()));
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("capabilities").begin_array();
  for (const CapabilityItem& item : items) write_capability(json, *call.head->registry, item);
  json.end_array().end_object();
  return response;
}

}  // namespace

void add_capability_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/capabilities")
                 .query({"need", "territory", "public"})
                 .heavy()
                 .giving(Gives::no_case_data)
                 .answers([&context](Call& call) { return list_capabilities(call, context); }));
}

}  // namespace relais::api
