// UTF-8, read strictly, and texts of others made fit to be shown.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relais {

/// Bytes of the well-formed character that `text` (not empty) begins with; 0 where there is none
/// (RFC 3629, section 4).
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;   // no over-long form
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;  // no surrogate
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;   // no over-long form
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;  // nothing past U+10FFFF
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// Takes the first code point off `text`. Nothing at malformed UTF-8 (over-long forms, surrogates,
/// past U+10FFFF).
std::optional<char32_t> take_code_point(std::string_view& text);

/// The text in one line that a terminal shows as it stands: what would act on the terminal or
/// deceive the eye (controls of C0 and C1, line ends, directions of writing, what has no shape) is
/// written as
/// \u{…}, bytes that are no UTF-8 as \x{…}. A text that is printable already stays as it is.
std::string printable(std::string_view text);

/// The same of JSON text, with JSON's own escapes, and blanks for what is white space between
/// values: a program reads the same value.
std::string printable_json(std::string_view json);

}  // namespace relais
