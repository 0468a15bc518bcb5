#include "ledger/tiles/stored_tree.h"

#include "ledger/base/bytes.h"
#include "ledger/crypto/base64.h"

namespace relais::tiles {

std::string tile_key(std::uint8_t level, std::uint64_t index) {
  std::string key(1, static_cast<char>(level));
  append_be(key, index);
  return key;
}

merkle::TileReader tile_reader(const store::Store& store) {
  return [&store](std::uint8_t level, std::uint64_t index) -> Result<std::string> {
    RELAIS_ASSIGN(auto tile, store.get(store::Family::nodes, tile_key(level, index)));
    if (!tile) return fail(Errc::not_found, "tile-unknown", "there is no such tile");
    return std::move(*tile);
  };
}

Result<std::optional<merkle::Receipt>> stored_receipt(const store::Store& store, LogIndex index) {
  std::uint64_t size = 0;
  std::string note;
  RELAIS_TRY(store.scan(store::Family::checkpoints, store::index_key(index.value + 1),
                        [&](std::string_view key, std::string_view value) {
                          size = load_be<std::uint64_t>(key);
                          note = value;
                          return false;
                        }));
  RELAIS_ASSIGN(const auto entry, store.get(store::Family::entries, store::index_key(index.value)));
  if (note.empty() || !entry) return std::optional<merkle::Receipt>();
  RELAIS_ASSIGN(auto proof, merkle::inclusion_proof(index.value, size,
                                                    merkle::node_reader(tile_reader(store))));
  return std::optional(
      merkle::Receipt{index.value, entry->substr(0, 8), std::move(proof), std::move(note)});
}

Result<std::optional<std::uint64_t>> first_missing(const store::Store& store, std::uint64_t size) {
  constexpr std::uint64_t kLooked = 100'000;
  std::uint64_t next = size > kLooked ? size - kLooked : 0;
  RELAIS_TRY(store.scan(
      store::Family::entries, store::index_key(next),
      [&](std::string_view key, std::string_view) {
        if (key.size() != sizeof next || load_be<std::uint64_t>(key) != next) return false;
        return ++next < size;
      },
      true));
  return next < size ? std::optional(next) : std::nullopt;
}

std::string name_of(const merkle::Checkpoint& c) {
  return std::to_string(c.size) + ":" + crypto::base64_encode(view(c.root));
}

Status check_handed_out(const merkle::Checkpoint& stored, const merkle::Checkpoint& handed_out,
                        const merkle::TileReader& read_tile) {
  const auto refuse = [&](const std::string& what) {
    return fail(
        error(Errc::corrupt, "self-check-head", what)
            .at("checkpoint " + std::to_string(handed_out.size))
            .accepts(
                "a store that is at least as long: its end is damaged, or it is an old backup, "
                "and going on from here would fork the log"));
  };
  if (stored.size < handed_out.size)
    return refuse("a checkpoint of " + std::to_string(handed_out.size) +
                  " entries was handed out, the store has " + std::to_string(stored.size));
  RELAIS_ASSIGN(const Hash root, merkle::root(handed_out.size, merkle::node_reader(read_tile)));
  if (root != handed_out.root)
    return refuse("the store's tree has another root than the checkpoint that was handed out");
  return {};
}

}  // namespace relais::tiles
