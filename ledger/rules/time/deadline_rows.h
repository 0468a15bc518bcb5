// One row a kind of deadline: its name, where its period comes from, and what the ledger's own key
// signs when it passes. Read models, the clock, the API and docs/EVENTS.md take it from here.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ledger/base/json.h"
#include "ledger/rules/law.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::rules {

/// What the clock signs: the type of the event, and its data as a function of the deadline alone.
struct DeadlineEffect {
  std::string_view event;  ///< "referral.expired"; empty: nothing, somebody has to act
  json::object (*payload)(const Deadline&) = nullptr;
};

struct DeadlineRow {
  DeadlineKind kind{};
  std::string_view name;    ///< as the API writes it: "referral_answer"
  std::string_view period;  ///< how long, from when, and whose number that is
  bool listed = true;       ///< whether somebody has to meet it; else it is the clock's alone
  DeadlineEffect effect;
  const LegalPeriod* law = nullptr;  ///< where the law fixes the number: `period` follows it

  /// "2 months from the notification of a refusal (CJA R421-1)"
  std::string due() const;
};

/// Every kind, in the order of their numbers.
std::span<const DeadlineRow> deadline_rows();
const DeadlineRow& row_of(DeadlineKind kind);

}  // namespace relais::rules
