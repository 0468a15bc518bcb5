// Inside the module: what decisions of the préfecture have in common, whatever they decide.
#pragma once

#include <string_view>

#include "ledger/rules/rule_set.h"

namespace relais::rules {

/// What a refusal carries (CRPA L211-2; CJA R421-5): the route of appeal ("appeal-route-missing").
Status check_appeal_route(const Judgement& j, schema::AppealRoute route);
/// And reasons in words ("reasons-missing"), where it is about an organisation. Those about a
/// person are sensitive, and due by the schema: the statement has no form without them.
Status check_reasons(const Judgement& j, capnp::Text::Reader reasons);

/// "date-order" where the day at `field` comes before `earliest`, the day of `what`.
Status not_before(const Judgement& j, Day d, Day earliest, std::string_view field,
                  std::string_view what);

}  // namespace relais::rules
