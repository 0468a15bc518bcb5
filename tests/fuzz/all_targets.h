// The targets of this program. RELAIS_FUZZ_CORE: those whose modules scripts/test builds with the
// sanitizers; RELAIS_FUZZ_REST: the others; otherwise all.
#pragma once

#include <vector>

#include "tests/fuzz/target.h"

namespace relais::fuzz {

inline std::vector<Target> all_targets() {
  std::vector<Target> all;
  const auto add = [&all](std::span<const Target> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
#ifndef RELAIS_FUZZ_REST
  add(text_targets());
  add(statement_targets());
  add(log_targets());
  add(http_targets());
#endif
#ifndef RELAIS_FUZZ_CORE
  add(record_targets());
  add(store_targets());
#endif
  return all;
}

inline const Target* find_target(std::string_view name) {
  static const std::vector<Target> all = all_targets();
  for (const Target& target : all)
    if (target.name == name) return &target;
  return nullptr;
}

}  // namespace relais::fuzz
