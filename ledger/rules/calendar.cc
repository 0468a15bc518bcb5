#include "ledger/rules/calendar.h"

#include <chrono>

#include "ledger/rules/law.h"

namespace relais::rules {
namespace {

using namespace std::chrono;

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

year_month_day date_of(Day d) {
  return year_month_day{sys_days{days{d.value}}};
}

Day day_number(sys_days d) {
  return Day{static_cast<std::int32_t>(d.time_since_epoch().count())};
}

/// When summer time begins and ends in a year, in milliseconds since the epoch.
std::int64_t change_ms(int y, month m) {
  const sys_days last_sunday{year{y} / m / Sunday[last]};
  return last_sunday.time_since_epoch().count() * kDayMs + kHourMs;
}

/// Europe/Paris is one hour ahead of UTC, two in summer.
std::int64_t offset_ms(std::int64_t utc_ms) {
  const sys_days day = floor<days>(sys_time<milliseconds>{milliseconds{utc_ms}});
  const int y = static_cast<int>(year_month_day{day}.year());
  const bool summer = utc_ms >= change_ms(y, March) && utc_ms < change_ms(y, October);
  return summer ? 2 * kHourMs : kHourMs;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

}  // namespace

Day legal_day(Timestamp t) {
  return Day{static_cast<std::int32_t>(floor_div(t.value + offset_ms(t.value), kDayMs))};
}

Timestamp start_of(Day d) {
  const std::int64_t local = d.value * kDayMs;
  // Summer time changes at 02:00 or 03:00 local time, never at midnight: the offset just before
  // holds at the day's start.
  return Timestamp{local - offset_ms(local - 2 * kHourMs)};
}

Day add_months(Day d, int months_later) {
  const year_month_day from = date_of(d);
  const year_month to = year_month{from.year(), from.month()} + months{months_later};
  const year_month_day same = to / from.day();
  return day_number(same.ok() ? sys_days{same} : sys_days{to / last});
}

Day easter(int y) {
  // The anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
  const int a = y % 19, b = y / 100, c = y % 100;
  const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int n = h + l - 7 * m + 114;
  return day_number(sys_days{year{y} / (n / 31) / (n % 31 + 1)});
}

bool is_public_holiday(Day d) {
  const year_month_day date = date_of(d);
  const unsigned m = static_cast<unsigned>(date.month());
  const unsigned day = static_cast<unsigned>(date.day());
  const unsigned key = m * 100 + day;
  for (const unsigned fixed : {101U, 501U, 508U, 714U, 815U, 1101U, 1111U, 1225U})
    if (key == fixed) return true;
  const std::int32_t after_easter = d.value - easter(static_cast<int>(date.year())).value;
  return after_easter == 1 || after_easter == 39 || after_easter == 50;
}

bool is_working_day(Day d) {
  const weekday w{sys_days{days{d.value}}};
  return w != Saturday && w != Sunday && !is_public_holiday(d);
}

Day add_working_days(Day d, int n) {
  while (n > 0) {
    d = add_days(d, 1);
    if (is_working_day(d)) --n;
  }
  return d;
}

Day last_day_of_appeal(Day notified_on) {
  // Conseil d'État, 5 Oct 2018, no. 409579 (délai franc); 19 Sept 2014, no. 362568 (prolonged to
  // the next working day, and the same for a gracious appeal).
  const Day last = add_days(add_months(notified_on, law::kAppeal.months()), 1);
  return is_working_day(last) ? last : add_working_days(last, 1);
}

}  // namespace relais::rules
