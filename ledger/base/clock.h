// Time and randomness are given from outside: nothing below the program's main reads a clock
// (docs/CONTRIBUTING.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ledger/base/id.h"

namespace relais {

/// Thread-safe source of the present time.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

/// Thread-safe source of random bytes.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

/// A clock that stands still until it is set; for tests, scenarios and generated workloads. Not
/// thread-safe while set.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_(start) {}
  Timestamp now() const override { return now_; }
  void set(Timestamp t) { now_ = t; }
  void advance_ms(std::int64_t ms) { now_.value += ms; }

 private:
  Timestamp now_;
};

/// Parses an RFC 3339 date-time (upper-case T and Z, seconds required, any number of fraction
/// digits, offset -23:59 to +23:59). Years 1970 to 9999, as written and in UTC. Truncates to
/// milliseconds. No second 60, which RFC 3339 has for leap seconds: what is signed stays for ever,
/// and Go, Node and Python refuse it.
std::optional<Timestamp> parse_rfc3339(std::string_view text);
/// "2026-11-24T16:00:00.000Z"; the fraction is left out when it is zero.
std::string to_rfc3339(Timestamp t);

/// A day of the calendar, as days since 1970-01-01.
using Day = Strong<struct DayTag, std::int32_t>;
/// Parses "2026-11-24"; impossible days are refused.
std::optional<Day> parse_date(std::string_view text);
std::string to_date(Day d);

/// A new UUIDv7 (RFC 9562, section 5.7) for the given time.
Uuid make_uuid7(Timestamp now, Random& random);

}  // namespace relais
