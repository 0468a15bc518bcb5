#include "projections/json/shape.h"

#include <algorithm>
#include <utility>

#include "ledger/base/check.h"

namespace relais::shape {
namespace {

constexpr std::string_view kPrefix = "#/components/schemas/";

/// What an example has of one branch of several, over what all of them have.
void overlay(json::value& example, json::value branch) {
  json::object* into = example.if_object();
  json::object* from = branch.if_object();
  if (into == nullptr || from == nullptr) {
    example = std::move(branch);
    return;
  }
  for (auto& member : *from) into->insert_or_assign(member.key(), std::move(member.value()));
}

}  // namespace

Schema meaning(Schema schema, std::string_view words) {
  if (!words.empty()) schema["description"] = words;
  return schema;
}

Member must(std::string_view name, Schema schema, std::string_view words) {
  return {std::string(name), meaning(std::move(schema), words), true};
}

Member may(std::string_view name, Schema schema, std::string_view words) {
  return {std::string(name), meaning(std::move(schema), words), false};
}

Schema object(const std::vector<Member>& members) {
  json::object properties;
  json::array required;
  for (const Member& m : members) {
    check(properties.emplace(m.name, m.schema).second, "an object names a member once");
    if (m.required) required.emplace_back(m.name);
  }
  Schema schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Schema list(Schema items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

Schema text(std::string_view example) {
  return {{"type", "string"}, {"examples", json::array{example}}};
}

Schema text_like(std::string_view pattern, std::string_view example) {
  return {{"type", "string"}, {"pattern", pattern}, {"examples", json::array{example}}};
}

Schema number(std::uint64_t example) {
  return {{"type", "integer"}, {"minimum", 0}, {"examples", json::array{example}}};
}

Schema boolean() {
  return {{"type", "boolean"}};
}

Schema just(json::value value) {
  return {{"const", std::move(value)}};
}

Schema one_of(const std::vector<std::string>& names) {
  json::array values;
  for (const std::string& name : names) values.emplace_back(name);
  return {{"type", "string"}, {"enum", std::move(values)}};
}

Schema either(std::vector<Schema> schemas) {
  json::array all;
  for (Schema& s : schemas) all.emplace_back(std::move(s));
  return {{"oneOf", std::move(all)}};
}

Schema or_null(std::string_view type) {
  return {{"type", json::array{type, "null"}}};
}

Schema named(std::string_view name) {
  return {{"$ref", std::string(kPrefix) + std::string(name)}};
}

Shapes::Shapes() {
  define("Uuid", meaning({{"type", "string"},
                          {"format", "uuid"},
                          {"pattern", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                          {"examples", json::array{"01890a5d-ac96-774b-bcce-b302099a8057"}}},
                         "RFC 9562, in lower case."));
  define("Day", meaning({{"type", "string"},
                         {"format", "date"},
                         {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
                         {"examples", json::array{"2026-11-24"}}},
                        "A day in Europe/Paris."));
  define("Moment", meaning({{"type", "string"},
                            {"format", "date-time"},
                            {"pattern",
                             "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                             "(\\.[0-9]{3})?Z$"},
                            {"examples", json::array{"2026-11-24T16:00:00Z"}}},
                           "RFC 3339, in UTC, with milliseconds where there are any."));
  define("Slug", meaning(text_like("^[a-z0-9-]{1,64}$", "mission-locale-1"),
                         "The short name of a signatory: an `id` of `/v1/signatories`."));
  define("LogIndex", meaning(number(41), "The place of an entry in the log; the first is 0."));
  define("StreamVersion",
         meaning(number(3),
                 "How many events of its stream there are up to here, as the reader "
                 "counts: docs/FORMATS.md, Counting."));
  define("Digest",
         meaning(text_like("^[A-Za-z0-9_-]{43}$", "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"),
                 "32 bytes in base64url without padding: SHA-256, a key or its name."));
}

Schema Shapes::define(std::string_view name, Schema schema) {
  const auto [it, fresh] = all_.emplace(name, std::move(schema));
  check(fresh, "a shape is named once");
  return named(name);
}

Schema Shapes::wire_enum(capnp::EnumSchema type) {
  const auto shown = type.getShortDisplayName();
  const std::string name(shown.begin(), shown.size());
  if (has(name)) return named(name);
  std::vector<std::string> names;
  for (const auto e : type.getEnumerants()) {
    const auto wire = statement::wire_name(type, e.getOrdinal());
    if (wire != "unspecified") names.emplace_back(wire);
  }
  return define(name, one_of(names));
}

Schema Shapes::vocabulary(std::string_view name) {
  const std::string shown = "vocabulary." + std::string(name);
  if (has(shown)) return named(shown);
  const auto& values = statement::vocabulary(name);
  check(!values.empty(), "a vocabulary that a shape names exists");
  return define(shown, one_of({values.begin(), values.end()}));
}

const Schema& Shapes::at(std::string_view name) const {
  const auto it = all_.find(name);
  if (it == all_.end()) check(false, "no shape is named " + std::string(name));
  return it->second;
}

json::value Shapes::example(const Schema& schema) const {
  const auto member = [&schema](std::string_view name) { return schema.if_contains(name); };
  if (const auto* r = member("$ref"))
    return example(at(std::string_view(r->get_string()).substr(kPrefix.size())));
  if (const auto* examples = member("examples")) return examples->get_array().at(0);
  if (const auto* value = member("const")) return *value;
  if (const auto* values = member("enum")) return values->get_array().at(0);
  json::value out;
  if (const auto* properties = member("properties")) {
    json::object& o = out.emplace_object();
    for (const auto& p : properties->get_object()) o[p.key()] = example(p.value().get_object());
  } else if (const auto* items = member("items")) {
    out.emplace_array().push_back(example(items->get_object()));
  }
  if (const auto* branches = member("oneOf"))
    overlay(out, example(branches->get_array().at(0).get_object()));
  if (!out.is_null() || !schema.contains("type")) return out;
  const json::value& type = schema.at("type");
  const std::string_view kind = type.is_array() ? std::string_view("null") : type.get_string();
  if (kind == "boolean") return true;
  if (kind == "integer") return 1;
  if (kind == "null") return nullptr;
  if (kind == "object") return json::object();
  return "exemple";
}

}  // namespace relais::shape
