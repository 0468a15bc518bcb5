#include "ledger/store/store.h"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"
#include "ledger/base/file.h"
#include "ledger/base/write_log.h"
#include "ledger/store/jobs_env.h"
#include "ledger/store/log_file.h"
#include "ledger/store/record_file.h"
#include "ledger/store/table_file.h"

namespace relais::store {
namespace {

constexpr std::array<std::string_view, kFamilies> kNames = {
    "meta",    "entries",     "events",   "nodes",      "ids",
    "streams", "disclosures", "keystore", "checkpoints"};
constexpr std::string_view kGenerationPrefix = "projections.";
constexpr std::string_view kGenerationKey = "generation";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kIngested = "ingested.part";  // a file until it is a generation's
constexpr std::string_view kFormat = "relais-3";

rocksdb::Slice slice(std::string_view s) {
  return {s.data(), s.size()};
}
std::string_view text(const rocksdb::Slice& s) {
  return {s.data(), s.size()};
}

/// RocksDB's own log of what it does. Its usual one writes a file beside the data, and an assertion
/// ends the process where that fails, which it does on a full disk: so no file is written.
class Report final : public rocksdb::Logger {
 public:
  explicit Report(std::function<void(const std::string&)> report)
      : Logger(rocksdb::WARN_LEVEL), report_(std::move(report)) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list values) override {
    if (!report_) return;
    std::array<char, 1024> line{};
    std::vsnprintf(line.data(), line.size(), format, values);
    report_(line.data());
  }

