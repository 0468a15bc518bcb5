// A clock that is not led astray: the machine's, checked against one that cannot be set.
//
// Times of receipt never go back, and effects of time are signed for ever. One statement taken
// while the machine's clock stood forty days ahead would leave every later one at that time, and
// would let a month's deadlines pass at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "ledger/base/clock.h"
#include "ledger/base/id.h"

namespace relais {

/// Thread-safe source of time that passed, suspension of the machine included; nobody can set it.
class ElapsedClock {
 public:
  virtual ~ElapsedClock() = default;
  virtual std::int64_t elapsed_ms() const = 0;
};

/// CLOCK_BOOTTIME.
class BootClock final : public ElapsedClock {
 public:
  std::int64_t elapsed_ms() const override;
};

/// Whether the machine's clock can be relied on.
enum class ClockState : std::uint8_t {
  agrees,
  behind_log,   ///< it stands before the last entry: times of receipt stay at that one's
  leapt,        ///< it was set while the program ran: time goes on as before the leap
  unconfirmed,  ///< it stands so far behind the last entry at the start that somebody has to look
};
std::string_view to_string(ClockState s);  ///< "behind-log"

/// Thread-safe.
class ClockGuard final : public Clock {
 public:
  static constexpr std::int64_t kLeapMs = 60'000;  ///< a leap; what is less is adjustment
  /// A hundredth of what passes may be adjusted, beside one leap's length: no oscillator is as
  /// wrong.
  static constexpr std::int64_t kAdjustmentPart = 100;
  static constexpr std::int64_t kBehindMs = 5'000;               ///< tolerated before it is told
  static constexpr std::int64_t kSilenceMs = 30LL * 86'400'000;  ///< of the log, that needs no look

  static constexpr std::int64_t kHeardMs = 5 * 60'000;  ///< how far apart two right clocks stand

  /// Both outlive it.
  ClockGuard(const Clock& machine, const ElapsedClock& elapsed);

  /// The machine's time; across a leap, the time before it and what has passed since.
  Timestamp now() const override;

  /// To be called when the log is open, and heard the first time: whether its last entry is
  /// unexpectedly old, or the clock was `doubted` when the program ended. Gives whether it was
  /// heard.
  bool begin(Timestamp last_received, bool doubted = false);
  /// To be called about once a second: follows small adjustments, and compares with the log.
  void look(Timestamp last_received);
  /// The machine's clock is right as it stands: an administrator has looked.
  void confirm();
  /// What a signatory has signed says what time it is. Where that is the machine's time and not
  /// that from before a leap, and another signatory has said so too, the machine was set right: it
  /// is followed, so that nobody is kept out, and stays unconfirmed. One alone moves no time.
  void hear(SignatoryId who, Timestamp signed_at);
  const Clock& machine() const { return machine_; }

  ClockState state() const;
  /// How far the machine's clock stands before the last entry, in ms; 0 where it does not.
  std::int64_t behind_ms() const { return behind_ms_; }
  /// How far it leapt, in ms; 0 where it did not.
  std::int64_t leap_ms() const;

 private:
  std::int64_t drift_ms() const;
  void follow(std::int64_t drift);
  void forget_heard();

  const Clock& machine_;
  const ElapsedClock& elapsed_;
  std::atomic<std::int64_t> offset_ms_;  // machine's time less elapsed time, where both agreed last
  std::atomic<std::int64_t> looked_at_ms_;
  std::atomic<std::int64_t> allowance_ms_{kLeapMs};  // of adjustments that are followed
  std::atomic<std::int64_t> behind_ms_{0};
  std::atomic<bool> unconfirmed_{false};
  std::atomic<bool> begun_{false};
  struct Heard {
    SignatoryId who;
    std::int64_t leap_ms = 0;
  };
  std::mutex heard_mutex_;
  std::optional<Heard> heard_;  // who first agreed with a leap
};

}  // namespace relais
