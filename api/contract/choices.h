// Names that parameters take, and what they stand for: for the table of endpoints and for the
// handlers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/http.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/parameters.h"
#include "ledger/rules/stream_states.h"
#include "ledger/rules/time/deadlines.h"
#include "projections/read.h"

namespace relais::api {

/// A name on the wire and what it stands for.
template <class T>
struct Choice {
  std::string_view name;
  T value;
};
template <class T>
using Choices = std::vector<Choice<T>>;

// States are those that to_string() names.
Choices<rules::CasePhase> case_phases();
Choices<rules::PspPhase> parcours_phases();
Choices<rules::AccreditationPhase> accreditation_phases();
Choices<bool> session_phases();                 ///< whether it was held
Choices<rules::DeadlineKind> deadline_kinds();  ///< that somebody has to meet
Choices<projections::Box> boxes();
Choices<projections::SharedKind> library_kinds();
Choices<projections::SharedKind> network_kinds();
Choices<projections::Dimension> dimensions();  ///< of a table of counts
Choices<rules::Parameter> readerships();       ///< and the number that hides its small cells

template <class T>
std::vector<std::string> names_of(const Choices<T>& all) {
  std::vector<std::string> names;
  for (const Choice<T>& c : all) names.emplace_back(c.name);
  return names;
}

/// The value that the parameter `name` names; nothing where it is absent. Another name was refused
/// before, by the parameter's form.
template <class T>
std::optional<T> chosen(const Request& request, std::string_view name, const Choices<T>& all) {
  const auto given = request.param(name);
  if (given)
    for (const Choice<T>& c : all)
      if (c.name == *given) return c.value;
  return std::nullopt;
}

}  // namespace relais::api
