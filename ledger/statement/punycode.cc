#include "ledger/statement/punycode.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace relais::statement {
namespace {

// RFC 3492, section 5.
constexpr std::uint32_t kBase = 36, kTMin = 1, kTMax = 26, kSkew = 38, kDamp = 700;
constexpr std::uint32_t kFirstBias = 72, kFirstCode = 0x80, kLastCode = 0x10ffff;
constexpr std::size_t kMaxLabel = 63;  // RFC 1035, section 2.3.4

/// Nothing where it is no digit.
std::optional<std::uint32_t> digit_of(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a');
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0') + 26;
  return std::nullopt;
}

std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
  delta /= first ? kDamp : 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > (kBase - kTMin) * kTMax / 2; k += kBase) delta /= kBase - kTMin;
  return k + (kBase - kTMin + 1) * delta / (delta + kSkew);
}

/// The next number of a variable length, which is taken off the front (section 3.3).
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t bias) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t value = 0;
  std::uint64_t weight = 1;
  for (std::uint32_t k = kBase;; k += kBase) {
    if (text.empty()) return std::nullopt;
    const auto digit = digit_of(text.front());
    text.remove_prefix(1);
    if (!digit) return std::nullopt;
    value += *digit * weight;
    if (value > kMost) return std::nullopt;
    const std::uint32_t t = k <= bias ? kTMin : std::min(k - bias, kTMax);
    if (*digit < t) return static_cast<std::uint32_t>(value);
    weight *= kBase - t;
    if (weight > kMost) return std::nullopt;
  }
}

/// Each stands for itself in all the tables. Left out: the sharp s and the final sigma, which some
/// map and some keep; ligatures and the other letters that are mapped.
bool is_letter(char32_t c) {
  constexpr struct {
    char32_t first, last;
  } kRanges[] = {{0xe0, 0xf6}, {0xf8, 0xff}, {0x3ac, 0x3c1}, {0x3c3, 0x3ce}, {0x430, 0x45f}};
  if (std::ranges::any_of(kRanges, [c](const auto& r) { return c >= r.first && c <= r.last; }))
    return true;
  constexpr std::u32string_view kLatinExtended =  // U+0100 to U+017E, the small ones
      U"\u0101\u0103\u0105\u0107\u0109\u010b\u010d\u010f\u0111\u0113\u0115\u0117\u0119\u011b\u011d"
      U"\u011f\u0121\u0123\u0125\u0127\u0129\u012b\u012d\u012f\u0131\u0135\u0137\u0138\u013a\u013c"
      U"\u013e\u0142\u0144\u0146\u0148\u014b\u014d\u014f\u0151\u0153\u0155\u0157\u0159\u015b\u015d"
      U"\u015f\u0161\u0163\u0165\u0167\u0169\u016b\u016d\u016f\u0171\u0173\u0175\u0177\u017a\u017c"
      U"\u017e";
  return kLatinExtended.find(c) != std::u32string_view::npos;
}

bool is_ascii_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

std::optional<std::u32string> decode_punycode(std::string_view text) {
  std::u32string out;
  if (const std::size_t dash = text.rfind('-'); dash != std::string_view::npos) {
    if (dash == 0) return std::nullopt;  // an encoder writes none before nothing
    for (const char c : text.substr(0, dash))
      out.push_back(static_cast<char32_t>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c));
    text.remove_prefix(dash + 1);
  }
  bool first = true;
  std::uint64_t code = kFirstCode;
  std::uint32_t bias = kFirstBias;
  std::uint64_t place = 0;
  while (!text.empty()) {
    const auto delta = take_number(text, bias);
    if (!delta || out.size() >= kMaxLabel) return std::nullopt;
    const std::uint64_t points = out.size() + 1;
    bias = adapt(*delta, static_cast<std::uint32_t>(points), std::exchange(first, false));
    place += *delta;
    code += place / points;
    if (code > kLastCode) return std::nullopt;
    place %= points;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(place++), static_cast<char32_t>(code));
  }
  return out;
}

bool is_idn_label(std::string_view label) {
  constexpr std::size_t kPrefix = 4;  // "xn--"
  if (label.size() > kMaxLabel) return false;
  const auto decoded = decode_punycode(label.substr(kPrefix));
  if (!decoded || decoded->empty() || decoded->front() == U'-' || decoded->back() == U'-')
    return false;
  if (decoded->substr(0, kPrefix).ends_with(U"--") && decoded->size() >= kPrefix) return false;
  return std::ranges::any_of(*decoded, is_letter) && std::ranges::all_of(*decoded, [](char32_t c) {
           return is_ascii_letter(c) || is_letter(c);
         });
}

}  // namespace relais::statement
