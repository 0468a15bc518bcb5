// The shapes of what projections/json/case_json.h writes.
#pragma once

#include <vector>

#include "projections/json/shape.h"

namespace relais::projections {

/// "Case", "Referral", "TimelineItem", and what they are made of. A case is given with `looks`, who
/// looked at it, by the API alone; the shape "Look" is the caller's.
void describe_cases(shape::Shapes& s);
/// Those of write_psp_members().
std::vector<shape::Member> psp_members(shape::Shapes& s);

}  // namespace relais::projections
