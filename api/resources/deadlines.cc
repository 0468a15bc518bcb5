// GET /v1/deadlines: what is due and overdue, for whom, since when.
#include "ledger/rules/time/deadlines.h"
#include "api/context.h"
#include "api/contract/choices.h"
#include "api/reading/visibility.h"
#include "api/resources/paging.h"
#include "api/shapes.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/time/deadline_rows.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using projections::DeadlineFilter;
using rules::DueDeadline;

Timestamp time_parameter(const Request& request, std::string_view name, Timestamp otherwise) {
  const auto given = request.param(name);
  return given ? parse_rfc3339(*given).value_or(otherwise) : otherwise;
}

void write_deadline(JsonWriter& json, const rules::Registry& registry, const DueDeadline& item,
                    Timestamp now) {
  json.begin_object();
  json.member("kind", rules::to_string(item.deadline.kind));
  json.member("stream", statement::to_subject(item.stream));
  if (!item.deadline.ref.empty()) json.member("ref", item.deadline.ref);
  json.member("who", projections::slug_of(registry, item.deadline.who));
  json.member("since", item.deadline.since);
  json.member("dueAt", item.deadline.due_at);
  json.member("overdue", item.deadline.due_at <= now);
  json.member("clock", rules::has_effect(item.deadline.kind));
  json.end_object();
}

/// The reader's own: those it has to meet, and those it waits for as the holder of a case.
Result<Response> list_deadlines(Call& call, const Context& context) {
  const Timestamp now = context.clock.now();
  DeadlineFilter filter;
  filter.kind = chosen(call.request, "kind", deadline_kinds());
  filter.from = time_parameter(call.request, "from", Timestamp{0});
  filter.until = time_parameter(call.request, "until", filter.until);
  const bool overdue = flag(call.request, "overdue");
  if (overdue && now < filter.until) filter.until = Timestamp{now.value + 1};
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  // Only who sits on the commission can have stepped back from what it has to meet.
  Visibility visibility(call.reader, *call.head->records, now);
  if (rules::deliberates(call.reader.roles))
    filter.wanted = [&](const DueDeadline& d) { return visibility.sees_deadline(d.stream); };
  const auto page =
      projections::deadlines(*call.head->records, call.reader.id, filter, cursor, limit);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("deadlines").begin_array();
  for (const DueDeadline& item : page.items) {
    if (item.stream.kind == schema::StreamKind::CASE) call.trace.look(item.stream.uuid);
    write_deadline(json, *call.head->registry, item, now);
  }
  end_page(json, response, call, context, page.next);
  return response;
}

}  // namespace

void add_deadline_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/deadlines").answers([&context](Call& call) {
    return list_deadlines(call, context);
  }));
}

shape::Schema deadline_shape() {
  using namespace shape;
  return object({must("kind", named("DeadlineKind")), must("who", slug(), "Who has to meet it."),
                 must("dueAt", moment()), must("overdue", boolean())});
}

void describe_deadlines(shape::Shapes& s) {
  using namespace shape;
  std::vector<std::string> kinds;
  for (const rules::DeadlineRow& row : rules::deadline_rows()) kinds.emplace_back(row.name);
  s.define("DeadlineKind", meaning(one_of(kinds), "docs/EVENTS.md, Deadlines."));
  s.define("Deadline",
           object({must("kind", named("DeadlineKind")), must("stream", named("Stream")),
                   may("ref", text("01890a5d-ac96-774b-bcce-b302099a8059"),
                       "What in the stream it is about: a referral, a step."),
                   must("who", slug(), "Who has to meet it."), must("since", moment()),
                   must("dueAt", moment()), must("overdue", boolean()),
                   must("clock", boolean(), "The ledger's own key acts when it passes.")}));
  s.define("DeadlineList", page_shape("deadlines", named("Deadline")));
}

}  // namespace relais::api
