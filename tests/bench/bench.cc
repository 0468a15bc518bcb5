// What scripts/bench measures with; each command prints one JSON object.
//
//   bench verify THREADS COUNT                    raw libsodium verifications of 600 bytes
//   bench sync FOLDER COUNT                       4 KiB appended to a file and synced, one by one
//   bench append PORT CLIENTS FILE GROUP [SKIP COUNT]
//                                                 statements of FILE (one a line), GROUP a request
//   bench get PORT CLIENTS SECONDS TOKEN PATHS    GETs, paths from the file PATHS in turn
//   bench scan DATA                               bare scan of the family `events`
//   bench load DATA                               its records, sorted, into table files that a
//                                                 new store takes in
//   bench fold DATA                               scan, and fold into the records of every
//                                                 projection, sorted, in memory
//   bench fold DATA NAME                          scan, and fold into one projection that asks
//                                                 nothing of the rules: audit or indicators
#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/ledger.h"
#include "ledger/store/store.h"
#include "projections/model.h"
#include "projections/overlay.h"
#include "tests/bench/load.h"

namespace {

using namespace relais;
using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

std::vector<std::string> lines_of(const char* file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

int bench_verify(unsigned threads, std::size_t count) {
  crypto::SystemRandom random;
  const auto key = crypto::SigningKey::generate(random);
  const std::string message(600, 'm');
  const auto signature = key.sign(message);
  const auto start = Steady::now();
  std::vector<std::thread> pool;
  std::atomic<std::size_t> good{0};
  for (unsigned t = 0; t < threads; ++t)
    pool.emplace_back([&] {
      for (std::size_t i = 0; i < count / threads; ++i)
        good += crypto::verify(key.public_key(), message, crypto::view(signature)) ? 1U : 0U;
    });
  for (auto& t : pool) t.join();
  const double s = seconds_since(start);
  std::printf("{\"threads\":%u,\"count\":%zu,\"seconds\":%.3f,\"rate\":%.0f}\n", threads,
              good.load(), s, static_cast<double>(good.load()) / s);
  return 0;
}

int bench_sync(const char* folder, std::size_t count) {
  const std::string path = std::string(folder) + "/bench-sync";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  std::vector<double> took;
  bool ok = fd >= 0;
  for (std::size_t i = 0; i < count && ok; ++i) {
    const auto start = Steady::now();
    ok = ::write(fd, block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
         ::fdatasync(fd) == 0;
    took.push_back(seconds_since(start));
  }
  if (fd >= 0) ::close(fd);
  ::unlink(path.c_str());
  if (!ok || took.empty()) return std::fprintf(stderr, "%s cannot be synced\n", path.c_str()), 1;
  std::ranges::sort(took);
  std::printf("{\"count\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", count,
              took[took.size() / 2] * 1e6, took[took.size() * 99 / 100] * 1e6);
  return 0;
}

std::string post(const std::string& type, const std::string& body) {
  return "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The statements of each client, in order: all of one stream go to one client, so that they arrive
/// in order.
std::vector<std::vector<std::string>> by_stream(const std::vector<std::string>& lines,
                                                unsigned clients) {
  std::vector<std::vector<std::string>> queues(clients);
  for (const auto& line : lines) {
    const std::size_t first = line.find('.') + 1;
    const auto payload = crypto::base64url_decode(
        std::string_view(line).substr(first, line.find('.', first) - first));
    const std::string text = payload.value_or(std::string());
    const std::size_t at = text.find("\"subject\":\"");
    const std::string subject = at == std::string::npos ? std::string() : text.substr(at + 11, 50);
    queues[std::hash<std::string>{}(subject) % clients].push_back(line);
  }
  return queues;
}

int bench_append(std::uint16_t port, unsigned clients, const std::vector<std::string>& lines,
                 std::size_t group) {
  const auto queues = by_stream(lines, clients);
  std::vector<std::size_t> next(clients);
  const auto result = bench::run_load(port, clients, [&](unsigned client) -> std::string {
    const auto& queue = queues[client];
    const std::size_t first = next[client];
    if (first >= queue.size()) return {};
    next[client] = std::min(first + group, queue.size());
    if (group == 1) return post("application/sd-jwt", queue[first]);
    std::string body = "{\"statements\":[";
    for (std::size_t i = first; i < next[client]; ++i)
      body += (i > first ? ",\"" : "\"") + queue[i] + "\"";
    return post("application/json", body + "]}");
  });
  std::printf(
      "{\"clients\":%u,\"group\":%zu,\"events\":%zu,\"requests\":%llu,\"ok\":%llu,\"seconds\":%.3f,"
      "\"rate\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
      clients, group, lines.size(), static_cast<unsigned long long>(result.requests),
      static_cast<unsigned long long>(result.ok), result.seconds,
      static_cast<double>(lines.size()) / result.seconds, result.p50_ms, result.p99_ms);
  return 0;
}

int bench_get(std::uint16_t port, unsigned clients, double seconds, const std::string& token,
              const char* paths_file) {
  const auto paths = lines_of(paths_file);
  std::vector<std::string> requests;
  for (const auto& path : paths)
    requests.push_back("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                       token + "\r\n\r\n");
  const auto end = Steady::now() + std::chrono::duration<double>(seconds);
  std::atomic<std::size_t> next{0};
  const auto result = bench::run_load(port, clients, [&](unsigned) -> std::string {
    if (Steady::now() >= end) return {};
    return requests[next.fetch_add(1) % requests.size()];
  });
  std::printf(
      "{\"clients\":%u,\"requests\":%llu,\"ok\":%llu,\"seconds\":%.3f,\"rate\":%.0f,\"p50_ms\":%."
      "3f,"
      "\"p99_ms\":%.3f}\n",
      clients, static_cast<unsigned long long>(result.requests),
      static_cast<unsigned long long>(result.ok), result.seconds,
      static_cast<double>(result.requests) / result.seconds, result.p50_ms, result.p99_ms);
  return 0;
}

/// Records of nothing: whatever a model reads is what it wrote itself.
const MemoryRecords kNothing;

/// Every projection. Gives the bytes of the records.
class FoldAll {
 public:
  void take(LogIndex index, std::string_view bytes) {
    if (!view_.load(bytes)) std::abort();
    model_->fold(rules::act_of(index, view_.get()));
    ++size_;
  }
  std::uint64_t finish() {
    WriteLog records = model_->drain(TreeSize{size_});
    records.sort();
    return records.bytes();
  }

 private:
  std::unique_ptr<log::Model> model_ = projections::make_model(kNothing);
  statement::EventView view_;
  std::uint64_t size_ = 0;
};

/// One, on a world that no event changes.
class FoldOne {
 public:
  explicit FoldOne(std::string_view name) {
    for (auto& projection : projections::all_projections())
      if (projection->name() == name) projection_ = std::move(projection);
  }
  bool found() const { return projection_ != nullptr; }
  void take(LogIndex index, std::string_view bytes) {
    if (!view_.load(bytes)) std::abort();
    projection_->fold(rules::act_of(index, view_.get()), {}, world_, tables_);
  }
  std::uint64_t finish() {
    WriteLog records = tables_.take();
    records.sort();
    return records.bytes();
  }

 private:
  std::unique_ptr<projections::Projection> projection_;
  rules::WorldState world_{kNothing};
  projections::Overlay tables_{kNothing};
  statement::EventView view_;
};

/// Reads only.
struct Scan {
  std::uint64_t total = 0;
  void take(LogIndex, std::string_view bytes) { total += bytes.size(); }
  std::uint64_t finish() const { return total; }
};

template <class Fold>
int bench_replay(const char* data, Fold&& fold) {
  const SystemClock clock;
  log::Options options;
  options.data = data;
  options.read_only = true;
  options.ignore_projections = true;  // they are made here
  const auto ledger = log::Ledger::open(
      options, clock, [](const RecordSource& base) { return projections::make_model(base); });
  if (!ledger) return std::fprintf(stderr, "%s\n", to_string(ledger.error()).c_str()), 1;
  const auto size = static_cast<double>((*ledger)->head()->size().value);
  const auto start = Steady::now();
  const std::clock_t cpu = std::clock();
  const Status status =
      (*ledger)->scan_events(LogIndex{0}, [&](LogIndex index, std::string_view value) {
        fold.take(index, value);
        return true;
      });
  const std::uint64_t bytes = fold.finish();
  const double s = seconds_since(start);
  const double of_cpu = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  if (!status) return std::fprintf(stderr, "%s\n", to_string(status.error()).c_str()), 1;
  std::printf(
      "{\"events\":%.0f,\"bytes\":%llu,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"rate\":%.0f}\n",
      size, static_cast<unsigned long long>(bytes), s, of_cpu, size / s);
  return 0;
}

/// One table file a family, as sorted as they are, and the store that takes them in.
int bench_load(const std::string& data) {
  store::Options source;
  source.path = data + "/store";
  source.read_only = true;
  const auto store = store::Store::open(source);
  if (!store) return std::fprintf(stderr, "%s\n", to_string(store.error()).c_str()), 1;
  std::vector<std::vector<std::pair<std::string, std::string>>> families(store::kFamilies + 1);
  const auto into = [](auto& family) {
    return [&family](std::string_view key, std::string_view value) {
      return family.emplace_back(key, value), true;
    };
  };
  for (std::size_t f = 0; f < store::kFamilies; ++f)
    if (!(*store)->scan(static_cast<store::Family>(f), {}, into(families[f]), true)) return 1;
  (*store)->records((*store)->generation())->scan({}, {}, into(families.back()));
  const std::string folder = data + ".load";
  std::filesystem::create_directories(folder);
  const auto start = Steady::now();
  std::uint64_t records = 0, bytes = 0;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::Status status;
  rocksdb::DB* opened = nullptr;
  status = rocksdb::DB::Open(options, folder + "/db", &opened);
  std::unique_ptr<rocksdb::DB> db(opened);
  for (std::size_t f = 0; f < families.size() && status.ok(); ++f) {
    if (families[f].empty()) continue;
    const std::string file = folder + "/" + std::to_string(f) + ".sst";
    rocksdb::ColumnFamilyHandle* family = nullptr;
    status = db->CreateColumnFamily(options, std::to_string(f), &family);
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
    if (status.ok()) status = writer.Open(file);
    for (const auto& [key, value] : families[f]) {
      if (!status.ok()) break;
      status = writer.Put(key, value);
      bytes += key.size() + value.size();
      ++records;
    }
    if (status.ok()) status = writer.Finish();
    if (status.ok()) status = db->IngestExternalFile(family, {file}, {});
    if (family != nullptr) db->DestroyColumnFamilyHandle(family);
  }
  const double s = seconds_since(start);
  db.reset();
  std::filesystem::remove_all(folder);
  if (!status.ok()) return std::fprintf(stderr, "%s\n", status.ToString().c_str()), 1;
  const std::size_t events = families[static_cast<std::size_t>(store::Family::events)].size();
  std::printf("{\"events\":%zu,\"records\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"rate\":%.0f}\n",
              events, static_cast<unsigned long long>(records),
              static_cast<unsigned long long>(bytes), s, static_cast<double>(events) / s);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  const auto number = [&](int i) { return std::strtoul(argv[i], nullptr, 10); };
  if (command == "verify" && argc == 4)
    return bench_verify(static_cast<unsigned>(number(2)), number(3));
  if (command == "append" && (argc == 6 || argc == 8)) {
    auto lines = lines_of(argv[4]);
    if (argc == 8) {
      const std::size_t skip = std::min<std::size_t>(number(6), lines.size());
      const std::size_t count = std::min<std::size_t>(number(7), lines.size() - skip);
      lines = std::vector<std::string>(lines.begin() + static_cast<std::ptrdiff_t>(skip),
                                       lines.begin() + static_cast<std::ptrdiff_t>(skip + count));
    }
    return bench_append(static_cast<std::uint16_t>(number(2)), static_cast<unsigned>(number(3)),
                        std::move(lines), number(5));
  }
  if (command == "get" && argc == 7)
    return bench_get(static_cast<std::uint16_t>(number(2)), static_cast<unsigned>(number(3)),
                     std::atof(argv[4]), argv[5], argv[6]);
  if (command == "sync" && argc == 4) return bench_sync(argv[2], number(3));
  if (command == "load" && argc == 3) return bench_load(argv[2]);
  if (command == "scan" && argc == 3) return bench_replay(argv[2], Scan());
  if (command == "fold" && argc == 3) return bench_replay(argv[2], FoldAll());
  if (command == "fold" && argc == 4)
    if (FoldOne one(argv[3]); one.found()) return bench_replay(argv[2], one);
  std::fprintf(stderr, "see the head of tests/bench/bench.cc\n");
  return 2;
}