 private:
  const std::function<void(const std::string&)> report_;
};

Error io_error(const rocksdb::Status& status, std::string rule = "store-io") {
  const std::string said = status.ToString();
  if (status.IsNoSpace() || said.find("No space left") != std::string::npos)
    return error(Errc::storage_full, "storage-full", "the disk of the ledger is full")
        .accepts("room on it; writing then resumes by itself");
  if (said.find("File too large") != std::string::npos)
    return error(Errc::storage_full, "storage-full", "a file of the ledger may not grow")
        .accepts("a higher limit of file size (ulimit -f)");
  if (said.find("Too many open files") != std::string::npos)
    return error(Errc::unavailable, "handles-low", "too few file handles are allowed: " + said)
        .accepts("a higher limit (ulimit -n), of 1024 at least");
  if (said.find("Read-only file system") != std::string::npos)
    return error(Errc::unavailable, "storage-read-only", "the disk of the ledger takes no writes")
        .accepts("a disk mounted for writing; writing then resumes by itself");
  const Errc code = status.IsCorruption() ? Errc::corrupt : Errc::io;
  if (status.IsCorruption()) rule = "store-corrupt";
  return error(code, std::move(rule), said);
}

/// One RocksDB family. Held by shared_ptr so that a reader outlives the drop of a generation; it
/// keeps the database open too.
struct FamilyHandle {
  std::shared_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  FamilyHandle(std::shared_ptr<rocksdb::DB> d, rocksdb::ColumnFamilyHandle* h)
      : db(std::move(d)), handle(h) {}
  FamilyHandle(const FamilyHandle&) = delete;
  FamilyHandle& operator=(const FamilyHandle&) = delete;
  ~FamilyHandle() { db->DestroyColumnFamilyHandle(handle); }
};

rocksdb::ColumnFamilyOptions family_options(std::string_view name, const Options& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions o;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  o.level_compaction_dynamic_level_bytes = true;
  o.compression = rocksdb::kLZ4Compression;
  o.write_buffer_size = options.write_buffer_bytes;
  if (name == "entries" || name == "events" || name == "disclosures") {
    table.block_size = 32 * 1024;  // read in order by replay and verification
    if (name == "entries") o.bottommost_compression = rocksdb::kZSTD;
    if (name == "disclosures") o.compression = rocksdb::kNoCompression;  // nor does what is sealed
  } else if (name == "nodes") {
    o.compression = rocksdb::kNoCompression;  // hashes do not compress
    table.block_size = 16 * 1024;
  } else {
    table.block_size = 8 * 1024;
    if (name == "keystore") o.compression = rocksdb::kNoCompression;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  }
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

/// Smallest key greater than every key that begins with `prefix`; empty when there is none.
std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

/// The snapshots that somebody holds, by the number of the write that they stand behind.
class HeldSnapshots {
 public:
  void add(std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    held_.insert(sequence);
  }
  void remove(std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    held_.erase(held_.find(sequence));
  }
  bool none_before(std::uint64_t sequence) const {
    const std::lock_guard lock(mutex_);
    return held_.empty() || *held_.begin() >= sequence;
  }

 private:
  mutable std::mutex mutex_;
  std::multiset<std::uint64_t> held_;
};

/// One moment of the database, kept readable.
class Snapshot {
 public:
  Snapshot(std::shared_ptr<rocksdb::DB> db, std::shared_ptr<HeldSnapshots> held)
      : db_(std::move(db)), held_(std::move(held)), snapshot_(db_->GetSnapshot()) {
    held_->add(snapshot_->GetSequenceNumber());
  }
  ~Snapshot() {
    const std::uint64_t sequence = snapshot_->GetSequenceNumber();
    db_->ReleaseSnapshot(snapshot_);
    held_->remove(sequence);
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  std::shared_ptr<rocksdb::DB> db_;
  std::shared_ptr<HeldSnapshots> held_;
  const rocksdb::Snapshot* snapshot_;
};

/// Read-model records in one family: as they are, or as they were at a snapshot.
class FamilyRecords final : public RecordSource {
 public:
  explicit FamilyRecords(std::shared_ptr<FamilyHandle> family,
                         std::unique_ptr<const Snapshot> snapshot = nullptr)
      : family_(std::move(family)), snapshot_(std::move(snapshot)) {}

  std::optional<std::string> get(std::string_view key) const override {
    std::string value;
    const auto status = family_->db->Get(options(), family_->handle, slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok())
      throw DamagedRecords("a projection record cannot be read: " + status.ToString());
    return value;
  }

  void scan(std::string_view prefix, std::string_view from, const Visit& visit) const override {
    const auto it = iterator();
    for (it->Seek(slice(from < prefix ? prefix : from));
         it->Valid() && text(it->key()).starts_with(prefix); it->Next())
      if (!visit(text(it->key()), text(it->value()))) return;
    require(*it);
  }

  void scan_back(std::string_view prefix, std::string_view from,
                 const Visit& visit) const override {
    const auto it = iterator();
    if (!from.empty()) {
      it->SeekForPrev(slice(from));
    } else if (const std::string end = prefix_end(prefix); end.empty()) {
      it->SeekToLast();
    } else {
      it->SeekForPrev(slice(end));
      if (it->Valid() && text(it->key()) == end) it->Prev();
    }
    for (; it->Valid() && text(it->key()).starts_with(prefix); it->Prev())
      if (!visit(text(it->key()), text(it->value()))) return;
    require(*it);
  }

 private:
  static void require(const rocksdb::Iterator& it) {
    if (!it.status().ok())
      throw DamagedRecords("projection records cannot be read: " + it.status().ToString());
  }
  std::unique_ptr<rocksdb::Iterator> iterator() const {
    rocksdb::ReadOptions read = options();
    read.total_order_seek = true;
    return std::unique_ptr<rocksdb::Iterator>(family_->db->NewIterator(read, family_->handle));
  }
  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions read;
    if (snapshot_ != nullptr) read.snapshot = snapshot_->get();
    return read;
  }
  std::shared_ptr<FamilyHandle> family_;
  std::unique_ptr<const Snapshot> snapshot_;
};

}  // namespace

std::string index_key(std::uint64_t index) {
  std::string key;
  append_be(key, index);
  return key;
}

// ---------------------------------------------------------------------------------------------------------------------

/// What a database runs on: files, a clock, and who does its jobs.
using Machine = std::shared_ptr<rocksdb::Env>;

struct Store::Impl {
  Options options;
  Machine machine;
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::DB> db;
  std::array<std::shared_ptr<FamilyHandle>, kFamilies> families;
  mutable std::mutex generations_mutex;
  std::map<std::uint32_t, std::shared_ptr<FamilyHandle>> generations;
  std::atomic<std::uint32_t> generation{1};
  /// What was written when a write failed may stand in the write-ahead log, and not in memory: who
  /// opens the store next finds it there. Until then nothing is written, and nothing let go of.
  std::atomic<bool> write_failed{false};
  Error failure;  // of that write; does not change any more once it has failed
  std::shared_ptr<HeldSnapshots> snapshots = std::make_shared<HeldSnapshots>();

