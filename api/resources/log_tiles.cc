// GET /log/checkpoint, /log/vkey, /log/keys, /log/tile/…: the log as c2sp.org/tlog-tiles has it.
// Hashes are for everyone; entries are for the analyst, who may see every event.
#include "api/context.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_json.h"
#include "api/resources/tiles.h"
#include "api/shapes.h"
#include "ledger/base/bytes.h"
#include "ledger/merkle/tile.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

Result<Response> tile(Context& context, Call& call) {
  RELAIS_ASSIGN(const merkle::TileRequest request, requested_tile(call, 1, call.head->size()));
  if (request.entries) return fail(absent());
  RELAIS_ASSIGN(std::string hashes, context.ledger.tile(request.tile.level, request.tile.index));
  return tile_response(std::move(hashes), request.tile.width);
}

/// Each entry of a bundle is an event that was given.
Status trace_bundle(const Context& context, Call& call, const merkle::TileId& tile) {
  const std::uint64_t first = tile.index * merkle::kTileWidth;
  Status read;
  statement::EventView view;
  RELAIS_TRY(
      context.ledger.scan_events(LogIndex{first}, [&](LogIndex index, std::string_view bytes) {
        if (index.value >= first + tile.width) return false;
        if (!view.load(bytes)) {
          read = fail(Errc::corrupt, "event-unreadable", "a typed event cannot be read");
          return false;
        }
        trace_event(call.trace, index, view.get(), false);
        return true;
      }));
  return read;
}

Result<Response> bundle(Context& context, Call& call) {
  if (!Visibility(call.reader, *call.head->records, context.clock.now()).sees(Kind::log_entries))
    return fail(error(Errc::forbidden, "role-required", "entries are for readers of the log")
                    .accepts("a token of a signatory with the role analyst"));
  RELAIS_ASSIGN(const merkle::TileRequest request, requested_tile(call, 1, call.head->size()));
  RELAIS_ASSIGN(std::string entries, context.ledger.bundle(request.tile.index, request.tile.width));
  RELAIS_TRY(trace_bundle(context, call, request.tile));
  Response response = octets(std::move(entries), request.tile.width);
  // Not for shared caches: who may read it is judged at each request.
  response.cache_control = "private, no-cache";
  return response;
}

/// The chain of keys, from the first to the one that signs now. The statements are of the
/// convention's stream and the ledger's own: they name no person, and no case.
Result<Response> keys(Context& context, Call& call) {
  const merkle::LogKeys& keys = call.head->keys->log;
  const auto& rotations = call.head->registry->log_key_rotations;
  Response response = note_response({});
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object();
  json.member("origin", keys.name());
  json.key("keys").begin_array();
  for (std::size_t i = 0; i < keys.all().size(); ++i) {
    json.begin_object();
    json.member("vkey", merkle::to_vkey(keys.all()[i].key));
    json.member("from", keys.all()[i].from);
    if (i > 0) {
      const LogIndex index = rotations[i - 1].index;
      RELAIS_ASSIGN(const std::string entry, context.ledger.entry(index));
      RELAIS_ASSIGN(const log::EntryView view, log::parse_entry(entry));
      RELAIS_ASSIGN(const merkle::Receipt receipt, context.ledger.receipt(index));
      json.member("statement", std::string(view.jwt) + "~");
      json.member("receipt", merkle::to_text(receipt));
    }
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return response;
}

}  // namespace

void add_log_routes(Router& router, Context& context) {
  router.add(Route::get("/log/checkpoint").answers([](Call& call) {
    return note_response(call.head->note);
  }));
  router.add(Route::get("/log/vkey").answers([&context](Call&) {
    return note_response(merkle::to_vkey(context.ledger.vkey()) + "\n");
  }));
  router.add(
      Route::get("/log/keys").answers([&context](Call& call) { return keys(context, call); }));
  router.add(Route::get("/log/tile/entries/{*}").answers([&context](Call& call) {
    return bundle(context, call);
  }));
  router.add(
      Route::get("/log/tile/{*}").answers([&context](Call& call) { return tile(context, call); }));
}

void describe_log(shape::Shapes& s) {
  using namespace shape;
  s.define("LogKeys",
           object({must("origin", text("relais.example/rhone-2023")),
                   must("keys",
                        list(object({must("vkey", text("relais.example/rhone-2023+0a1b2c3d+ZQ==")),
                                     must("from", number(0), "The first tree size it signs."),
                                     may("statement", text("eyJhbGciOiJFZERTQSJ9.e30.c2ln~")),
                                     may("receipt", text("c2sp.org/tlog-proof@v1\n…"))})),
                        "The first one first.")}));
}

}  // namespace relais::api
