#include "replay/verify/verify_remote.h"

#include <algorithm>
#include <map>
#include <vector>

#include "ledger/base/records.h"
#include "ledger/log/admission.h"
#include "ledger/log/ledger.h"
#include "ledger/merkle/tile.h"
#include "ledger/merkle/tree.h"
#include "ledger/rules/rules.h"
#include "ledger/statement/statement.h"

namespace relais::replay {
namespace {

std::unexpected<Error> not_as_served(const std::string& rule, std::string field,
                                     std::string message) {
  return fail(error(Errc::corrupt, "verify-" + rule, std::move(message)).at(std::move(field)));
}

/// The rules of the ledger, folded over the entries as they come.
class Judge {
 public:
  explicit Judge(const merkle::LogKeys& log) : log_(log), world_(records_) {}

  Status take(std::uint64_t index, std::string_view entry) {
    const std::string name = "entry " + std::to_string(index);
    const auto parsed = log::parse_entry(entry);
    if (!parsed) return not_as_served("statement", name, to_string(parsed.error()));
    auto s = statement::parse_statement(parsed->jwt);
    if (!s) return not_as_served("statement", name, to_string(s.error()));
    const auto signer = log::authenticate(world_.registry(), *s, LogIndex{index});
    if (!signer) return not_as_served("key", name, to_string(signer.error()));
    if (const Status ok = statement::verify_signature(*s, signer->key); !ok)
      return not_as_served("signature", name, to_string(ok.error()));
    if (parsed->received_at < last_received_)
      return not_as_served("time", name, "the time of receipt goes back");
    last_received_ = parsed->received_at;
    const auto act =
        log::admit(world_, *s, *signer, LogIndex{index}, parsed->received_at, std::nullopt);
    if (!act) return not_as_served("rule", name, to_string(act.error()));
    rules::evolve(world_, *act);
    if (index == 0 && world_.registry().log_key != log_.all().front().key.key)
      return not_as_served("log-key", name,
                           "the convention names another log key than the one given");
    return {};
  }
  Status finish() const {
    if (log::own_keys(world_.registry()).log == log_) return {};
    return not_as_served("log-key", "keys",
                         "the entries name other keys of the log than those given");
  }
  void flush() { world_.flush(records_); }

 private:
  const merkle::LogKeys& log_;
  MemoryRecords records_;
  rules::WorldState world_;
  Timestamp last_received_;
};

/// Grows the tree again and compares every tile from `first_level` on.
class Tree {
 public:
  Tree(const Fetch& fetch, std::uint64_t size, std::size_t first_level, RemoteReport& report)
      : fetch_(fetch), size_(size), first_level_(first_level), report_(report) {}

  Status append(const Hash& leaf) {
    range_.append(leaf, [this](merkle::NodeId id, const Hash& hash) {
      if (id.level % merkle::kTileHeight == 0) keep(id, hash);
    });
    return status_;
  }
  Result<Hash> finish() {
    for (std::size_t level = 0; level < tiles_.size(); ++level)
      if (!tiles_[level].empty())
        RELAIS_TRY(compare(level, (size_ >> (merkle::kTileHeight * level)) / merkle::kTileWidth,
                           tiles_[level]));
    return range_.root();
  }

 private:
  void keep(merkle::NodeId id, const Hash& hash) {
    const std::size_t level = id.level / merkle::kTileHeight;
    if (tiles_.size() <= level) tiles_.resize(level + 1);
    std::string& tile = tiles_[level];
    tile.append(view(hash));
    if (tile.size() < merkle::kTileWidth * 32) return;
    if (status_) status_ = compare(level, id.index / merkle::kTileWidth, tile);
    tile.clear();
  }
  Status compare(std::size_t level, std::uint64_t index, const std::string& hashes) {
    const merkle::TileId tile{static_cast<std::uint8_t>(level), index,
                              static_cast<std::uint16_t>(hashes.size() / 32)};
    if (level < first_level_) return {};
    const std::string path = merkle::tile_path(tile);
    RELAIS_ASSIGN(const std::string served, fetch_(path));
    if (served != hashes)
      return not_as_served("tile", path, "a tile is not made of the hashes below it");
    ++report_.tiles;
    return {};
  }

