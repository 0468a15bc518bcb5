// Shapes: what the JSON that is written here looks like, as JSON Schema (2020-12). Beside each
// writer stands the shape of what it writes. docs/openapi.json is made of them, and answers of the
// real server are held against it (tests/contract): a member that a shape does not know is as wrong
// as one that is missing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/json.h"
#include "ledger/statement/catalogue.h"

namespace relais::shape {

using Schema = json::object;

/// A member of an object, by its name on the wire.
struct Member {
  std::string name;
  Schema schema;
  bool required = true;
};
/// One that is always there. `meaning` is for people, as everywhere below.
Member must(std::string_view name, Schema schema, std::string_view meaning = {});
/// One that may be absent.
Member may(std::string_view name, Schema schema, std::string_view meaning = {});

/// An object with these members and no others.
Schema object(const std::vector<Member>& members);
Schema list(Schema items);
/// A text of any kind; `example` is invented, as every example is.
Schema text(std::string_view example);
/// A text of this form; `pattern` is an ECMA-262 regular expression.
Schema text_like(std::string_view pattern, std::string_view example);
Schema number(std::uint64_t example = 3);
Schema boolean();
/// Always this value.
Schema just(json::value value);
Schema one_of(const std::vector<std::string>& names);
/// The value that fits one of these, and one only.
Schema either(std::vector<Schema> schemas);
Schema or_null(std::string_view type);
Schema named(std::string_view name);
Schema meaning(Schema schema, std::string_view words);

// What is found everywhere, each by its name in the document.
inline Schema uuid() {
  return named("Uuid");
}
inline Schema day() {
  return named("Day");
}
inline Schema moment() {
  return named("Moment");
}
inline Schema slug() {
  return named("Slug");
}
inline Schema index() {
  return named("LogIndex");
}
inline Schema version() {
  return named("StreamVersion");
}
inline Schema digest() {
  return named("Digest");
}

/// The shapes of one document, by their names.
class Shapes {
 public:
  /// With those that are found everywhere.
  Shapes();

  /// Gives a shape its name, and the reference to it. A name is given once.
  Schema define(std::string_view name, Schema schema);
  /// An enum of the schema, but for the enumerant that stands for "absent".
  template <class E>
  Schema wire() {
    return wire_enum(capnp::Schema::from<E>());
  }
  Schema wire_enum(capnp::EnumSchema type);
  /// Of a range of phases, in their order: those that to_string() names.
  template <class Phase>
  Schema phases(std::string_view name, Phase first, Phase last) {
    std::vector<std::string> names;
    for (auto p = static_cast<unsigned>(first); p <= static_cast<unsigned>(last); ++p)
      names.emplace_back(to_string(static_cast<Phase>(p)));
    return define(name, one_of(names));
  }
  /// A value of a vocabulary (statement::vocabulary).
  Schema vocabulary(std::string_view name);

  bool has(std::string_view name) const { return all_.contains(name); }
  const Schema& at(std::string_view name) const;

  /// A value that the schema accepts, made of the examples of its parts.
  json::value example(const Schema& schema) const;

 private:
  std::map<std::string, Schema, std::less<>> all_;
};

}  // namespace relais::shape
