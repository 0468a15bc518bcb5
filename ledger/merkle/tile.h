// c2sp.org/tlog-tiles: where a node lies in the tiles, the paths of tiles and entry bundles, and
// bundle bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/tree.h"

namespace relais::merkle {

inline constexpr std::uint64_t kTileWidth = 256;  ///< hashes (or entries) in a full tile
inline constexpr std::uint8_t kTileHeight = 8;    ///< levels of the tree one tile spans
inline constexpr std::size_t kMaxEntryBytes = 65'535;

/// Tile `index` of tile level `level` (tree level 8·level), holding `width` hashes (1…256).
struct TileId {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
  std::uint16_t width = kTileWidth;
  auto operator<=>(const TileId&) const = default;
};

/// Number of hashes that a tree of `size` leaves has in tile (level, index): 0 (no such tile) …
/// 256.
std::uint16_t tile_width(std::uint64_t size, std::uint8_t level, std::uint64_t index);

/// "tile/0/x001/x234/067" or "tile/0/x001/067.p/12" (no leading slash). Entry bundles:
/// "tile/entries/…".
std::string tile_path(const TileId& tile);
std::string bundle_path(std::uint64_t index, std::uint16_t width);

struct TileRequest {
  bool entries = false;
  TileId tile;
};
/// The inverse of tile_path and bundle_path, strict: one path for each tile. `path` begins with
/// "tile/".
Result<TileRequest> parse_tile_path(std::string_view path);

/// A NodeReader over tiles: `read_tile(level, index)` gives the concatenated hashes that are stored
/// of that tile (32 to 8,192 bytes); nodes inside a tile are computed from its row.
using TileReader = std::function<Result<std::string>(std::uint8_t level, std::uint64_t index)>;
NodeReader node_reader(TileReader read_tile);

/// Entries of a bundle: each a big-endian uint16 length and the bytes.
void append_bundle_entry(std::string& bundle, std::string_view entry);
Result<std::vector<std::string>> parse_bundle(std::string_view bundle);

}  // namespace relais::merkle
