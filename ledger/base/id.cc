#include "ledger/base/id.h"

namespace relais {
namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int n = nibble(text[i]);
    if (n < 0) return std::nullopt;
    std::uint64_t& half = digits < 16 ? id.high : id.low;
    half = (half << 4) | static_cast<std::uint64_t>(n);
    ++digits;
  }
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
  append_be(out, id.high);
  append_be(out, id.low);
}

Uuid load_uuid(std::string_view b) {
  return Uuid{load_be<std::uint64_t>(b), load_be<std::uint64_t>(b.substr(8))};
}

}  // namespace relais
