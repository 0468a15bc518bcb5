// What clients may send in a simulation: the acts of some cases, signed once for all seeds, and the
// ledger that every seed begins with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/model.h"
#include "ledger/merkle/note.h"
#include "tests/simulation/disk.h"

namespace relais::simulation {

inline constexpr std::size_t kCases = 6;    ///< in which much happens
inline constexpr std::size_t kProbes = 64;  ///< that are opened and no more

/// One signed statement. Its place in the list names it.
struct Act {
  std::string jwt;
  std::vector<std::string> disclosures;
  std::string whole() const;  ///< as it is sent with what it discloses
  std::string bare() const { return jwt + "~"; }
};

struct Script {
  std::vector<Act> acts;
  /// Of each case: the places of its acts, in an order in which the rules take most of them.
  std::vector<std::vector<std::size_t>> cases;
  std::vector<std::size_t> probes;  ///< of cases that nothing else is of
  std::vector<Uuid> ids;            ///< of the cases, probes behind them
  Timestamp start;                  ///< no seed's clock begins before
};
Script make_script();

log::ModelFactory model_factory();

/// Where things are in a folder.
std::filesystem::path data_of(const Disk& disk);

/// Makes the ledger with its convention in force and its log of reads, in the disk's folder, and
/// gives its files.
Files make_template(const Disk& disk, const Script& script);

/// Numbers for libsodium from a seed, so that the same seed writes the same bytes.
void seed_sodium(std::uint64_t seed);

}  // namespace relais::simulation
