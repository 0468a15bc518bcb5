// GET /v1/psp: the parcours de sortie that were applied for, and where each stands.
#include <set>
#include <unordered_map>

#include "api/context.h"
#include "api/contract/choices.h"
#include "api/reading/visibility.h"
#include "api/resources/filters.h"
#include "api/resources/paging.h"
#include "api/resources/parcours_json.h"
#include "ledger/base/json_writer.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using rules::PspPhase;

struct ParcoursQuery {
  std::optional<PspPhase> phase;
  std::optional<SignatoryId> applicant;
  std::optional<std::string> session;
  /// Of the session that is asked for, where the reader sees it.
  std::set<Uuid> named;
  bool overdue = false;

  bool accepts(const Parcours& p, Timestamp now) const {
    if (phase && p.psp.phase != *phase) return false;
    if (applicant && p.psp.applicant != *applicant) return false;
    if (session && p.psp.session != *session && !named.contains(p.case_id)) return false;
    return !overdue || p.overdue(now);
  }
};

Result<ParcoursQuery> parse_query(const Call& call, Visibility& visibility) {
  const Request& request = call.request;
  ParcoursQuery query;
  query.phase = chosen(request, "phase", parcours_phases());
  RELAIS_ASSIGN(query.applicant, signatory_parameter(request, "applicant", *call.head->registry));
  query.overdue = flag(request, "overdue");
  if (const auto session = request.param("session")) {
    query.session = std::string(*session);
    if (visibility.sees_session(*query.session))
      if (auto item = projections::find_session(*call.head->records, *query.session))
        query.named = std::move(item->state.cases);
  }
  return query;
}

Result<Response> list_parcours(const Context& context, Call& call) {
  const Timestamp now = context.clock.now();
  const RecordSource& records = *call.head->records;
  const rules::Registry& registry = *call.head->registry;
  Visibility visibility(call.reader, records, now);
  RELAIS_ASSIGN(const ParcoursQuery query, parse_query(call, visibility));
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  std::unordered_map<Uuid, Parcours, UuidHash> seen;  // of the page, and one more
  const auto page = projections::parcours(
      records,
      [&](const Uuid& id) { return visibility.may_see(id) && visibility.sees(Kind::parcours, id); },
      [&](const rules::CaseState& c) {
        if (c.psp.phase == PspPhase::none) return false;
        Parcours p = parcours_of(visibility, records, registry, c);
        if (!query.accepts(p, now)) return false;
        seen.emplace(c.id, std::move(p));
        return true;
      },
      cursor, limit);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("parcours").begin_array();
  for (const rules::CaseState& c : page.items) {
    call.trace.look(c.id);
    json.begin_object().member("case", c.id);
    write_parcours(json, registry, seen.at(c.id), now);
    json.end_object();
  }
  end_page(json, response, call, context, page.next);
  // A session that is hidden is answered as one that is not there.
  response.quiet = page.items.empty() && query.session.has_value();
  return response;
}

}  // namespace

void add_parcours_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/psp").answers(
      [&context](Call& call) { return list_parcours(context, call); }));
}

}  // namespace relais::api
