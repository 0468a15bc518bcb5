// GET /v1/capabilities: who can help with this need, here, for this public, with room now.
#include <algorithm>
#include <span>

#include "api/context.h"
#include "api/resources/filters.h"
#include "api/resources/paging.h"
#include "api/shapes.h"
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
  const auto need = call.request.param("need");
  const auto audience = call.request.param("public");
  RELAIS_ASSIGN(const auto territory, territory_parameter(call.request, *call.head->registry));
  RELAIS_ASSIGN(const auto of,
                signatory_parameter(call.request, "signatory", *call.head->registry));
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string behind, page_cursor(call, context));
  const auto items = projections::find_capabilities(
      *call.head->records, *call.head->registry, need.value_or(""), territory.value_or(""),
      audience.value_or(""), rules::legal_day(context.clock.now()), of);
  const auto first = std::ranges::upper_bound(items, behind, {}, &CapabilityItem::place);
  const auto left = static_cast<std::size_t>(items.end() - first);
  const auto page = std::span(first, std::min(limit, left));
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("capabilities").begin_array();
  for (const CapabilityItem& item : page) write_capability(json, *call.head->registry, item);
  end_page(json, response, call, context, left > limit ? page.back().place : std::string());
  return response;
}

}  // namespace

void add_capability_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/capabilities").answers([&context](Call& call) {
    return list_capabilities(call, context);
  }));
}

void describe_capabilities(shape::Shapes& s) {
  using namespace shape;
  s.define(
      "Capability",
      object({must("signatory", slug()), must("name", text("Association exemple")),
              must("id", text("hebergement-1")), may("label", text("Hébergement d'urgence")),
              must("serviceType", s.vocabulary("types_de_services_v1")),
              must("publics", list(s.vocabulary("publics_v1"))),
              must("needs", list(s.vocabulary("need"))), must("territories", list(text("69387"))),
              must("level", s.wire<schema::CapacityLevel>()), may("places", number(4)),
              may("capacityAt", moment(), "When the room was last said."),
              must("stale", boolean(), "That is long ago."),
              may("mailbox", text("service@association.example"))}));
  s.define("CapabilityList", page_shape("capabilities", named("Capability")));
}

}  // namespace relais::api
