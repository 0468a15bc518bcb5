// GET /v1/library, /v1/network: what the partnership shares of what it knows (axis 2) and of whom
// it works with (axis 4).
#include <algorithm>

#include "api/context.h"
#include "api/contract/choices.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_json.h"
#include "api/resources/event_query.h"
#include "api/resources/filters.h"
#include "api/resources/paging.h"
#include "api/shapes.h"
#include "ledger/base/json.h"
#include "ledger/base/json_writer.h"
#include "ledger/statement/statement.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using projections::SharedItem;
using projections::SharedKind;
using projections::Shelf;

Choices<SharedKind> kinds_of(Shelf shelf) {
  return shelf == Shelf::library ? library_kinds() : network_kinds();
}

std::string_view name_of(SharedKind kind, const Choices<SharedKind>& kinds) {
  const auto found = std::ranges::find(kinds, kind, &Choice<SharedKind>::value);
  return found == kinds.end() ? std::string_view() : found->name;
}

/// What only the act itself tells.
struct ActFilter {
  std::optional<SignatoryId> signatory;
  std::optional<std::string_view> need;
  std::optional<std::string_view> territory;

  bool any() const { return signatory || need || territory; }
  bool accepts(schema::Event::Reader event) const {
    if (signatory && signatory->value != event.getSignatory()) return false;
    if (!need && !territory) return true;
    const json::object data = statement::payload_json(event);
    const auto says = [&](std::string_view member, std::string_view value) {
      const auto* found = json::find_string(data, member);
      return found != nullptr && std::string_view(*found) == value;
    };
    // Where a need was observed, and where a partner receives.
    return (!need || says("need", *need)) &&
           (!territory || says("territory", *territory) || says("code_insee", *territory));
  }
};

/// Acts of one answer, read by their index.
class Acts {
 public:
  explicit Acts(const log::Ledger& ledger) : ledger_(ledger) {}
  Result<schema::Event::Reader> at(LogIndex index) {
    RELAIS_ASSIGN(const std::string bytes, ledger_.event(index));
    if (view_.load(bytes)) return view_.get();
    return fail(error(Errc::corrupt, "event-unreadable",
                      "typed event " + std::to_string(index.value) + " cannot be read"));
  }

 private:
  const log::Ledger& ledger_;
  statement::EventView view_;
};

Result<ActFilter> act_filter(const Call& call, Shelf shelf) {
  const rules::Registry& registry = *call.head->registry;
  ActFilter filter;
  RELAIS_ASSIGN(filter.signatory, signatory_parameter(call.request, "signatory", registry));
  filter.need = call.request.param("need");
  // A partner may be anywhere: networks do not end where the convention does.
  if (shelf == Shelf::network) {
    filter.territory = call.request.param("territory");
  } else {
    RELAIS_ASSIGN(filter.territory, territory_parameter(call.request, registry));
  }
  return filter;
}

Result<projections::SharedPage> find_items(const Context& context, const Call& call, Shelf shelf,
                                           Acts& acts) {
  projections::SharedFilter filter;
  filter.shelf = shelf;
  filter.kind = chosen(call.request, "kind", kinds_of(shelf));
  filter.replaced = flag(call.request, "replaced");
  RELAIS_ASSIGN(const ActFilter act, act_filter(call, shelf));
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  Status read;
  if (act.any())
    filter.wanted = [&](const SharedItem& item) {
      if (!read) return false;
      const auto event = acts.at(item.index);
      if (!event) read = fail(event.error());
      return event && act.accepts(*event);
    };
  auto page = projections::shared_items(*call.head->records, filter, cursor, limit, kMaxCandidates);
  RELAIS_TRY(read);
  return page;
}

Result<Response> list_items(const Context& context, Call& call, Shelf shelf) {
  if (!Visibility(call.reader, *call.head->records, context.clock.now()).sees(Kind::shared))
    return fail(absent());
  Acts acts(context.ledger);
  RELAIS_ASSIGN(const projections::SharedPage page, find_items(context, call, shelf, acts));
  context.accounts->requests.charge(
      call.reader.account, static_cast<double>(page.asked + page.items.size()) / kEventsARequest);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key(shelf == Shelf::library ? "library" : "network").begin_array();
  const auto kinds = kinds_of(shelf);
  for (const SharedItem& item : page.items) {
    RELAIS_ASSIGN(const schema::Event::Reader event, acts.at(item.index));
    json.begin_object().member("kind", name_of(item.kind, kinds));
    if (item.replaced_by) json.member("replacedBy", item.replaced_by->value);
    json.key("act");
    write_event(json, *call.head->registry, item.index, event, event.getVersion());
    json.end_object();
  }
  end_page(json, response, call, context, page.next);
  return response;
}

}  // namespace

void add_shared_routes(Router& router, Context& context) {
  const auto add = [&](std::string_view path, Shelf shelf) {
    router.add(Route::get(path).answers(
        [&context, shelf](Call& call) { return list_items(context, call, shelf); }));
  };
  add("/v1/library", Shelf::library);
  add("/v1/network", Shelf::network);
}

void describe_shared(shape::Shapes& s) {
  using namespace shape;
  const auto items = [](const Choices<SharedKind>& kinds) {
    return object({must("kind", one_of(names_of(kinds))),
                   may("replacedBy", index(), "A later act counts in its place."),
                   must("act", named("Event"))});
  };
  s.define("Library", page_shape("library", items(library_kinds())));
  s.define("Network", page_shape("network", items(network_kinds())));
}

}  // namespace relais::api
