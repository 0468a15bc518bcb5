// Inside the module: what decisions of the préfecture have in common, whatever they decide.
#pragma once

#include <string_view>

#include "ledger/rules/rule_set.h"

namespace relais::rules {

/// What a refusal carries (CRPA L211-2; CJA R421-5): reasons in words ("reasons-missing") and the
/// route of appeal ("appeal-route-missing").
Status judge_refusal(const Judgement& j, capnp::Text::Reader reasons, schema::AppealRoute route);

/// "date-order" where the day at `field` comes before `earliest`, the day of `what`.
Status not_before(const Judgement& j, Day d, Day earliest, std::string_view field,
                  std::string_view what);

/// Last day on which a decision can be appealed against. The two months of CJA R421-1 are a délai
/// franc: neither the day of notification nor the day on which they run out is counted, and a last
/// day that is no working day gives way to the next that is one.
Day last_day_of_appeal(Day notified_on);

}  // namespace relais::rules
