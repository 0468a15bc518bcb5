// GET /v1/deadlines: what is due and overdue, for whom, since when.
#include "api/context.h"
#include "api/reading/visibility.h"
#include "api/resources/paging.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/time/deadline_rows.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using projections::DeadlineFilter;
using rules::DueDeadline;

Result<std::optional<rules::DeadlineKind>> kind_parameter(const Request& request) {
  const auto given = request.param("kind");
  if (!given) return std::optional<rules::DeadlineKind>();
  std::string accepted;
  for (const rules::DeadlineRow& row : rules::deadline_rows()) {
    if (!row.listed) continue;
    if (*given == row.name) return std::optional(row.kind);
    accepted.append(accepted.empty() ? "" : ", ").append(row.name);
  }
  return fail(error(Errc::malformed, "kind-unknown", "an unknown kind of deadline")
                  .at("kind")
                  .accepts(std::move(accepted)));
}

Result<Timestamp> time_parameter(const Request& request, std::string_view name,
                                 Timestamp otherwise) {
  const auto given = request.param(name);
  if (!given) return otherwise;
  const auto time = parse_rfc3339(*given);
  if (time) return *time;
  return fail(error(Errc::malformed, "time-form", "not a moment in time")
                  .at(std::string(name))
                  .accepts("an RFC 3339 date-time, as 2026-11-24T16:00:00Z"));
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
  RELAIS_ASSIGN(filter.kind, kind_parameter(call.request));
  RELAIS_ASSIGN(filter.from, time_parameter(call.request, "from", Timestamp{0}));
  RELAIS_ASSIGN(filter.until, time_parameter(call.request, "until", filter.until));
  RELAIS_ASSIGN(const bool overdue, flag(call.request, "overdue"));
  if (overdue && now < filter.until) filter.until = Timestamp{now.value + 1};
  RELAIS_ASSIGN(const std::size_t limit, page_limit(call.request));
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
  router.add(Route::get("/v1/deadlines")
                 .query({"kind", "from", "until", "overdue", "cursor", "limit"})
                 .heavy()
                 .giving(Gives::case_data)
                 .answers([&context](Call& call) { return list_deadlines(call, context); }));
}

}  // namespace relais::api
