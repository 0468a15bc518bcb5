#include "replay/workload/dice.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace relais::replay {
namespace {

constexpr std::int64_t kOpensMs = 8 * kMsAnHour + 30 * 60'000;
constexpr int kWeekdays = 5;
constexpr std::int64_t kFirstMondayDay = 4;  // 1970-01-05

// Ours. Each list is 1 on average.
constexpr double kMonths[] = {1.05, 1.0, 1.1, 0.95, 0.95, 1.1, 0.8, 0.55, 1.2, 1.2, 1.15, 0.95};
constexpr double kWeek[] = {1.15, 1.05, 1.0, 0.95, 0.85};

}  // namespace

Dice::Dice(std::uint64_t seed, std::uint64_t stream)
    : state_(seed * 0x9e37'79b9'7f4a'7c15ULL ^ stream * 0xd1b5'4a32'd192'ed03ULL) {
  next();
}

std::uint64_t Dice::next() {
  std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebULL;
  return z ^ (z >> 31);
}

double Dice::unit() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

std::size_t Dice::below(std::size_t n) {
  return static_cast<std::size_t>(next() % n);
}

double Dice::exponential(double mean) {
  return -std::log1p(-unit()) * mean;
}

double Dice::pause(double mean) {
  static const double kReached = -std::expm1(-kCut);
  return -std::log1p(-unit() * kReached) * mean;
}

std::size_t Dice::weighted(std::initializer_list<double> weights) {
  double left = unit() * std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t i = 0;
  for (const double w : weights) {
    if (left < w || i + 1 == weights.size()) return i;
    left -= w;
    ++i;
  }
  return 0;
}

Timestamp from_office_hours(double hours) {
  const auto day = static_cast<std::int64_t>(hours / kOfficeHoursADay);
  const double in_day = hours - static_cast<double>(day) * kOfficeHoursADay;
  const std::int64_t calendar = kFirstMondayDay + day / kWeekdays * 7 + day % kWeekdays;
  return Timestamp{calendar * kMsADay + kOpensMs + static_cast<std::int64_t>(in_day * kMsAnHour)};
}

double to_office_hours(Timestamp t) {
  const std::int64_t since = t.value - kFirstMondayDay * kMsADay;
  const std::int64_t day = since / kMsADay;
  const std::int64_t weekday = day % 7;
  const std::int64_t working_days =
      day / 7 * kWeekdays + std::min<std::int64_t>(weekday, kWeekdays);
  const auto days = static_cast<double>(working_days);
  if (weekday >= kWeekdays) return days * kOfficeHoursADay;
  const double in_day = static_cast<double>(since % kMsADay - kOpensMs) / kMsAnHour;
  return days * kOfficeHoursADay + std::min(std::max(in_day, 0.0), kOfficeHoursADay);
}

double season(double hours) {
  const Timestamp t = from_office_hours(hours);
  const std::string date = to_date(Day{static_cast<std::int32_t>(t.value / kMsADay)});
  std::size_t month = 0;
  std::from_chars(date.data() + 5, date.data() + 7, month);
  const auto weekday = static_cast<std::size_t>(hours / kOfficeHoursADay) % kWeekdays;
  return kMonths[month - 1] * kWeek[weekday];
}

}  // namespace relais::replay
