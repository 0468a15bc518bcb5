#include "api/resources/tiles.h"

#include "api/http/problem.h"

namespace relais::api {
namespace {

constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";
constexpr std::string_view kRevalidate = "no-cache";

}  // namespace

Result<merkle::TileRequest> requested_tile(const Call& call, std::size_t skipped, TreeSize size) {
  std::string path;
  for (std::size_t i = skipped; i < call.request.path.size(); ++i)
    path.append(i == skipped ? "" : "/").append(call.request.path[i]);
  auto request = merkle::parse_tile_path(path);
  if (!request) return fail(absent());
  const std::uint8_t level = request->entries ? std::uint8_t{0} : request->tile.level;
  if (merkle::tile_width(size.value, level, request->tile.index) < request->tile.width)
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

Result<Response> tile_response(std::string hashes, std::uint16_t width) {
  const std::size_t bytes = width * sizeof(Hash);
  if (hashes.size() < bytes)
    return fail(Errc::corrupt, "tile-short", "a stored tile lacks hashes that the tree has");
  hashes.resize(bytes);
  return octets(std::move(hashes), width);
}

Response note_response(std::string text) {
  Response response;
  response.content_type = kText;
  response.cache_control = kRevalidate;
  response.body = std::move(text);
  return response;
}

}  // namespace relais::api
