// What becomes of each member of an event in an export. Internal to this module.
#pragma once

#include "replay/export/row.h"

namespace relais::replay::exports {

enum class Form : std::uint8_t {
  left_out,
  clear,
  pseudonym,  ///< an identifier
  signatory,  ///< the short name of an organisation, which is in clear, and a link to it
};
/// Of what the schema does not say that it may be told, nothing is told.
Form form_of(const statement::EventType& type, const statement::Field& field);
ValueType value_type(const statement::Field& field);
/// What a member identifies: "referral" of referral_id, "case" of case_id and of cases.
std::string identified(const statement::EventType& type, const statement::Field& field);

}  // namespace relais::replay::exports
