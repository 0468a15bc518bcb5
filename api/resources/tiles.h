// Trees as c2sp.org/tlog-tiles serves them, of whichever log.
#pragma once

#include <cstddef>
#include <string>

#include "api/context.h"
#include "ledger/base/id.h"
#include "ledger/merkle/tile.h"

namespace relais::api {

/// The tile that the path names behind its first `skipped` segments, where a tree of `size` has all
/// of it; else absent().
Result<merkle::TileRequest> requested_tile(const Call& call, std::size_t skipped, TreeSize size);
/// Bytes that never change once the tile is full.
Response octets(std::string bytes, std::uint16_t width);
/// The first `width` hashes of a stored tile, which may have grown since.
Result<Response> tile_response(std::string hashes, std::uint16_t width);
/// A checkpoint, or a vkey.
Response note_response(std::string text);

}  // namespace relais::api
