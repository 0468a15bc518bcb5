// The formats that the schema's $format annotation names. Internal to this module.
#pragma once

#include <string_view>

namespace relais::statement {

struct Format {
  std::string_view name;
  std::string_view accepts;  ///< in words, for error messages
  bool (*holds)(std::string_view text);
};

/// Nothing where there is no format of that name.
const Format* find_format(std::string_view name);

/// 1 to 64 lower-case letters, digits and dashes.
bool is_slug(std::string_view text);

}  // namespace relais::statement
