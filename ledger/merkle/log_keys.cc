#include "ledger/merkle/log_keys.h"

#include <algorithm>
#include <optional>

#include "ledger/merkle/text.h"

namespace relais::merkle {
namespace {

std::unexpected<Error> bad_keys(std::string message) {
  return fail(
      error(Errc::malformed, "log-keys", std::move(message))
          .accepts("the vkey of the newest key; then, newest first, that of each older one, "
                   "a blank, and the largest tree that it signs"));
}

struct Line {
  NoteKey key;
  std::optional<std::uint64_t> last;  // absent: the newest
};

Result<Line> read_line(std::string_view line, bool first) {
  const std::size_t blank = first ? line.npos : line.rfind(' ');
  RELAIS_ASSIGN(NoteKey key, parse_vkey(line.substr(0, blank)));
  if (first) return Line{std::move(key), std::nullopt};
  if (blank == line.npos) return bad_keys("an older key without the largest tree that it signs");
  const auto last = parse_decimal(line.substr(blank + 1));
  if (!last || *last == UINT64_MAX) return bad_keys("the largest tree of a key is no number");
  return Line{std::move(key), last};
}

std::string count(std::uint64_t size) {
  return std::to_string(size) + " entries";
}

}  // namespace

Status LogKeys::add(const crypto::PublicKey& key, std::uint64_t from) {
  if (keys_.size() == kMaxLogKeys) return bad_keys("a log has too many keys");
  if (has(key)) return bad_keys("a key comes back");
  if (from < keys_.back().from) return bad_keys("a key begins before the one that it replaces");
  keys_.push_back({{name(), key, keys_.front().key.algorithm}, from});
  return {};
}

const NoteKey& LogKeys::at(std::uint64_t size) const {
  const auto next = std::ranges::upper_bound(keys_, size, {}, &LogKey::from);
  return next == keys_.begin() ? keys_.front().key : std::prev(next)->key;
}

bool LogKeys::has(const crypto::PublicKey& key) const {
  return std::ranges::any_of(keys_, [&key](const LogKey& k) { return k.key.key == key; });
}

bool LogKeys::extends(const LogKeys& known) const {
  const auto& others = known.keys_;
  const auto first = std::ranges::find(keys_, others.front().key, &LogKey::key);
  if (static_cast<std::size_t>(keys_.end() - first) < others.size()) return false;
  return std::equal(others.begin() + 1, others.end(), first + 1);
}

LogKeys LogKeys::renamed(const std::string& name) const {
  LogKeys renamed = *this;
  for (LogKey& k : renamed.keys_) k.key.name = name;
  return renamed;
}

std::string to_text(const LogKeys& keys) {
  std::string text = to_vkey(keys.newest()) + "\n";
  for (std::size_t i = keys.all().size() - 1; i > 0; --i)
    text += to_vkey(keys.all()[i - 1].key) + " " + std::to_string(keys.all()[i].from - 1) + "\n";
  return text;
}

Result<LogKeys> parse_log_keys(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  std::vector<Line> lines;
  while (!text.empty()) {
    if (lines.size() == kMaxLogKeys) return bad_keys("a log has too many keys");
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    RELAIS_ASSIGN(Line read, read_line(line, lines.empty()));
    lines.push_back(std::move(read));
  }
  if (lines.empty()) return bad_keys("there is no key");
  const NoteKey& oldest = lines.back().key;
  LogKeys keys(oldest);
  for (std::size_t i = lines.size() - 1; i > 0; --i) {
    const NoteKey& next = lines[i - 1].key;
    if (next.name != oldest.name || next.algorithm != oldest.algorithm)
      return bad_keys("the keys are of two logs");
    RELAIS_TRY(keys.add(next.key, *lines[i].last + 1));
  }
  return keys;
}

Result<Checkpoint> open_checkpoint(std::string_view text, const LogKeys& log) {
  RELAIS_ASSIGN(const Note note, parse_note(text));
  const auto body = parse_checkpoint_body(note.body);
  if (log.all().size() == 1 || !body) return open_checkpoint(text, log.newest());
  const NoteKey& key = log.at(body->size);
  auto opened = open_checkpoint(text, key);
  if (opened || opened.error().rule != "note-unsigned") return opened;
  for (const LogKey& other : log.all()) {
    if (!open_checkpoint(text, other.key)) continue;
    return fail(
        error(Errc::unauthenticated, "checkpoint-key-range",
              "the checkpoint of " + count(body->size) +
                  " is signed by a key that signs no tree of this size: " + to_vkey(other.key))
            .accepts("a signature by " + to_vkey(key)));
  }
  return opened;
}

Status check_handover(std::string_view text, std::uint64_t size, const LogKeys& log) {
  for (std::size_t i = 1; i < log.all().size(); ++i)
    if (log.all()[i].from == size) RELAIS_TRY(open_checkpoint(text, log.all()[i - 1].key));
  return {};
}

}  // namespace relais::merkle
