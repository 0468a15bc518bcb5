// Request targets (RFC 9112, section 3.2; RFC 3986): taken apart, decoded and put together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http/http.h"
#include "ledger/base/error.h"

namespace relais::api {

inline constexpr std::size_t kMaxSegments = 16;
inline constexpr std::size_t kMaxParams = 32;

struct Target {
  std::vector<std::string> path;
  std::vector<Param> query;
};

/// Takes an origin-form target ("/a/b?c=d") apart, or an absolute-form one ("http://host/a/b?c=d",
/// of which the host says nothing here: there is one origin); "*" gives an empty path.
/// Percent-encoding is decoded once, behind the splitting, so that "%2F" stays inside its segment;
/// "+" is a space in the query. Refused (Errc::malformed, rules "target-form", "query-repeated"):
/// other forms, broken percent-encoding, decoded bytes that are not UTF-8 or hold control
/// characters, a parameter twice, more than kMaxSegments or kMaxParams.
Result<Target> parse_target(std::string_view target);

/// Whether the text is a host with a port or without, or nothing (RFC 3986, section 3.2; RFC 9112,
/// section 3.2).
bool is_authority(std::string_view text);

/// Percent-encodes all but unreserved characters (RFC 3986, section 2.3).
std::string percent_encode(std::string_view text);

/// Whether the bytes are well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace relais::api
