// Names on the wire. Internal to this module.
#pragma once

#include <capnp/schema.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relais::statement {

/// "referralId" -> "referral_id".
std::string snake_case(std::string_view camel);

/// Ids of the annotations of schemas/policy.capnp.
struct AnnotationIds {
  std::uint64_t event, wire, sensitive, sealed, optional, required_when, in_clear, vocabulary,
      format, max_length, min_letters;
};
const AnnotationIds& annotation_ids();

/// The names of an enum on the wire, by ordinal.
struct EnumNames {
  std::vector<std::string> names;
  bool unspecified = false;  ///< the first enumerant stands for "absent" and is never on the wire
};

/// Those of an enum of the policy, or of one that an event's payload reaches; ends the process for
/// any other.
const EnumNames& enum_names(capnp::EnumSchema type);

}  // namespace relais::statement
