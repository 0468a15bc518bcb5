// GET /v1/referrals: what others ask of a signatory (inbox), and what it asks of others (outbox).
#include "api/context.h"
#include "api/contract/choices.h"
#include "api/resources/paging.h"
#include "api/shapes.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

// Who sends or gets a referral takes part in its case, so that each line may be seen.
Result<Response> list_referrals(const Context& context, Call& call) {
  const auto box = chosen(call.request, "box", boxes()).value_or(projections::Box::inbox);
  const bool open_only = flag(call.request, "open");
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  const auto page =
      projections::referrals(*call.head->records, call.reader.id, box, open_only, cursor, limit);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("referrals").begin_array();
  for (const projections::ReferralItem& item : page.items) {
    call.trace.look(item.case_id);
    projections::write_referral(json, *call.head->registry, item.referral, &item.case_id);
  }
  end_page(json, response, call, context, page.next);
  return response;
}

}  // namespace

void add_referral_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/referrals").answers([&context](Call& call) {
    return list_referrals(context, call);
  }));
}

void describe_referrals(shape::Shapes& s) {
  s.define("ReferralList", page_shape("referrals", shape::named("Referral")));
}

}  // namespace relais::api
