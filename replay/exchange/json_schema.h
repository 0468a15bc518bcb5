// The part of JSON Schema (draft 2020-12) that data·inclusion's published schemas use: type, anyOf,
// $ref into $defs, enum, const, pattern, format (date, email, uri), minLength and maxLength in code
// points, minimum, items, minItems, uniqueItems, properties, required.
//
// Debian's libvalijson-dev does this and more, but brings seventy packages (Qt and MariaDB among
// them) and checks neither email nor uri.
#pragma once

#include <map>
#include <regex>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/json.h"

namespace relais::replay {

/// Immutable, so that it may be shared by threads.
class JsonSchema {
 public:
  /// Ends the process where the text is no schema of that part: schemas are compiled in.
  explicit JsonSchema(std::string_view text);

  /// Errc::invalid, rule "json-schema"; `field` is the path from the document down ("siret",
  /// "publics[1]"), empty for the document itself.
  Status check(const json::value& document) const;

 private:
  void compile(const json::object& schema);
  const json::object& target(const json::value& ref) const;
  Status check(const json::object& schema, const json::value& v, const std::string& path) const;
  Status check_any(const json::array& options, const json::value& v, const std::string& path) const;
  Status check_text(const json::object& schema, std::string_view t, const std::string& path) const;
  Status check_array(const json::object& schema, const json::array& a,
                     const std::string& path) const;
  Status check_object(const json::object& schema, const json::object& o,
                      const std::string& path) const;

  json::object root_;
  std::map<std::string, std::regex, std::less<>> patterns_;
};

}  // namespace relais::replay
