// The filters that lists of events, the audit and the live stream share.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/http/http.h"
#include "ledger/log/ledger.h"
#include "projections/read.h"

namespace relais::api {

/// Candidates one request looks at: an io thread is not held longer, and `next` goes on.
inline constexpr std::size_t kMaxCandidates = 5'000;

struct EventQuery {
  projections::AuditFilter filter;
  bool nothing = false;  ///< the filters exclude each other
  std::size_t limit = 0;
};

/// Reads the filters stream, type (of the form "relais.case.*.v1" or "case.*"), signatory, axis,
/// from and to ([from, to), each an index or a time), order, cursor and limit. Errors name the
/// parameter and what it accepts.
Result<EventQuery> parse_event_query(const Call& call, const Context& context);

/// Whether `text` matches a glob in which '*' stands for any number of characters.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace relais::api
