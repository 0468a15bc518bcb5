// Cases, referrals and timelines as JSON. Members are camelCase, values as the schema has them on
// the wire; signatories are named by their slugs.
#pragma once

#include "api/http/json_writer.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"
#include "projections/read.h"

namespace relais::api {

void write_case(JsonWriter& json, const rules::Registry& registry, const rules::CaseState& state);
/// `case_id`: also the member "case", where the referral does not stand in its case.
void write_referral(JsonWriter& json, const rules::Registry& registry, const rules::Referral& r,
                    const Uuid* case_id);
void write_timeline_item(JsonWriter& json, const rules::Registry& registry,
                         const projections::TimelineItem& item, const rules::ActMark& mark);

}  // namespace relais::api
