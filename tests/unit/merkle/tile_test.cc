#include "ledger/merkle/tile.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/unit/merkle/support.h"

namespace relais::merkle {
namespace {

using test::leaves;
using test::reader;
using test::rule;

TEST(Tile, WidthsOfTheExamplesInTheSpecification) {
  // c2sp.org/tlog-tiles, Partial Tiles: a tree of 70,000 entries.
  EXPECT_EQ(tile_width(70'000, 0, 0), 256);
  EXPECT_EQ(tile_width(70'000, 0, 272), 256);
  EXPECT_EQ(tile_width(70'000, 0, 273), 112);
  EXPECT_EQ(tile_width(70'000, 0, 274), 0);
  EXPECT_EQ(tile_width(70'000, 1, 0), 256);
  EXPECT_EQ(tile_width(70'000, 1, 1), 17);
  EXPECT_EQ(tile_width(70'000, 2, 0), 1);
  EXPECT_EQ(tile_width(70'000, 3, 0), 0);
  EXPECT_EQ(tile_width(256, 0, 0), 256);
  EXPECT_EQ(tile_width(256, 0, 1), 0);
  EXPECT_EQ(tile_width(256, 1, 0), 1);
  EXPECT_EQ(tile_width(0, 0, 0), 0);
}

TEST(Tile, WidthsAtTheEdgeDoNotWrap) {
  const std::uint64_t most = ~std::uint64_t{0};
  EXPECT_EQ(tile_width(most, 0, most), 0);
  EXPECT_EQ(tile_width(most, 0, most / 256), 255);
  EXPECT_EQ(tile_width(most, 0, most / 256 - 1), 256);
  EXPECT_EQ(tile_width(most, 7, 0), 255);
  EXPECT_EQ(tile_width(most, 8, 0), 0);
  EXPECT_EQ(tile_width(most, 255, 0), 0);
}

TEST(Tile, PathsOfTheSpecification) {
  EXPECT_EQ(tile_path({0, 1'234'067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({0, 1'067, 12}), "tile/0/x001/067.p/12");
  EXPECT_EQ(tile_path({3, 0, 1}), "tile/3/000.p/1");
  EXPECT_EQ(tile_path({1, 999, 256}), "tile/1/999");
  EXPECT_EQ(tile_path({1, 1000, 256}), "tile/1/x001/000");
  EXPECT_EQ(bundle_path(1'234'067, 256), "tile/entries/x001/x234/067");
  EXPECT_EQ(bundle_path(5, 255), "tile/entries/005.p/255");
  EXPECT_EQ(tile_path({0, ~std::uint64_t{0}, 256}), "tile/0/x018/x446/x744/x073/x709/x551/615");
}

RC_GTEST_PROP(Tile, PathsRoundTrip, ()) {
  TileId tile;
  tile.level = *rc::gen::inRange<std::uint8_t>(0, 64);
  tile.index = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(0, 64);
  tile.width = *rc::gen::inRange<std::uint16_t>(1, 257);
  const auto hashes = parse_tile_path(tile_path(tile));
  RC_ASSERT(hashes.has_value());
  RC_ASSERT(!hashes->entries);
  RC_ASSERT(hashes->tile == tile);
  tile.level = 0;
  const auto entries = parse_tile_path(bundle_path(tile.index, tile.width));
  RC_ASSERT(entries.has_value());
  RC_ASSERT(entries->entries);
  RC_ASSERT(entries->tile == tile);
}

TEST(Tile, OneTileHasOnePath) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "/tile/0/000",
                           "tile/00/000",
                           "tile/64/000",
                           "tile/-1/000",
                           "tile/+1/000",
                           "tile/x/000",
                           "tile//000",
                           "Tile/0/000",
                           "tile/entries",
                           "tile/entries/",
                           "tile/entry/000",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000",
                           "tile/0/x000/001",
                           "tile/0/x000/x000/000",
                           "tile/0/001/067",
                           "tile/0/x001/x067",
                           "tile/0/X001/067",
                           "tile/0/x01/067",
                           "tile/0/x0001/067",
                           "tile/0/x001//067",
                           "tile/0/x001/067/",
                           "tile/0/0a1",
                           "tile/0/x0a1/001",
                           "tile/0/ 01",
                           "tile/0/-01",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/1/",
                           "tile/0/000.p/1.p/1",
                           "tile/0/000.P/1",
                           "tile/0/000.p/-1",
                           "tile/0/000/1",
                           "tile/0/../000",
                           "tile/0/000?x",
                           "tile/0/x018/x446/x744/x073/x709/x551/616",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999"}) {
    const auto got = parse_tile_path(path);
    EXPECT_EQ(rule(got), "tile-path") << path;
  }
  EXPECT_EQ(rule(parse_tile_path(std::string_view("tile/0/000\0", 11))), "tile-path");
}

RC_GTEST_PROP(Tile, WhatParsesIsWhatIsWritten, ()) {
  const auto tail = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("00123x/.p")));
  for (const std::string& path : {"tile/0/" + tail, "tile/entries/" + tail}) {
    const auto got = parse_tile_path(path);
    if (!got) continue;
    RC_ASSERT(path == (got->entries ? bundle_path(got->tile.index, got->tile.width)
                                    : tile_path(got->tile)));
  }
}

/// The tiles of a tree as a log stores them: filled from the nodes at levels 0, 8, 16….
class Tiles {
 public:
  explicit Tiles(const std::vector<Hash>& leaves) {
    CompactRange range;
    for (const Hash& leaf : leaves)
      range.append(leaf, [this](NodeId id, const Hash& hash) {
        if (id.level % kTileHeight == 0)
          tiles_[{id.level / kTileHeight, id.index / kTileWidth}].append(view(hash));
      });
  }
  TileReader reader() {
    return [this](std::uint8_t level, std::uint64_t index) -> Result<std::string> {
      const auto it = tiles_.find({level, index});
      if (it == tiles_.end()) return fail(Errc::not_found, "no-tile", "no such tile");
      return it->second;
    };
  }
  std::map<std::pair<int, std::uint64_t>, std::string>& all() { return tiles_; }

 private:
  std::map<std::pair<int, std::uint64_t>, std::string> tiles_;
};

TEST(Tile, WidthsAreThoseOfTheTilesThatGrow) {
  for (const std::uint64_t size : {1u, 255u, 256u, 257u, 1000u, 66'000u}) {
    Tiles tiles(leaves(size));
    for (const auto& [id, bytes] : tiles.all())
      EXPECT_EQ(tile_width(size, static_cast<std::uint8_t>(id.first), id.second),
                bytes.size() / 32);
    EXPECT_EQ(tile_width(size, 0, (size + 255) / 256), 0);
  }
}

TEST(Tile, NodesFromTilesAreTheNodesOfTheTree) {
  const std::vector<Hash> all = leaves(777);
  Tiles tiles(all);
  const NodeReader direct = reader(all);
  const NodeReader tiled = node_reader(tiles.reader());
  for (std::uint8_t level = 0; (std::uint64_t{1} << level) <= all.size(); ++level)
    for (std::uint64_t i = 0; (i + 1) << level <= all.size(); ++i)
      ASSERT_EQ(tiled({level, i}).value(), direct({level, i}).value()) << int{level} << " " << i;
}

RC_GTEST_PROP(Tile, ProofsFromTilesVerify, ()) {
  static const std::vector<Hash> all = leaves(66'500);
  static Tiles tiles(all);
  static const NodeReader tiled = node_reader(tiles.reader());
  const auto size =
      *rc::gen::element<std::uint64_t>(1, 255, 256, 257, 1000, 65'535, 65'536, 65'537, 66'500);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
  const Hash top = root(size, tiled).value();
  // The same tiles serve smaller trees, whose proofs hold in the larger ones.
  RC_ASSERT(
      verify_inclusion(index, size, all[index], inclusion_proof(index, size, tiled).value(), top)
          .has_value());
  RC_ASSERT(verify_consistency(index + 1, size, root(index + 1, tiled).value(), top,
                               consistency_proof(index + 1, size, tiled).value())
                .has_value());
}

TEST(Tile, RootFromTilesIsTheRootOfTheRange) {
  const std::vector<Hash> all = leaves(66'500);
  Tiles tiles(all);
  CompactRange range;
  for (const Hash& leaf : all) range.append(leaf, nullptr);
  EXPECT_EQ(root(all.size(), node_reader(tiles.reader())).value(), range.root());
}

TEST(Tile, StoredTilesThatDoNotHoldTogetherAreCorrupt) {
  std::string bytes(10 * 32, 'h');
  const NodeReader read =
      node_reader([&](std::uint8_t, std::uint64_t) -> Result<std::string> { return bytes; });
  EXPECT_EQ(rule(read({0, 9})), "ok");
  EXPECT_EQ(rule(read({0, 10})), "tile-short");
  EXPECT_EQ(rule(read({3, 0})), "ok");
  EXPECT_EQ(rule(read({3, 1})), "tile-short");
  bytes.push_back('h');
  EXPECT_EQ(rule(read({0, 0})), "tile-short");
  bytes.assign(257 * 32, 'h');
  EXPECT_EQ(rule(read({0, 0})), "tile-short");
  bytes.clear();
  EXPECT_EQ(rule(read({0, 0})), "tile-short");
}

TEST(Bundle, BytesOfTheSpecification) {
  std::string bundle;
  append_bundle_entry(bundle, "abc");
  append_bundle_entry(bundle, "");
  EXPECT_EQ(to_hex(bundle), "00036162630000");
}

RC_GTEST_PROP(Bundle, RoundTrips, (const std::vector<std::string>& entries)) {
  std::string bundle;
  for (const std::string& e : entries) append_bundle_entry(bundle, e);
  const auto back = parse_bundle(bundle);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == entries);
  if (!bundle.empty() && !entries.back().empty())
    RC_ASSERT(rule(parse_bundle(std::string_view(bundle).substr(0, bundle.size() - 1))) ==
              "bundle-form");
}

TEST(Bundle, LimitsOfEntries) {
  std::string bundle;
  append_bundle_entry(bundle, std::string(kMaxEntryBytes, 'e'));
  ASSERT_EQ(rule(parse_bundle(bundle)), "ok");
  EXPECT_EQ(parse_bundle(bundle)->front().size(), kMaxEntryBytes);
  for (int i = 1; i < 256; ++i) append_bundle_entry(bundle, "e");
  EXPECT_EQ(rule(parse_bundle(bundle)), "ok");
  append_bundle_entry(bundle, "e");
  EXPECT_EQ(rule(parse_bundle(bundle)), "bundle-form");
  EXPECT_EQ(rule(parse_bundle(std::string_view("\0", 1))), "bundle-form");
  EXPECT_EQ(rule(parse_bundle(std::string_view("\0\1", 2))), "bundle-form");
  EXPECT_TRUE(parse_bundle("").value().empty());
  EXPECT_DEATH(append_bundle_entry(bundle, std::string(kMaxEntryBytes + 1, 'e')), "16-bit");
}

}  // namespace
}  // namespace relais::merkle
