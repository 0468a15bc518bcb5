// A workload of any size with realistic proportions and timings: cases arrive at random in office
// hours, are assessed, reported, referred, supported, closed, and some come back; some adults enter
// a parcours de sortie; the partnership trains, meets and says what room it has. A function of the
// seed. Memory holds the cases under way, whatever the size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/log/ledger.h"
#include "replay/story/actors.h"

namespace relais::replay {

struct WorkloadOptions {
  std::uint64_t cases = 1'000;
  std::uint64_t seed = 1;
  Timestamp start;       ///< the first case arrives after this
  int days = 730;        ///< what would happen later is left out
  unsigned threads = 1;  ///< that sign and check
  /// The ledger's clock runs beside the workload. Without it nothing is planned that depends on the
  /// day of receipt: no parcours, no agréments, nothing that follows from an expiry.
  bool clock = true;
};

/// One act to come.
struct PlannedEvent {
  Timestamp time;
  std::uint64_t case_number = 0;
  std::uint64_t number = 0;  ///< within its case
  std::size_t actor = 0;     ///< position in the cast
  std::string event;         ///< CloudEvent JSON, id and time included
};

/// The acts of all cases in order of time. Holds only the cases that are under way in memory.
class Workload {
 public:
  Workload(const Cast& cast, const WorkloadOptions& options);
  ~Workload();
  /// At most `limit` acts that lie within `span_ms` of the first; empty at the end.
  std::vector<PlannedEvent> next(std::size_t limit, std::int64_t span_ms);
  /// Cases that have begun.
  std::uint64_t cases_begun() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Signs acts on `threads` threads. Salts depend on the seed, the case and the number of the act
/// only.
Result<std::vector<std::string>> sign_all(const std::vector<PlannedEvent>& events, const Cast& cast,
                                          std::uint64_t seed, unsigned threads);

struct GenerateReport {
  std::uint64_t cases = 0;
  std::uint64_t events = 0;  ///< those that the clock signed included
};
using GenerateProgress = std::function<void(std::uint64_t cases, std::uint64_t of)>;

/// Makes a ledger in `data` and fills it through the real admission; the ledger's clock runs once a
/// day of the workload. Every statement must be accepted; the first that is not is the error.
Result<GenerateReport> generate_ledger(const std::filesystem::path& data,
                                       const log::Genesis& genesis, const Cast& cast,
                                       const WorkloadOptions& options,
                                       const log::ModelFactory& factory,
                                       const GenerateProgress& progress);

/// Hands out the signed statements in order, one at a time, without a ledger: they can be sent on
/// any day (WorkloadOptions::clock is off).
Result<GenerateReport> generate_statements(const Cast& cast, const WorkloadOptions& options,
                                           const std::function<Status(const std::string&)>& take,
                                           const GenerateProgress& progress);

}  // namespace relais::replay
