#include "ledger/log/impl.h"
#include "ledger/tiles/stored_tree.h"

namespace relais::log {
namespace {

constexpr std::uint64_t kTail = 64;  // entries at the end that are looked at one by one

std::unexpected<Error> broken(const std::string& rule, std::string message) {
  return fail(error(Errc::corrupt, "self-check-" + rule, std::move(message))
                  .accepts("a store that was not tampered with, or a restored backup at least as "
                           "long as the last "
                           "published checkpoint; relais verify names what does not hold"));
}

Result<std::uint64_t> count(const store::Store& store, store::Family family) {
  RELAIS_ASSIGN(const auto last, store.last(family));
  if (last && last->first.size() != 8)
    return broken("size",
                  "the last record of a family is none of an entry's: " + to_hex(last->first));
  return last ? load_be<std::uint64_t>(last->first) + 1 : 0;
}

Status check_indices(const store::Store& store, std::uint64_t index, std::string_view event_bytes) {
  statement::EventView view;
  if (!view.load(event_bytes))
    return broken("events", "typed event " + std::to_string(index) + " cannot be read");
  const auto event = view.get();
  const std::string key = store::index_key(index);
  const auto id = event.getId();
  RELAIS_ASSIGN(const auto by_id,
                store.get(store::Family::ids,
                          id_key({id.begin(), id.size()}, SignatoryId{event.getSignatory()})));
  if (by_id != key)
    return broken("ids", "the id of entry " + std::to_string(index) + " does not lead to it");
  RELAIS_ASSIGN(
      const auto by_stream,
      store.get(store::Family::streams, stream_version_key(statement::stream_of(event),
                                                           StreamVersion{event.getVersion()})));
  if (by_stream != key)
    return broken("streams",
                  "the stream of entry " + std::to_string(index) + " does not lead to it");
  return {};
}

Status check_tail(const store::Store& store, std::uint64_t size, const merkle::NodeReader& read,
                  Head& head) {
  for (std::uint64_t index = size > kTail ? size - kTail : 0; index < size; ++index) {
    RELAIS_ASSIGN(const auto entry, store.get(store::Family::entries, store::index_key(index)));
    if (!entry) return broken("entries", "entry " + std::to_string(index) + " is missing");
    RELAIS_ASSIGN(const EntryView parsed, parse_entry(*entry));
    RELAIS_ASSIGN(const Hash leaf, read({0, index}));
    if (merkle::leaf_hash(*entry) != leaf)
      return broken("entries",
                    "entry " + std::to_string(index) + " is not what the tree has hashed");
    RELAIS_ASSIGN(const auto event, store.get(store::Family::events, store::index_key(index)));
    if (!event) return broken("events", "typed event " + std::to_string(index) + " is missing");
    RELAIS_TRY(check_indices(store, index, *event));
    head.last_received = parsed.received_at;
  }
  return {};
}

}  // namespace

Result<Head> self_check(const store::Store& store, const merkle::LogKeys& log,
                        const merkle::TileReader& read_tile) {
  Head head;
  RELAIS_ASSIGN(const auto last, store.last(store::Family::checkpoints));
  if (!last) {
    // Only while a ledger is being made: create_ledger() commits entry 0 before anything else.
    RELAIS_ASSIGN(const std::uint64_t entries, count(store, store::Family::entries));
    if (entries != 0) return broken("checkpoint", "there are entries, but no checkpoint");
    head.checkpoint = {log.name(), 0, merkle::empty_root()};
    return head;
  }
  head.note = last->second;
  auto checkpoint = merkle::open_checkpoint(head.note, log);
  if (!checkpoint)
    return broken("checkpoint", "the last checkpoint does not hold: " + checkpoint.error().message);
  if (const Status both = merkle::check_handover(head.note, checkpoint->size, log); !both)
    return broken("checkpoint", "the last checkpoint is not signed by the key of before: " +
                                    both.error().message);
  head.checkpoint = *checkpoint;
  const std::uint64_t size = head.checkpoint.size;
  for (const auto family : {store::Family::entries, store::Family::events}) {
    RELAIS_ASSIGN(const std::uint64_t found, count(store, family));
    if (found != size)
      return broken("size", "the last checkpoint covers " + std::to_string(size) +
                                " entries, the store has " + std::to_string(found));
  }
  RELAIS_ASSIGN(const auto missing, tiles::first_missing(store, size));
  if (missing) return broken("entries", "entry " + std::to_string(*missing) + " is missing");
  const merkle::NodeReader read = merkle::node_reader(read_tile);
  RELAIS_ASSIGN(const Hash root, merkle::root(size, read));
  if (root != head.checkpoint.root)
    return broken("root", "the tree's root is not the one in the last checkpoint");
  RELAIS_TRY(check_tail(store, size, read, head));
  return head;
}

}  // namespace relais::log
