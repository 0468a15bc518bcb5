// Cases, referrals and timelines as JSON, for the API and for replay. Members are camelCase, values
// as the schema has them on the wire; signatories are named by their slugs.
#pragma once

#include <cstdint>
#include <functional>

#include "ledger/base/json_writer.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"
#include "projections/read.h"

namespace relais::projections {

void write_case(JsonWriter& json, const rules::Registry& registry, const rules::CaseState& state);
/// The members of a parcours, in an object that is open.
void write_psp_members(JsonWriter& json, const rules::Registry& registry, const rules::Psp& p);
/// `case_id`: also the member "case", where the referral does not stand in its case.
void write_referral(JsonWriter& json, const rules::Registry& registry, const rules::Referral& r,
                    const Uuid* case_id);
/// The same. `counted`: a version of the case as who reads it counts; its position otherwise.
void write_timeline_item(JsonWriter& json, const rules::Registry& registry,
                         const TimelineItem& item, const rules::CaseState& state,
                         const Uuid* case_id,
                         const std::function<std::uint32_t(std::uint32_t)>& counted = {});
/// Slug of a signatory.
std::string_view slug_of(const rules::Registry& registry, SignatoryId id);

}  // namespace relais::projections
