// Which cells of a column of counts must be hidden, so that no count of a few persons can be read
// or computed (docs/DOMAIN.md, section 4).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace relais::projections {

struct Suppression {
  std::vector<bool> cells;  ///< true: hidden; as many as were given
  bool total = false;
  bool operator==(const Suppression&) const = default;
};

/// `cells` are all cells of the column, zeros included; their sum is the total, which is shown with
/// them. A count from 1 to `threshold` - 1 is small.
///
/// A small total is hidden, with every cell. Where a cell is small, every cell under the threshold
/// is hidden, zeros included; and then the largest others, one at least, until what the total
/// leaves over, less the least that the large hidden ones can be (the largest shown one), is no
/// small count either. The reader is taken to know this rule; the threshold is 3 at least.
Suppression suppress(std::span<const std::uint64_t> cells, std::uint64_t threshold);

}  // namespace relais::projections
