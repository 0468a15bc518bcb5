// A stored tree against the leaves that it should be of: every tile, and every signed checkpoint at
// the size that it names. Of the ledger's log and of the log of reads alike.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/log_keys.h"
#include "ledger/merkle/tile.h"
#include "ledger/merkle/tree.h"
#include "ledger/store/store.h"

namespace relais::tiles {

/// The error of everything that does not hold: "verify-RULE", with the name of the entry,
/// checkpoint, tile or record.
std::unexpected<Error> broken(std::string rule, std::string field, std::string message);

/// One thread. The store outlives it.
class TreeCheck {
 public:
  /// `of`: put before the names of tiles and checkpoints, as "reads ".
  TreeCheck(const store::Store& store, merkle::LogKeys log, merkle::TileReader read_tile,
            std::string of);
  /// Leaves in their order.
  Status append(const Hash& leaf);
  /// The last tiles; and no checkpoint is left that no size has met.
  Status finish();

  std::uint64_t size() const { return tree_.size(); }
  Hash root() const { return tree_.root(); }
  std::uint64_t tiles() const { return compared_; }
  std::uint64_t checkpoints() const { return counted_; }

 private:
  Status keep_node(merkle::NodeId id, const Hash& hash);
  Status compare_tile(std::size_t level, std::uint64_t index, const std::string& hashes);
  Status refill();
  Status meet_checkpoint();

  const store::Store& store_;
  const merkle::LogKeys log_;
  const merkle::TileReader read_tile_;
  const std::string of_;
  merkle::CompactRange tree_;
  std::vector<std::string> edge_;  // by tile level: the hashes of the tile that grows
  std::uint64_t compared_ = 0;
  // Stored checkpoints in order of size.
  std::deque<std::pair<std::uint64_t, std::string>> waiting_;
  std::uint64_t next_ = 0;
  bool end_ = false;
  std::uint64_t counted_ = 0;
};

}  // namespace relais::tiles
