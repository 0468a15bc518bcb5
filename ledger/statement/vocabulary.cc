#include <map>

#include "ledger/base/check.h"
#include "ledger/statement/catalogue.h"
#include "schemas/vocabularies.h"

namespace relais::statement {
namespace {

using Values = std::set<std::string, std::less<>>;

/// First field of a CSV line that starts at `at`; moves `at` behind the line. Quoted fields may
/// hold commas and line ends.
std::string first_field(std::string_view csv, std::size_t& at) {
  std::string field;
  bool quoted = false;
  bool in_first = true;
  for (; at < csv.size(); ++at) {
    const char c = csv[at];
    if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == '\n') {
      break;
    } else if (!quoted && c == ',') {
      in_first = false;
    } else if (in_first && c != '\r') {
      field.push_back(c);
    }
  }
  ++at;
  return field;
}

std::map<std::string, Values, std::less<>> load() {
  std::map<std::string, Values, std::less<>> all;
  for (const auto& [name, csv] : schema::embedded_vocabularies()) {
    Values& values = all[std::string(name)];
    std::size_t at = 0;
    check(first_field(csv, at) == "value", "a vocabulary begins with its header line");
    while (at < csv.size())
      if (auto value = first_field(csv, at); !value.empty()) values.insert(std::move(value));
    check(!values.empty(), "a vocabulary has values");
  }
  Values& need = all["need"];
  for (const char* part : {"thematiques_v1", "need_relais"}) {
    check(all.contains(part), "the parts of the vocabulary need are there");
    need.insert(all[part].begin(), all[part].end());
  }
  return all;
}

}  // namespace

const Values& vocabulary(std::string_view name) {
  static const std::map<std::string, Values, std::less<>> all = load();
  static const Values none;
  const auto it = all.find(name);
  return it == all.end() ? none : it->second;
}

}  // namespace relais::statement
