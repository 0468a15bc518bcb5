// Numbers from a seed with the shapes that a workload needs, and office hours.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "ledger/base/clock.h"

namespace relais::replay {

class Dice {
 public:
  /// A sequence of its own for each pair.
  Dice(std::uint64_t seed, std::uint64_t stream);
  std::uint64_t next();  ///< any 64 bits (splitmix64)
  double unit();         ///< [0, 1)
  bool chance(double p) { return unit() < p; }
  std::size_t below(std::size_t n);  ///< [0, n)
  double exponential(double mean);
  /// Exponential, cut off at kCut times the mean: what must come before a deadline of the clock
  /// comes before it.
  double pause(double mean);
  /// Position drawn with these weights.
  std::size_t weighted(std::initializer_list<double> weights);
  static constexpr double kCut = 4;

 private:
  std::uint64_t state_;
};

/// Office hours: weekdays 08:30 to 18:30 UTC. Time in them as hours since 1970.
Timestamp from_office_hours(double hours);
double to_office_hours(Timestamp t);  ///< out of hours: the next opening
inline constexpr double kOfficeHoursADay = 10;
inline constexpr std::int64_t kMsAnHour = 3'600'000;
inline constexpr std::int64_t kMsADay = 24 * kMsAnHour;

/// How busy this moment is, about 1 on average over a year: less in August, more in autumn, more on
/// Mondays than on Fridays.
double season(double hours);

}  // namespace relais::replay
