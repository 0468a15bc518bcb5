// Bytes are std::string (owned) and std::string_view (borrowed) throughout: what RocksDB, JSON and
// HTTP speak.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace relais {

/// A SHA-256 digest, a Merkle node, an Ed25519 public key: 32 bytes.
using Hash = std::array<std::uint8_t, 32>;

inline std::string_view view(const Hash& h) {
  return {reinterpret_cast<const char*>(h.data()), h.size()};
}

template <class U>
void append_be(std::string& out, U value) {
  for (int shift = static_cast<int>(sizeof(U) - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((value >> shift) & 0xff));
}

/// Reads sizeof(U) big-endian bytes; the caller has checked that they are there.
template <class U>
U load_be(std::string_view in) {
  U value = 0;
  for (std::size_t i = 0; i < sizeof(U); ++i)
    value = static_cast<U>((value << 8) | static_cast<std::uint8_t>(in[i]));
  return value;
}

/// Copies exactly 32 bytes; the caller has checked the size.
inline Hash to_hash(std::string_view in) {
  Hash h;
  std::memcpy(h.data(), in.data(), h.size());
  return h;
}

std::string to_hex(std::string_view bytes);

}  // namespace relais
