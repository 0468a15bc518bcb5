// The events that time brings: signed by the ledger's own key, one cause each. Replay never comes
// here; what the clock did is in the log like every other act.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/ledger.h"
#include "projections/read.h"

namespace relais::projections {

/// The statement that a passed deadline calls for. A function of the deadline alone (id, time,
/// bytes), so that a clock that runs twice, or after a crash, makes the same statement, which the
/// ledger takes once.
Result<std::string> clock_statement(const DeadlineItem& due, const rules::Registry& registry,
                                    const crypto::SigningKey& system);

/// The statements to submit for these deadlines, which are in order of due time: the earliest of
/// each stream, since what it brings may change what the stream's others mean.
Result<std::vector<log::Submission>> clock_group(const std::vector<DeadlineItem>& due,
                                                 const rules::Registry& registry,
                                                 const crypto::SigningKey& system);

struct ClockRun {
  std::uint64_t signed_events = 0;
  std::vector<Error> refused;  ///< what the rules refused, for the operator; at most 100
};

/// Signs and submits everything that has come due by the ledger's clock, in order of due time,
/// until nothing more is. After a long stop it catches up. One thread at a time.
Result<ClockRun> run_clock(log::Ledger& ledger, const crypto::SigningKey& system);

}  // namespace relais::projections
