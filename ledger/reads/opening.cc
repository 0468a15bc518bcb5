// create_log and ReadLog::open: what is in the folder is checked before anything goes on from it.
#include "ledger/reads/impl.h"

namespace relais::reads {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTail = 64;  // entries at the end that are looked at one by one
constexpr std::size_t kWriteBuffer = 8u << 20;

std::unexpected<Error> broken(const std::string& rule, std::string message) {
  return fail(error(Errc::corrupt, "self-check-" + rule, "the log of reads: " + std::move(message))
                  .accepts("a store that was not tampered with, or a restored backup at least as "
                           "long as the last published checkpoint; relais verify names what does "
                           "not hold"));
}

/// One that is empty may have been begun anew, by a command that did not get to its end.
std::unexpected<Error> too_short(std::uint64_t size, const Options& options,
                                 const merkle::LogKeys& log) {
  const std::string had = std::to_string(options.least);
  auto failure = broken("reads", "it has " + std::to_string(size) + " entries, and had " + had +
                                     ", as the ledger knows");
  if (size == 0 && log.all().size() == 1)
    failure.error().accepted += "; or, where it is lost: relais rebuild --data " +
                                options.path.parent_path().string() + " --reads-anew " + had +
                                ", which gives up who looked at what until now";
  return failure;
}

store::Options store_options(const fs::path& path) {
  store::Options options;
  options.path = path / "store";
  options.write_buffer_bytes = kWriteBuffer;
  return options;
}

Status create_in(const fs::path& path, const merkle::NoteKey& ledger,
                 const crypto::SigningKey& key) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec)
    return fail(Errc::io, "data-folder", "cannot make " + path.string() + ": " + ec.message());
  fs::permissions(path, fs::perms::owner_all, ec);
  store::Options options = store_options(path);
  options.create = true;
  RELAIS_ASSIGN(const auto store, store::Store::open(options));
  const merkle::Checkpoint empty{keys_of(ledger).name(), 0, merkle::empty_root()};
  const std::string note = merkle::sign_checkpoint(empty, key);
  store::Batch batch;
  batch.put(store::Family::checkpoints, store::index_key(0), note);
  RELAIS_TRY(store->write(batch, true));
  RELAIS_ASSIGN(auto head, tiles::HeadFile::open(path / "head", 0));
  for (int slot = 0; slot < 2; ++slot) RELAIS_TRY(head.write(note, store->sequence()));
  return store->flush();
}

/// Whether the index of readers has an entry; of the last bundle it has none yet.
bool leads_to(const RecordSource& indices, std::string_view signatory, std::uint64_t index,
              std::uint64_t size) {
  const std::uint64_t bundle = index / kBundle;
  if (bundle == size / kBundle) return true;
  const auto places = indices.get(signatory_key(signatory, bundle));
  return places && places->find(static_cast<char>(index % kBundle)) != std::string::npos;
}

/// An index that leads to each of the last entries.
Status check_tail(const store::Store& store, std::uint64_t size, Head& head) {
  const auto indices = store.records(kIndices);
  const merkle::NodeReader read = merkle::node_reader(tiles::tile_reader(store));
  for (std::uint64_t index = size > kTail ? size - kTail : 0; index < size; ++index) {
    const std::string name = "entry " + std::to_string(index);
    RELAIS_ASSIGN(const auto entry, store.get(store::Family::entries, store::index_key(index)));
    if (!entry) return broken("entries", name + " is missing");
    RELAIS_ASSIGN(const Hash leaf, read({0, index}));
    if (merkle::leaf_hash(*entry) != leaf)
      return broken("entries", name + " is not what the tree has hashed");
    RELAIS_ASSIGN(const EntryView view, parse_entry(*entry));
    const auto parsed = parse_record_text(view.text);
    if (!parsed) return broken("entries", name + ": " + parsed.error().message);
    if (!leads_to(*indices, parsed->reader.signatory, index, size))
      return broken("indices", "its reader does not lead to " + name);
    head.last_received = view.received_at;
  }
  return {};
}

