#include "projections/suppression.h"

#include <algorithm>
#include <numeric>

namespace relais::projections {

Suppression suppress(std::span<const std::uint64_t> cells, std::uint64_t threshold) {
  const auto small = [threshold](std::uint64_t n) { return n > 0 && n < threshold; };
  Suppression out{std::vector<bool>(cells.size()), false};
  const std::uint64_t total = std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
  out.total = small(total);
  if (std::ranges::none_of(cells, small)) return out;

  std::vector<std::size_t> largest_first(cells.size());
  std::iota(largest_first.begin(), largest_first.end(), std::size_t{0});
  std::ranges::stable_sort(largest_first, std::ranges::greater{},
                           [&](std::size_t i) { return cells[i]; });
  std::uint64_t hidden = 0;  // persons
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] >= threshold) continue;
    out.cells[i] = true;
    hidden += cells[i];
  }
  std::uint64_t large_hidden = 0;
  for (const std::size_t i : largest_first) {
    const std::uint64_t largest_shown = cells[i];
    if (largest_shown < threshold) break;  // all cells are hidden
    if (large_hidden > 0 && hidden - large_hidden * largest_shown >= threshold) break;
    out.cells[i] = true;
    hidden += cells[i];
    ++large_hidden;
  }
  return out;
}

}  // namespace relais::projections
