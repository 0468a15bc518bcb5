#include "ledger/tiles/tree_writer.h"

#include "ledger/base/check.h"
#include "ledger/tiles/stored_tree.h"

namespace relais::tiles {

Result<TreeWriter> TreeWriter::load(std::uint64_t size, const merkle::TileReader& read_tile) {
  TreeWriter tree;
  const merkle::NodeReader read = merkle::node_reader(read_tile);
  std::vector<Hash> hashes;
  for (const merkle::NodeId& id : merkle::compact_range(size)) {
    RELAIS_ASSIGN(const Hash hash, read(id));
    hashes.push_back(hash);
  }
  tree.range_ = merkle::CompactRange(size, std::move(hashes));
  std::uint64_t width = size;
  for (std::uint8_t level = 0; width > 0; ++level, width /= merkle::kTileWidth) {
    Edge edge;
    edge.index = width / merkle::kTileWidth;
    if (const std::uint64_t partial = width % merkle::kTileWidth; partial > 0) {
      RELAIS_ASSIGN(edge.hashes, read_tile(level, edge.index));
      if (edge.hashes.size() < partial * 32)
        return fail(Errc::corrupt, "tile-short", "the last tile of a level is too short");
      edge.hashes.resize(partial * 32);
    }
    tree.edge_.push_back(std::move(edge));
  }
  tree.forget();
  return tree;
}

void TreeWriter::append(const Hash& leaf) {
  range_.append(leaf, [this](merkle::NodeId id, const Hash& hash) { keep(id, hash); });
}

void TreeWriter::keep(merkle::NodeId id, const Hash& hash) {
  nodes_.emplace(id, hash);
  if (id.level % merkle::kTileHeight != 0) return;
  const auto level = static_cast<std::uint8_t>(id.level / merkle::kTileHeight);
  if (edge_.size() <= level) edge_.resize(level + 1U);
  Edge& edge = edge_[level];
  check(edge.index * merkle::kTileWidth + edge.hashes.size() / 32 == id.index,
        "nodes reach their tile in order");
  edge.hashes.append(view(hash));
  edge.dirty = true;
  if (edge.hashes.size() == merkle::kTileWidth * 32) {
    finished_.emplace_back(tile_key(level, edge.index), std::move(edge.hashes));
    edge = Edge{edge.index + 1, {}, false};
  }
}

void TreeWriter::write(store::Batch& batch) {
  for (const auto& [key, hashes] : finished_) batch.put(store::Family::nodes, key, hashes);
  finished_.clear();
  for (std::size_t level = 0; level < edge_.size(); ++level) {
    Edge& edge = edge_[level];
    if (!edge.dirty) continue;
    batch.put(store::Family::nodes, tile_key(static_cast<std::uint8_t>(level), edge.index),
              edge.hashes);
    edge.dirty = false;
  }
}

Result<std::vector<Hash>> TreeWriter::prove(std::uint64_t index) const {
  return merkle::inclusion_proof(index, size(), [this](merkle::NodeId id) -> Result<Hash> {
    const auto it = nodes_.find(id);
    check(it != nodes_.end(), "a receipt needs only the edge and the batch");
    return it->second;
  });
}

void TreeWriter::forget() {
  nodes_.clear();
  const auto ids = merkle::compact_range(range_.size());
  for (std::size_t i = 0; i < ids.size(); ++i) nodes_.emplace(ids[i], range_.hashes()[i]);
}

}  // namespace relais::tiles