/// Whether a slot that does not hold can be what a power loss left: the store is written before its
/// checkpoint.
Status check_head_file(const Head& head, const tiles::HeadContent& content, const Options& options,
                       const store::Store& store) {
  if (content.newest)
    RELAIS_TRY(
        tiles::check_handed_out(head.checkpoint, *content.newest, tiles::tile_reader(store)));
  // The key has signed both slots: one history has both, or it has forked.
  if (content.older)
    RELAIS_TRY(tiles::check_handed_out(head.checkpoint, *content.older, tiles::tile_reader(store)));
  const std::string name = tiles::name_of(head.checkpoint);
  if (content.flaw.empty()) {
    if (!options.accept_head) return {};
    return fail(error(Errc::conflict, "head-holds", "the head of the log of reads holds")
                    .at("--reads-head")
                    .accepts("nothing: this is for a head that is lost"));
  }
  const bool torn = content.newest && content.newest->size < head.checkpoint.size;
  if ((torn && !options.strict) || options.accept_head == name) return {};
  if (options.accept_head)
    return fail(
        error(Errc::conflict, "head-differs",
              "the last checkpoint of the log of reads is another than " + *options.accept_head)
            .at("--reads-head")
            .accepts(name));
  return fail(error(Errc::corrupt, "self-check-head",
                    (options.path / "head").string() + " " + content.flaw +
                        ", and the log of reads has " + std::to_string(head.checkpoint.size) +
                        " entries: whether its end was lost cannot be told")
                  .at("reads/head")
                  .accepts("the file as the server left it; or, where it is lost: relais rebuild "
                           "--data DATA --reads-head " +
                           name + ", which takes it for the last one handed out"));
}

/// A damaged end of the write-ahead log is not read, and let go of: so, before the store is opened
/// for writing, that it goes far enough without it.
Status check_damaged_end(const Options& options, const Clock& clock) {
  if (!options.key && !options.strict) return {};
  RELAIS_ASSIGN(auto damage, store::Store::damaged_end(options.path / "store"));
  if (!damage) return {};
  if (options.strict) return fail(std::move(*damage));
  Options look = options;
  look.key.reset();
  if (const auto opened = ReadLog::open(look, clock); !opened) {
    damage->message += "; without it, " + to_string(opened.error());
    return fail(std::move(*damage));
  }
  if (options.report)
    options.report(damage->message + "; nothing is missing without it that head knows of");
  return {};
}

}  // namespace

Result<Head> self_check(const store::Store& store, const merkle::LogKeys& log) {
  Head head;
  RELAIS_ASSIGN(const auto last, store.last(store::Family::checkpoints));
  if (!last) return broken("checkpoint", "there is no checkpoint");
  head.note = last->second;
  auto checkpoint = merkle::open_checkpoint(head.note, log);
  if (!checkpoint)
    return broken("checkpoint", "the last checkpoint does not hold: " + checkpoint.error().message);
  head.checkpoint = std::move(*checkpoint);
  const std::uint64_t size = head.checkpoint.size;
  if (const std::uint64_t from = log.all().back().from; size + 1 < from)
    return broken("size", "it has " + std::to_string(size) + " entries, and had " +
                              std::to_string(from - 1) + " when the log's key was replaced");
  RELAIS_ASSIGN(const auto end, store.last(store::Family::entries));
  if (end && end->first.size() != sizeof(std::uint64_t))
    return broken("size", "the last record is none of an entry's: " + to_hex(end->first));
  const std::uint64_t found = end ? load_be<std::uint64_t>(end->first) + 1 : 0;
  if (found != size)
    return broken("size", "the last checkpoint covers " + std::to_string(size) +
                              " entries, the store has " + std::to_string(found));
  RELAIS_ASSIGN(const auto missing, tiles::first_missing(store, size));
  if (missing) return broken("entries", "entry " + std::to_string(*missing) + " is missing");
  RELAIS_ASSIGN(const Hash root,
                merkle::root(size, merkle::node_reader(tiles::tile_reader(store))));
  if (root != head.checkpoint.root)
    return broken("root", "the tree's root is not the one in the last checkpoint");
  try {
    RELAIS_TRY(check_tail(store, size, head));
  } catch (const DamagedRecords& e) {
    return broken("indices", e.what());
  }
  return head;
}

