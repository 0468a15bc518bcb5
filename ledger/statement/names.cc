#include "ledger/statement/names.h"

#include <capnp/message.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "ledger/base/check.h"
#include "ledger/statement/catalogue.h"
#include "schemas/event.capnp.h"
#include "schemas/policy.capnp.h"

namespace relais::statement {
namespace {

/// Id of an annotation by its compiled node; the name guards against a wrong line in the table.
std::uint64_t annotation_id(const capnp::word* node, std::string_view name) {
  const auto proto = capnp::readMessageUnchecked<capnp::schema::Node>(node);
  const auto display = proto.getDisplayName();
  check(std::string_view(display.begin(), display.size()).ends_with(":" + std::string(name)),
        "an annotation's id is that of another");
  return proto.getId();
}

std::string enumerant_name(capnp::EnumSchema::Enumerant enumerant) {
  for (const auto annotation : enumerant.getProto().getAnnotations()) {
    if (annotation.getId() != annotation_ids().wire) continue;
    const auto text = annotation.getValue().getText();
    return {text.begin(), text.size()};
  }
  const auto name = enumerant.getProto().getName();
  return snake_case({name.begin(), name.size()});
}

EnumNames read_names(capnp::EnumSchema type) {
  EnumNames out;
  std::set<std::string> seen;
  for (const auto enumerant : type.getEnumerants()) {
    out.names.push_back(enumerant_name(enumerant));
    check(!out.names.back().empty(), "an enumerant has an empty name on the wire");
    check(seen.insert(out.names.back()).second, "two enumerants have one name on the wire");
  }
  check(!out.names.empty(), "an enum has no enumerants");
  out.unspecified = out.names.front() == "unspecified";
  check(out.unspecified || !seen.contains("unspecified"),
        "unspecified is not the first enumerant of its enum");
  return out;
}

using Tables = std::unordered_map<std::uint64_t, EnumNames>;

void add_enum(Tables& tables, capnp::EnumSchema type) {
  if (!tables.contains(type.getProto().getId()))
    tables.emplace(type.getProto().getId(), read_names(type));
}

/// Adds the enums that a struct reaches; `seen` ends the walk where structs hold one another.
void walk(Tables& tables, capnp::StructSchema type, std::set<std::uint64_t>& seen) {
  if (!seen.insert(type.getProto().getId()).second) return;
  for (const auto field : type.getFields()) {
    capnp::Type t = field.getType();
    while (t.isList()) t = t.asList().getElementType();
    if (t.isEnum()) add_enum(tables, t.asEnum());
    if (t.isStruct()) walk(tables, t.asStruct(), seen);
  }
}

Tables read_tables() {
  Tables tables;
  std::set<std::uint64_t> seen;
  walk(tables, capnp::Schema::from<schema::Event>(), seen);
  walk(tables, capnp::Schema::from<schema::EventPolicy>(), seen);
  return tables;
}

}  // namespace

std::string snake_case(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      out.push_back('_');
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else {
      out.push_back(c);
    }
  }
  return out;
}

const AnnotationIds& annotation_ids() {
  static const AnnotationIds ids = {
      annotation_id(capnp::schemas::bp_d28948530a146395, "event"),
      annotation_id(capnp::schemas::bp_89166afc35e6d188, "wire"),
      annotation_id(capnp::schemas::bp_ad5c7027e7dab97b, "sensitive"),
      annotation_id(capnp::schemas::bp_b6595c77e6c41144, "sealed"),
      annotation_id(capnp::schemas::bp_9e78d62664e285cf, "optional"),
      annotation_id(capnp::schemas::bp_8dbf63f772f5c2de, "requiredWhen"),
      annotation_id(capnp::schemas::bp_a7d411da944db4f6, "inClear"),
      annotation_id(capnp::schemas::bp_c99b14cc46fa5373, "vocabulary"),
      annotation_id(capnp::schemas::bp_f8707547d7243ec7, "format"),
      annotation_id(capnp::schemas::bp_ed836f3e7b21782d, "maxLength"),
      annotation_id(capnp::schemas::bp_f3fd7e03047c86e2, "minLetters"),
  };
  return ids;
}

const EnumNames& enum_names(capnp::EnumSchema type) {
  static const Tables tables = read_tables();
  const auto found = tables.find(type.getProto().getId());
  check(found != tables.end(), "an enum that is not of the policy or of a payload");
  return found->second;
}

std::string_view wire_name(capnp::EnumSchema type, std::uint16_t ordinal) {
  const auto& names = enum_names(type).names;
  // Of a stored event that is damaged, or a later program's: who reads it answers for that, and
  // goes on with others.
  if (ordinal >= names.size())
    throw std::out_of_range("a stored event has a value that the schema does not have");
  return names[ordinal];
}

int parse_wire(capnp::EnumSchema type, std::string_view wire) {
  const EnumNames& table = enum_names(type);
  const auto first = table.names.begin() + (table.unspecified ? 1 : 0);
  const auto found = std::find(first, table.names.end(), wire);
  return found == table.names.end() ? -1 : static_cast<int>(found - table.names.begin());
}

std::string to_string(RoleSet roles) {
  std::string out;
  const auto& names = enum_names(capnp::Schema::from<schema::Role>()).names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!roles.has(static_cast<schema::Role>(i))) continue;
    if (!out.empty()) out.append(", ");
    out.append(names[i]);
  }
  return out;
}

}  // namespace relais::statement
