#include "api/contract/form.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "ledger/base/clock.h"
#include "ledger/base/id.h"
#include "ledger/statement/catalogue.h"
#include "projections/json/shape.h"
#include "projections/read.h"

namespace relais::api {
namespace {

bool is_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, value);
  return ec == std::errc() && stop == end && value >= least && value <= most;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out.append(out.empty() ? "" : ", ").append(name);
  return out;
}

std::string names_of(const std::vector<Parameter>& parameters) {
  std::string names;
  for (const Parameter& p : parameters) names.append(names.empty() ? "" : ", ").append(p.name);
  return names.empty() ? "no parameters" : names;
}

/// What a handler alone judges.
Form unchecked(json::object schema) {
  return {std::move(schema), {}, {}, {}, {}};
}

Status check_value(const Parameter& p, std::string_view value) {
  if (!p.form.holds || p.form.holds(value)) return {};
  return fail(error(Errc::malformed, p.form.rule, p.form.message)
                  .at(std::string(p.name))
                  .accepts(p.form.accepts));
}

}  // namespace

Form choice_form(std::vector<std::string> names, std::string rule, std::string message) {
  Form form{shape::one_of(names), {}, std::move(rule), std::move(message), joined(names)};
  form.holds = [names = std::move(names)](std::string_view value) {
    return std::ranges::find(names, value) != names.end();
  };
  return form;
}

Form flag_form() {
  return {shape::boolean(), [](std::string_view v) { return v == "true" || v == "false"; },
          "flag-form", "neither true nor false", "true, false"};
}

Form vocabulary_form(std::string_view name) {
  const auto& values = statement::vocabulary(name);
  return {shape::named("vocabulary." + std::string(name)),
          [&values](std::string_view v) { return values.contains(v); }, "vocabulary",
          "not a value of the vocabulary", "a value of the vocabulary " + std::string(name)};
}

Form uuid_form() {
  return {json::object{{"type", "string"}, {"format", "uuid"}},
          [](std::string_view v) { return parse_uuid(v).has_value(); }, "uuid-form",
          "not an identifier of a case", "a UUID (RFC 9562)"};
}

Form day_form() {
  return {shape::day(), [](std::string_view v) { return parse_date(v).has_value(); }, "day-form",
          "not a day", "a date, as 2026-09-30"};
}

Form time_form() {
  return {json::object{{"type", "string"}, {"format", "date-time"}},
          [](std::string_view v) { return parse_rfc3339(v).has_value(); }, "time-form",
          "not a moment in time", "an RFC 3339 date-time, as 2026-11-24T16:00:00Z"};
}

Form position_form() {
  return {shape::either({json::object{{"type", "integer"}, {"minimum", 0}},
                         json::object{{"type", "string"}, {"format", "date-time"}}}),
          [](std::string_view v) {
            return is_number(v, 0, UINT64_MAX) || parse_rfc3339(v).has_value();
          },
          "position-form", "neither an index nor a time",
          "an index of the log, or an RFC 3339 time"};
}

Form limit_form() {
  return {json::object{{"type", "integer"},
                       {"minimum", 1},
                       {"maximum", projections::kMaxPage},
                       {"default", projections::kDefaultPage}},
          [](std::string_view v) { return is_number(v, 1, projections::kMaxPage); }, "limit-range",
          "not a size of a page", "1 to " + std::to_string(projections::kMaxPage)};
}

Form cursor_form() {
  return unchecked(json::object{{"type", "string"}, {"pattern", "^[A-Za-z0-9_-]+$"}});
}

Form signatory_form() {
  return unchecked(shape::slug());
}

Form territory_form() {
  return unchecked(shape::text("69387"));
}

Form stream_form() {
  return unchecked(shape::named("Stream"));
}

Form text_form(std::string_view example) {
  return unchecked(shape::text(example));
}

Status check_parameters(const std::vector<Parameter>& known, const Request& request) {
  // A misspelt filter must not answer with too much.
  for (const Param& given : request.query) {
    const auto found = std::ranges::find(known, given.name, &Parameter::name);
    if (found == known.end())
      return fail(error(Errc::malformed, "query-unknown", "an unknown query parameter")
                      .at(given.name)
                      .accepts(names_of(known)));
    RELAIS_TRY(check_value(*found, given.value));
  }
  for (const Parameter& p : known)
    if (p.required && !request.param(p.name))
      return fail(error(Errc::malformed, "query-missing", "a parameter that must be there is not")
                      .at(std::string(p.name))
                      .accepts(p.form.accepts));
  return {};
}

}  // namespace relais::api
