// Invariants that stay on in release builds. A broken one ends the process: a ledger that goes on
// with a wrong idea of itself is worse than one that stops.
#pragma once

#include <source_location>
#include <string_view>

namespace relais {

[[noreturn]] void check_failed(std::string_view what, std::source_location where);

/// Ends the process with `what` and the place when `ok` is false.
inline void check(bool ok, std::string_view what,
                  std::source_location where = std::source_location::current()) {
  if (!ok) [[unlikely]]
    check_failed(what, where);
}

}  // namespace relais
