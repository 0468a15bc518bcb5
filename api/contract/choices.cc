#include "api/contract/choices.h"

#include "ledger/rules/time/deadline_rows.h"

namespace relais::api {
namespace {

/// Of a range of phases, in their order.
template <class Phase>
Choices<Phase> phases(Phase first, Phase last) {
  Choices<Phase> all;
  for (auto p = static_cast<unsigned>(first); p <= static_cast<unsigned>(last); ++p)
    all.push_back({to_string(static_cast<Phase>(p)), static_cast<Phase>(p)});
  return all;
}

}  // namespace

Choices<rules::CasePhase> case_phases() {
  return phases(rules::CasePhase::detected, rules::CasePhase::erased);
}

Choices<rules::PspPhase> parcours_phases() {
  return phases(rules::PspPhase::applied, rules::PspPhase::ended);
}

Choices<rules::AccreditationPhase> accreditation_phases() {
  return phases(rules::AccreditationPhase::requested, rules::AccreditationPhase::incomplete);
}

Choices<bool> session_phases() {
  return {{"CONVENED", false}, {"HELD", true}};
}

Choices<rules::DeadlineKind> deadline_kinds() {
  Choices<rules::DeadlineKind> all;
  for (const rules::DeadlineRow& row : rules::deadline_rows())
    if (row.listed) all.push_back({row.name, row.kind});
  return all;
}

Choices<projections::Box> boxes() {
  return {{"inbox", projections::Box::inbox}, {"outbox", projections::Box::outbox}};
}

Choices<projections::SharedKind> library_kinds() {
  using enum projections::SharedKind;
  return {{"training", training}, {"tool", tool}, {"practice", practice}, {"need", need}};
}

Choices<projections::SharedKind> network_kinds() {
  using enum projections::SharedKind;
  return {{"partner", partner}, {"pathway", pathway}, {"joint_action", joint_action}};
}

Choices<projections::Dimension> dimensions() {
  using enum projections::Dimension;
  return {{"audience", audience}, {"signatory", signatory}};
}

Choices<rules::Parameter> readerships() {
  using enum rules::Parameter;
  return {{"partners", small_cell_threshold}, {"publication", small_cell_threshold_public}};
}

}  // namespace relais::api
