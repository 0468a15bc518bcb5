// Ids as distinct types, so that an index is never taken for a version (docs/CONTRIBUTING.md).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/bytes.h"

namespace relais {

/// An integer that is only itself. `Tag` makes the type; `value` is the number.
template <class Tag, class Int>
struct Strong {
  using value_type = Int;
  Int value = 0;
  constexpr Strong() = default;
  constexpr explicit Strong(Int v) : value(v) {}
  constexpr auto operator<=>(const Strong&) const = default;
};

/// Position of an entry in the log, from 0 (RFC 6962 leaf index).
using LogIndex = Strong<struct LogIndexTag, std::uint64_t>;
/// Number of entries a tree covers.
using TreeSize = Strong<struct TreeSizeTag, std::uint64_t>;
/// Position of an event in its stream, from 1; 0 stands for "no event yet".
using StreamVersion = Strong<struct StreamVersionTag, std::uint32_t>;
/// Ordinal of a signatory in order of admission; 0 is the ledger's own system key.
using SignatoryId = Strong<struct SignatoryIdTag, std::uint16_t>;
/// Milliseconds since the Unix epoch.
using Timestamp = Strong<struct TimestampTag, std::int64_t>;

/// SHA-256 JWK thumbprint of a key (RFC 7638); its text form is base64url, 43 characters.
struct KeyId {
  Hash bytes{};
  auto operator<=>(const KeyId&) const = default;
};

/// RFC 9562 UUID. Text form: 36 characters with dashes, lower case where it is written.
struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Uuid&) const = default;
};

/// Parses the 36-character form in either case (RFC 9562, section 4).
std::optional<Uuid> parse_uuid(std::string_view text);
std::string to_string(const Uuid& id);
/// 16 big-endian bytes, as used in keys.
void append_uuid(std::string& out, const Uuid& id);
Uuid load_uuid(std::string_view sixteen_bytes);

struct UuidHash {
  std::size_t operator()(const Uuid& u) const {
    return static_cast<std::size_t>((u.high ^ (u.low * 0x9e3779b97f4a7c15ULL)) *
                                    0xff51afd7ed558ccdULL);
  }
};
struct KeyIdHash {
  std::size_t operator()(const KeyId& k) const {
    return static_cast<std::size_t>(load_be<std::uint64_t>(view(k.bytes)));
  }
};

}  // namespace relais
