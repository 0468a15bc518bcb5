#include "replay/verify/strays.h"

#include <string>
#include <string_view>

#include "ledger/base/bytes.h"
#include "ledger/log/own_keys.h"
#include "ledger/merkle/tile.h"

namespace relais::replay {
namespace {

using store::Family;

struct Log {
  std::uint64_t size;
  const store::Store& store;
};

bool is_index(const Log& log, std::string_view key) {
  return key.size() == 8 && load_be<std::uint64_t>(key) < log.size;
}

bool of_entry(const Log& log, std::string_view key, std::string_view) {
  return is_index(log, key);
}

bool of_checkpoint(const Log& log, std::string_view key, std::string_view) {
  if (key.size() != 8) return false;
  const auto size = load_be<std::uint64_t>(key);
  return size > 0 && size <= log.size;
}

bool of_node(const Log& log, std::string_view key, std::string_view) {
  return key.size() == 9 && merkle::tile_width(log.size, static_cast<std::uint8_t>(key[0]),
                                               load_be<std::uint64_t>(key.substr(1))) > 0;
}

bool of_meta(const Log& log, std::string_view key, std::string_view value) {
  if (key == "purge") return is_index(log, value);
  if (key == log::kLogKeysKey) return true;       // compared with what the entries say
  if (key == log::kReadsKey) return true;         // compared with the log of reads
  return key == "format" || key == "generation";  // which an opening has read
}

/// Both ends of an index: what a key of this form leads to is compared with the entries.
bool of_id(const Log& log, std::string_view key, std::string_view value) {
  return key.size() > 3 && key[key.size() - 3] == '\0' && is_index(log, value);
}

bool of_stream(const Log& log, std::string_view key, std::string_view value) {
  return key.size() > 4 && is_index(log, value);
}

/// The root keys, and a data key of a stream that is in the log.
bool of_key(const Log& log, std::string_view key, std::string_view) {
  if (key == "M") return true;
  if (!key.starts_with("D")) return false;
  std::string first(key.substr(1));
  append_be(first, std::uint32_t{1});
  const auto found = log.store.get(Family::streams, first);
  return found && *found;
}

constexpr std::size_t kMostShown = 64;  // bytes of a key

}  // namespace

Status check_strays(const store::Store& store, std::uint64_t size) {
  const Log log{size, store};
  constexpr struct {
    Family family;
    const char* name;
    bool (*owned)(const Log&, std::string_view key, std::string_view value);
  } kRows[] = {{Family::meta, "meta", of_meta},
               {Family::entries, "entries", of_entry},
               {Family::events, "events", of_entry},
               {Family::nodes, "nodes", of_node},
               {Family::ids, "ids", of_id},
               {Family::streams, "streams", of_stream},
               {Family::disclosures, "disclosures", of_entry},
               {Family::keystore, "keystore", of_key},
               {Family::checkpoints, "checkpoints", of_checkpoint}};
  std::string message;
  std::string field;
  for (const auto& row : kRows) {
    std::uint64_t strays = 0;
    std::string first;
    RELAIS_TRY(store.scan(
        row.family, {},
        [&](std::string_view key, std::string_view value) {
          if (!row.owned(log, key, value) && strays++ == 0)
            first = to_hex(key.substr(0, kMostShown));
          return true;
        },
        true));
    if (strays == 0) continue;
    if (field.empty()) field = std::string(row.name) + " " + first;
    message += (message.empty() ? "" : "; ") + std::to_string(strays) + " in " + row.name +
               ", the first " + (first.empty() ? "of an empty key" : first);
  }
  if (message.empty()) return {};
  return fail(error(Errc::corrupt, "verify-stray", "records that no entry owns: " + message)
                  .at(field)
                  .accepts("a store with nothing else in it, or a restored backup"));
}

}  // namespace relais::replay
