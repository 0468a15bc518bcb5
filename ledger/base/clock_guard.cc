#include "ledger/base/clock_guard.h"

#include <time.h>

#include <algorithm>
#include <cstdlib>

namespace relais {

std::int64_t BootClock::elapsed_ms() const {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000 + t.tv_nsec / 1'000'000;
}

std::string_view to_string(ClockState s) {
  switch (s) {
    case ClockState::agrees:
      return "agrees";
    case ClockState::behind_log:
      return "behind-log";
    case ClockState::leapt:
      return "leapt";
    case ClockState::unconfirmed:
      return "unconfirmed";
  }
  return "";
}

ClockGuard::ClockGuard(const Clock& machine, const ElapsedClock& elapsed)
    : machine_(machine),
      elapsed_(elapsed),
      offset_ms_(machine.now().value - elapsed.elapsed_ms()),
      looked_at_ms_(elapsed.elapsed_ms()) {}

std::int64_t ClockGuard::drift_ms() const {
  return machine_.now().value - elapsed_.elapsed_ms() - offset_ms_;
}

std::int64_t ClockGuard::leap_ms() const {
  const std::int64_t drift = drift_ms();
  return std::abs(drift) > kLeapMs ? drift : 0;
}

Timestamp ClockGuard::now() const {
  const Timestamp machine = machine_.now();
  const std::int64_t expected = elapsed_.elapsed_ms() + offset_ms_;
  return std::abs(machine.value - expected) > kLeapMs ? Timestamp{expected} : machine;
}

bool ClockGuard::begin(Timestamp last_received, bool doubted) {
  if (begun_.exchange(true)) return false;
  const bool silent = last_received.value > 0 && now().value - last_received.value > kSilenceMs;
  unconfirmed_ = silent || doubted;
  look(last_received);
  return true;
}

void ClockGuard::hear(SignatoryId who, Timestamp signed_at) {
  const std::int64_t machine = machine_.now().value;
  const std::int64_t leap = leap_ms();
  if (leap == 0 || std::abs(signed_at.value - machine) > kHeardMs) return;
  const std::lock_guard lock(heard_mutex_);
  // What was said of another leap says nothing of this one.
  if (!heard_ || heard_->who == who || std::abs(heard_->leap_ms - leap) > kLeapMs) {
    heard_ = Heard{who, leap};
    return;
  }
  heard_.reset();
  unconfirmed_ = true;
  offset_ms_ = machine - elapsed_.elapsed_ms();
}

/// Small steps, one after the other, are a leap too: what is followed in all is bounded.
void ClockGuard::follow(std::int64_t drift) {
  const std::int64_t now = elapsed_.elapsed_ms();
  const std::int64_t passed = now - looked_at_ms_.exchange(now);
  const std::int64_t most = std::min(kLeapMs, allowance_ms_ + passed / kAdjustmentPart);
  if (std::abs(drift) > kLeapMs) {
    allowance_ms_ = most;
    return;
  }
  const std::int64_t step = std::clamp(drift, -most, most);
  offset_ms_ += step;
  allowance_ms_ = most - std::abs(step);
}

void ClockGuard::look(Timestamp last_received) {
  if (leap_ms() == 0) forget_heard();
  follow(drift_ms());
  const std::int64_t behind = last_received.value - now().value;
  behind_ms_ = behind > kBehindMs ? behind : 0;
}

void ClockGuard::forget_heard() {
  const std::lock_guard lock(heard_mutex_);
  heard_.reset();
}

void ClockGuard::confirm() {
  forget_heard();
  offset_ms_ = machine_.now().value - elapsed_.elapsed_ms();
  unconfirmed_ = false;
}

ClockState ClockGuard::state() const {
  if (leap_ms() != 0) return ClockState::leapt;
  if (behind_ms_ != 0) return ClockState::behind_log;
  return unconfirmed_ ? ClockState::unconfirmed : ClockState::agrees;
}

}  // namespace relais
