// JSON that is read, looked at and forgotten.
#pragma once

#include <string.h>

#include <array>
#include <boost/json/storage_ptr.hpp>
#include <cstddef>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/json.h"

namespace relais::json {

/// Room for values on the stack, which may be what somebody disclosed: nothing is left behind.
template <std::size_t N>
struct Room {
  std::array<unsigned char, N> bytes;
  Room() = default;
  ~Room() { ::explicit_bzero(bytes.data(), bytes.size()); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
};

/// As parse(). The value stands in `memory`, which outlives it.
Result<value> parse(std::string_view text, const boost::json::storage_ptr& memory);

}  // namespace relais::json
