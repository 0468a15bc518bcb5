// GET /v1/accreditations: which associations may present applications, since when and how long
// (CASF R121-12-1 and following).
#include "api/context.h"
#include "api/contract/choices.h"
#include "api/resources/paging.h"
#include "api/shapes.h"
#include "ledger/base/json_writer.h"
#include "ledger/base/page.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/time/deadlines.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using rules::Accreditation;
using rules::AccreditationPhase;

struct AccreditationItem {
  const rules::Signatory* who = nullptr;
  rules::SignatoryState state;
};

struct AccreditationFilter {
  std::optional<AccreditationPhase>
      phase;           ///< of the agrément, or of the renewal that is asked for
  bool valid = false;  ///< today

  bool accepts(const rules::SignatoryState& s, Day today) const {
    const bool in_phase =
        !phase || s.accreditation.phase == *phase || (s.renewal && s.renewal->phase == *phase);
    return s.accreditation.phase != AccreditationPhase::none && in_phase &&
           (!valid || s.accreditation.valid_on(today.value));
  }
};

void write_day(JsonWriter& json, std::string_view name, std::int32_t day) {
  if (day != 0) json.member(name, to_date(Day{day}));
}

void write_accreditation(JsonWriter& json, const Accreditation& a) {
  json.member("phase", rules::to_string(a.phase));
  write_day(json, "filedOn", a.filed_on);
  write_day(json, "completeOn", a.complete_on);
  write_day(json, "grantedOn", a.granted_on);
  write_day(json, "expiresOn", a.expires_on);
}

bool of_accreditation(const rules::Deadline& d) {
  using enum rules::DeadlineKind;
  return d.kind == accreditation_completeness || d.kind == accreditation_silence ||
         d.kind == accreditation_warning || d.kind == accreditation_expiry;
}

void write_item(JsonWriter& json, const rules::Registry& registry, const AccreditationItem& item,
                Timestamp now) {
  const rules::SignatoryState& s = item.state;
  json.begin_object();
  json.member("signatory", item.who->slug);
  json.member("name", item.who->name);
  json.member("active", item.who->active);
  json.member("valid", item.who->active && s.accreditation.valid_on(rules::legal_day(now).value));
  write_accreditation(json, s.accreditation);
  if (s.renewal) {
    json.key("renewal").begin_object();
    write_accreditation(json, *s.renewal);
    json.end_object();
  }
  json.key("deadlines").begin_array();
  for (const rules::Deadline& d : rules::deadlines_of(item.who->id, s, registry)) {
    if (!of_accreditation(d)) continue;
    json.begin_object();
    json.member("kind", rules::to_string(d.kind));
    json.member("who", projections::slug_of(registry, d.who));
    json.member("dueAt", d.due_at);
    json.member("overdue", d.due_at <= now);
    json.end_object();
  }
  json.end_array().end_object();
}

/// Associations from a place on, in the order in which they became signatories.
relais::Page<AccreditationItem> page_of(const log::Head& head, const AccreditationFilter& filter,
                                        Day today, std::uint64_t first, std::size_t limit) {
  relais::Page<AccreditationItem> page;
  for (const rules::Signatory& s : head.registry->signatories()) {
    if (s.id.value < first || !s.role_set().has(schema::Role::AA)) continue;
    if (filter.valid && !s.active) continue;
    auto state = projections::find_signatory_state(*head.records, s.id);
    if (!state || !filter.accepts(*state, today)) continue;
    if (page.items.size() == limit) {
      page.next = std::to_string(s.id.value);
      break;
    }
    page.items.push_back({&s, std::move(*state)});
  }
  return page;
}

Result<Response> list_accreditations(const Context& context, Call& call) {
  const Timestamp now = context.clock.now();
  AccreditationFilter filter;
  filter.phase = chosen(call.request, "phase", accreditation_phases());
  filter.valid = flag(call.request, "valid");
  const std::size_t limit = page_limit(call.request);
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  std::uint64_t first = 0;
  if (!cursor.empty()) {
    RELAIS_ASSIGN(first, number_cursor(cursor));
  }
  const auto page = page_of(*call.head, filter, rules::legal_day(now), first, limit);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("accreditations").begin_array();
  for (const AccreditationItem& item : page.items)
    write_item(json, *call.head->registry, item, now);
  end_page(json, response, call, context, page.next);
  return response;
}

}  // namespace

void add_accreditation_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/accreditations").answers([&context](Call& call) {
    return list_accreditations(context, call);
  }));
}

void describe_accreditations(shape::Shapes& s) {
  using namespace shape;
  s.define("AccreditationPhase", one_of(names_of(accreditation_phases())));
  const std::vector<Member> days = {
      must("phase", named("AccreditationPhase")), may("filedOn", day()), may("completeOn", day()),
      may("grantedOn", day()), may("expiresOn", day(), "Its last day.")};
  std::vector<Member> members = {must("signatory", slug()),
                                 must("name", text("Association exemple")),
                                 must("active", boolean()), must("valid", boolean(), "Today.")};
  members.insert(members.end(), days.begin(), days.end());
  members.push_back(may("renewal", object(days), "That is asked for."));
  members.push_back(must("deadlines", list(deadline_shape())));
  s.define("AccreditationList", page_shape("accreditations", object(members)));
}

}  // namespace relais::api
