// GET /v1/capabilities: who can help with this need, here, for this public, with room now.
#include "api/context.h"
#include "api/resources/filters.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/calendar.h"
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

Result<Response> list_capabilities(Call& call, const Context& context) {
  RELAIS_ASSIGN(const auto need, vocabulary_parameter(call.request, "need", "need"));
  if (!need)
    return fail(error(Errc::malformed, "query-missing", "the question names no need")
                    .at("need")
                    .accepts("a value of the vocabulary need"));
  RELAIS_ASSIGN(const auto audience, vocabulary_parameter(call.request, "public", "publics_v1"));
  RELAIS_ASSIGN(const auto territory, territory_parameter(call.request, *call.head->registry));
  const auto items = projections::find_capabilities(
      *call.head->records, *call.head->registry, *need, territory.value_or(""),
      audience.value_or(""), rules::legal_day(context.clock.now()));
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