  const Fetch& fetch_;
  std::uint64_t size_;
  std::size_t first_level_;
  RemoteReport& report_;
  merkle::CompactRange range_;
  std::vector<std::string> tiles_;
  Status status_;
};

/// The leaves of one tile's width: from the entries, judged on the way, or from the tile.
Result<std::vector<Hash>> leaves(const Fetch& fetch, std::uint64_t index, std::uint16_t width,
                                 Judge* judge, RemoteReport& report) {
  std::vector<Hash> hashes;
  const std::string path =
      judge != nullptr ? merkle::bundle_path(index, width) : merkle::tile_path({0, index, width});
  RELAIS_ASSIGN(const std::string bytes, fetch(path));
  if (judge == nullptr) {
    if (bytes.size() != std::size_t{width} * 32)
      return not_as_served("tile", path, "a tile has another width than its path says");
    for (std::size_t i = 0; i < width; ++i)
      hashes.push_back(to_hash(std::string_view(bytes).substr(i * 32, 32)));
    return hashes;
  }
  const auto entries = merkle::parse_bundle(bytes);
  if (!entries || entries->size() != width)
    return not_as_served("bundle", path, "an entry bundle does not hold the entries its path says");
  for (std::size_t i = 0; i < width; ++i) {
    RELAIS_TRY(judge->take(index * merkle::kTileWidth + i, (*entries)[i]));
    hashes.push_back(merkle::leaf_hash((*entries)[i]));
    ++report.entries;
    ++report.signatures;
  }
  judge->flush();
  return hashes;
}

}  // namespace

Result<RemoteReport> verify_remote(const Fetch& fetch, const merkle::LogKeys& log, bool entries,
                                   const Progress& progress, const First& first) {
  RemoteReport report;
  RELAIS_ASSIGN(const std::string note, fetch("checkpoint"));
  auto checkpoint = merkle::open_checkpoint(note, log);
  if (!checkpoint)
    return not_as_served("checkpoint", "checkpoint",
                         "the checkpoint does not hold: " + to_string(checkpoint.error()));
  report.checkpoint = *checkpoint;
  const std::uint64_t size = checkpoint->size;
  if (first) RELAIS_TRY(first(*checkpoint, note));
  if (size == 0)
    return not_as_served("empty", "checkpoint", "the signed tree is empty: it is none of a ledger");
  Judge judge(log);
  // Where the leaves come from the tiles of level 0, these say nothing about themselves.
  Tree tree(fetch, size, entries ? 0 : 1, report);
  for (std::uint64_t index = 0; index * merkle::kTileWidth < size; ++index) {
    const std::uint16_t width = merkle::tile_width(size, 0, index);
    RELAIS_ASSIGN(const auto hashes,
                  leaves(fetch, index, width, entries ? &judge : nullptr, report));
    for (const Hash& leaf : hashes) RELAIS_TRY(tree.append(leaf));
    progress(index * merkle::kTileWidth + width, size);
  }
  if (entries) RELAIS_TRY(judge.finish());
  RELAIS_ASSIGN(const Hash root, tree.finish());
  if (root != checkpoint->root)
    return not_as_served("root", "checkpoint " + std::to_string(size),
                         entries
                             ? "the entries that the server gave do not hash up to the signed root"
                             : "the tiles that the server gave do not hash up to the signed root");
  return report;
}

Status verify_growth(const Fetch& fetch, const merkle::Checkpoint& older,
                     const merkle::Checkpoint& newer, Growth* growth) {
  if (older.size == 0) return {};
  std::map<std::string, std::string> tiles;  // a proof takes several nodes of a tile
  const auto read =
      merkle::node_reader([&](std::uint8_t level, std::uint64_t index) -> Result<std::string> {
        const std::string path =
            merkle::tile_path({level, index, merkle::tile_width(newer.size, level, index)});
        const auto known = tiles.find(path);
        if (known != tiles.end()) return known->second;
        RELAIS_ASSIGN(std::string tile, fetch(path));
        if (tile.size() != std::size_t{merkle::tile_width(newer.size, level, index)} * 32)
          return not_as_served("tile", path,
                               "the server gave a tile of another width than its path says");
        return tiles.emplace(path, std::move(tile)).first->second;
      });
  Growth shown;
  shown.begins_with = newer.root;
  if (older.size < newer.size) {
    // What the newer tree begins with, as the tiles have it; the proof ties it to the signed root.
    // Tiles that do not lead there are the server's alone: nobody has signed them.
    RELAIS_ASSIGN(shown.begins_with, merkle::root(older.size, read));
    RELAIS_ASSIGN(shown.proof, merkle::consistency_proof(older.size, newer.size, read));
    if (!merkle::verify_consistency(older.size, newer.size, shown.begins_with, newer.root,
                                    shown.proof))
      return not_as_served(
          "tile", "checkpoint " + std::to_string(newer.size),
          "the server gave wrong data: its tiles do not hash up to the signed root");
  }
  if (shown.begins_with == older.root) return {};
  if (growth != nullptr) *growth = std::move(shown);
  return not_as_served("growth", "checkpoint " + std::to_string(newer.size),
                       "the signed tree of " + std::to_string(newer.size) +
                           " entries does not begin with the signed tree of " +
                           std::to_string(older.size));
}

}  // namespace relais::replay
