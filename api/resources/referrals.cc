// GET /v1/referrals: what others ask of a signatory (inbox), and what it asks of others (outbox).
#include "api/context.h"
#include "api/resources/paging.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

Result<projections::Box> box_parameter(const Request& request) {
  const std::string_view box = request.param("box").value_or("inbox");
  if (box == "inbox") return projections::Box::inbox;
  if (box == "outbox") return projections::Box::outbox;
  return fail(
      error(Errc::malformed, "box-unknown", "an unknown box").at("box").accepts("inbox, outbox"));
}

// Who sends or gets a referral takes part in its case, so that each line may be seen.
Result<Response> list_referrals(const Context& context, Call& call) {
  RELAIS_ASSIGN(const projections::Box box, box_parameter(call.request));
  RELAIS_ASSIGN(const bool open_only, flag(call.request, "open"));
  RELAIS_ASSIGN(const std::size_t limit, page_limit(call.request));
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
  router.add(Route::get("/v1/referrals")
                 .query({"box", "open", "cursor", "limit"})
                 .heavy()
                 .giving(Gives::case_data)
                 .answers([&context](Call& call) { return list_referrals(context, call); }));
}

}  // namespace relais::api
