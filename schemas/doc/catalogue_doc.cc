#include "schemas/doc/catalogue_doc.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "ledger/rules/rules.h"
#include "ledger/rules/time/deadline_rows.h"
#include "ledger/statement/catalogue.h"

namespace relais::schema::doc {
namespace {

using statement::catalogue;
using statement::EventType;
using statement::Field;
using statement::wire_name;

struct Transition {
  std::string from, event, to;
};
struct MachineView {
  std::string name;    ///< "case"
  std::string source;  ///< where the drawing comes from
  std::vector<Transition> transitions;
};

template <class Rows>
MachineView view_of(std::string name, std::string source, std::string_view opens,
                    std::string_view first, const Rows& rows) {
  MachineView m{std::move(name), std::move(source), {}};
  if (!opens.empty()) m.transitions.push_back({"–", std::string(opens), std::string(first)});
  for (const auto& row : rows)
    m.transitions.push_back(
        {std::string(to_string(row.from)), std::string(row.event), std::string(to_string(row.to))});
  return m;
}

std::vector<MachineView> machines() {
  return {
      view_of("case", "docs/DOMAIN.md, section 3; convention, axis 1", "case.detected", "DETECTED",
              rules::case_transitions()),
      view_of("referral", "docs/DOMAIN.md, section 3; FHIR Task", "referral.requested", "REQUESTED",
              rules::referral_transitions()),
      view_of("parcours", "CASF L121-9, R121-12-8 and following", "", "", rules::psp_transitions()),
      view_of("accreditation", "CASF R121-12-1 to R121-12-5", "", "",
              rules::accreditation_transitions()),
  };
}

std::vector<std::string> states_of(const MachineView& m) {
  std::vector<std::string> states;
  const auto add = [&states](const std::string& s) {
    if (s != "–" && std::ranges::find(states, s) == states.end()) states.push_back(s);
  };
  for (const Transition& t : m.transitions) add(t.from), add(t.to);
  return states;
}

std::string kind_of(const Field& f) {
  std::string kind;
  switch (f.kind) {
    case Field::Kind::text:
      kind = !f.vocabulary.empty() ? "one of vocabulary `" + f.vocabulary + "`"
             : !f.format.empty()   ? f.format
                                   : "text";
      break;
    case Field::Kind::boolean:
      kind = "true or false";
      break;
    case Field::Kind::integer:
      kind = "whole number";
      break;
    case Field::Kind::structure:
      kind = "object";
      break;
    case Field::Kind::enumeration: {
      for (const auto e : f.enumeration.getEnumerants()) {
        const auto name = wire_name(f.enumeration, e.getOrdinal());
        if (name == "unspecified") continue;
        kind += (kind.empty() ? "" : ", ") + std::string(name);
      }
      kind = "one of " + kind;
      break;
    }
  }
  return f.list ? "list: " + kind : kind;
}

std::string relation_text(schema::Relation relation) {
  return relation == schema::Relation::NONE ? std::string() : std::string(wire_name(relation));
}

/// When a member may be absent.
std::string presence_of(const Field& f) {
  if (!f.optional) return {};
  if (!f.required_when) return " (optional)";
  return " (where " + f.required_when->member + " is " + f.required_when->value + ")";
}

void append_fields(std::string& out, const statement::Struct& s, const std::string& indent) {
  for (const Field& f : s.fields) {
    out += indent + "- `" + f.name + "`" + (f.sensitive ? " **[S]**" : "") +
           (f.seal_to.empty() ? "" : " sealed to " + statement::to_string(f.seal_to)) +
           presence_of(f) + ": " + kind_of(f) + "\n";
    if (f.structure) append_fields(out, *f.structure, indent + "  ");
  }
}

void append_event(std::string& out, const EventType& t) {
  out += "### `" + t.name + "`\n\n" + t.summary + "\n\n";
  out += "- wire type: `" + t.wire_type + "`, on stream `" + std::string(wire_name(t.stream)) +
         "/…`" + (t.opens ? ", which it opens" : "") + "\n";
  out += "- emitters: " + statement::to_string(t.emitters);
  if (const auto relation = relation_text(t.relation); !relation.empty())
    out += "; must be: " + relation;
  out += "\n- precondition: " + t.precondition + "\n- source: " + t.source + "\n- members:\n";
  if (t.payload.fields.empty()) out += "  - none\n";
  append_fields(out, t.payload, "  ");
  out += "\n";
}

std::string axis_title(schema::Axis axis) {
  switch (axis) {
    case schema::Axis::CONVENTION:
      return "The convention itself";
    case schema::Axis::DETECTION:
      return "Axis 1 — detection and support";
    case schema::Axis::KNOWLEDGE:
      return "Axis 2 — knowledge";
    case schema::Axis::COMPETENCES:
      return "Axis 3 — competences";
    case schema::Axis::NETWORKS:
      return "Axis 4 — networks";
    case schema::Axis::COMMISSION:
      return "Commission and parcours de sortie";
  }
  return {};
}

/// Events that lead from one state to another, in one cell.
std::map<std::pair<std::string, std::string>, std::string> grouped(const MachineView& m) {
  std::map<std::pair<std::string, std::string>, std::string> edges;
  for (const Transition& t : m.transitions) {
    std::string& events = edges[{t.from, t.to}];
    events += (events.empty() ? "" : ", ") + t.event;
  }
  return edges;
}

json::object field_json(const Field& f) {
  json::object o{{"name", f.name},
                 {"kind", kind_of(f)},
                 {"required", !f.optional},
                 {"sensitive", f.sensitive}};
  if (f.required_when)
    o["requiredWhen"] =
        json::object{{"member", f.required_when->member}, {"value", f.required_when->value}};
  if (f.min_letters != 0) o["minLetters"] = f.min_letters;
  if (!f.seal_to.empty()) o["sealedTo"] = statement::to_string(f.seal_to);
  if (f.max_length != 0) o["maxLength"] = f.max_length;
  return o;
}

json::object event_json(const EventType& t) {
  json::array emitters, fields;
  for (const auto e : capnp::Schema::from<schema::Role>().getEnumerants())
    if (t.emitters.has(static_cast<schema::Role>(e.getOrdinal())))
      emitters.emplace_back(wire_name(static_cast<schema::Role>(e.getOrdinal())));
  for (const Field& f : t.payload.fields) fields.emplace_back(field_json(f));
  return {{"name", t.name},
          {"type", t.wire_type},
          {"axis", wire_name(t.axis)},
          {"stream", wire_name(t.stream)},
          {"opens", t.opens},
          {"emitters", std::move(emitters)},
          {"relation", wire_name(t.relation)},
          {"precondition", t.precondition},
          {"source", t.source},
          {"summary", t.summary},
          {"fields", std::move(fields)}};
}

void append_deadlines(std::string& out) {
  out +=
      "## Deadlines\n\nWhat is due, when, and what the ledger's own key signs when it passes. "
      "Names "
      "in -hours, -days, -years are numbers of the convention.\n\n"
      "| deadline | due | the clock signs |\n|---|---|---|\n";
  for (const rules::DeadlineRow& row : rules::deadline_rows())
    out += "| " + std::string(row.name) + " | " + row.due() + " | " +
           std::string(row.effect.event) + " |\n";
}

}  // namespace

std::string catalogue_markdown() {
  std::string out =
      "# Event catalogue\n\n"
      "Generated from the schemas and the rules by `relais rules --markdown`; do not edit. A test "
      "checks that it is current.\n\n"
      "**[S]**: sensitive, only ever a disclosure, erasable; \"sealed to\": not even the host may "
      "read "
      "it, once each of these roles has a sealing key (docs/FORMATS.md). A member is required "
      "unless "
      "it is optional.\n\n";
  out += "There are " + std::to_string(catalogue().all().size()) + " event types.\n\n";
  for (const auto axis :
       {schema::Axis::DETECTION, schema::Axis::KNOWLEDGE, schema::Axis::COMPETENCES,
        schema::Axis::NETWORKS, schema::Axis::CONVENTION, schema::Axis::COMMISSION}) {
    out += "## " + axis_title(axis) + "\n\n";
    for (const auto& t : catalogue().all())
      if (t->axis == axis) append_event(out, *t);
  }
  out += "## State machines\n\nA transition that is not in these tables is refused.\n\n";
  for (const MachineView& m : machines()) {
    out += "### " + m.name + "\n\nSource: " + m.source + "\n\n| from | to | by |\n|---|---|---|\n";
    for (const auto& [edge, events] : grouped(m))
      out += "| " + edge.first + " | " + edge.second + " | " + events + " |\n";
    out += "\n";
  }
  append_deadlines(out);
  return out;
}

json::object catalogue_json() {
  json::array events, list;
  for (const auto& t : catalogue().all()) events.emplace_back(event_json(*t));
  for (const MachineView& m : machines()) {
    json::array states, transitions;
    for (const auto& s : states_of(m)) states.emplace_back(s);
    for (const Transition& t : m.transitions)
      transitions.emplace_back(json::object{{"from", t.from}, {"event", t.event}, {"to", t.to}});
    list.emplace_back(json::object{{"name", m.name},
                                   {"source", m.source},
                                   {"states", std::move(states)},
                                   {"transitions", std::move(transitions)}});
  }
  return {{"events", std::move(events)}, {"machines", std::move(list)}};
}

std::string catalogue_text() {
  std::string out = std::to_string(catalogue().all().size()) + " event types\n";
  for (const auto& t : catalogue().all()) {
    out += t->name + "\n    by " + statement::to_string(t->emitters);
    if (const auto relation = relation_text(t->relation); !relation.empty())
      out += " (" + relation + ")";
    out += " on " + std::string(wire_name(t->stream)) + "/…\n    when " + t->precondition +
           "\n    from " + t->source + "\n";
  }
  for (const MachineView& m : machines()) {
    out += "\n" + m.name + " (" + m.source + ")\n";
    for (const auto& [edge, events] : grouped(m))
      out += "    " + edge.first + " -> " + edge.second + ": " + events + "\n";
  }
  return out;
}

std::string machines_dot() {
  std::string out =
      "digraph relais {\n  rankdir=LR;\n  node [shape=box, style=rounded, "
      "fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9];\n";
  for (const MachineView& m : machines()) {
    out += "  subgraph \"cluster_" + m.name + "\" {\n    label=\"" + m.name + "\";\n";
    const auto node = [&m](const std::string& s) { return "\"" + m.name + "." + s + "\""; };
    for (const auto& s : states_of(m)) out += "    " + node(s) + " [label=\"" + s + "\"];\n";
    for (const auto& [edge, events] : grouped(m)) {
      if (edge.first == edge.second || edge.first == "–")
        continue;  // what keeps a state is in the tables
      std::string label;
      for (const char c : events)
        label += c == ',' ? std::string("\\n") : c == ' ' ? std::string() : std::string(1, c);
      out +=
          "    " + node(edge.first) + " -> " + node(edge.second) + " [label=\"" + label + "\"];\n";
    }
    out += "  }\n";
  }
  return out + "}\n";
}

}  // namespace relais::schema::doc
