#include "api/resources/parcours_json.h"
#include "api/shapes.h"
#include "projections/json/case_shapes.h"

#include <algorithm>

#include "ledger/base/clock.h"
#include "ledger/statement/catalogue.h"
#include "projections/json/case_json.h"

namespace relais::api {
namespace {

bool of_parcours(const rules::Deadline& d) {
  using enum rules::DeadlineKind;
  return d.kind == psp_review || d.kind == psp_renewal_decision || d.kind == psp_term ||
         d.kind == psp_appeal;
}

}  // namespace

bool Parcours::overdue(Timestamp now) const {
  return std::ranges::any_of(deadlines,
                             [now](const rules::Deadline& d) { return d.due_at <= now; });
}

Parcours parcours_of(Visibility& visibility, const RecordSource& records,
                     const rules::Registry& registry, rules::CaseState state) {
  Parcours p;
  p.case_id = state.id;
  if (!visibility.sees(Kind::debates, state.id))
    hide_debates(state.psp);
  else if (!state.psp.session.empty())
    p.opinion = projections::opinion_of(records, state.psp.session, state);
  p.deadlines = rules::deadlines_of(state, registry);
  std::erase_if(p.deadlines, [](const rules::Deadline& d) { return !of_parcours(d); });
  std::ranges::sort(p.deadlines, {}, &rules::Deadline::due_at);
  p.psp = std::move(state.psp);
  return p;
}

void write_opinion(JsonWriter& json, const projections::Opinion& o) {
  json.begin_object();
  json.member("opinion", statement::wire_name(o.opinion));
  json.member("inFavour", o.in_favour);
  json.member("against", o.against);
  json.member("abstained", o.abstained);
  json.member("at", o.given_at);
  json.end_object();
}

void write_parcours(JsonWriter& json, const rules::Registry& registry, const Parcours& p,
                    Timestamp now) {
  projections::write_psp_members(json, registry, p.psp);
  json.member("appliedOn", to_date(Day{p.psp.applied_on}));
  if (p.opinion) {
    json.key("votes");
    write_opinion(json, *p.opinion);
  }
  if (p.psp.decided_at != Timestamp{}) json.member("decidedAt", p.psp.decided_at);
  if (p.psp.refused_renewal) json.member("refusedRenewal", true);
  if (p.psp.appealed_on != 0) json.member("appealedOn", to_date(Day{p.psp.appealed_on}));
  if (p.psp.permit_valid_until != 0)
    json.member("permitValidUntil", to_date(Day{p.psp.permit_valid_until}));
  json.key("deadlines").begin_array();
  for (const rules::Deadline& d : p.deadlines) {
    json.begin_object();
    json.member("kind", rules::to_string(d.kind));
    json.member("who", projections::slug_of(registry, d.who));
    json.member("dueAt", d.due_at);
    json.member("overdue", d.due_at <= now);
    json.end_object();
  }
  json.end_array();
}

void describe_parcours(shape::Shapes& s) {
  using namespace shape;
  s.define("Opinion", object({must("opinion", s.wire<schema::OpinionKind>()),
                              must("inFavour", number(4)), must("against", number(1)),
                              must("abstained", number(0)), must("at", moment())}));
  std::vector<Member> members = projections::psp_members(s);
  for (Member& m : std::vector<Member>{
           must("appliedOn", day()), may("votes", named("Opinion"), "For who hears the debates."),
           may("decidedAt", moment()), may("refusedRenewal", just(true)), may("appealedOn", day()),
           may("permitValidUntil", day()), must("deadlines", list(deadline_shape()))})
    members.push_back(std::move(m));
  s.define("Parcours", object(members));
  members.insert(members.begin(), must("case", uuid()));
  s.define("ParcoursOfCase", object(members));
  s.define("ParcoursList", page_shape("parcours", named("ParcoursOfCase")));
}

}  // namespace relais::api
