// What scripts/bench measures with; each command prints one JSON object.
//   bench verify THREADS COUNT                        raw libsodium verifications of 600-byte
//   messages bench append PORT CLIENTS FILE GROUP [SKIP COUNT] statements of FILE (one a line),
//   GROUP a request bench get PORT CLIENTS SECONDS TOKEN PATHS        GETs, paths from the file
//   PATHS in turn bench scan DATA                                   bare scan of the family
//   `events` bench fold DATA                                   typed events folded into all
//   projections, in memory bounded batches
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/ledger.h"
#include "projections/model.h"
#include "replay/verify/scratch.h"
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

int bench_replay(const char* data, bool fold) {
  const SystemClock clock;
  log::Options options;
  options.data = data;
  options.read_only = true;
  const auto ledger = log::Ledger::open(
      options, clock, [](const RecordSource& base) { return projections::make_model(base); });
  if (!ledger) return std::fprintf(stderr, "%s\n", to_string(ledger.error()).c_str()), 1;
  const std::uint64_t size = (*ledger)->head()->size().value;
  const auto start = Steady::now();
  std::uint64_t bytes = 0;
  Status status;
  if (fold) {
    auto scratch = replay::Scratch::make((*ledger)->factory());
    if (scratch)
      status = replay::fold_until(**ledger, TreeSize{size}, **scratch, [](auto, auto) {});
  } else {
    status = (*ledger)->scan_events(LogIndex{0}, [&](LogIndex, std::string_view value) {
      bytes += value.size();
      return true;
    });
  }
  const double s = seconds_since(start);
  if (!status) return std::fprintf(stderr, "%s\n", to_string(status.error()).c_str()), 1;
  std::printf("{\"events\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"rate\":%.0f}\n",
              static_cast<unsigned long long>(size), static_cast<unsigned long long>(bytes), s,
              static_cast<double>(size) / s);
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
  if (command == "scan" && argc == 3) return bench_replay(argv[2], false);
  if (command == "fold" && argc == 3) return bench_replay(argv[2], true);
  std::fprintf(stderr, "see the head of tests/bench/bench.cc\n");
  return 2;
}
