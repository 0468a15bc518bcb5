#include "ledger/tiles/tree_check.h"

#include "ledger/base/bytes.h"

namespace relais::tiles {

std::unexpected<Error> broken(std::string rule, std::string field, std::string message) {
  return fail(error(Errc::corrupt, "verify-" + rule, std::move(message)).at(std::move(field)));
}

TreeCheck::TreeCheck(const store::Store& store, merkle::LogKeys log, merkle::TileReader read_tile,
                     std::string of)
    : store_(store), log_(std::move(log)), read_tile_(std::move(read_tile)), of_(std::move(of)) {}

Status TreeCheck::append(const Hash& leaf) {
  Status tiles;
  tree_.append(leaf, [&](merkle::NodeId id, const Hash& hash) {
    if (tiles && id.level % merkle::kTileHeight == 0) tiles = keep_node(id, hash);
  });
  if (!tiles) return tiles;
  return meet_checkpoint();
}

Status TreeCheck::finish() {
  // That of the empty tree, where there are no leaves.
  RELAIS_TRY(meet_checkpoint());
  if (!waiting_.empty())
    return broken(
        "checkpoint", of_ + "checkpoint " + std::to_string(waiting_.front().first),
        "a checkpoint for a size no batch ended at, of " + std::to_string(size()) + " entries");
  for (std::size_t level = 0; level < edge_.size(); ++level) {
    const std::uint64_t nodes = size() >> (merkle::kTileHeight * level);
    if (!edge_[level].empty())
      RELAIS_TRY(compare_tile(level, nodes / merkle::kTileWidth, edge_[level]));
  }
  return {};
}

Status TreeCheck::keep_node(merkle::NodeId id, const Hash& hash) {
  const std::size_t level = id.level / merkle::kTileHeight;
  if (edge_.size() <= level) edge_.resize(level + 1);
  std::string& tile = edge_[level];
  tile.append(view(hash));
  if (tile.size() < merkle::kTileWidth * sizeof(Hash)) return {};
  RELAIS_TRY(compare_tile(level, id.index / merkle::kTileWidth, tile));
  tile.clear();
  return {};
}

Status TreeCheck::compare_tile(std::size_t level, std::uint64_t index, const std::string& hashes) {
  const auto stored = read_tile_(static_cast<std::uint8_t>(level), index);
  if (!stored || *stored != hashes)
    return broken("tile", of_ + "tile " + std::to_string(level) + "/" + std::to_string(index),
                  "a stored tile is not made of its entries' hashes");
  ++compared_;
  return {};
}

Status TreeCheck::refill() {
  RELAIS_TRY(store_.scan(store::Family::checkpoints, store::index_key(next_),
                         [this](std::string_view key, std::string_view value) {
                           if (key.size() != 8) return true;  // a stray, and named as one
                           waiting_.emplace_back(load_be<std::uint64_t>(key), value);
                           return waiting_.size() < 1'000;
                         }));
  if (waiting_.empty())
    end_ = true;
  else
    next_ = waiting_.back().first + 1;
  return {};
}

Status TreeCheck::meet_checkpoint() {
  if (waiting_.empty() && !end_) RELAIS_TRY(refill());
  // The empty tree's is met by whatever comes first.
  const bool of_nothing = !waiting_.empty() && waiting_.front().first == 0;
  if (waiting_.empty() || (waiting_.front().first != size() && !of_nothing)) return {};
  const auto [named, note] = std::move(waiting_.front());
  waiting_.pop_front();
  const std::string name = of_ + "checkpoint " + std::to_string(named);
  const auto checkpoint = merkle::open_checkpoint(note, log_);
  if (!checkpoint)
    return broken("checkpoint", name, "a checkpoint does not hold: " + checkpoint.error().message);
  if (checkpoint->size != named)
    return broken("checkpoint", name, "a checkpoint is filed under another size");
  if (checkpoint->root != (of_nothing ? merkle::empty_root() : root()))
    return broken("checkpoint", name, "a signed checkpoint has another root than its entries");
  ++counted_;
  return of_nothing && size() != 0 ? meet_checkpoint() : Status();
}

}  // namespace relais::tiles
