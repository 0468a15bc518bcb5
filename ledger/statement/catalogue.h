// The event types and their policy, read once from the schema by reflection: the schema is the
// policy.
#pragma once

#include <capnp/schema.h>

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/base/id.h"
#include "schemas/event.capnp.h"
#include "schemas/policy.capnp.h"

namespace relais::statement {

/// A set of roles as a bit mask.
struct RoleSet {
  std::uint16_t bits = 0;
  bool has(schema::Role r) const { return (bits >> static_cast<unsigned>(r)) & 1U; }
  void add(schema::Role r) {
    bits = static_cast<std::uint16_t>(bits | (1U << static_cast<unsigned>(r)));
  }
  bool intersects(RoleSet o) const { return (bits & o.bits) != 0; }
  bool empty() const { return bits == 0; }
  bool operator==(const RoleSet&) const = default;
};
/// "ml, aa" — wire names of the roles, in the schema's order.
std::string to_string(RoleSet roles);
/// Wire name of an enumerant: its $wire annotation, or its name in snake_case. `E` is a schema
/// enum.
template <class E>
std::string_view wire_name(E value);
std::string_view wire_name(capnp::EnumSchema type, std::uint16_t ordinal);
/// The enumerant with that wire name, the first ("unspecified") excepted where there is one; -1
/// when there is none.
int parse_wire(capnp::EnumSchema type, std::string_view wire);

/// Ordinal of a type in the union Event.data: its number for ever.
using EventOrdinal = std::uint16_t;

/// Limits where the schema names none: bytes of a text, elements of a list. Members of one struct.
inline constexpr std::uint32_t kDefaultMaxText = 2'000;
inline constexpr std::uint32_t kDefaultMaxElements = 100;
inline constexpr std::size_t kMaxFields = 64;

struct Struct;

/// That a member of the payload has this value.
struct Condition {
  std::string member;
  std::string value;  ///< of an enum, on the wire
};

/// One member of a payload.
struct Field {
  enum class Kind { text, boolean, integer, enumeration, structure };
  std::string name;  ///< on the wire: snake_case
  capnp::StructSchema::Field schema;
  Kind kind = Kind::text;
  bool list = false;
  bool sensitive = false;
  RoleSet seal_to;  ///< roles that it must be sealed to; empty: it need not be
  bool optional = false;
  std::optional<Condition> required_when;  ///< of a sensitive member that is optional otherwise
  std::string in_clear;                    ///< why a free text is not sensitive; or empty
  std::string vocabulary;                  ///< name, or empty
  std::string format;                      ///< name, or empty
  std::uint32_t max_length = 0;            ///< bytes of a text, or elements of a list
  std::uint32_t min_letters = 0;           ///< letters and digits of a text, at least
  std::uint64_t max_value = 0;             ///< of an integer: what its type holds, 2^53 at most
  capnp::EnumSchema enumeration;           ///< where kind is enumeration
  std::unique_ptr<Struct> structure;       ///< where kind is structure
};

struct Struct {
  std::vector<Field> fields;  ///< in the schema's order
  const Field* find(std::string_view wire_name) const;
};

struct EventType {
  EventOrdinal ordinal = 0;
  std::string name;       ///< "case.detected"
  std::string wire_type;  ///< "relais.case.detected.v1"
  schema::Axis axis{};
  schema::StreamKind stream{};
  RoleSet emitters;  ///< never empty: "any" is spelled out as every role but analyst and system
  schema::Relation relation{};
  bool opens = false;
  std::string source;
  std::string precondition;
  std::string summary;
  Struct payload;
  capnp::StructSchema schema;
  capnp::StructSchema::Field member;  ///< of the union Event.data
};

class Catalogue {
 public:
  const EventType* find(std::string_view wire_type) const;
  const EventType& at(EventOrdinal ordinal) const;
  std::span<const std::unique_ptr<EventType>> all() const { return types_; }

 private:
  friend const Catalogue& catalogue();
  Catalogue();
  std::vector<std::unique_ptr<EventType>> types_;
  std::unordered_map<std::string_view, const EventType*> by_wire_;
};

/// The one catalogue, built on first use from the compiled schema; immutable afterwards.
const Catalogue& catalogue();

/// The type of a stored event.
const EventType& type_of(schema::Event::Reader event);

/// Values of a vocabulary ("need", or the stem of a CSV in schemas/vocabularies); empty when there
/// is no such vocabulary.
const std::set<std::string, std::less<>>& vocabulary(std::string_view name);

template <class E>
std::string_view wire_name(E value) {
  return wire_name(capnp::Schema::from<E>(), static_cast<std::uint16_t>(value));
}

}  // namespace relais::statement
