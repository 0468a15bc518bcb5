// GET /v1/cases, /v1/cases/{id}, /v1/cases/{id}/timeline: what a signatory sees of the cases it
// takes part in.
#include <algorithm>

#include "api/context.h"
#include "api/contract/choices.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_json.h"
#include "api/resources/paging.h"
#include "api/resources/reads_json.h"
#include "api/shapes.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

Result<Response> list_cases(const Context& context, Call& call) {
  const auto phase = chosen(call.request, "phase", case_phases());
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  Visibility visibility(call.reader, *call.head->records, context.clock.now());
  auto page = projections::cases_of(
      *call.head->records, call.reader.id,
      [&](const rules::CaseState& c) {
        return (!phase || c.phase == *phase) && visibility.sees(Kind::state, c);
      },
      cursor, limit);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("cases").begin_array();
  for (rules::CaseState& state : page.items) {
    call.trace.look(state.id);
    projections::write_case(json, *call.head->registry, visibility.as_seen(std::move(state)));
  }
  end_page(json, response, call, context, page.next);
  return response;
}

/// Bytes of a stored case that an io thread reads for an answer: a hundred acts and more.
constexpr std::size_t kCaseAtOnce = std::size_t{16} * 1024;

/// The stored case of the path; nothing where it is none of the reader's. One of thousands of acts
/// is not read for who has no part in it.
std::optional<std::string> record_of(const Call& call, Visibility& visibility) {
  const auto id = parse_uuid(call.captures[0]);
  if (!id || !visibility.may_see(*id)) return std::nullopt;
  return projections::find_case_record(*call.head->records, *id);
}

/// The case as it stands, where the reader may see this kind of data of it. What the reader is to
/// the case follows from the state.
Result<rules::CaseState> visible_case(const std::optional<std::string>& record,
                                      Visibility& visibility, Kind kind) {
  if (!record) return fail(absent());
  auto state = projections::case_of(*record);
  if (!visibility.sees(kind, state)) return fail(absent());
  return state;
}

/// 304, or a response with the stream's version, as the reader counts, as its tag.
Response tagged(const Call& call, std::uint32_t version) {
  Response response;
  std::string etag = etag_of(version);
  if (not_modified(call.request, etag)) response.status = 304;
  response.headers.emplace_back("etag", std::move(etag));
  return response;
}

Response for_worker() {
  Response response;
  response.for_worker = true;
  return response;
}

Result<Response> one_case(Context& context, Call& call) {
  Visibility visibility(call.reader, *call.head->records, context.clock.now());
  const auto record = record_of(call, visibility);
  if (record && record->size() > kCaseAtOnce && !call.by_worker) return for_worker();
  RELAIS_ASSIGN(rules::CaseState state, visible_case(record, visibility, Kind::state));
  RELAIS_ASSIGN(const auto size, as_of(call.request, context.ledger, *call.head));
  if (size) {
    RELAIS_ASSIGN(auto then, projections::case_as_of(context.ledger, state.id, *size));
    if (!then) return fail(absent());
    state = std::move(*then);
  }
  call.trace.look(state.id);
  state = visibility.as_seen(std::move(state));
  if (size) context.accounts->requests.charge(call.reader.account, state.version / kEventsARequest);
  Response response = tagged(call, state.version);
  if (response.status == 304) return response;
  response.content_type = kJson;
  response.body.reserve(4096);
  JsonWriter json(response.body);
  projections::write_case(json, *call.head->registry, state);
  if (!size && visibility.sees(Kind::looks, state)) {
    call.trace.tell_of_looks();
    append_looks(response.body, context.reads.summary(state.id));
  }
  return response;
}

Result<Response> timeline(const Context& context, Call& call) {
  Visibility visibility(call.reader, *call.head->records, context.clock.now());
  RELAIS_ASSIGN(const rules::CaseState state,
                visible_case(record_of(call, visibility), visibility, Kind::timeline));
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  std::uint64_t after = 0;
  if (!cursor.empty()) {
    RELAIS_ASSIGN(after, number_cursor(cursor));
  }
  const std::uint32_t version = visibility.last_seen(state);
  call.trace.look(state.id);
  Response response = tagged(call, version);
  if (response.status == 304) return response;
  auto page = projections::timeline(
      *call.head->records, state.id,
      static_cast<std::uint32_t>(std::min<std::uint64_t>(after, state.version)), limit,
      [&](const projections::TimelineItem& i) { return visibility.sees_act(state, i.version); });
  response.content_type = kJson;
  response.body.reserve(384 * (page.items.size() + 1));
  JsonWriter json(response.body);
  json.begin_object().member("case", state.id).member("version", version);
  if (visibility.sees(Kind::looks, state)) {
    call.trace.tell_of_looks();
    write_looks(json, context.reads.summary(state.id));
  }
  json.key("items").begin_array();
  const auto counted = [&](std::uint32_t v) { return visibility.version_of(state.id, v); };
  for (const projections::TimelineItem& item : page.items) {
    call.trace.event({schema::StreamKind::CASE, state.id, {}}, item.index);
    projections::write_timeline_item(json, *call.head->registry, item, state, nullptr, counted);
  }
  end_page(json, response, call, context, page.next);
  return response;
}

}  // namespace

void add_case_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/cases/{id}").answers([&context](Call& call) {
    return one_case(context, call);
  }));
  router.add(Route::get("/v1/cases/{id}/timeline").answers([&context](Call& call) {
    return timeline(context, call);
  }));
  router.add(Route::get("/v1/cases").answers([&context](Call& call) {
    return list_cases(context, call);
  }));
}

void describe_timeline(shape::Shapes& s) {
  using namespace shape;
  s.define("CaseList", page_shape("cases", named("Case")));
  s.define("Timeline",
           object({must("case", uuid()), must("version", version()),
                   may("looks", list(named("Look")), "For the holder: who looked."),
                   must("items", list(named("TimelineItem"))), may("next", named("Cursor"))}));
}

}  // namespace relais::api
