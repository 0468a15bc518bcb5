// Payloads from JSON to the typed event and back, driven by the catalogue. Internal to this module.
#pragma once

#include <capnp/dynamic.h>

#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/json.h"
#include "ledger/statement/catalogue.h"
#include "ledger/statement/sd_jwt.h"

namespace relais::statement {

/// Checks the member `data` of a statement against its type: every member known, of its type,
/// vocabulary, format and length; none missing that is required; a member is sensitive if and only
/// if it came from a disclosure. Rules "member-…", "vocabulary", "format-<name>", "too-long",
/// "too-short", "sensitive-in-clear", "disclosure-not-sensitive"; Errc::invalid.
Status check_payload(const EventType& type, const json::object& data,
                     const std::vector<Disclosed>& disclosed);

/// The sensitive members that a statement with this checked payload must disclose, because the type
/// or a value asks for them, and that it does not: the first, or null. How many must be is added to
/// `due`.
const Field* undisclosed(const EventType& type, const json::object& data, std::size_t& due);

/// Writes a checked payload. Sensitive members are left out.
void write_payload(const Struct& type, const json::object& data, capnp::DynamicStruct::Builder out);

/// The members that are present, by their wire names, in the schema's order.
json::object read_payload(const Struct& type, capnp::DynamicStruct::Reader in);

}  // namespace relais::statement
