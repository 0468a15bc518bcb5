// data·inclusion: the network's partners and what the signatories can do, in the form that the
// directory of social services publishes (schemas/data-inclusion/README.md), and partners taken in
// from it. Only what is already public in the ledger is exported: nothing of a case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/json.h"
#include "ledger/log/ledger.h"

namespace relais::replay {

/// Errc::invalid, rule "json-schema": whether this is a structure, or a service, of data·inclusion.
Status check_structure(const json::value& structure);
Status check_service(const json::value& service);

struct DataInclusion {
  json::array structures;    ///< introduced partners, and signatories with a capability
  json::array services;      ///< capabilities of the active signatories
  std::size_t left_out = 0;  ///< what the schemas do not take, as a name of two letters
};
/// As the ledger's head stands. Each document is valid.
Result<DataInclusion> export_data_inclusion(const log::Ledger& ledger);

/// Structures that one file may hold.
inline constexpr std::size_t kMaxStructures = 10'000;
/// Errors that one import reports.
inline constexpr std::size_t kMaxImportErrors = 100;

struct Import {
  std::vector<json::object> events;  ///< unsigned CloudEvents, for `relais sign`: one a structure
  std::vector<Error> errors;  ///< `field` names record and member: "[12].siret"; empty: all is well
};
/// A JSON array of structures as partner.introduced events on network/<network>. What comes out
/// would be accepted for its form. Members that the event does not have (coordinates) are left out.
/// Errors: malformed JSON, not an array, too many, rule "network-form".
Result<Import> import_structures(std::string_view text, std::string_view network);

}  // namespace relais::replay
