#include "replay/exchange/json_schema.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"

namespace relais::replay {
namespace {

constexpr std::string_view kDefs = "#/$defs/";

/// Keywords that are checked, and those that only describe.
constexpr std::array<std::string_view, 16> kKnown = {
    "$defs",      "$ref",      "anyOf",    "const",      "enum",    "format",
    "items",      "maxLength", "minItems", "minLength",  "minimum", "pattern",
    "properties", "required",  "type",     "uniqueItems"};
constexpr std::array<std::string_view, 4> kNotes = {"default", "description", "examples", "title"};

std::string_view text_of(const json::value& v) {
  const boost::json::string& s = v.as_string();
  return {s.data(), s.size()};
}

std::string_view text_of(boost::json::string_view s) {
  return {s.data(), s.size()};
}

std::unexpected<Error> refuse(const std::string& path, std::string message, std::string accepted) {
  return fail(error(Errc::invalid, "json-schema", std::move(message))
                  .at(path)
                  .accepts(std::move(accepted)));
}

std::string below(const std::string& path, std::string_view member) {
  return path.empty() ? std::string(member) : path + "." + std::string(member);
}

bool is_number(const json::value& v) {
  return v.is_double() || v.is_int64() || v.is_uint64();
}

bool has_type(const json::value& v, std::string_view type) {
  if (type == "string") return v.is_string();
  if (type == "null") return v.is_null();
  if (type == "array") return v.is_array();
  if (type == "object") return v.is_object();
  if (type == "boolean") return v.is_bool();
  if (type == "number") return is_number(v);
  check(type == "integer", "a schema names a type that there is not");
  return v.is_int64() || v.is_uint64() ||
         (v.is_double() && std::floor(v.get_double()) == v.get_double());
}

double number(const json::value& v) {
  return v.is_double() ? v.get_double() : v.to_number<double>();
}

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// What a mailbox cannot do without; the event that comes of it is checked against RFC 5322.
bool is_mailbox(std::string_view t) {
  const std::size_t at = t.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < t.size() &&
         t.find('@', at + 1) == std::string_view::npos &&
         t.find_first_of(" \t\r\n") == std::string_view::npos;
}

/// A scheme and something behind it; the event that comes of it is checked against RFC 3986.
bool is_link(std::string_view t) {
  const std::size_t colon = t.find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < t.size() &&
         std::ranges::all_of(t.substr(0, colon),
                             [](unsigned char c) {
                               return std::isalnum(c) != 0 || c == '+' || c == '.' || c == '-';
                             }) &&
         t.find_first_of(" \t\r\n") == std::string_view::npos;
}

bool has_format(std::string_view t, std::string_view format) {
  if (format == "date") return parse_date(t).has_value();
  if (format == "email") return is_mailbox(t);
  check(format == "uri", "a schema names a format that is not checked");
  return is_link(t);
}

std::size_t limit(const json::object& schema, std::string_view keyword, std::size_t otherwise) {
  const json::value* v = schema.if_contains(keyword);
  return v == nullptr ? otherwise : v->to_number<std::size_t>();
}

}  // namespace

JsonSchema::JsonSchema(std::string_view text) {
  auto parsed = json::parse(text);
  relais::check(parsed && parsed->is_object(), "a schema that is compiled in cannot be read");
  root_ = std::move(parsed->as_object());
  compile(root_);
}

/// Every keyword is known, every reference leads somewhere, every pattern is one.
void JsonSchema::compile(const json::object& schema) {
  for (const auto& [key, value] : schema) {
    const std::string_view keyword = text_of(key);
    relais::check(std::ranges::find(kKnown, keyword) != kKnown.end() ||
                      std::ranges::find(kNotes, keyword) != kNotes.end(),
                  "a schema uses a keyword that is not checked: " + std::string(keyword));
    if (keyword == "$ref") target(value);
    if (keyword == "pattern")
      patterns_.try_emplace(std::string(text_of(value)), std::string(text_of(value)));
    if (keyword == "anyOf")
      for (const json::value& option : value.as_array()) compile(option.as_object());
    if (keyword == "items") compile(value.as_object());
    if (keyword == "properties" || keyword == "$defs")
      for (const auto& member : value.as_object()) compile(member.value().as_object());
  }
}

const json::object& JsonSchema::target(const json::value& ref) const {
  const std::string_view path = text_of(ref);
  relais::check(path.starts_with(kDefs), "a schema refers to something outside its $defs");
  return root_.at("$defs").as_object().at(path.substr(kDefs.size())).as_object();
}

Status JsonSchema::check(const json::value& document) const {
  return check(root_, document, {});
}

Status JsonSchema::check(const json::object& schema, const json::value& v,
                         const std::string& path) const {
  if (const json::value* ref = schema.if_contains("$ref")) RELAIS_TRY(check(target(*ref), v, path));
  if (const json::value* options = schema.if_contains("anyOf"))
    RELAIS_TRY(check_any(options->as_array(), v, path));
  if (const json::value* type = schema.if_contains("type"))
    if (!has_type(v, text_of(*type)))
      return refuse(path, "the value is of another type", "type " + std::string(text_of(*type)));
  if (const json::value* values = schema.if_contains("enum")) {
    const json::array& list = values->as_array();
    if (std::ranges::find(list, v) == list.end())
      return refuse(path, "the value is not of the vocabulary",
                    "one of " + std::to_string(list.size()) + " values, as " +
                        std::string(text_of(list.front())));
  }
  if (const json::value* only = schema.if_contains("const"))
    if (v != *only) return refuse(path, "the value is another", json::serialize(*only));
  if (const json::value* least = schema.if_contains("minimum"))
    if (is_number(v) && number(v) < number(*least))
      return refuse(path, "the number is too small", json::serialize(*least) + " or more");
  if (v.is_string()) return check_text(schema, text_of(v), path);
  if (v.is_array()) return check_array(schema, v.get_array(), path);
  if (v.is_object()) return check_object(schema, v.get_object(), path);
  return {};
}

/// These schemas say "optional" as "this, or null": the error is then that of this.
Status JsonSchema::check_any(const json::array& options, const json::value& v,
                             const std::string& path) const {
  Status first;
  std::size_t refused = 0;
  for (const json::value& option : options) {
    const json::object& schema = option.as_object();
    Status status = check(schema, v, path);
    if (status) return {};
    const json::value* type = schema.if_contains("type");
    if (type != nullptr && text_of(*type) == "null") continue;
    if (refused++ == 0) first = std::move(status);
  }
  if (refused == 1) return first;
  return refuse(path, "the value has none of the forms it may have",
                "one of " + std::to_string(options.size()) + " forms");
}

Status JsonSchema::check_text(const json::object& schema, std::string_view t,
                              const std::string& path) const {
  const std::size_t length = code_points(t);
  const std::size_t least = limit(schema, "minLength", 0);
  const std::size_t most = limit(schema, "maxLength", length);
  if (length < least)
    return refuse(path, "the text is too short", std::to_string(least) + " characters or more");
  if (length > most)
    return refuse(path, "the text is too long", "at most " + std::to_string(most) + " characters");
  if (const json::value* pattern = schema.if_contains("pattern")) {
    const std::regex& regex = patterns_.find(text_of(*pattern))->second;
    if (!std::regex_search(t.begin(), t.end(), regex))
      return refuse(path, "the text does not have the form it must have",
                    "pattern " + std::string(text_of(*pattern)));
  }
  if (const json::value* format = schema.if_contains("format"))
    if (!has_format(t, text_of(*format)))
      return refuse(path, "the text does not have the form it must have",
                    "format " + std::string(text_of(*format)));
  return {};
}

Status JsonSchema::check_array(const json::object& schema, const json::array& a,
                               const std::string& path) const {
  const std::size_t least = limit(schema, "minItems", 0);
  if (a.size() < least)
    return refuse(path, "the list is too short", "at least " + std::to_string(least) + " elements");
  const json::value* unique = schema.if_contains("uniqueItems");
  const json::value* items = schema.if_contains("items");
  for (auto element = a.begin(); element != a.end(); ++element) {
    const std::string here = path + "[" + std::to_string(element - a.begin()) + "]";
    if (items != nullptr) RELAIS_TRY(check(items->as_object(), *element, here));
    if (unique != nullptr && unique->as_bool() &&
        std::find(a.begin(), element, *element) != element)
      return refuse(here, "the element stands twice", "each element once");
  }
  return {};
}

Status JsonSchema::check_object(const json::object& schema, const json::object& o,
                                const std::string& path) const {
  if (const json::value* required = schema.if_contains("required"))
    for (const json::value& name : required->as_array())
      if (!o.contains(text_of(name)))
        return refuse(below(path, text_of(name)), "a member is missing that must be there",
                      std::string(text_of(name)));
  const json::value* properties = schema.if_contains("properties");
  if (properties == nullptr) return {};
  for (const auto& [key, value] : o)
    if (const json::value* property = properties->as_object().if_contains(key))
      RELAIS_TRY(check(property->as_object(), value, below(path, text_of(key))));
  return {};
}

}  // namespace relais::replay
