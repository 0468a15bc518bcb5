#include "ledger/base/clock.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "ledger/base/time_range.h"

namespace relais {
namespace {

using namespace std::chrono;

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

std::optional<sys_days> parse_day(std::string_view text) {
  int y = 0, m = 0, d = 0;
  if (text.size() < 10 || !digits(text, 0, 4, y) || text[4] != '-' || !digits(text, 5, 2, m) ||
      text[7] != '-' || !digits(text, 8, 2, d))
    return std::nullopt;
  const year_month_day ymd{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
  if (!ymd.ok() || y < 1970) return std::nullopt;
  return sys_days{ymd};
}

/// Minutes east of UTC for "Z", "+hh:mm" or "-hh:mm" and nothing behind it.
std::optional<int> parse_offset(std::string_view text) {
  if (text == "Z") return 0;
  int h = 0, m = 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || !digits(text, 1, 2, h) ||
      text[3] != ':' || !digits(text, 4, 2, m) || h > 23 || m > 59)
    return std::nullopt;
  const int minutes = h * 60 + m;
  return text[0] == '-' ? -minutes : minutes;
}

}  // namespace

Timestamp SystemClock::now() const {
  return Timestamp{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  const auto day = parse_day(text);
  int h = 0, m = 0, s = 0;
  if (!day || text.size() < 20 || text[10] != 'T' || !digits(text, 11, 2, h) || text[13] != ':' ||
      !digits(text, 14, 2, m) || text[16] != ':' || !digits(text, 17, 2, s) || h > 23 || m > 59 ||
      s > 59)
    return std::nullopt;
  std::size_t at = 19;
  int ms = 0;
  if (text[at] == '.') {
    int weight = 100;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, weight /= 10)
      ms += weight * (text[at] - '0');
    if (at == first) return std::nullopt;
  }
  const auto offset = parse_offset(text.substr(at));
  if (!offset) return std::nullopt;
  const auto t = sys_time<milliseconds>{*day} + hours{h} + minutes{m - *offset} + seconds{s} +
                 milliseconds{ms};
  // The moment itself, too: the offset may lead out of the years that can be written again.
  const year_month_day utc{floor<days>(t)};
  if (utc.year() < year{1970} || utc.year() > year{9999}) return std::nullopt;
  return Timestamp{t.time_since_epoch().count()};
}

/// A year has four digits (RFC 3339, section 5.6): what lies outside is written as the first or the
/// last moment that can be. None is ever stored (ledger/base/time_range.h).
std::string to_rfc3339(Timestamp t) {
  constexpr sys_time<milliseconds> kYearZero = sys_days{year{0} / January / 1};
  const auto at = std::clamp(sys_time<milliseconds>{milliseconds{t.value}}, kYearZero,
                             sys_time<milliseconds>{milliseconds{kLastTime.value}});
  const auto day = floor<days>(at);
  const year_month_day ymd{day};
  const hh_mm_ss<milliseconds> tod{at - day};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(ymd.year()),
                                unsigned(ymd.month()), unsigned(ymd.day()), tod.hours().count(),
                                tod.minutes().count(), tod.seconds().count());
  if (tod.subseconds().count() != 0) out += fmt::format(".{:03}", tod.subseconds().count());
  return out + "Z";
}

std::optional<Day> parse_date(std::string_view text) {
  if (text.size() != 10) return std::nullopt;
  const auto day = parse_day(text);
  if (!day) return std::nullopt;
  return Day{static_cast<std::int32_t>(day->time_since_epoch().count())};
}

std::string to_date(Day d) {
  const year_month_day ymd{std::clamp(sys_days{days{d.value}}, sys_days{year{0} / January / 1},
                                      sys_days{year{9999} / December / 31})};
  return fmt::format("{:04}-{:02}-{:02}", int(ymd.year()), unsigned(ymd.month()),
                     unsigned(ymd.day()));
}

Uuid make_uuid7(Timestamp now, Random& random) {
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  Uuid id = load_uuid({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  id.high = (static_cast<std::uint64_t>(now.value) << 16) | 0x7000 | (id.high & 0x0fff);
  id.low = (id.low & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  return id;
}

}  // namespace relais
