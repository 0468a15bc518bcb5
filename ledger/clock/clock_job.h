// The events that time brings: signed by the ledger's own key, one cause each, and submitted like
// every other act. A process beside the log; replay never comes here.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/page.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/ledger.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::clock {

using rules::DueDeadline;

/// The statement that a passed deadline calls for. A function of the deadline alone (id, time,
/// bytes), so that a clock that runs twice, or after a crash, makes the same statement, which the
/// ledger takes once.
Result<std::string> clock_statement(const DueDeadline& due, const rules::Registry& registry,
                                    const crypto::SigningKey& system);

/// The statements to submit for these deadlines, which are in order of due time: the earliest of
/// each stream, since what it brings may change what the stream's others mean.
Result<std::vector<log::Submission>> clock_group(const std::vector<DueDeadline>& due,
                                                 const rules::Registry& registry,
                                                 const crypto::SigningKey& system);

/// Reads, from a head's records, the deadlines with an effect that are due before `until`, in order
/// of due time, from `cursor` on.
using DueReader = std::function<Page<DueDeadline>(const RecordSource& records, Timestamp until,
                                                  std::string_view cursor, std::size_t limit)>;

struct ClockRun {
  std::uint64_t signed_events = 0;
  std::vector<Error> refused;  ///< what the rules refused, for the operator; at most 100
};

/// Signs and submits everything that has come due by the ledger's clock, in order of due time,
/// until nothing more is. After a long stop it catches up. One thread at a time. Rule
/// "records-damaged" where the deadlines cannot be read.
Result<ClockRun> run_clock(log::Ledger& ledger, const crypto::SigningKey& system,
                           const DueReader& read_due);

}  // namespace relais::clock
