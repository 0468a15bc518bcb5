#include "ledger/merkle/tile.h"

#include <algorithm>
#include <array>

#include "ledger/base/check.h"
#include "ledger/merkle/text.h"

namespace relais::merkle {
namespace {

constexpr std::size_t kHashBytes = sizeof(Hash);
constexpr std::uint64_t kMaxLevel = 63;

/// `index` in groups of three digits, all but the last with an x before them, and ".p/W" when it is
/// partial.
std::string index_path(std::uint64_t index, std::uint16_t width) {
  check(width >= 1 && width <= kTileWidth, "a tile holds 1 to 256 hashes");
  std::string digits = std::to_string(index);
  digits.insert(0, (3 - digits.size() % 3) % 3, '0');
  std::string out;
  for (std::size_t i = 0; i + 3 < digits.size(); i += 3)
    out.append("x").append(digits, i, 3).append("/");
  out.append(digits, digits.size() - 3, 3);
  if (width < kTileWidth) out.append(".p/").append(std::to_string(width));
  return out;
}

/// The number of an index path: nothing where the path is not the one that index_path writes.
std::optional<std::uint64_t> parse_index(std::string_view path) {
  std::string digits;
  while (path.size() >= 5 && path[0] == 'x' && path[4] == '/') {
    digits.append(path.substr(1, 3));
    path.remove_prefix(5);
  }
  if (path.size() != 3) return std::nullopt;
  digits.append(path);
  const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  if (zeros > 2)
    return std::nullopt;  // a first group of zeros, or nothing but zeros in more groups
  return parse_decimal(std::string_view(digits).substr(zeros));
}

std::unexpected<Error> bad_path(std::string_view path) {
  return fail(error(Errc::malformed, "tile-path", "not the path of a tile: " + std::string(path))
                  .accepts("tile/<level>/<index>[.p/<width>] or tile/entries/<index>[.p/<width>]")
                  .from("c2sp.org/tlog-tiles, Merkle Tree"));
}

std::unexpected<Error> bad_bundle(std::string message) {
  return fail(error(Errc::malformed, "bundle-form", std::move(message))
                  .from("c2sp.org/tlog-tiles, Log entries"));
}

/// Root of 2^n hashes that lie behind each other, n < 8.
Hash perfect_root(std::string_view hashes) {
  std::array<Hash, kTileWidth / 2> row;
  std::size_t count = hashes.size() / kHashBytes;
  for (std::size_t i = 0; i < count; ++i) row[i] = to_hash(hashes.substr(i * kHashBytes));
  for (; count > 1; count /= 2)
    for (std::size_t i = 0; i < count / 2; ++i) row[i] = node_hash(row[2 * i], row[2 * i + 1]);
  return row.front();
}

}  // namespace

std::uint16_t tile_width(std::uint64_t size, std::uint8_t level, std::uint64_t index) {
  if (level >= 64 / kTileHeight) return 0;
  const std::uint64_t hashes = size >> (kTileHeight * level);
  if (index > hashes / kTileWidth) return 0;
  return static_cast<std::uint16_t>(std::min(hashes - index * kTileWidth, kTileWidth));
}

std::string tile_path(const TileId& tile) {
  return "tile/" + std::to_string(tile.level) + "/" + index_path(tile.index, tile.width);
}

std::string bundle_path(std::uint64_t index, std::uint16_t width) {
  return "tile/entries/" + index_path(index, width);
}

Result<TileRequest> parse_tile_path(std::string_view path) {
  constexpr std::string_view kRoot = "tile/";
  if (!path.starts_with(kRoot)) return bad_path(path);
  std::string_view rest = path.substr(kRoot.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return bad_path(path);
  TileRequest request;
  if (rest.substr(0, slash) == "entries") {
    request.entries = true;
  } else {
    const auto level = parse_decimal(rest.substr(0, slash));
    if (!level || *level > kMaxLevel) return bad_path(path);
    request.tile.level = static_cast<std::uint8_t>(*level);
  }
  rest.remove_prefix(slash + 1);
  constexpr std::string_view kPartial = ".p/";
  if (const std::size_t partial = rest.find(kPartial); partial != std::string_view::npos) {
    const auto width = parse_decimal(rest.substr(partial + kPartial.size()));
    if (!width || *width == 0 || *width >= kTileWidth) return bad_path(path);
    request.tile.width = static_cast<std::uint16_t>(*width);
    rest = rest.substr(0, partial);
  }
  const auto index = parse_index(rest);
  if (!index) return bad_path(path);
  request.tile.index = *index;
  return request;
}

NodeReader node_reader(TileReader read_tile) {
  return [tile_of = std::move(read_tile)](NodeId node) -> Result<Hash> {
    const auto level = static_cast<std::uint8_t>(node.level / kTileHeight);
    const unsigned inner = node.level % kTileHeight;  // levels above the row of the tile
    const std::uint64_t nodes_in_tile = kTileWidth >> inner;
    RELAIS_ASSIGN(const std::string tile, tile_of(level, node.index / nodes_in_tile));
    const std::size_t length = kHashBytes << inner;
    const auto begin = static_cast<std::size_t>(node.index % nodes_in_tile) * length;
    if (tile.size() % kHashBytes != 0 || tile.size() > kTileWidth * kHashBytes ||
        tile.size() < begin + length)
      return fail(Errc::corrupt, "tile-short", "a stored tile lacks hashes that the tree has");
    return perfect_root(std::string_view(tile).substr(begin, length));
  };
}

void append_bundle_entry(std::string& bundle, std::string_view entry) {
  check(entry.size() <= kMaxEntryBytes, "an entry does not fit a bundle's 16-bit length");
  append_be(bundle, static_cast<std::uint16_t>(entry.size()));
  bundle.append(entry);
}

Result<std::vector<std::string>> parse_bundle(std::string_view bundle) {
  std::vector<std::string> entries;
  while (!bundle.empty()) {
    if (entries.size() == kTileWidth) return bad_bundle("a bundle has more than 256 entries");
    if (bundle.size() < 2) return bad_bundle("a bundle ends within a length");
    const std::size_t length = load_be<std::uint16_t>(bundle);
    bundle.remove_prefix(2);
    if (bundle.size() < length) return bad_bundle("a bundle ends within an entry");
    entries.emplace_back(bundle.substr(0, length));
    bundle.remove_prefix(length);
  }
  return entries;
}

}  // namespace relais::merkle
