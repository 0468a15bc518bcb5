// GET /v1/indicators: tables of counts, with the small ones hidden (docs/DOMAIN.md, section 4).
#include "api/context.h"
#include "api/contract/choices.h"
#include "api/resources/filters.h"
#include "api/shapes.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/calendar.h"
#include "projections/read.h"
#include "projections/suppression.h"

namespace relais::api {
namespace {

using projections::Count;
using projections::Dimension;
using projections::Indicator;
using projections::IndicatorColumn;
using projections::Quarter;
using rules::Registry;

struct Known {
  Indicator indicator;
  std::string_view name;
  std::string_view facts;    ///< what is counted
  std::string_view persons;  ///< of whom
  std::string_view meaning;
};
constexpr Known kKnown[] = {
    {Indicator::trainings, "trainings", "trainings", "headcount",
     "trainings delivered and people trained, by the quarter in which the ledger received them"}};

using By = Choice<Dimension>;

Result<const Known*> find_known(std::string_view name) {
  std::string accepted;
  for (const Known& k : kKnown) {
    if (k.name == name) return &k;
    accepted.append(accepted.empty() ? "" : ", ").append(k.name);
  }
  return fail(error(Errc::not_found, "indicator-unknown", "no indicator has this name")
                  .accepts(std::move(accepted)));
}

/// The last quarter that was over on the day that is asked for: a quarter under way has no column,
/// or two answers could be subtracted from each other.
Result<Quarter> last_quarter(const Request& request, Day today) {
  Day day = today;
  if (const auto date = day_parameter(request, "asOf")) {
    if (*date > today)
      return fail(error(Errc::malformed, "day-form", "a day that is still to come")
                      .at("asOf")
                      .accepts("a date, as 2026-09-30, " + to_date(today) + " at the latest"));
    day = *date;
  }
  const Quarter quarter = Quarter::of(day);
  const bool over = quarter.last_day() < today && quarter.last_day() <= day;
  return over ? quarter : Quarter{quarter.number - 1};
}

std::uint64_t threshold_parameter(const Request& request, const Registry& registry) {
  const auto given = chosen(request, "for", readerships());
  return registry.parameters[given.value_or(rules::Parameter::small_cell_threshold)];
}

By by_parameter(const Request& request) {
  const auto given = chosen(request, "by", dimensions());
  return given ? By{*request.param("by"), *given} : By{{}, Dimension::none};
}

/// Every value of a dimension with its name: a table says 0, and does not leave a cell out.
std::vector<std::pair<std::uint16_t, std::string>> values_of(Dimension by,
                                                             const Registry& registry) {
  std::vector<std::pair<std::uint16_t, std::string>> values;
  if (by == Dimension::audience) {
    const auto type = capnp::Schema::from<schema::TrainingPublic>();
    for (std::uint16_t v = 1; v < type.getEnumerants().size(); ++v)
      values.emplace_back(v, statement::wire_name(type, v));
  } else if (by == Dimension::signatory) {
    // Who may train: not one that only reads, nor the ledger itself.
    statement::RoleSet reads_only;
    reads_only.add(schema::Role::ANALYST);
    for (const rules::Signatory& s : registry.signatories())
      if (!s.role_set().has(schema::Role::SYSTEM) && s.role_set() != reads_only)
        values.emplace_back(s.id.value, s.slug);
  }
  return values;
}

void write_count(JsonWriter& json, const Known& known, const Count& count, bool hidden) {
  if (hidden) {
    json.key(known.facts).null().key(known.persons).null();
    json.key("hidden").boolean(true);
  } else {
    json.member(known.facts, count.facts).member(known.persons, count.persons);
  }
}

struct Table {
  const Known& known;
  By by;
  std::uint64_t threshold;
  std::vector<std::pair<std::uint16_t, std::string>> values;  ///< one cell each
};

void write_column(JsonWriter& json, const Table& table, const IndicatorColumn& column) {
  std::vector<Count> counts;
  std::vector<std::uint64_t> persons;
  for (const auto& [value, name] : table.values) {
    const auto it = column.cells.find(value);
    counts.push_back(it == column.cells.end() ? Count{} : it->second);
    persons.push_back(counts.back().persons);
  }
  // Without a dimension the total is the only cell.
  if (table.by.value == Dimension::none) persons.push_back(column.total.persons);
  const projections::Suppression hidden = projections::suppress(persons, table.threshold);
  json.begin_object();
  json.member("period", column.quarter.text());
  json.key("total").begin_object();
  write_count(json, table.known, column.total, hidden.total);
  json.end_object();
  if (table.by.value != Dimension::none) {
    json.key("cells").begin_array();
    for (std::size_t i = 0; i < table.values.size(); ++i) {
      json.begin_object().member(table.by.name, table.values[i].second);
      write_count(json, table.known, counts[i], hidden.cells[i]);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

Result<Response> show(Call& call, const Context& context) {
  RELAIS_ASSIGN(const Known* known, find_known(call.captures[0]));
  const By by = by_parameter(call.request);
  const Day today = rules::legal_day(context.clock.now());
  RELAIS_ASSIGN(const Quarter last, last_quarter(call.request, today));
  const Registry& registry = *call.head->registry;
  const std::uint64_t threshold = threshold_parameter(call.request, registry);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object();
  json.member("indicator", known->name).member("meaning", known->meaning);
  json.member("asOf", to_date(last.last_day()));
  if (by.value != Dimension::none) json.member("by", by.name);
  json.member("threshold", threshold);
  json.key("periods").begin_array();
  const Table table{*known, by, threshold, values_of(by.value, registry)};
  for (const IndicatorColumn& column :
       projections::indicator(*call.head->records, known->indicator, by.value, last))
    write_column(json, table, column);
  json.end_array().end_object();
  return response;
}

Result<Response> list_indicators(Call&) {
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("indicators").begin_array();
  for (const Known& k : kKnown) {
    json.begin_object().member("name", k.name).member("meaning", k.meaning);
    json.key("by").begin_array();
    for (const By& b : dimensions()) json.text(b.name);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return response;
}

}  // namespace

void add_indicator_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/indicators").answers(list_indicators));
  router.add(Route::get("/v1/indicators/{name}").answers([&context](Call& call) {
    return show(call, context);
  }));
}

void describe_indicators(shape::Shapes& s) {
  using namespace shape;
  std::vector<std::string> names;
  for (const Known& k : kKnown) names.emplace_back(k.name);
  const auto by = one_of(names_of(dimensions()));
  const auto count = [&](bool cell) {
    std::vector<Member> members;
    if (cell) {
      // A cell is named by its dimension.
      members.push_back(may("audience", s.wire<schema::TrainingPublic>()));
      members.push_back(may("signatory", slug()));
    }
    members.push_back(must("trainings", or_null("integer")));
    members.push_back(must("headcount", or_null("integer"), "Null where it is hidden."));
    members.push_back(may("hidden", just(true)));
    return object(members);
  };
  s.define("IndicatorList",
           object({must("indicators",
                        list(object({must("name", one_of(names)), must("meaning", text("exemple")),
                                     must("by", list(by), "Its dimensions.")})))}));
  s.define("Indicator", object({must("indicator", one_of(names)), must("meaning", text("exemple")),
                                must("asOf", day(), "The last day that is counted."), may("by", by),
                                must("threshold", number(5), "Counts below it are hidden."),
                                must("periods", list(object({must("period", text("2026-Q3")),
                                                             must("total", count(false)),
                                                             may("cells", list(count(true)))})))}));
}

}  // namespace relais::api
