// Base64 in the two alphabets, strict (RFC 4648): no white space, and exactly one text for each
// bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relais::crypto {

/// URL-safe alphabet, no padding (JOSE).
std::string base64url_encode(std::string_view bytes);
/// Nothing where the text has padding, white space, foreign characters or non-zero trailing bits.
std::optional<std::string> base64url_decode(std::string_view text);

/// Standard alphabet with padding (signed notes).
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace relais::crypto
