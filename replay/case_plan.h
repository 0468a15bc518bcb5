// Internal to replay/generate: the life of one made-up case as a list of acts in order of time.
#pragma once

#include <cstdint>
#include <vector>

#include "replay/generate.h"

namespace relais::replay {

/// Numbers from a seed, with the shapes that a workload needs.
class Dice {
 public:
  /// A sequence of its own for each pair.
  Dice(std::uint64_t seed, std::uint64_t stream);
  std::uint64_t next();  ///< any 64 bits (splitmix64)
  double unit();         ///< [0, 1)
  bool chance(double p) { return unit() < p; }
  std::size_t below(std::size_t n);  ///< [0, n)
  double exponential(double mean);
  /// Position drawn with these weights.
  std::size_t weighted(const std::vector<double>& weights);

 private:
  std::uint64_t state_;
};

/// Office hours: weekdays 08:30 to 18:30 UTC. Time in them as hours since 1970.
Timestamp from_office_hours(double hours);
double to_office_hours(Timestamp t);  ///< out of hours: the next opening
inline constexpr double kOfficeHoursADay = 10;

/// Who may be given a part.
struct Parts {
  std::vector<std::size_t> missions;  ///< positions in the cast
  std::vector<std::size_t> associations;
};

/// The acts of case `number`, which arrives at `arrival`, as far as they lie before `end`.
std::vector<PlannedEvent> plan_case(const Cast& cast, const Parts& parts, std::uint64_t seed,
                                    std::uint64_t number, Timestamp arrival, Timestamp end);

}  // namespace relais::replay
