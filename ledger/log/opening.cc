// Ledger::open: what is in the folder is checked before anything goes on from it.
#include <algorithm>

#include "ledger/base/archive.h"
#include "ledger/base/file.h"
#include "ledger/base/stored.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/genesis.h"
#include "ledger/log/hands.h"
#include "ledger/log/impl.h"
#include "schemas/text.h"

namespace relais::log {
namespace {

namespace fs = std::filesystem;

Error damaged_projections(const DamagedRecords& e) {
  return error(Errc::corrupt, "self-check-projections", e.what())
      .accepts("relais rebuild, which makes them anew from event 0");
}

/// Whether a slot that does not hold can be what a power loss left: the store is written before its
/// checkpoint, so it then goes further than the slot that holds.
bool torn_by_a_crash(const Head& head, const HeadContent& content, const store::Store& store) {
  if (!content.newest) return false;
  return content.newest->size < head.checkpoint.size ||
         (content.written != 0 && content.written < store.sequence());
}

std::string accept_command(const Head& head, const Options& options) {
  return "relais rebuild --data " + options.data.string() + " --head " +
         tiles::name_of(head.checkpoint);
}

/// Of what no checkpoint is over.
Error lost_end(std::uint64_t acknowledged, std::uint64_t stored, const std::string& command) {
  const std::string number = std::to_string(acknowledged);
  return error(Errc::corrupt, "self-check-head",
               "write " + number + " of the store was acknowledged, and it ends with " +
                   std::to_string(stored) +
                   ": the entries are whole, and what came to them later (disclosures, sealed "
                   "copies) is lost")
      .at("write " + number)
      .accepts(
          "store and head as the server left them, or of one moment from a backup; or, where "
          "the end is lost: " +
          command + ", which goes on without it");
}

/// Without `head`, or where the store does not go as far, the store's last checkpoint is to be
/// named by who goes on from it.
Status check_lost(const Head& head, const HeadContent& content, const Options& options,
                  const store::Store& store) {
  const std::string name = tiles::name_of(head.checkpoint);
  const std::string command = accept_command(head, options);
  if (options.accept_head == name) return {};
  if (options.accept_head)
    return fail(error(Errc::conflict, "head-differs",
                      "the store's last checkpoint is another than " + *options.accept_head)
                    .at("--head")
                    .accepts(name));
  if (content.flaw.empty()) return fail(lost_end(content.written, store.sequence(), command));
  const std::string file = (options.data / "head").string();
  return fail(
      error(Errc::corrupt, "self-check-head",
            file + " " + content.flaw + ", and the log has " +
                std::to_string(head.checkpoint.size) +
                " entries: whether its end was lost cannot be told")
          .at("head")
          .accepts("the file as the server left it; or, where it is lost: " + command +
                   ", which takes the store's last checkpoint for the last one handed out"));
}

Error two_heads(const Options& options, const merkle::Checkpoint& one,
                const merkle::Checkpoint& other) {
  return error(Errc::corrupt, "self-check-head",
               (options.data / "head").string() + " has two signed checkpoints of " +
                   std::to_string(one.size) + " entries that contradict each other: " +
                   tiles::name_of(one) + " and " + tiles::name_of(other))
      .at("head")
      .accepts(
          "the file as the server left it; two signed trees of one size are a fork of the log");
}

Status check_head_file(const Head& head, const HeadContent& content, const Options& options,
                       const store::Store& store) {
  const merkle::TileReader read_tile = tiles::tile_reader(store);
  if (content.newest)
    RELAIS_TRY(tiles::check_handed_out(head.checkpoint, *content.newest, read_tile));
  // The log's key has signed both: one history has both, or it has forked.
  if (content.older) {
    if (content.older->size == content.newest->size && content.older->root != content.newest->root)
      return fail(two_heads(options, *content.newest, *content.older));
    RELAIS_TRY(tiles::check_handed_out(head.checkpoint, *content.older, read_tile));
  }
  if (content.written > store.sequence()) return check_lost(head, content, options, store);
  if (content.flaw.empty()) {
    if (!options.accept_head) return {};
    return fail(error(Errc::conflict, "head-holds",
                      "head holds, and its last checkpoint is " + tiles::name_of(*content.newest))
                    .at("--head")
                    .accepts("nothing: this is for a head that is lost"));
  }
  constexpr std::uint64_t kGenesis = 1;
  const bool passes = torn_by_a_crash(head, content, store) || head.checkpoint.size <= kGenesis;
  if (passes && !options.strict) return {};
  return check_lost(head, content, options, store);
}

/// Projections stand for what the log holds, no more and no less: they are committed together.
Status check_position(const RecordSource& records, TreeSize size) {
  std::optional<std::string> position;
  try {
    position = records.get(kPositionKey);
  } catch (const DamagedRecords& e) {
    return fail(damaged_projections(e));
  }
  const std::uint64_t at =
      position && position->size() >= 8 ? load_be<std::uint64_t>(*position) : 0;
  if (position == position_value(size)) return {};
  if (at == size.value)
    return fail(error(Errc::corrupt, "self-check-projections",
                      "the projections were made by another version of this program")
                    .accepts("relais rebuild, which makes them anew from event 0"));
  return fail(error(Errc::corrupt, "self-check-projections",
                    "the projections stand for " + std::to_string(at) + " events, the log has " +
                        std::to_string(size.value))
                  .accepts("relais rebuild, which makes them anew from event 0"));
}

using schema::text;

/// The file of public keys against those that the log names. It may know fewer of them: a start
/// writes the rest.
Status check_log_keys(const merkle::LogKeys& stored, const merkle::LogKeys& file,
                      const Options& options) {
  if (file == stored || (!options.strict && stored.extends(file))) return {};
  const std::string name = (options.data / "log.vkey").string();
  std::string whole = merkle::to_text(stored);
  whole.pop_back();  // the end of the last line
  const auto refuse = [&](const std::string& what, std::string accepted) {
    return fail(error(Errc::corrupt, "self-check-log-key", what)
                    .at("log.vkey")
                    .accepts(std::move(accepted)));
  };
  if (stored.extends(file))
    return refuse(name + " lacks keys that the log names: a rotation was interrupted",
                  "what the next start of the server writes: " + whole);
  if (file.extends(stored))
    return refuse(name + " has a key that signs from " +
                      std::to_string(file.all()[stored.all().size()].from) +
                      " entries on, and the store knows of no such rotation: it is of before, and "
                      "going on from it would fork the log",
                  "a store that is at least as long; or store, keys, head and log.vkey of one "
                  "moment");
  return refuse(name + " is not the log and the key that entry 0 names" +
                    (stored.all().size() > 1 ? ", and those that were put in its place" : ""),
                std::move(whole));
}

/// Where a log is verified, the convention file is the one that entry 0 names.
Status check_convention_file(const store::Store& store, const Options& options) {
  RELAIS_ASSIGN(const auto stored, store.get(store::Family::events, store::index_key(0)));
  statement::EventView view;
  if (!stored || !view.load(*stored) || !view.get().getData().isConventionOpened())
    return {};  // a ledger that is being made, or damage that the self-check names
  const auto opened = view.get().getData().getConventionOpened();
  if (!options.strict) return {};
  constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  const auto file = read_file(options.data / "convention.toml", kMostBytes);
  if (file && document_hash(*file) == text(opened.getDocumentHash())) return {};
  return fail(error(Errc::corrupt, "self-check-convention",
                    (options.data / "convention.toml").string() +
                        " is not the file that was opened and signed" +
                        (file ? std::string() : ": " + file.error().message))
                  .at("convention.toml")
                  .accepts("a file whose SHA-256 is " + text(opened.getDocumentHash())));
}

/// A damaged end of the write-ahead log is not read, and let go of: so, before the store is opened
/// for writing, that it goes far enough without it.
Status check_damaged_end(const Options& options, const Clock& clock, const ModelFactory& factory) {
  if (options.read_only && !options.strict) return {};
  RELAIS_ASSIGN(auto damage, store::Store::damaged_end(options.data / "store"));
  if (!damage) return {};
  if (options.strict) return fail(std::move(*damage));
  Options look = options;
  look.read_only = true;
  if (const auto opened = Ledger::open(look, clock, factory); !opened) {
    damage->message += "; without it, " + to_string(opened.error());
    return fail(std::move(*damage));
  }
  if (options.report)
    options.report(damage->message + "; nothing is missing without it that head knows of");
  return {};
}

/// What the projections say of the ledger itself.
Status check_registry(const Head& head, const OwnKeys& keys) {
  const bool opened = head.size().value > 0;
  require_stored(!opened || head.registry->find(SignatoryId{0}) != nullptr,
                 "the stored registry does not know the ledger itself");
  if (own_keys(*head.registry) == keys) return {};
  return fail(error(Errc::corrupt, "self-check-log-key",
                    "the projections name other keys of the log than the store")
                  .accepts("relais rebuild, which makes them anew from event 0"));
}

/// A model that goes on from its records is told of the events that fill no row yet.
Status recall_row(const store::Store& store, Model& model, TreeSize size) {
  const std::uint64_t first = size.value - size.value % kRowEvents;
  statement::EventView view;
  std::uint64_t next = first;
  RELAIS_TRY(store.scan(store::Family::events, store::index_key(first),
                        [&](std::string_view key, std::string_view value) {
                          if (load_be<std::uint64_t>(key) != next || next == size.value ||
                              !view.load(value))
                            return false;
                          model.recall(rules::act_of(LogIndex{next++}, view.get()));
                          return true;
                        }));
  if (next == size.value) return {};
  return fail(Errc::corrupt, "event-unreadable",
              "typed event " + std::to_string(next) + " is missing or cannot be read");
}

}  // namespace

/// Without it, what was disclosed stays closed: enough for who verifies or folds, not for who
/// serves.
Status Ledger::Impl::open_vault() {
  const std::string place = wrapping_key_place(options.data, options.wrapping_key).string();
  RELAIS_TRY(vault::check_outside(place, options.data));
  const bool written = !options.read_only;
  auto key = vault::open_wrapping_key(place, written ? vault::Use::renew : vault::Use::unwrap);
  if (key) {
    auto opened = vault::Vault::open(*store, std::move(*key));
    if (opened) {
      vault = std::move(*opened);
      return {};
    }
    key = fail(std::move(opened).error());
  }
  locked = std::move(key).error();
  // Who verifies and gives the key is told that it does not fit; who has none, how much stays shut.
  const bool damaged = locked->code == Errc::corrupt;
  const bool not_the_one = !options.wrapping_key.empty();
  if (written || options.unwritable || (options.strict && (damaged || not_the_one)))
    return fail(*locked);
  if (locked->code == Errc::not_found) locked->code = Errc::unavailable;
  return {};
}

Status Ledger::Impl::open_writer(const HeadContent& content, const Head& now) {
  RELAIS_ASSIGN(log_key, load_log_key(options.data, now.keys->log));
  RELAIS_ASSIGN(const auto public_keys, load_log_keys(options.data));
  if (public_keys != now.keys->log) RELAIS_TRY(save_log_keys(options.data, now.keys->log));
  RELAIS_ASSIGN(auto file, HeadFile::open(options.data / "head", content.next));
  head_file.emplace(std::move(file));
  // What is missing there is mended now, not with the next statement.
  const std::uint64_t written = store->sequence();
  const bool behind =
      !content.newest || content.newest->size < now.checkpoint.size || content.written != written;
  if (!now.note.empty() && (behind || !content.flaw.empty())) RELAIS_TRY(acknowledge(now.note));
  const bool given_up = !content.newest || content.written > written;
  if (!now.note.empty() && given_up) RELAIS_TRY(acknowledge(now.note));  // both slots
  RELAIS_ASSIGN(tree, TreeWriter::load(now.size().value, tile_reader()));
  return {};
}

Result<std::unique_ptr<Ledger>> Ledger::open(const Options& options, const Clock& clock,
                                             ModelFactory factory) {
  auto impl = std::make_unique<Impl>();
  if (!options.read_only) {
    // Before anything is written: the store's own lock is a file, which somebody may have deleted.
    auto lock = PathLock::take(options.data);
    if (!lock) {
      if (lock.error().code == Errc::conflict) lock.error().rule = "store-locked";
      return fail(std::move(lock.error()));
    }
    impl->folder_lock = std::move(*lock);
    RELAIS_TRY(check_hands(options));
    for (const char* name : {"", "keys"}) remove_unfinished(options.data / name);
  }
  RELAIS_TRY(check_damaged_end(options, clock, factory));
  impl->options = options;
  impl->failure = options.unwritable;
  impl->clock = &clock;
  impl->factory = std::move(factory);
  RELAIS_ASSIGN(const merkle::LogKeys named, load_log_keys(options.data));
  // Before the store: a server beside may go on while a reader opens it.
  HeadContent handed_out = HeadFile::read(options.data / "head", named);
  store::Options store_options;
  store_options.path = options.data / "store";
  store_options.read_only = options.read_only;
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.max_open_files = options.max_open_files;
  store_options.report = options.report;
  store_options.jobs = options.jobs;
  RELAIS_ASSIGN(impl->store, store::Store::open(store_options));

  RELAIS_TRY(impl->open_vault());
  RELAIS_ASSIGN(const auto stored, stored_keys(*impl->store));
  const OwnKeys keys = stored.value_or(OwnKeys{named, named});
  RELAIS_TRY(check_log_keys(keys.log, named, options));
  if (keys.log != named) handed_out = HeadFile::read(options.data / "head", keys.log);
  RELAIS_TRY(check_convention_file(*impl->store, options));
  RELAIS_ASSIGN(Head head, self_check(*impl->store, keys.log, impl->tile_reader()));
  head.keys = std::make_shared<const OwnKeys>(keys);
  RELAIS_TRY(check_head_file(head, handed_out, options, *impl->store));
  head.generation = impl->store->generation();
  head.records = impl->store->snapshot(head.generation);
  if (!options.ignore_projections) RELAIS_TRY(check_position(*head.records, head.size()));
  // Projections that are to be made anew, or compared, are not read for anything else.
  impl->records = std::make_shared<MemoryRecords>();
  if (!options.ignore_projections) impl->records = impl->store->records(head.generation);
  try {
    impl->model = impl->factory(*impl->records);
    head.registry = impl->model->world().share_registry();
    if (!options.ignore_projections) RELAIS_TRY(check_registry(head, keys));
  } catch (const DamagedRecords& e) {
    return fail(damaged_projections(e));
  }
  if (!options.read_only) {
    if (!options.ignore_projections)
      RELAIS_TRY(recall_row(*impl->store, *impl->model, head.size()));
    RELAIS_TRY(impl->open_writer(handed_out, head));
  }
  impl->head = std::make_shared<const Head>(std::move(head));
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(impl)));
  if (!options.read_only) ledger->impl_->start_writer();
  return ledger;
}

}  // namespace relais::log
