#include "ledger/base/id.h"

#include <array>

namespace relais {
namespace {

constexpr std::uint8_t kNoDigit = 0xff;

/// Value of a hexadecimal digit by its character; kNoDigit for any other.
constexpr std::array<std::uint8_t, 256> kHexDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::uint8_t n = 0; n < 10; ++n) digits[static_cast<std::size_t>('0') + n] = n;
  for (std::uint8_t n = 10; n < 16; ++n) {
    digits[static_cast<std::size_t>('a') + n - 10] = n;
    digits[static_cast<std::size_t>('A') + n - 10] = n;
  }
  return digits;
}();

/// Appends the digits of a part to `half`; gives kNoDigit where one is none.
std::uint8_t take_digits(std::string_view part, std::uint64_t& half) {
  std::uint8_t seen = 0;
  for (const char c : part) {
    const std::uint8_t digit = kHexDigits[static_cast<std::uint8_t>(c)];
    seen |= digit;
    half = (half << 4) | (digit & 0xfU);
  }
  return seen > 0xf ? kNoDigit : 0;
}

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return std::nullopt;
  Uuid id;
  const std::uint8_t wrong =
      take_digits(text.substr(0, 8), id.high) | take_digits(text.substr(9, 4), id.high) |
      take_digits(text.substr(14, 4), id.high) | take_digits(text.substr(19, 4), id.low) |
      take_digits(text.substr(24), id.low);
  if (wrong != 0) return std::nullopt;
  return id;
}

std::string to_string(const Uuid& id) {
  std::string bytes;
  append_uuid(bytes, id);
  const std::string hex = to_hex(bytes);
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out.push_back('-');
    out.push_back(hex[i]);
  }
  return out;
}

void append_uuid(std::string& out, const Uuid& id) {
  std::array<char, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(id.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<char>(id.low >> (56 - 8 * i));
  }
  out.append(bytes.data(), bytes.size());
}

Uuid load_uuid(std::string_view b) {
  return Uuid{load_be<std::uint64_t>(b), load_be<std::uint64_t>(b.substr(8))};
}

}  // namespace relais