Status create_log(const fs::path& path, const merkle::NoteKey& ledger,
                  const crypto::SigningKey& key) {
  std::error_code ec;
  if (fs::exists(path, ec))
    return fail(error(Errc::conflict, "data-folder", path.string() + " exists")
                    .accepts("a folder that does not exist yet"));
  fs::path staging = path;
  staging += ".new";
  fs::remove_all(staging, ec);
  Status made = create_in(staging, ledger, key);
  if (made) {
    fs::rename(staging, path, ec);
    if (!ec) return {};
    made = fail(Errc::io, "data-folder",
                "cannot move the log of reads to " + path.string() + ": " + ec.message());
  }
  fs::remove_all(staging, ec);
  return made;
}

Status ReadLog::Impl::open_writer(const tiles::HeadContent& content, const Head& now) {
  RELAIS_ASSIGN(auto file, tiles::HeadFile::open(options.path / "head", content.next));
  head_file.emplace(std::move(file));
  // What is missing there is mended now, not with the next read.
  const std::uint64_t written = store->sequence();
  const bool behind =
      !content.newest || content.newest->size < now.checkpoint.size || content.written != written;
  if (behind || !content.flaw.empty()) RELAIS_TRY(head_file->write(now.note, written));
  if (!content.newest) RELAIS_TRY(head_file->write(now.note, written));  // both slots
  RELAIS_ASSIGN(tree, tiles::TreeWriter::load(now.checkpoint.size, tiles::tile_reader(*store)));
  return {};
}

/// What the last, unfinished bundle has.
Status ReadLog::Impl::load_index(const ReadLog& log) {
  const std::uint64_t size = head->size().value;
  index.emplace(store->records(kIndices));
  index->start(size);
  for (std::uint64_t i = size - size % kBundle; i < size; ++i) {
    RELAIS_ASSIGN(const Stored read, log.find(LogIndex{i}));
    index->add(read.record, read.received_at);
  }
  index->publish();
  return {};
}

Result<std::unique_ptr<ReadLog>> ReadLog::open(const Options& options, const Clock& clock) {
  auto impl = std::make_unique<Impl>();
  if (options.key) {
    auto lock = PathLock::take(options.path);
    if (!lock) {
      if (lock.error().code == Errc::conflict) lock.error().rule = "store-locked";
      return fail(std::move(lock.error()));
    }
    impl->lock = std::move(*lock);
  }
  RELAIS_TRY(check_damaged_end(options, clock));
  impl->options = options;
  impl->failure = options.unwritable;
  impl->clock = &clock;
  impl->keys = keys_of(options.ledger);
  if (options.key && options.key->public_key() != impl->keys.newest().key)
    return broken("log-key", "the private key is not the key of this log");
  // Before the store: a server beside may go on while a reader opens it.
  const tiles::HeadContent handed_out = tiles::HeadFile::read(options.path / "head", impl->keys);
  store::Options store = store_options(options.path);
  store.read_only = !options.key;
  store.block_cache_bytes = options.block_cache_bytes;
  store.max_open_files = options.max_open_files;
  store.report = options.report;
  store.jobs = options.jobs;
  RELAIS_ASSIGN(impl->store, store::Store::open(store));
  RELAIS_ASSIGN(Head head, self_check(*impl->store, impl->keys));
  RELAIS_TRY(check_head_file(head, handed_out, options, *impl->store));
  if (head.checkpoint.size < options.least)
    return too_short(head.checkpoint.size, options, impl->keys);
  if (options.key) RELAIS_TRY(impl->open_writer(handed_out, head));
  impl->head = std::make_shared<const Head>(std::move(head));
  std::unique_ptr<ReadLog> log(new ReadLog(std::move(impl)));
  RELAIS_TRY(log->impl_->load_index(*log));
  if (options.key) log->impl_->start_writer();
  return log;
}

}  // namespace relais::reads
