// GET /log/checkpoint, /log/vkey, /log/tile/…: the log as c2sp.org/tlog-tiles has it. Hashes are
// for everyone; entries are for the analyst, who may see every event.
#include "api/context.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "ledger/base/bytes.h"
#include "ledger/merkle/tile.h"

namespace relais::api {
namespace {

constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";
constexpr std::string_view kRevalidate = "no-cache";

Result<Response> checkpoint(Call& call) {
  Response response;
  response.content_type = kText;
  response.cache_control = kRevalidate;
  response.body = call.head->note;
  return response;
}

Result<Response> vkey(Context& context) {
  Response response;
  response.content_type = kText;
  response.cache_control = kRevalidate;
  response.body = merkle::to_vkey(context.ledger.vkey()) + "\n";
  return response;
}

/// The tile that the path names, where the published tree has all of it.
Result<merkle::TileRequest> requested(const Call& call) {
  std::string path;
  for (std::size_t i = 1; i < call.request.path.size(); ++i)
    path.append(i == 1 ? "" : "/").append(call.request.path[i]);
  auto request = merkle::parse_tile_path(path);
  if (!request) return fail(absent());
  const std::uint8_t level = request->entries ? std::uint8_t{0} : request->tile.level;
  if (merkle::tile_width(call.head->size().value, level, request->tile.index) < request->tile.width)
    return fail(absent());
  return request;
}

Response octets(std::string bytes, std::uint16_t width) {
  Response response;
  response.content_type = "application/octet-stream";
  response.cache_control = width == merkle::kTileWidth ? kImmutable : kRevalidate;
  response.body = std::move(bytes);
  return response;
}

Result<Response> tile(Context& context, Call& call) {
  RELAIS_ASSIGN(const merkle::TileRequest request, requested(call));
  if (request.entries) return fail(absent());
  RELAIS_ASSIGN(std::string hashes, context.ledger.tile(request.tile.level, request.tile.index));
  const std::size_t bytes = request.tile.width * sizeof(Hash);
  if (hashes.size() < bytes)
    return fail(Errc::corrupt, "tile-short", "a stored tile lacks hashes that the tree has");
  hashes.resize(bytes);  // the stored tile may have grown since
  return octets(std::move(hashes), request.tile.width);
}

Result<Response> bundle(Context& context, Call& call) {
  if (!Visibility(call.reader, *call.head->records, context.clock.now()).sees(Kind::log_entries))
    return fail(error(Errc::forbidden, "role-required", "entries are for readers of the log")
                    .accepts("a token of a signatory with the role analyst"));
  RELAIS_ASSIGN(const merkle::TileRequest request, requested(call));
  RELAIS_ASSIGN(std::string entries, context.ledger.bundle(request.tile.index, request.tile.width));
  Response response = octets(std::move(entries), request.tile.width);
  // Not for shared caches: who may read it is judged at each request.
  response.cache_control = "private, no-cache";
  return response;
}

}  // namespace

void add_log_routes(Router& router, Context& context) {
  router.add(Route::get("/log/checkpoint").open().answers(checkpoint));
  router.add(Route::get("/log/vkey").open().answers([&context](Call&) { return vkey(context); }));
  router.add(Route::get("/log/tile/entries/{*}").heavy().answers([&context](Call& call) {
    return bundle(context, call);
  }));
  router.add(Route::get("/log/tile/{*}").open().answers([&context](Call& call) {
    return tile(context, call);
  }));
}

}  // namespace relais::api