  std::shared_ptr<FamilyHandle> find_generation(std::uint32_t g) const {
    const std::lock_guard lock(generations_mutex);
    const auto it = generations.find(g);
    return it == generations.end() ? nullptr : it->second;
  }
  void drop_leftovers();
  rocksdb::ColumnFamilyHandle* handle(Family f) const {
    return families[static_cast<std::size_t>(f)]->handle;
  }
  ~Impl() {
    generations.clear();
    families = {};
  }
};

struct Batch::Impl {
  /// A put needs the family's handle, which only the store knows: operations are kept until it
  /// writes them.
  struct Sink final : RecordSink {
    rocksdb::WriteBatch* batch = nullptr;
    std::shared_ptr<FamilyHandle> family;
    void put(std::string_view key, std::string_view value) override {
      check(batch->Put(family->handle, slice(key), slice(value)).ok(), "a put into a batch");
    }
    void erase(std::string_view key) override {
      check(batch->Delete(family->handle, slice(key)).ok(), "a delete in a batch");
    }
  };
  struct Op {
    Family family;
    std::string key;
    std::optional<std::string> value;
  };
  rocksdb::WriteBatch batch;
  std::vector<Op> ops;
  std::size_t op_bytes = 0;
  std::map<std::uint32_t, Sink> sinks;
};

Batch::Batch() : impl_(std::make_unique<Impl>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;

void Batch::put(Family family, std::string_view key, std::string_view value) {
  impl_->op_bytes += key.size() + value.size();
  impl_->ops.push_back({family, std::string(key), std::string(value)});
}

void Batch::erase(Family family, std::string_view key) {
  impl_->op_bytes += key.size();
  impl_->ops.push_back({family, std::string(key), std::nullopt});
}

RecordSink& Batch::records(const Store& store, std::uint32_t generation) {
  Impl::Sink& sink = impl_->sinks[generation];
  if (sink.family == nullptr) {
    sink.batch = &impl_->batch;
    sink.family = store.impl_->find_generation(generation);
    check(sink.family != nullptr, "a batch for a generation that exists");
  }
  return sink;
}

std::size_t Batch::bytes() const {
  return impl_->op_bytes + impl_->batch.GetDataSize();
}

void Batch::clear() {
  impl_->batch.Clear();
  impl_->ops.clear();
  impl_->sinks.clear();
  impl_->op_bytes = 0;
}

// ---------------------------------------------------------------------------------------------------------------------

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

namespace {

Machine machine_of(const Options& options) {
  if (options.jobs != nullptr) return env_with_jobs(files_with_zeros(), *options.jobs);
  return {files_with_zeros(), [](rocksdb::Env*) {}};
}

rocksdb::DBOptions db_options(const Options& options, const Machine& machine) {
  rocksdb::DBOptions o;
  o.env = machine.get();
  o.create_if_missing = options.create;
  o.create_missing_column_families = options.create;
  o.max_background_jobs = 2;
  o.bytes_per_sync = 1 << 20;
  o.max_total_wal_size = options.write_ahead_log_bytes;
  // A log that another follows is missed, and its length is known, as of the first sync behind it:
  // what is in it may be of families whose other records are in files already.
  o.track_and_verify_wals_in_manifest = true;
  o.max_open_files = options.max_open_files;
  o.max_file_opening_threads = 4;  // of each family, anew at each start, however few files it has
  o.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  o.info_log = std::make_shared<Report>(options.report);
  recover_never(o);
  if (options.jobs != nullptr) start_no_threads(o);
  return o;
}

/// RocksDB opens what it finds, and would wait for a FIFO, or read a device, for ever.
Status check_kinds(const std::filesystem::path& path) {
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(path, ec)) {
    std::error_code why;
    const auto status = entry.status(why);
    if (std::filesystem::is_regular_file(status) || std::filesystem::is_directory(status)) continue;
    if (status.type() == std::filesystem::file_type::not_found && !entry.is_symlink(why))
      continue;  // a server beside has removed it
    return fail(damaged_file(entry.path(), "it is not a file"));
  }
  if (ec) return fail(Errc::io, "store-open", path.string() + ": " + ec.message());
  return {};
}

struct RecordFile {
  std::filesystem::path path;
  Place place = Place::last;
};

/// The write-ahead logs, in the order in which they were written.
/// Whether nothing was ever written into a log: where its first record would begin are zeros at
/// most.
bool is_blank(const std::filesystem::path& log) {
  std::array<char, 7> begin{};
  std::ifstream in(log, std::ios::binary);
  in.read(begin.data(), begin.size());
  return std::ranges::all_of(begin, [](char c) { return c == '\0'; });
}

Result<std::vector<RecordFile>> logs_of(const std::filesystem::path& path) {
  std::vector<RecordFile> logs;
  std::error_code ec;
  for (const auto& file : std::filesystem::directory_iterator(path, ec))
    if (file.path().extension() == ".log") logs.push_back({file.path(), Place::before_another});
  if (ec) return fail(Errc::io, "store-open", path.string() + ": " + ec.message());
  // By number, of six digits at least.
  std::ranges::sort(logs, {}, [](const RecordFile& f) {
    const std::string name = f.path.filename().string();
    return std::pair(name.size(), name);
  });
  // The last one that holds something, and those behind it: one that was begun, and no more, when
  // the disk failed has ended none.
  for (auto log = logs.rbegin(); log != logs.rend(); ++log) {
    log->place = Place::last;
    if (!is_blank(log->path)) break;
  }
  return logs;
}

/// The files that RocksDB reads in order: CURRENT names the MANIFEST, which names the others.
Result<std::vector<RecordFile>> record_files(const std::filesystem::path& path) {
  RELAIS_TRY(check_kinds(path));
  constexpr std::size_t kMaxCurrentBytes = 4096;
  const std::filesystem::path current = path / "CURRENT";
  std::string manifest;
  // A server beside that opens its store anew makes another one: it is there with the next look.
  for (int look = 0; look < 3 && manifest.empty(); ++look) {
    const std::string line = read_file(current, kMaxCurrentBytes).value_or("");
    const std::string name = line.substr(0, line.find('\n'));
    if (name.starts_with("MANIFEST-") && line == name + "\n" &&
        std::filesystem::exists(path / name))
      manifest = name;
  }
  if (manifest.empty())
    return fail(damaged_file(current, "it does not name a MANIFEST that is there"));
  RELAIS_ASSIGN(auto files, logs_of(path));
  files.insert(files.begin(), {path / manifest, Place::last});
  return files;
}

bool has_records(const FamilyHandle& family) {
  const std::unique_ptr<rocksdb::Iterator> it(
      family.db->NewIterator(rocksdb::ReadOptions(), family.handle));
  it->SeekToFirst();
  return it->Valid();
}

/// What a crash may leave at a file's end is RocksDB's to judge; the rest must be whole, or it goes
/// on without what is behind.
Status check_records(const std::filesystem::path& path) {
  RELAIS_ASSIGN(const auto files, record_files(path));
  for (const auto& [file, place] : files) {
    RELAIS_ASSIGN(const auto flaw, find_flaw(file, place));
    if (!flaw) continue;
    const bool of_a_crash = flaw->kind == Flaw::Kind::cut ||
                            (flaw->kind == Flaw::Kind::last && file.extension() == ".log");
    if (!of_a_crash) return fail(to_error(*flaw));
  }
  return {};
}

/// RocksDB begins another log when it opens the store: from then on the last one is one of before.
Status end_last_log(const std::filesystem::path& path) {
  RELAIS_ASSIGN(const auto logs, logs_of(path));
  for (const RecordFile& log : logs) {
    if (log.place != Place::last) continue;
    const Status ended = end_log(log.path);
    // As RocksDB would say it of a disk that takes nothing.
    if (!ended && ended.error().code == Errc::io)
      return fail(io_error(rocksdb::Status::IOError(ended.error().message), ended.error().rule));
    RELAIS_TRY(ended);
  }
  return {};
}

/// The number of a family of projections, or nothing.
std::optional<std::uint32_t> generation_of(std::string_view name) {
  if (!name.starts_with(kGenerationPrefix)) return std::nullopt;
  name.remove_prefix(kGenerationPrefix.size());
  std::uint32_t number = 0;
  const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (ec != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

/// Nobody has written what has no place in docs/FORMATS.md.
Error stray_family(const std::string& name, const std::string& what) {
  return error(Errc::corrupt, "store-stray", "the store's column family " + name + " " + what)
      .at(name)
      .accepts("the families of docs/FORMATS.md, or a restored backup");
}

Result<std::vector<std::string>> existing_families(const Options& options, const Machine& machine,
                                                   bool exists) {
  std::vector<std::string> names;
  if (exists) {
    const auto status = rocksdb::DB::ListColumnFamilies(db_options(options, machine),
                                                        options.path.string(), &names);
    if (!status.ok()) return fail(io_error(status, "store-open"));
    for (const std::string& name : names)
      if (name != rocksdb::kDefaultColumnFamilyName && !generation_of(name) &&
          std::ranges::find(kNames, name) == kNames.end())
        return fail(stray_family(name, "is none of this program's"));
    return names;
  }
  names.emplace_back(rocksdb::kDefaultColumnFamilyName);
  for (const auto name : kNames) names.emplace_back(name);
  names.push_back(std::string(kGenerationPrefix) + "1");
  return names;
}

rocksdb::Status open_files(const Options& options, const Machine& machine,
                           const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                           std::vector<rocksdb::ColumnFamilyHandle*>& handles, rocksdb::DB*& db) {
  const std::string path = options.path.string();
  const rocksdb::DBOptions how = db_options(options, machine);
  return options.read_only ? rocksdb::DB::OpenForReadOnly(how, path, families, &handles, &db)
                           : rocksdb::DB::Open(how, path, families, &handles, &db);
}

/// Whether a write-ahead log is not what the MANIFEST has of it: gone, or shorter.
bool is_of_a_log(const rocksdb::Status& status) {
  const std::string said = status.ToString();
  return status.IsCorruption() && (said.find("Missing WAL") != std::string::npos ||
                                   said.find("Size mismatch: WAL") != std::string::npos);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const Options& options) {
  const bool exists = std::filesystem::exists(options.path / "CURRENT");
  if (options.create && exists)
    return fail(Errc::conflict, "store-exists",
                "there is a ledger already in " + options.path.string());
  if (!options.create && !exists)
    return fail(
        error(Errc::not_found, "store-missing", "there is no ledger in " + options.path.string())
            .accepts("a folder made by relais init"));
  if (exists) RELAIS_TRY(check_records(options.path));
  if (exists && !options.read_only) RELAIS_TRY(end_last_log(options.path));
  const Machine machine = machine_of(options);
  RELAIS_ASSIGN(const auto names, existing_families(options, machine, exists));

  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->machine = machine;
  impl->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const auto& name : names)
    descriptors.emplace_back(name, family_options(name, options, impl->cache));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  auto status = open_files(options, machine, descriptors, handles, db);
  // A server beside lets go of a log between RocksDB's looks at the MANIFEST and at the folder.
  for (int look = 1; look < 3 && options.read_only && is_of_a_log(status); ++look)
    status = open_files(options, machine, descriptors, handles, db);
  if (!status.ok()) {
    if (is_of_a_log(status)) return fail(damaged_file(options.path, status.ToString()));
    if (status.IsCorruption()) RELAIS_TRY(find_damaged_table(options.path));
    const bool locked = status.IsIOError() && status.ToString().find("lock") != std::string::npos;
    return fail(io_error(status, locked ? "store-locked" : "store-open"));
  }
  // Readers keep the database open beyond the store, and with it what it runs on.
  impl->db = {db, [machine](rocksdb::DB* d) { delete d; }};
  bool stray = false;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    auto family = std::make_shared<FamilyHandle>(impl->db, handles[i]);
    for (std::size_t f = 0; f < kFamilies; ++f)
      if (names[i] == kNames[f]) impl->families[f] = family;
    if (const auto number = generation_of(names[i])) impl->generations.emplace(*number, family);
    if (names[i] == rocksdb::kDefaultColumnFamilyName) stray = has_records(*family);
  }
  // Not before each handle has its owner: RocksDB ends the process where one is left.
  if (stray)
    return fail(
        stray_family(rocksdb::kDefaultColumnFamilyName, "has records, and is never written"));
  for (const auto& family : impl->families)
    if (family == nullptr) return fail(Errc::corrupt, "store-format", "a column family is missing");

  std::unique_ptr<Store> store(new Store(std::move(impl)));
  if (options.create) {
    Batch batch;
    batch.put(Family::meta, kFormatKey, kFormat);
    store->switch_generation(batch, 1);
    RELAIS_TRY(store->write(batch, true));
  }
  RELAIS_ASSIGN(const auto format, store->get(Family::meta, kFormatKey));
  if (format != kFormat)
    return fail(error(Errc::corrupt, "store-format",
                      "the store has another format than this program writes")
                    .accepts(std::string(kFormat)));
  RELAIS_ASSIGN(const auto live, store->get(Family::meta, kGenerationKey));
  if (!live || live->size() != 4)
    return fail(Errc::corrupt, "store-format", "the live generation is not named");
  const auto generation = load_be<std::uint32_t>(*live);
  if (store->impl_->find_generation(generation) == nullptr)
    return fail(Errc::corrupt, "store-format", "the live generation is missing");
  store->set_generation(generation);
  if (!options.read_only) store->impl_->drop_leftovers();
  return store;
}

/// What a rebuild that was cut short has left. A failure leaves it there, which harms nobody.
void Store::Impl::drop_leftovers() {
  const std::lock_guard lock(generations_mutex);
  std::erase_if(generations, [this](const auto& g) {
    return g.first != generation && db->DropColumnFamily(g.second->handle).ok();
  });
  std::error_code ec;
  std::filesystem::remove(options.path / kIngested, ec);
}

Result<std::optional<std::string>> Store::get(Family family, std::string_view key) const {
  std::string value;
  const auto status =
      impl_->db->Get(rocksdb::ReadOptions(), impl_->handle(family), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return fail(io_error(status));
  return std::optional<std::string>(std::move(value));
}

Status Store::scan(Family family, std::string_view from, const Visit& visit, bool bulk) const {
  rocksdb::ReadOptions read;
  read.total_order_seek = true;
  if (bulk) {
    read.readahead_size = 2 << 20;
    read.fill_cache = false;
  }
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(read, impl_->handle(family)));
  for (it->Seek(slice(from)); it->Valid(); it->Next())
    if (!visit(text(it->key()), text(it->value()))) return {};
  if (!it->status().ok()) return fail(io_error(it->status()));
  return {};
}

Result<std::optional<std::pair<std::string, std::string>>> Store::last(Family family) const {
  rocksdb::ReadOptions read;
  read.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(read, impl_->handle(family)));
  it->SeekToLast();
  if (!it->status().ok()) return fail(io_error(it->status()));
  if (!it->Valid()) return std::optional<std::pair<std::string, std::string>>();
  return std::optional(std::pair(it->key().ToString(), it->value().ToString()));
}

namespace {

std::unexpected<Error> behind(const Error& failure) {
  Error e = failure;
  e.message = "an earlier write failed, and whether it is on disk is not known: " + e.message;
  if (e.code == Errc::storage_full) return fail(std::move(e));
  return fail(error(Errc::unavailable, "store-stopped", std::move(e.message))
                  .accepts("the store opened anew"));
}

}  // namespace

Status Store::write(Batch& batch, bool sync) {
  if (impl_->write_failed) return behind(impl_->failure);
  auto& b = *batch.impl_;
  for (const auto& op : b.ops) {
    const auto status = op.value
                            ? b.batch.Put(impl_->handle(op.family), slice(op.key), slice(*op.value))
                            : b.batch.Delete(impl_->handle(op.family), slice(op.key));
    if (!status.ok()) return fail(io_error(status));
  }
  b.ops.clear();
  rocksdb::WriteOptions write;
  write.sync = sync;
  if (const auto status = impl_->db->Write(write, &b.batch); !status.ok()) {
    impl_->failure = io_error(status);
    impl_->write_failed = true;
    return fail(impl_->failure);
  }
  return {};
}

Status Store::flush() {
  if (impl_->write_failed) return behind(impl_->failure);
  // A log file is only let go of when every family has been flushed past it.
  std::vector<std::shared_ptr<FamilyHandle>> all(impl_->families.begin(), impl_->families.end());
  {
    const std::lock_guard lock(impl_->generations_mutex);
    for (const auto& [number, family] : impl_->generations) all.push_back(family);
  }
  // A rebuild beside may drop a generation meanwhile: then there is nothing to flush of it.
  for (const auto& family : all)
    if (const auto status = impl_->db->Flush(rocksdb::FlushOptions(), family->handle);
        !status.ok() && !status.IsColumnFamilyDropped())
      return fail(io_error(status));
  return {};
}

/// A write-ahead log, and what two jobs read and write.
Status Store::can_purge() {
  constexpr std::size_t kWanted = 16;
  std::vector<int> handles;
  while (handles.size() < kWanted) {
    const int handle = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (handle < 0) break;
    handles.push_back(handle);
  }
  for (const int handle : handles) ::close(handle);
  if (handles.size() == kWanted) return {};
  return fail(error(Errc::unavailable, "handles-low",
                    "too few file handles are free to rewrite the store's files")
                  .accepts("a higher limit (ulimit -n) or fewer connections"));
}

Status Store::purge(Family family) {
  RELAIS_TRY(can_purge());
  RELAIS_TRY(flush());
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  compact.exclusive_manual_compaction = false;
  const auto status = impl_->db->CompactRange(compact, impl_->handle(family), nullptr, nullptr);
  if (!status.ok()) return fail(io_error(status));
  impl_->cache->EraseUnRefEntries();  // blocks of the files that are gone
  return {};
}

namespace {

/// A record that a server beside is writing at this moment is whole with the next look.
Result<std::optional<Flaw>> find_lasting_flaw(const RecordFile& file) {
  constexpr int kLooks = 8;
  RELAIS_ASSIGN(auto flaw, find_flaw(file.path, file.place));
  for (int look = 1; look < kLooks && flaw; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(look));
    RELAIS_ASSIGN(flaw, find_flaw(file.path, file.place));
  }
  return flaw;
}

}  // namespace

