#include "replay/verify/verify.h"

#include <algorithm>
#include <array>
#include <deque>
#include <future>

#include "ledger/base/archive.h"
#include "ledger/base/bytes.h"
#include "ledger/base/time_range.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/jws.h"
#include "ledger/crypto/sha256.h"
#include "ledger/log/admission.h"
#include "ledger/merkle/tile.h"
#include "ledger/statement/sd_jwt.h"
#include "replay/verify/pipeline.h"
#include "replay/verify/scratch.h"
#include "replay/verify/strays.h"

namespace relais::replay {
namespace {

constexpr std::uint64_t kScratchFlushEvery = 50'000;
/// Each stretch begins with a seek that reads megabytes ahead: enough events to use them.
constexpr std::size_t kEventsAtOnce = 8'192;

std::unexpected<Error> broken(std::string rule, std::string field, std::string message) {
  return fail(error(Errc::corrupt, "verify-" + rule, std::move(message)).at(std::move(field)));
}
std::string entry_name(std::uint64_t index) {
  return "entry " + std::to_string(index);
}

/// A digest of a set of records, whatever their order: the sum of their hashes under a key that is
/// drawn for this run, so that nobody could have prepared another set of the same digest.
class SetDigest {
 public:
  explicit SetDigest(const std::string& key) : key_(key) {}
  void add(std::string_view record_key, std::string_view value) {
    bytes_.assign(key_);
    append_be(bytes_, static_cast<std::uint32_t>(record_key.size()));
    bytes_.append(record_key).append(value);
    const Hash hash = crypto::sha256(bytes_);
    for (std::size_t lane = 0; lane < sum_.size(); ++lane)
      sum_[lane] += load_be<std::uint64_t>(view(hash).substr(lane * 8));
  }
  bool operator==(const SetDigest& o) const { return sum_ == o.sum_; }

 private:
  const std::string& key_;
  std::array<std::uint64_t, 4> sum_{};
  std::string bytes_;
};

std::string fresh_key() {
  std::array<std::uint8_t, 32> bytes{};
  crypto::SystemRandom().fill(bytes);
  return {bytes.begin(), bytes.end()};
}

/// Stored checkpoints in order of size, compared with the tree as it grows.
class Checkpoints {
 public:
  explicit Checkpoints(const store::Store& store) : store_(store) {}

  /// `log`: the keys as the entries of this size name them.
  Status at(std::uint64_t size, const merkle::CompactRange& tree, const merkle::LogKeys& log,
            std::uint64_t& counted) {
    if (waiting_.empty() && !end_) RELAIS_TRY(refill());
    if (waiting_.empty() || waiting_.front().first != size) return {};
    const std::string name = "checkpoint " + std::to_string(size);
    const auto checkpoint = merkle::open_checkpoint(waiting_.front().second, log);
    if (!checkpoint)
      return broken("checkpoint", name,
                    "a checkpoint does not hold: " + checkpoint.error().message);
    if (const Status both = merkle::check_handover(waiting_.front().second, size, log); !both)
      return broken("checkpoint", name,
                    "where the log's key was replaced, both sign: " + both.error().message);
    if (checkpoint->size != size)
      return broken("checkpoint", name, "a checkpoint is filed under another size");
    if (checkpoint->root != tree.root())
      return broken("checkpoint", name, "a signed checkpoint has another root than its entries");
    waiting_.pop_front();
    ++counted;
    return {};
  }
  Status finish(std::uint64_t size) {
    if (waiting_.empty() && !end_) RELAIS_TRY(refill());
    if (waiting_.empty()) return {};
    return broken(
        "checkpoint", "checkpoint " + std::to_string(waiting_.front().first),
        "a checkpoint for a size no batch ended at, of " + std::to_string(size) + " entries");
  }

 private:
  Status refill() {
    const std::uint64_t from = next_;
    RELAIS_TRY(store_.scan(store::Family::checkpoints, store::index_key(from),
                           [this](std::string_view key, std::string_view value) {
                             waiting_.emplace_back(load_be<std::uint64_t>(key), value);
                             return waiting_.size() < 1'000;
                           }));
    if (waiting_.empty())
      end_ = true;
    else
      next_ = waiting_.back().first + 1;
    return {};
  }
  const store::Store& store_;
  std::deque<std::pair<std::uint64_t, std::string>> waiting_;
  std::uint64_t next_ = 0;
  bool end_ = false;
};

/// Both indices: what they hold, or what they should.
struct Indices {
  explicit Indices(const std::string& key) : ids(key), streams(key) {}
  SetDigest ids;
  SetDigest streams;
};

/// The sequential part: judges each entry on the world as it was, grows the tree, compares what is
/// stored beside it.
class Fold {
 public:
  /// `stored`: what the indices hold, under the key that the set's digests have here.
  Fold(const log::Ledger& ledger, Scratch& scratch, KnownKeys& keys, VerifyReport& report,
       const std::string& set_key, const Indices& stored)
      : ledger_(ledger),
        scratch_(scratch),
        keys_(keys),
        report_(report),
        checkpoints_(ledger.store()),
        stored_(stored),
        expected_(set_key) {}

