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

/// Whether a text has the format. All formats are ASCII.
bool has_format(const Format& format, std::string_view text);

/// Whether all bytes are below 0x80. Asked before base64 is decoded: libsodium 1.0.18 reads any
/// byte from 0x80 on as the last character of the alphabet, and one value would have many texts.
bool is_ascii(std::string_view text);

/// 1 to 64 lower-case letters, digits and dashes.
bool is_slug(std::string_view text);

}  // namespace relais::statement