Result<FilesRead> Store::check_files() const {
  RELAIS_ASSIGN(const auto records, record_files(impl_->options.path));
  FilesRead read;
  for (const auto& file : records) {
    RELAIS_ASSIGN(const auto flaw, find_lasting_flaw(file));
    if (flaw && flaw->kind != Flaw::Kind::cut) return fail(to_error(*flaw));
    std::error_code gone;
    const auto bytes = std::filesystem::file_size(file.path, gone);
    if (gone) continue;
    read.bytes += bytes;
    ++read.files;
  }
  RELAIS_TRY(check_tables(*impl_->db, read));
  return read;
}

Result<std::optional<Error>> Store::damaged_end(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path / "CURRENT")) return std::optional<Error>();
  RELAIS_ASSIGN(const auto files, record_files(path));
  for (const auto& file : files) {
    RELAIS_ASSIGN(const auto flaw, find_lasting_flaw(file));
    if (flaw && flaw->kind == Flaw::Kind::last) return std::optional(to_error(*flaw));
  }
  return std::optional<Error>();
}

Status Store::resume() {
  if (impl_->write_failed) return behind(impl_->failure);
  const auto status = impl_->db->Resume();
  if (status.ok() || status.IsBusy()) return {};  // busy: it is at it by itself
  return fail(io_error(status));
}