  Status take(std::uint64_t index, Checked& e) {
    const std::string name = entry_name(index);
    if (!e.statement)
      return broken("statement", name,
                    "the statement does not hold: " + to_string(e.statement.error()));
    rules::WorldState& world = scratch_.model().world();
    statement::Statement& s = *e.statement;
    const auto signer = log::authenticate(world.registry(), s, LogIndex{index});
    if (!signer) return broken("key", name, to_string(signer.error()));
    if (!e.verified) {
      if (const Status ok = statement::verify_signature(s, signer->key); !ok)
        return broken("signature", name, to_string(ok.error()));
    }
    ++report_.signatures;
    if (e.received_at < last_received_)
      return broken("time", name, "the time of receipt goes back");
    last_received_ = e.received_at;
    const auto act = log::admit(world, s, *signer, LogIndex{index}, e.received_at, std::nullopt);
    if (!act) return broken("rule", name, to_string(act.error()));
    const auto registry = world.share_registry();
    const rules::Effects& effects = scratch_.model().fold(*act);
    if (world.share_registry() != registry || index == 0) {
      keys_.update(world.registry());
      log_keys_ = log::own_keys(world.registry()).log;
    }
    RELAIS_TRY(compare_event(index, s));
    const std::string place = store::index_key(index);
    expected_.ids.add(log::id_key(s.id, signer->id), place);
    expected_.streams.add(log::stream_version_key(s.stream, StreamVersion{act->event.getVersion()}),
                          place);
    if (!effects.erased.empty()) RELAIS_TRY(check_erased(index, *act, effects.erased));
    tree_.append(e.leaf, [this](merkle::NodeId id, const Hash& hash) {
      if (id.level % merkle::kTileHeight == 0) keep_node(id, hash);
    });
    if (!tile_status_) return fail(tile_status_.error());
    report_.disclosures += e.disclosures;
    report_.sealed += e.sealed ? 1 : 0;
    report_.for_readers += e.for_readers;
    ++report_.entries;
    if (report_.entries % kScratchFlushEvery == 0)
      RELAIS_TRY(scratch_.flush(TreeSize{report_.entries}));
    return checkpoints_.at(report_.entries, tree_, log_keys_, report_.checkpoints);
  }

  Status finish(const log::Head& head) {
    const std::uint64_t size = report_.entries;
    if (size != head.checkpoint.size)
      return broken(
          "size", entry_name(size),
          "an entry is missing: the checkpoint covers " + std::to_string(head.checkpoint.size));
    RELAIS_TRY(checkpoints_.finish(size));
    for (std::size_t level = 0; level < tiles_.size(); ++level)
      if (!tiles_[level].empty())
        RELAIS_TRY(compare_tile(level, size_at(level) / merkle::kTileWidth, tiles_[level]));
    RELAIS_TRY(compare_index(stored_.streams, expected_.streams, "streams"));
    RELAIS_TRY(compare_index(stored_.ids, expected_.ids, "ids"));
    report_.root = tree_.root();
    return {};
  }

