#include "ledger/base/utf8.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace relais {
namespace {

struct Range {
  char32_t first, last;
};
/// Unicode's categories Cc, Zl, Zp and Cf, the latter in whole blocks where they are mostly that.
constexpr Range kHidden[] = {{0x00, 0x1f},      // C0
                             {0x7f, 0x9f},      // DEL, C1
                             {0xad, 0xad},      // soft hyphen
                             {0x600, 0x605},    // Arabic number signs
                             {0x61c, 0x61c},    // direction mark
                             {0x6dd, 0x6dd},    // end of ayah
                             {0x70f, 0x70f},    // Syriac abbreviation
                             {0x180e, 0x180e},  // vowel separator
                             {0x200b, 0x200f},  // widths of zero, direction marks
                             {0x2028, 0x202e},  // line and paragraph ends, overrides of direction
                             {0x2060, 0x206f},  // isolates of direction, invisible operators
                             {0xfeff, 0xfeff},  // byte order mark
                             {0xfff9, 0xfffb},  // interlinear annotation
                             {0xe0000, 0xe007f}};  // tags

bool is_hidden(char32_t point) {
  return std::ranges::any_of(
      kHidden, [point](const Range& r) { return r.first <= point && point <= r.last; });
}

/// `escape` gets each code point that is hidden; `broken` each byte that is no UTF-8.
template <class Escape, class Broken>
std::string shown(std::string_view text, Escape escape, Broken broken) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view rest = text;
    const auto point = take_code_point(text);
    if (!point) {
      broken(out, static_cast<std::uint8_t>(rest[0]));
      text.remove_prefix(1);
    } else if (is_hidden(*point)) {
      escape(out, static_cast<std::uint32_t>(*point));
    } else {
      out.append(rest.substr(0, rest.size() - text.size()));
    }
  }
  return out;
}

}  // namespace

std::optional<char32_t> take_code_point(std::string_view& text) {
  const std::size_t length = text.empty() ? 0 : utf8_length(text);
  if (length == 0) return std::nullopt;
  const auto lead = static_cast<std::uint8_t>(text[0]);
  char32_t point = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i)
    point = (point << 6) | (static_cast<std::uint8_t>(text[i]) & 0x3fu);
  text.remove_prefix(length);
  return point;
}

std::string printable(std::string_view text) {
  return shown(
      text, [](std::string& out, std::uint32_t point) { out += fmt::format("\\u{{{:x}}}", point); },
      [](std::string& out, std::uint8_t byte) { out += fmt::format("\\x{{{:x}}}", byte); });
}

std::string printable_json(std::string_view json) {
  return shown(
      json,
      [](std::string& out, std::uint32_t point) {
        if (point == '\t' || point == '\n' || point == '\r') {
          out.push_back(' ');  // in a string they do not stand as they are (RFC 8259, section 7)
          return;
        }
        if (point <= 0xffff) {
          out += fmt::format("\\u{:04x}", point);
          return;
        }
        const std::uint32_t rest = point - 0x10000;  // a pair of surrogates (RFC 8259, section 7)
        out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
      },
      [](std::string& out, std::uint8_t) { out.append("\\ufffd"); });
}

}  // namespace relais
