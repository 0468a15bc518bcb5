// GET /v1/sessions, /v1/sessions/{name}: the sessions of the departmental commission, their members
// and their files.
#include <algorithm>

#include "api/context.h"
#include "api/contract/choices.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/filters.h"
#include "api/resources/paging.h"
#include "api/resources/parcours_json.h"
#include "api/shapes.h"
#include "ledger/base/json_writer.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using projections::SessionItem;

void write_slugs(JsonWriter& json, std::string_view name, const rules::Registry& registry,
                 const std::set<SignatoryId>& ids) {
  json.key(name).begin_array();
  for (const SignatoryId id : ids) json.text(projections::slug_of(registry, id));
  json.end_array();
}

/// The members of a session, in an object that is open.
void write_session(JsonWriter& json, const rules::Registry& registry, const SessionItem& s) {
  json.member("name", s.name);
  json.member("phase", s.state.held ? "HELD" : "CONVENED");
  json.member("heldOn", to_date(Day{s.state.held_on}));
  json.member("convenedAt", s.record.convened_at);
  if (s.record.held_at) json.member("heldAt", *s.record.held_at);
  if (!s.record.minutes_hash.empty()) json.member("minutesHash", s.record.minutes_hash);
  json.member("quorum", s.state.quorum);
  write_slugs(json, "members", registry, s.state.members);
  if (s.state.held) write_slugs(json, "present", registry, s.state.present);
}

Result<Response> list_sessions(const Context& context, Call& call) {
  projections::SessionFilter filter;
  filter.held = chosen(call.request, "phase", session_phases());
  filter.from = day_parameter(call.request, "from").value_or(filter.from);
  filter.until = day_parameter(call.request, "to").value_or(filter.until);
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  Visibility visibility(call.reader, *call.head->records, context.clock.now());
  filter.wanted = [&](const std::string& name) { return visibility.sees_session(name); };
  // Who sees none whatever their members are is not made to look at all of them.
  projections::Page<SessionItem> page;
  if (visibility.sees(Kind::sessions) || rules::deliberates(call.reader.roles))
    page = projections::sessions(*call.head->records, filter, cursor, limit);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("sessions").begin_array();
  for (const SessionItem& s : page.items) {
    json.begin_object();
    write_session(json, *call.head->registry, s);
    json.end_object();
  }
  end_page(json, response, call, context, page.next);
  return response;
}

/// A file of the session: that it is one, who does not sit on it, and, where the reader sees the
/// parcours, where it stands and what this session said of it.
void write_file(JsonWriter& json, const Call& call, Visibility& visibility, const SessionItem& s,
                const Uuid& file, Timestamp now) {
  const RecordSource& records = *call.head->records;
  const rules::Registry& registry = *call.head->registry;
  json.begin_object().member("case", file);
  if (const auto it = s.state.recused.find(file); it != s.state.recused.end())
    write_slugs(json, "recused", registry, it->second);
  if (visibility.may_see(file) && visibility.sees(Kind::parcours, file)) {
    auto state = projections::find_case(records, file);
    if (state && state->psp.phase != rules::PspPhase::none) {
      if (visibility.sees(Kind::debates, file))
        if (const auto opinion = projections::opinion_of(records, s.name, *state)) {
          json.key("opinion");
          write_opinion(json, *opinion);
        }
      const Parcours p = parcours_of(visibility, records, registry, std::move(*state));
      json.key("parcours").begin_object();
      write_parcours(json, registry, p, now);
      json.end_object();
    }
  }
  json.end_object();
}

Result<Response> one_session(const Context& context, Call& call) {
  const Timestamp now = context.clock.now();
  const std::string name(call.captures[0]);
  Visibility visibility(call.reader, *call.head->records, now);
  if (!visibility.sees_session(name)) return fail(absent());
  const auto session = projections::find_session(*call.head->records, name);
  if (!session) return fail(absent());
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  const auto files = projections::files_of(*call.head->records, *session, cursor, limit);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object();
  write_session(json, *call.head->registry, *session);
  json.key("files").begin_array();
  for (const Uuid& file : files.items) {
    call.trace.look(file);
    write_file(json, call, visibility, *session, file, now);
  }
  // A cursor is another each time: the tag is of what it stands for.
  const std::string content = response.body + files.next;
  end_page(json, response, call, context, files.next);
  tag_by_content(response, call.request, content);
  return response;
}

}  // namespace

void add_session_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/sessions").answers([&context](Call& call) {
    return list_sessions(context, call);
  }));
  router.add(Route::get("/v1/sessions/{name}").answers([&context](Call& call) {
    return one_session(context, call);
  }));
}

void describe_sessions(shape::Shapes& s) {
  using namespace shape;
  std::vector<Member> members = {
      must("name", text("commission-2026-11")),
      must("phase", one_of(names_of(session_phases()))),
      must("heldOn", day(), "The day for which it was convened, or on which it was held."),
      must("convenedAt", moment()),
      may("heldAt", moment()),
      may("minutesHash", digest()),
      must("quorum", number(4)),
      must("members", list(slug())),
      may("present", list(slug()))};
  s.define("Session", object(members));
  s.define("SessionList", page_shape("sessions", named("Session")));
  members.push_back(must(
      "files",
      list(object({must("case", uuid()), may("recused", list(slug()), "Who does not sit on it."),
                   may("opinion", named("Opinion"), "Of this session."),
                   may("parcours", named("Parcours"))}))));
  members.push_back(may("next", named("Cursor")));
  s.define("SessionWithFiles", object(members));
}

}  // namespace relais::api