 private:
  Status compare_event(std::uint64_t index, const statement::Statement& s) {
    if (events_at_ == events_.size() || index != events_first_ + events_at_)
      RELAIS_TRY(load_events(index));
    if (events_at_ >= events_.size() || events_[events_at_] != statement::encode_event(s))
      return broken("event", "event " + std::to_string(index),
                    "the typed event is not what its statement says");
    ++events_at_;
    return {};
  }
  /// Typed events are read a stretch at a time.
  Status load_events(std::uint64_t from) {
    events_.clear();
    events_at_ = 0;
    events_first_ = from;
    return ledger_.store().scan(
        store::Family::events, store::index_key(from),
        [&](std::string_view key, std::string_view value) {
          if (load_be<std::uint64_t>(key) != from + events_.size()) return false;
          events_.emplace_back(value);
          return events_.size() < kEventsAtOnce;
        },
        true);
  }
  /// The two indices hold one record for each entry, and no other.
  Status compare_index(const SetDigest& stored, const SetDigest& expected, const char* name) {
    if (stored == expected) return {};
    RELAIS_TRY(find_in_indices());
    return broken("stray", name,
                  "the index " + std::string(name) + " has more records than there are entries");
  }
  /// Which entry an index does not lead to, once it is known that something is wrong.
  Status find_in_indices() {
    statement::EventView view;
    Status found;
    RELAIS_TRY(ledger_.store().scan(
        store::Family::events, {},
        [&](std::string_view key, std::string_view value) {
          const LogIndex index{load_be<std::uint64_t>(key)};
          if (!view.load(value)) return true;  // compared already
          const auto event = view.get();
          const auto by_stream =
              ledger_.find(statement::stream_of(event), StreamVersion{event.getVersion()});
          const auto by_id = ledger_.find({event.getId().begin(), event.getId().size()});
          if (!by_stream || *by_stream != index)
            found =
                broken("stream-index", entry_name(index.value), "its stream does not lead to it");
          else if (!by_id || std::find(by_id->begin(), by_id->end(), index) == by_id->end())
            found = broken("id-index", entry_name(index.value), "its id does not lead to it");
          return found.has_value();
        },
        true));
    return found;
  }
  /// What an erasure has destroyed must not be there.
  Status check_erased(std::uint64_t index, const rules::Act& act,
                      const std::vector<std::uint32_t>& versions) {
    for (const std::uint32_t version : versions) {
      RELAIS_ASSIGN(const auto target, ledger_.find(act.stream, StreamVersion{version}));
      if (!target) return broken("stream-index", entry_name(index), "its stream has a gap");
      RELAIS_ASSIGN(const auto kept, ledger_.store().get(store::Family::disclosures,
                                                         store::index_key(target->value)));
      if (kept)
        return broken("erased", entry_name(target->value),
                      "disclosures that were erased are still stored");
    }
    return {};
  }
  void keep_node(merkle::NodeId id, const Hash& hash) {
    const std::size_t level = id.level / merkle::kTileHeight;
    if (tiles_.size() <= level) tiles_.resize(level + 1);
    std::string& tile = tiles_[level];
    tile.append(view(hash));
    if (tile.size() < merkle::kTileWidth * 32) return;
    if (tile_status_) tile_status_ = compare_tile(level, id.index / merkle::kTileWidth, tile);
    tile.clear();
  }
  std::uint64_t size_at(std::size_t level) const {
    return report_.entries >> (merkle::kTileHeight * level);
  }
  Status compare_tile(std::size_t level, std::uint64_t index, const std::string& hashes) {
    const auto stored = ledger_.tile(static_cast<std::uint8_t>(level), index);
    if (!stored || *stored != hashes)
      return broken("tile", "tile " + std::to_string(level) + "/" + std::to_string(index),
                    "a stored tile is not made of its entries' hashes");
    ++report_.tiles;
    return {};
  }
  const log::Ledger& ledger_;
  Scratch& scratch_;
  KnownKeys& keys_;
  VerifyReport& report_;
  Checkpoints checkpoints_;
  merkle::LogKeys log_keys_;
  merkle::CompactRange tree_;
  std::vector<std::string> tiles_;
  Status tile_status_;
  Timestamp last_received_;
  const Indices& stored_;
  Indices expected_;
  std::vector<std::string> events_;
  std::size_t events_at_ = 0;
  std::uint64_t events_first_ = 0;
};

Status compare_projections(const log::Head& head, Scratch& scratch, VerifyReport& report) {
  RELAIS_TRY(scratch.flush(TreeSize{report.entries}));
  RELAIS_TRY(scratch.finish());
  std::optional<Difference> difference;
  try {
    difference = first_difference(*head.records, scratch.records(), report.records);
  } catch (const DamagedRecords& e) {
    return broken("projection", "generation " + std::to_string(head.generation), e.what());
  }
  if (!difference) return {};
  const char* what = !difference->in_left ? "a record is missing from the live projections"
                     : !difference->in_right
                         ? "the live projections have a record too many"
                         : "a live projection record is not what the events say";
  return fail(error(Errc::corrupt, "verify-projection", what)
                  .at("record " + to_hex(difference->key))
                  .accepts("relais rebuild, which makes the projections anew from event 0"));
}

/// What needs no entry. Gives what the indices hold too, since every record is looked at.
Result<store::FilesRead> check_store(const store::Store& store, std::uint64_t size,
                                     Indices& stored) {
  auto files = std::async(std::launch::async, [&store] { return store.check_files(); });
  const Status strays = check_strays(
      store, size, [&stored](store::Family family, std::string_view key, std::string_view value) {
        if (family == store::Family::ids) stored.ids.add(key, value);
        if (family == store::Family::streams) stored.streams.add(key, value);
      });
  RELAIS_ASSIGN(const store::FilesRead read, files.get());
  RELAIS_TRY(strays);
  return read;
}

}  // namespace

Result<VerifyReport> verify(const log::Ledger& ledger, const VerifyOptions& options,
                            const Progress& progress) {
  const auto head = ledger.head();
  VerifyReport report;
  const std::string set_key = fresh_key();
  Indices stored(set_key);
  RELAIS_ASSIGN(report.files, check_store(ledger.store(), head->checkpoint.size, stored));
  RELAIS_ASSIGN(const auto scratch, Scratch::make(ledger.factory()));
  KnownKeys keys;
  {
    Fold fold(ledger, *scratch, keys, report, set_key, stored);
    Pipeline pipeline(ledger, std::max(1u, options.threads), keys);
    for (;;) {
      RELAIS_ASSIGN(const auto chunk, pipeline.next());
      if (chunk == nullptr) break;
      for (std::size_t i = 0; i < chunk->entries.size(); ++i)
        RELAIS_TRY(fold.take(chunk->first + i, chunk->entries[i]));
      progress(report.entries, head->checkpoint.size);
    }
    RELAIS_TRY(fold.finish(*head));
  }
  if (log::own_keys(scratch->model().world().registry()) != ledger.keys())
    return broken("log-key", "log.vkey",
                  "the entries name other keys of the log than the store and log.vkey do");
  if (options.projections) RELAIS_TRY(compare_projections(*head, *scratch, report));
  return report;
}

namespace {

/// Every disclosure is one that the JWT signs; and the time that it says. Types and rules are not
/// judged: a receipt holds for an event type too that this program does not know.
Status check_disclosures(const statement::SdJwt& parts, ReceiptReport& report) {
  RELAIS_ASSIGN(const crypto::Jws jws, crypto::parse_jws(parts.jwt, statement::kTyp));
  RELAIS_ASSIGN(json::value payload, json::parse(jws.payload));
  if (!payload.is_object())
    return fail(error(Errc::malformed, "payload-form", "the signed payload is not a JSON object")
                    .accepts("a CloudEvent in structured JSON"));
  const auto* time = json::find_string(payload.get_object(), "time");
  const auto stated = time == nullptr ? std::nullopt : parse_rfc3339(*time);
  if (!stated)
    return fail(error(Errc::malformed, "attribute-form", "the statement does not say when it was")
                    .at("time")
                    .accepts("a time as RFC 3339 has it"));
  report.stated = *stated;
  RELAIS_ASSIGN(const statement::Processed processed,
                statement::process_sd_jwt(std::move(payload.get_object()), parts.disclosures));
  report.disclosures = processed.disclosed.size();
  report.withheld = processed.withheld;
  return {};
}

}  // namespace

Result<ReceiptReport> verify_receipt(std::string_view receipt_text, std::string_view statement_text,
                                     const merkle::LogKeys& log) {
  RELAIS_ASSIGN(const merkle::Receipt receipt, merkle::parse_receipt(receipt_text));
  if (receipt.extra.size() != 8)
    return fail(
        error(Errc::malformed, "receipt-extra", "the receipt does not carry the time of receipt")
            .at("extra")
            .accepts("eight bytes in base64: milliseconds since 1970, big-endian"));
  while (!statement_text.empty() &&
         (statement_text.back() == '\n' || statement_text.back() == '\r'))
    statement_text.remove_suffix(1);
  RELAIS_ASSIGN(const statement::SdJwt parts, statement::split_sd_jwt(statement_text));
  ReceiptReport report;
  report.index = receipt.index;
  report.received_at = Timestamp{static_cast<std::int64_t>(load_be<std::uint64_t>(receipt.extra))};
  if (!in_time_range(report.received_at))
    return fail(error(Errc::malformed, "receipt-extra", "the time of receipt is none")
                    .at("extra")
                    .accepts("milliseconds since 1970, up to the end of the year 9999"));
  RELAIS_ASSIGN(
      report.checkpoint,
      merkle::verify_receipt(receipt, log::entry_bytes(report.received_at, parts.jwt), log));
  RELAIS_TRY(check_disclosures(parts, report));
  return report;
}

}  // namespace relais::replay
