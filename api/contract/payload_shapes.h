// The shapes of what statements say, from the schema: one for each event type.
#pragma once

#include "projections/json/shape.h"

namespace relais::api {

/// "EventType", the types on the wire; "Stream"; and of each type "CaseDetected", its data without
/// what is sensitive, as lists have it, and where something is "CaseDetectedDisclosed", with what
/// may be disclosed.
void describe_payloads(shape::Shapes& s);
/// A branch a type: which data it has.
shape::Schema data_of_types(const shape::Shapes& s, bool disclosed);

}  // namespace relais::api
