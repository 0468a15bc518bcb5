// Inside the module: the shapes of what each resource writes, beside its writer.
#pragma once

#include "projections/json/shape.h"

namespace relais::api {

// One function a resource, in the file of its name. The payloads and the cases come before.
void describe_append(shape::Shapes& s);
void describe_timeline(shape::Shapes& s);
void describe_events(shape::Shapes& s);
void describe_referrals(shape::Shapes& s);
void describe_deadlines(shape::Shapes& s);
void describe_capabilities(shape::Shapes& s);
void describe_indicators(shape::Shapes& s);
void describe_signatories(shape::Shapes& s);
void describe_parcours(shape::Shapes& s);
void describe_sessions(shape::Shapes& s);
void describe_accreditations(shape::Shapes& s);
void describe_shared(shape::Shapes& s);
void describe_convention(shape::Shapes& s);
void describe_looks(shape::Shapes& s);
void describe_reads(shape::Shapes& s);
void describe_log(shape::Shapes& s);
void describe_operations(shape::Shapes& s);

/// A page of a list: the member `name`, and where it goes on.
shape::Schema page_shape(std::string_view name, shape::Schema items);
/// Who has to meet what, where that stands beside the thing.
shape::Schema deadline_shape();

}  // namespace relais::api