std::uint32_t Store::generation() const {
  return impl_->generation;
}
void Store::set_generation(std::uint32_t generation) {
  impl_->generation = generation;
}

Status Store::create_generation(std::uint32_t generation) {
  if (impl_->find_generation(generation) != nullptr) RELAIS_TRY(drop_generation(generation));
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  const std::string name = std::string(kGenerationPrefix) + std::to_string(generation);
  const auto status = impl_->db->CreateColumnFamily(
      family_options(name, impl_->options, impl_->cache), name, &handle);
  if (!status.ok()) return fail(io_error(status));
  const std::lock_guard lock(impl_->generations_mutex);
  impl_->generations[generation] = std::make_shared<FamilyHandle>(impl_->db, handle);
  return {};
}

Status Store::drop_generation(std::uint32_t generation) {
  check(generation != impl_->generation, "the live generation is never dropped");
  const auto family = impl_->find_generation(generation);
  if (family == nullptr) return {};
  {
    const std::lock_guard lock(impl_->generations_mutex);
    impl_->generations.erase(generation);
  }
  if (const auto status = impl_->db->DropColumnFamily(family->handle); !status.ok())
    return fail(io_error(status));
  return {};
}

namespace {

/// Gives the file's checksum, as the MANIFEST keeps it.
Result<rocksdb::ExternalSstFileInfo> write_table(const rocksdb::Options& options,
                                                 rocksdb::ColumnFamilyHandle* family,
                                                 const std::string& file, const WriteLog& sorted) {
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(options), options, family, false);
  auto status = writer.Open(file);
  for (std::size_t i = 0; i < sorted.size() && status.ok(); ++i)
    status = sorted.erased(i) ? writer.Delete(slice(sorted.key(i)))
                              : writer.Put(slice(sorted.key(i)), slice(sorted.value(i)));
  rocksdb::ExternalSstFileInfo info;
  if (status.ok()) status = writer.Finish(&info);
  if (!status.ok()) return fail(io_error(status));
  return info;
}

}  // namespace

