// The small readers that notes, receipts and tile paths share. Internal to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace relais::merkle {

/// ASCII decimal without sign or leading zeros; nothing when it does not fit.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

/// Takes the first line off `text`, without its newline; nothing when there is no newline.
std::optional<std::string_view> take_line(std::string_view& text);

}  // namespace relais::merkle
