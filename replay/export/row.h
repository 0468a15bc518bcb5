// What an export has of an event: typed values, and the objects that it is about
// (docs/EXPORTS.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/bytes.h"
#include "ledger/base/id.h"
#include "ledger/statement/catalogue.h"

namespace relais::replay::exports {

enum class ValueType : std::uint8_t { text, integer, boolean, moment };

struct Column {
  std::string name;
  ValueType type = ValueType::text;
  bool operator==(const Column&) const = default;
};

/// A member of an event, or of an object.
struct Value {
  Column column;
  /// As it is written: decimal digits; "true" or "false"; RFC 3339; of a list, its elements with
  /// ';' between them, which no element has in it.
  std::string text;
  std::vector<std::string> elements;  ///< of a list
  bool list = false;
};

/// That something has to do with an object, as what.
struct Link {
  std::string object;  ///< its id
  std::string qualifier;
  auto operator<=>(const Link&) const = default;
};

struct ObjectKind {
  std::string_view name;
  std::string_view born;  ///< the event that it begins with; signatories are there from the start
  std::vector<Column> columns;  ///< what is said of it then
};
/// case, referral, psp, session, signatory.
const std::vector<ObjectKind>& object_kinds();

struct Object {
  std::string id;  ///< "case-<pseudonym>", "signatory-<short name>"
  const ObjectKind* kind = nullptr;
  Timestamp born;
  std::vector<Value> values;
  std::vector<Link> links;
};

struct Row {
  LogIndex index;
  Hash leaf{};
  Timestamp received_at;
  Timestamp author_time;  ///< when it was, as its author says
  const statement::EventType* type = nullptr;
  std::string by;       ///< short name of who signed it
  std::string source;   ///< its CloudEvents source
  std::string subject;  ///< of the stream, under its pseudonym
  std::string case_id;  ///< objects that it is about; empty: of none of this kind
  std::string referral;
  std::string psp;
  std::string session;
  std::vector<Value> values;  ///< in the order of columns_of()
  std::vector<Link> links;    ///< sorted, each once
  std::vector<Object> born;   ///< that begin with it

  std::string id() const;  ///< "event-000000000042", by its place in the log
};

/// Whether events of a type are exported: those that an analyst reads (docs/READING.md), but what
/// tells of single members of the commission.
bool is_exported(const statement::EventType& type);
/// What an export may have of a type's members. Nothing sensitive, no free text that a signatory
/// has worded, no keys, proofs, hashes of documents and addresses.
std::vector<Column> columns_of(const statement::EventType& type);

}  // namespace relais::replay::exports