Status Store::ingest(std::uint32_t generation, const WriteLog& sorted) {
  if (sorted.size() == 0) return {};
  const auto family = impl_->find_generation(generation);
  check(family != nullptr, "records for a generation that exists");
  const std::string name = std::string(kGenerationPrefix) + std::to_string(generation);
  const rocksdb::Options options(db_options(impl_->options, impl_->machine),
                                 family_options(name, impl_->options, impl_->cache));
  const std::string file = (impl_->options.path / kIngested).string();
  RELAIS_ASSIGN(const auto info, write_table(options, family->handle, file, sorted));
  rocksdb::IngestExternalFileArg ingested;
  ingested.column_family = family->handle;
  ingested.external_files = {file};
  ingested.options.move_files = true;
  ingested.options.write_global_seqno = false;
  ingested.options.verify_file_checksum = false;  // it was computed while the file was written
  ingested.files_checksums = {info.file_checksum};
  ingested.files_checksum_func_names = {info.file_checksum_func_name};
  if (const auto status = impl_->db->IngestExternalFiles({ingested}); !status.ok())
    return fail(io_error(status));
  return {};
}

void Store::switch_generation(Batch& batch, std::uint32_t generation) const {
  std::string value;
  append_be(value, generation);
  batch.put(Family::meta, kGenerationKey, value);
}

