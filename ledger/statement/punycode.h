// Names of hosts in letters beyond ASCII, as they travel (RFC 3492, RFC 5891). Internal to this
// module.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relais::statement {

/// The code points that a label stands for: what is behind its "xn--". Nothing where it is no
/// Punycode, or not the one that an encoder writes.
std::optional<std::u32string> decode_punycode(std::string_view text);

/// Whether a label that begins with "xn--", in either case, names something that browsers and other
/// programs read alike. Their tables differ at the edges, and from version to version: taken are
/// lower-case letters of Latin, Greek and Cyrillic that stand in IDNA 2003, IDNA 2008 and UTS 46
/// and that none of them maps to something else, with digits and dashes.
bool is_idn_label(std::string_view label);

}  // namespace relais::statement
