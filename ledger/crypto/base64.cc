// Read and written by arithmetic alone: no branch and no address depends on what a text says, so
// that the time a key takes does not tell it, and compilers work on a vector of characters at once.
#include "ledger/crypto/base64.h"

#include <string.h>
#include <algorithm>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "ledger/base/bytes.h"

namespace relais::crypto {
namespace {

/// Sixteen characters, or what they stand for. A compiler has no such vector by itself here: it
/// makes a choice of each comparison.
using Lanes = std::uint8_t __attribute__((vector_size(16)));

constexpr std::size_t kBlock = 64;  // characters that are read at once: 48 bytes
constexpr std::size_t kBlockBytes = kBlock / 4 * 3;
using Block = std::array<char, kBlock>;

/// The two letters in which the alphabets of RFC 4648 differ.
struct Letters {
  std::uint8_t of62;
  std::uint8_t of63;
};
constexpr Letters kStandard{'+', '/'};
constexpr Letters kUrl{'-', '_'};

/// 0xff where a character is in the range, 0 elsewhere.
Lanes within(Lanes c, std::uint8_t low, std::uint8_t high) {
  return reinterpret_cast<Lanes>((c >= Lanes{} + low) & (c <= Lanes{} + high));
}

/// The characters become their six bits; gives 0 where all are letters.
std::uint8_t read_sixes(Block& block, Letters letters) {
  Lanes wrong{};
  for (std::size_t at = 0; at < kBlock; at += sizeof(Lanes)) {
    Lanes c;
    std::memcpy(&c, block.data() + at, sizeof c);
    const Lanes upper = within(c, 'A', 'Z');
    const Lanes lower = within(c, 'a', 'z');
    const Lanes digit = within(c, '0', '9');
    const Lanes last = within(c, letters.of62, letters.of62);
    const Lanes very_last = within(c, letters.of63, letters.of63);
    wrong |= ~(upper | lower | digit | last | very_last);
    const Lanes six = (upper & (c - 'A')) | (lower & (c - ('a' - 26))) |
                      (digit & (c + (52 - '0'))) | (last & 62) | (very_last & 63);
    std::memcpy(block.data() + at, &six, sizeof six);
  }
  std::uint8_t any = 0;
  for (std::size_t lane = 0; lane < sizeof(Lanes); ++lane) any |= wrong[lane];
  return any;
}

/// Six bytes of each eight characters.
void pack(const Block& sixes, std::span<char, kBlockBytes> out) {
  for (std::size_t i = 0, o = 0; i < kBlock; i += 8, o += 6) {
    auto bits = load_be<std::uint64_t>(std::string_view(sixes.data() + i, 8));
    bits = (bits & 0x003f003f003f003f) | ((bits & 0x3f003f003f003f00) >> 2);
    bits = (bits & 0x00000fff00000fff) | ((bits & 0x0fff00000fff0000) >> 4);
    bits = (bits & 0x0000000000ffffff) | ((bits & 0x00ffffff00000000) >> 8);
    for (std::size_t byte = 0; byte < 6; ++byte)
      out[o + byte] = static_cast<char>(bits >> (40 - 8 * byte));
  }
}

/// Text without padding. Bits behind the last whole byte must be zeros: bytes have one text.
std::optional<std::string> decode(std::string_view text, Letters letters) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes(text.size() * 3 / 4, '\0');
  std::uint8_t wrong = 0;
  Block block;
  char* out = bytes.data();
  for (; text.size() >= kBlock; text.remove_prefix(kBlock), out += kBlockBytes) {
    std::copy_n(text.begin(), kBlock, block.begin());
    wrong |= read_sixes(block, letters);
    pack(block, std::span<char, kBlockBytes>(out, kBlockBytes));
  }
  block.fill('A');  // zeros
  std::ranges::copy(text, block.begin());
  wrong |= read_sixes(block, letters);
  std::array<char, kBlockBytes> last;
  pack(block, last);
  const std::size_t left = text.size() * 3 / 4;
  std::copy_n(last.begin(), left, out);
  if (text.size() % 4 != 0) wrong |= static_cast<std::uint8_t>(last[left]);
  ::explicit_bzero(block.data(), block.size());  // it may have been a key, or what was disclosed
  ::explicit_bzero(last.data(), last.size());
  return wrong == 0 ? std::optional(std::move(bytes)) : std::nullopt;
}

/// The letter of six bits.
char letter(std::uint32_t six, Letters letters) {
  const auto in = [six](std::uint32_t low, std::uint32_t high) {
    return 0U - static_cast<std::uint32_t>(six >= low && six <= high);
  };
  return static_cast<char>((in(0, 25) & (six + 'A')) | (in(26, 51) & (six + 'a' - 26)) |
                           (in(52, 61) & (six + '0' - 52)) | (in(62, 62) & letters.of62) |
                           (in(63, 63) & letters.of63));
}

std::string encode(std::string_view bytes, Letters letters) {
  std::string text((bytes.size() * 4 + 2) / 3, '\0');
  const auto byte = [&](std::size_t i) {
    return i < bytes.size() ? std::uint32_t{static_cast<std::uint8_t>(bytes[i])} : 0U;
  };
  for (std::size_t i = 0, o = 0; o < text.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0 && o < text.size(); shift -= 6)
      text[o++] = letter((bits >> shift) & 0x3f, letters);
  }
  return text;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  return encode(bytes, kUrl);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode(text, kUrl);
}

std::string base64_encode(std::string_view bytes) {
  std::string text = encode(bytes, kStandard);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t end = text.find_last_not_of('=') + 1;  // 0 where there is nothing else
  if (text.size() - end > 2) return std::nullopt;
  return decode(text.substr(0, end), kStandard);
}

}  // namespace relais::crypto
