// One seed of the simulation: a ledger with its log of reads, its clients, its clock and its disk,
// step by step in one thread. What happens, and when, is drawn from the seed alone.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/ledger.h"
#include "ledger/reads/read_log.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/job_queue.h"
#include "tests/simulation/oracle.h"
#include "tests/simulation/read_oracle.h"
#include "tests/simulation/script.h"

namespace relais::simulation {

/// What is broken on purpose, to see that the simulation finds it.
enum class Sabotage : std::uint8_t {
  none,
  sync,  ///< the disk says that it has synced, and has not
  row,   ///< the projections lose a record
};

struct Totals {
  std::uint64_t seeds = 0, steps = 0, calls = 0, acknowledged = 0, refused = 0, erased = 0,
                by_clock = 0, reads = 0, cuts = 0, power_losses = 0, faults = 0, openings = 0,
                rebuilds = 0, purges = 0, verified = 0, trace = 0;
};

class Run {
 public:
  Run(Disk& disk, const Script& script, const Files& files, std::uint64_t seed, Sabotage sabotage);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  /// Throws Broken.
  void steps(std::uint64_t count);
  /// What happened so far, last step last.
  const std::vector<std::string>& story() const { return story_; }
  void add_to(Totals& totals) const;

 private:
  void step();
  void act();
  void tell(std::string what);

  // Clients.
  Request draw_request(std::size_t most);
  void send(std::size_t most);
  void submit(Request request, bool wait);
  void probe();
  void read();
  void take_turns();
  void run_jobs(std::size_t most);
  void hold_a_head();

  // Time, and what the server does by itself.
  void pass_time();
  void run_clock();
  void purge();
  void rebuild();

  // Its ends and beginnings.
  Status try_to_open();
  void open();
  void close();
  void stop();
  void restart();
  void recover();
  void arm();
  void check_all();
  void verify();

  Disk& disk_;
  const Script& script_;
  const Sabotage sabotage_;
  Dice dice_;
  JobQueue jobs_;
  ManualClock clock_;
  crypto::SeededRandom random_;
  Oracle oracle_;
  ReadOracle read_oracle_;
  Totals totals_;
  std::vector<std::string> story_;
  std::size_t next_probe_ = 0;
  std::array<std::size_t, kCases> next_{};  // of each case: what is sent next
  std::unique_ptr<log::Ledger> ledger_;
  std::unique_ptr<reads::ReadLog> reads_;
  std::shared_ptr<const log::Head> held_;  // by a reader that takes its time
};

}  // namespace relais::simulation
