// What lists are narrowed by: parameters of the query, each checked, each with what it accepts.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/http.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/rules/registry.h"

namespace relais::api {

/// A name on the wire and what it stands for.
template <class T>
struct Choice {
  std::string_view name;
  T value;
};

/// Of a range of phases, in their order: those that to_string() names.
template <class Phase>
std::vector<Choice<Phase>> choices(Phase first, Phase last) {
  std::vector<Choice<Phase>> all;
  for (auto p = static_cast<unsigned>(first); p <= static_cast<unsigned>(last); ++p)
    all.push_back({to_string(static_cast<Phase>(p)), static_cast<Phase>(p)});
  return all;
}

/// The value that the parameter `name` names; nothing where it is absent. `rule` is refused with
/// `message` and the names that there are.
template <class T>
Result<std::optional<T>> choice(const Request& request, std::string_view name,
                                const std::vector<Choice<T>>& all, std::string rule,
                                std::string message) {
  const auto given = request.param(name);
  if (!given) return std::optional<T>();
  std::string names;
  for (const Choice<T>& c : all) {
    if (c.name == *given) return std::optional<T>(c.value);
    names.append(names.empty() ? "" : ", ").append(c.name);
  }
  return fail(error(Errc::malformed, std::move(rule), std::move(message))
                  .at(std::string(name))
                  .accepts(std::move(names)));
}

/// A signatory by its slug, or nothing; rule "signatory-unknown".
Result<std::optional<SignatoryId>> signatory_parameter(const Request& request,
                                                       std::string_view name,
                                                       const rules::Registry& registry);
/// A value of a vocabulary, or nothing; rule "vocabulary".
Result<std::optional<std::string_view>> vocabulary_parameter(const Request& request,
                                                             std::string_view name,
                                                             std::string_view vocabulary);
/// A commune or a named territory of the convention, or nothing; rule
/// "territory-not-of-convention".
Result<std::optional<std::string_view>> territory_parameter(const Request& request,
                                                            const rules::Registry& registry);
/// A date, or nothing; rule "day-form".
Result<std::optional<Day>> day_parameter(const Request& request, std::string_view name);

}  // namespace relais::api
