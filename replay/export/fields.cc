#include "replay/export/fields.h"

#include <algorithm>

#include "ledger/rules/relation.h"

namespace relais::replay::exports {

using statement::EventType;
using statement::Field;

namespace {

/// Written by the ledger itself, so that no free text in it is a person's.
bool by_ledger_alone(const EventType& type) {
  statement::RoleSet system;
  system.add(schema::Role::SYSTEM);
  return type.emitters == system;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, text) != list.end();
}

std::vector<Column> columns_of_birth(std::string_view born,
                                     std::initializer_list<std::string_view> members) {
  const EventType* type = statement::catalogue().find("relais." + std::string(born) + ".v1");
  std::vector<Column> columns;
  for (const std::string_view name : members)
    columns.push_back({std::string(name), value_type(*type->payload.find(name))});
  return columns;
}

}  // namespace

Form form_of(const EventType& type, const Field& field) {
  if (field.sensitive || field.kind == Field::Kind::structure) return Form::left_out;
  if (field.kind != Field::Kind::text || !field.vocabulary.empty()) return Form::clear;
  if (field.format == "signatory") return Form::signatory;
  // Organisations that are to join, or that their union attaches.
  if (field.format == "slug" && one_of(field.name, {"signatory", "mission_locale"}))
    return Form::signatory;
  if (field.name == "territories") return Form::clear;  // of the convention: codes, as on cases
  if (one_of(field.format, {"uuid", "slug"})) return Form::pseudonym;
  if (one_of(field.format, {"date", "timestamp", "territory"})) return Form::clear;
  return field.format.empty() && by_ledger_alone(type) ? Form::clear : Form::left_out;
}

ValueType value_type(const Field& field) {
  if (field.list) return ValueType::text;
  if (field.kind == Field::Kind::integer) return ValueType::integer;
  if (field.kind == Field::Kind::boolean) return ValueType::boolean;
  return field.format == "timestamp" ? ValueType::moment : ValueType::text;
}

std::string identified(const EventType& type, const Field& field) {
  if (field.format == "uuid" && type.stream != schema::StreamKind::CASE) return "case";
  return field.name.ends_with("_id") ? field.name.substr(0, field.name.size() - 3) : field.name;
}

bool is_exported(const EventType& type) {
  // What the members of the commission thought of a file, and that one of them knows the person.
  return !rules::of_debates(type.ordinal) && type.name != "member.recused";
}

std::vector<Column> columns_of(const EventType& type) {
  std::vector<Column> columns;
  for (const Field& field : type.payload.fields)
    if (form_of(type, field) != Form::left_out) columns.push_back({field.name, value_type(field)});
  return columns;
}

const std::vector<ObjectKind>& object_kinds() {
  static const std::vector<ObjectKind> kinds = {
      {"case", "case.detected",
       columns_of_birth("case.detected", {"age_band", "territory", "channel", "risk"})},
      {"referral", "referral.requested",
       columns_of_birth("referral.requested", {"need", "urgency", "legal_basis"})},
      {"psp", "psp.applied", columns_of_birth("psp.applied", {"applied_on"})},
      {"session", "session.convened", columns_of_birth("session.convened", {"held_on", "quorum"})},
      {"signatory", "", {{"name", ValueType::text}, {"roles", ValueType::text}}},
  };
  return kinds;
}

}  // namespace relais::replay::exports
