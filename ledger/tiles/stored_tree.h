// A tree whose tiles and checkpoints are in a store: what every log here reads of it, and the check
// that it goes as far as the last checkpoint that was handed out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/merkle/note.h"
#include "ledger/merkle/receipt.h"
#include "ledger/merkle/tile.h"
#include "ledger/store/store.h"

namespace relais::tiles {

/// Key of a tile in the family `nodes`: level (1 byte) ‖ index (8 bytes, big-endian).
std::string tile_key(std::uint8_t level, std::uint64_t index);
/// Tiles of the family `nodes`, as far as they are filled. Errc::not_found "tile-unknown". The
/// store outlives it.
merkle::TileReader tile_reader(const store::Store& store);

/// The receipt that was handed out for an entry: under the first checkpoint that covers it; nothing
/// where none does. `extra` are the first eight bytes of the entry.
Result<std::optional<merkle::Receipt>> stored_receipt(const store::Store& store, LogIndex index);

/// SIZE:ROOT, the root as a checkpoint has it.
std::string name_of(const merkle::Checkpoint& c);

/// The first of the last entries that is not there: of 100,000, more than a write-ahead log holds.
/// RocksDB goes on over what is missing inside one, and over one that is gone, to the next.
Result<std::optional<std::uint64_t>> first_missing(const store::Store& store, std::uint64_t size);

/// The stored tree must go at least as far as the last checkpoint that was handed out, and have its
/// root: Errc::corrupt, "self-check-head".
Status check_handed_out(const merkle::Checkpoint& stored, const merkle::Checkpoint& handed_out,
                        const merkle::TileReader& read_tile);

}  // namespace relais::tiles
