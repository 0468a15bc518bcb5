// The growing edge of the tree: appends leaves, knows the nodes that the receipts of the batch
// need, and writes the tiles. One thread.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/tile.h"
#include "ledger/merkle/tree.h"
#include "ledger/store/store.h"

namespace relais::tiles {

class TreeWriter {
 public:
  /// Reads the right edge of the stored tree of `size` leaves.
  static Result<TreeWriter> load(std::uint64_t size, const merkle::TileReader& read_tile);

  void append(const Hash& leaf);
  /// Puts every tile that changed since the last call into the batch.
  void write(store::Batch& batch);
  /// Inclusion proof of a leaf appended since the last forget(), in the tree as it stands.
  Result<std::vector<Hash>> prove(std::uint64_t index) const;
  /// Lets go of the nodes of the batch.
  void forget();

  std::uint64_t size() const { return range_.size(); }
  Hash root() const { return range_.root(); }

 private:
  struct NodeHash {
    std::size_t operator()(const merkle::NodeId& n) const {
      return static_cast<std::size_t>((n.index << 6 | n.level) * 0x9e3779b97f4a7c15ULL);
    }
  };
  struct Edge {
    std::uint64_t index = 0;
    std::string hashes;
    bool dirty = false;
  };
  void keep(merkle::NodeId id, const Hash& hash);

  merkle::CompactRange range_;
  std::vector<Edge> edge_;  // by tile level: the last tile, never full
  std::vector<std::pair<std::string, std::string>> finished_;  // full tiles not written yet
  std::unordered_map<merkle::NodeId, Hash, NodeHash>
      nodes_;  // of this batch, and the edge it grew from
};

}  // namespace relais::tiles
