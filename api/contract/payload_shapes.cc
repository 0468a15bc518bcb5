#include "api/contract/payload_shapes.h"

#include <algorithm>
#include <string>

#include "ledger/base/check.h"

namespace relais::api {
namespace {

using namespace shape;
using statement::EventType;
using statement::Field;

/// A format of the schema (ledger/statement/formats.h) as JSON Schema has it: what it leaves out,
/// as the last digit of a SIRET, the ledger checks beyond it.
struct FormatShape {
  std::string_view name;
  std::string_view pattern;
  std::string_view example;
};
constexpr std::string_view k32Bytes = "^[A-Za-z0-9_-]{43}$";
constexpr std::string_view kHashExample = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";
constexpr std::string_view kKeyExample = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr FormatShape kFormatShapes[] = {
    {"uuid", "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
     "01890a5d-ac96-774b-bcce-b302099a8059"},
    {"sha256", k32Bytes, kHashExample},
    {"kid", k32Bytes, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
    {"ed25519", k32Bytes, kKeyExample},
    {"x25519", k32Bytes, kKeyExample},
    {"uri", "^[A-Za-z][A-Za-z0-9+.-]*:", "urn:relais:rhone-2023:mission-locale-1"},
    {"signatory", "^[a-z0-9-]{1,64}$", "association-1"},
    {"slug", "^[a-z0-9-]{1,64}$", "proposal-1"},
    {"jwt", "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$", "eyJhbGciOiJFZERTQSJ9.e30.c2ln"},
    {"territory", "^([0-9][0-9AB][0-9]{3}|[a-z][a-z0-9-]{0,63})$", "69387"},
    {"email", "^[^@ ]+@[^@ ]+\\.[^@ ]+$", "service@association.example"},
    {"siret", "^[0-9]{14}$", "73282932000074"},
    {"link", "^https?://", "https://association.example/outil"},
    {"postal_code", "^[0-9]{5}$", "69007"},
    {"telephone", "^[+]?[0-9(][0-9 .()-]*[0-9]$", "+33 4 00 00 00 00"}};

Schema of_format(std::string_view name) {
  if (name == "date") return day();
  if (name == "timestamp") return text_like("^[0-9]{4}-[0-9]{2}-[0-9]{2}T", "2026-11-24T16:00:00Z");
  const auto* const found = std::ranges::find(kFormatShapes, name, &FormatShape::name);
  if (found == std::end(kFormatShapes)) check(false, "a format has no shape: " + std::string(name));
  return text_like(found->pattern, found->example);
}

Schema structure(Shapes& s, const statement::Struct& fields, bool disclosed);

Schema value_of(Shapes& s, const Field& f) {
  switch (f.kind) {
    case Field::Kind::boolean:
      return boolean();
    case Field::Kind::integer:
      return {{"type", "integer"}, {"minimum", 0}, {"maximum", f.max_value}};
    case Field::Kind::enumeration:
      return s.wire_enum(f.enumeration);
    case Field::Kind::structure:
      return structure(s, *f.structure, false);
    case Field::Kind::text:
      break;
  }
  if (!f.vocabulary.empty()) return s.vocabulary(f.vocabulary);
  if (!f.format.empty()) return of_format(f.format);
  Schema free = text("exemple : un texte inventé");
  free["minLength"] = 1;
  // The limit is one of bytes; no text of as many characters has fewer.
  if (!f.list) free["maxLength"] = f.max_length;
  return free;
}

Schema member_schema(Shapes& s, const Field& f) {
  if (!f.list) return value_of(s, f);
  Schema all = list(value_of(s, f));
  all["maxItems"] = f.max_length;
  return all;
}

/// That a member is sensitive, and to whom it is sealed: for people, and for programs that sign.
void say_sensitive(const Field& f, Schema& schema) {
  if (!f.sensitive) return;
  std::string words = "Sensitive: there only where it was disclosed to the reader.";
  schema["x-relais-sensitive"] = true;
  if (!f.seal_to.empty()) {
    words += " Sealed to " + statement::to_string(f.seal_to) + " once these have sealing keys.";
    json::array roles;
    for (const auto e : capnp::Schema::from<schema::Role>().getEnumerants())
      if (f.seal_to.has(static_cast<schema::Role>(e.getOrdinal())))
        roles.emplace_back(statement::wire_name(static_cast<schema::Role>(e.getOrdinal())));
    schema["x-relais-sealed-to"] = std::move(roles);
  }
  schema["description"] = words;
}

/// What may be absent of a typed event, and what one that was erased lacks, is not required.
Schema structure(Shapes& s, const statement::Struct& fields, bool disclosed) {
  std::vector<Member> members;
  for (const Field& f : fields.fields) {
    if (f.sensitive && !disclosed) continue;
    Schema member = member_schema(s, f);
    say_sensitive(f, member);
    members.push_back({f.name, std::move(member), !f.optional && !f.sensitive});
  }
  return object(members);
}

std::string name_of(const EventType& t, bool disclosed) {
  const auto shown = t.schema.getShortDisplayName();
  const std::string name(shown.begin(), shown.size());
  const bool more = std::ranges::any_of(t.payload.fields, &Field::sensitive);
  return disclosed && more ? name + "Disclosed" : name;
}

}  // namespace

void describe_payloads(shape::Shapes& s) {
  std::vector<std::string> types;
  for (const auto& t : statement::catalogue().all()) {
    types.push_back(t->wire_type);
    s.define(name_of(*t, false), meaning(structure(s, t->payload, false), t->summary));
    if (name_of(*t, true) != name_of(*t, false))
      s.define(name_of(*t, true), meaning(structure(s, t->payload, true), t->summary));
  }
  s.define("EventType", meaning(one_of(types),
                                "Each is described in docs/EVENTS.md: who may emit "
                                "it, when, and by which law."));
  s.define("Stream",
           meaning(text_like("^(case/[0-9a-f-]{36}|"
                             "(library|signatory|network|convention|session)/[a-z0-9-]{1,64})$",
                             "case/01890a5d-ac96-774b-bcce-b302099a8057"),
                   "What an event is about: a CloudEvents subject."));
}

shape::Schema data_of_types(const shape::Shapes& s, bool disclosed) {
  std::vector<Schema> branches;
  // The example is the first one: of the type that opens a case.
  std::vector<const EventType*> types;
  for (const auto& t : statement::catalogue().all()) types.push_back(t.get());
  std::ranges::stable_partition(types,
                                [](const EventType* t) { return t->name == "case.detected"; });
  for (const EventType* t : types) {
    const std::string name = name_of(*t, disclosed);
    check(s.has(name), "the data of a type has a shape");
    branches.push_back({{"properties", json::object{{"type", just(json::value(t->wire_type))},
                                                    {"data", named(name)}}},
                        {"required", json::array{"type", "data"}}});
  }
  return either(std::move(branches));
}

}  // namespace relais::api
