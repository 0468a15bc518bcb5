#include "replay/verify/strays.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

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

struct Row {
  Family family;
  const char* name;
  bool (*owned)(const Log&, std::string_view key, std::string_view value);
};
constexpr Row kRows[] = {{Family::meta, "meta", of_meta},
                         {Family::entries, "entries", of_entry},
                         {Family::events, "events", of_entry},
                         {Family::nodes, "nodes", of_node},
                         {Family::ids, "ids", of_id},
                         {Family::streams, "streams", of_stream},
                         {Family::disclosures, "disclosures", of_entry},
                         {Family::keystore, "keystore", of_key},
                         {Family::checkpoints, "checkpoints", of_checkpoint}};

struct Found {
  std::uint64_t strays = 0;
  std::string first;
};

Result<Found> look_through(const Log& log, const Row& row, const VisitRecord& visit) {
  Found found;
  RELAIS_TRY(log.store.scan(
      row.family, {},
      [&](std::string_view key, std::string_view value) {
        if (!row.owned(log, key, value) && found.strays++ == 0)
          found.first = to_hex(key.substr(0, kMostShown));
        if (visit) visit(row.family, key, value);
        return true;
      },
      true));
  return found;
}

}  // namespace

Status check_strays(const store::Store& store, std::uint64_t size, const VisitRecord& visit) {
  const Log log{size, store};
  // The entries are about as much as all the others.
  const auto of_entries = std::ranges::find(kRows, Family::entries, &Row::family);
  auto entries =
      std::async(std::launch::async, [&] { return look_through(log, *of_entries, VisitRecord()); });
  std::vector<Result<Found>> all;
  for (const Row& row : kRows)
    all.push_back(&row == of_entries ? Found() : look_through(log, row, visit));
  all[static_cast<std::size_t>(of_entries - std::begin(kRows))] = entries.get();
  std::string message;
  std::string field;
  for (std::size_t i = 0; i < all.size(); ++i) {
    RELAIS_ASSIGN(const Found found, std::move(all[i]));
    if (found.strays == 0) continue;
    const std::string name = kRows[i].name;
    if (field.empty()) field = name + " " + found.first;
    message += (message.empty() ? "" : "; ") + std::to_string(found.strays) + " in " + name +
               ", the first " + (found.first.empty() ? "of an empty key" : found.first);
  }
  if (message.empty()) return {};
  return fail(error(Errc::corrupt, "verify-stray", "records that no entry owns: " + message)
                  .at(field)
                  .accepts("a store with nothing else in it, or a restored backup"));
}

}  // namespace relais::replay