std::shared_ptr<const RecordSource> Store::records(std::uint32_t generation) const {
  auto family = impl_->find_generation(generation);
  check(family != nullptr, "records of a generation that exists");
  return std::make_shared<FamilyRecords>(std::move(family));
}

std::shared_ptr<const RecordSource> Store::snapshot(std::uint32_t generation) const {
  auto family = impl_->find_generation(generation);
  check(family != nullptr, "a snapshot of a generation that exists");
  return std::make_shared<FamilyRecords>(
      std::move(family), std::make_unique<const Snapshot>(impl_->db, impl_->snapshots));
}

std::uint64_t Store::sequence() const {
  return impl_->db->GetLatestSequenceNumber();
}

bool Store::no_snapshot_before(std::uint64_t sequence) const {
  return impl_->snapshots->none_before(sequence);
}

std::uint64_t Store::file_bytes(Family family) const {
  std::uint64_t bytes = 0;
  impl_->db->GetIntProperty(impl_->handle(family), rocksdb::DB::Properties::kTotalSstFilesSize,
                            &bytes);
  return bytes;
}

Result<std::uint64_t> Store::free_bytes() const {
  std::error_code ec;
  const auto space = std::filesystem::space(impl_->options.path, ec);
  if (ec) return fail(Errc::io, "store-io", impl_->options.path.string() + ": " + ec.message());
  return space.available;
}

std::optional<std::uint64_t> Store::figure(std::string_view property) const {
  std::uint64_t value = 0;
  if (!impl_->db->GetAggregatedIntProperty(slice(property), &value)) return std::nullopt;
  return value;
}

}  // namespace relais::store
