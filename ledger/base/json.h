// Strict JSON (RFC 8259 with the strictness of docs/FORMATS.md) on top of Boost.JSON's push parser.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "ledger/base/error.h"

namespace relais::json {

using boost::json::array;
using boost::json::object;
using boost::json::value;

/// Values that one text holds at most.
inline constexpr std::size_t kMaxValues = 200'000;
/// Largest nesting of arrays and objects that is read.
inline constexpr std::size_t kMaxDepth = 32;

/// Reads one JSON text. Refused (Errc::malformed, rule "json-…"): duplicate member names (named in
/// `field`), numbers that are not finite as a double, integers past 2^53 in magnitude, lone
/// surrogates, invalid UTF-8, a byte order mark, depth over kMaxDepth, more than kMaxValues
/// values, objects of more than 1,000 members, anything behind the value.
Result<value> parse(std::string_view text);

/// Compact text, members in their order. Strings are escaped as JSON asks and no further.
std::string serialize(const value& v);

/// The member as text, or nullptr when it is absent or not a string.
const boost::json::string* find_string(const object& o, std::string_view name);

}  // namespace relais::json
