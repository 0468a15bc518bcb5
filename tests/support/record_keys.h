// Keys of records, for tests of what keeps them in order.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <utility>

namespace relais::tests {

/// Keys that differ late, that are prefixes of each other, and that hold zero bytes.
inline rc::Gen<std::string> record_keys() {
  const auto byte = rc::gen::element('\0', 'a', '\xff');
  return rc::gen::apply(
      [](bool shared, std::string tail) {
        return shared ? "a shared beginning" + tail : std::move(tail);
      },
      rc::gen::arbitrary<bool>(),
      rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 4),
                      [byte](std::size_t n) { return rc::gen::container<std::string>(n, byte); }));
}

}  // namespace relais::tests
