#include "api/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace relais::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(std::string name, std::string help, MetricType type) {
  MetricFamily f;
  f.name = std::move(name);
  f.help = std::move(help);
  f.type = type;
  return f;
}

double count(const std::atomic<std::uint64_t>& value) {
  return static_cast<double>(value.load(std::memory_order_relaxed));
}

MetricFamily counter(std::string name, std::string help, double value) {
  MetricFamily f = family(std::move(name), std::move(help), MetricType::Counter);
  f.metric.emplace_back().counter.value = value;
  return f;
}

MetricFamily gauge(std::string name, std::string help, double value) {
  MetricFamily f = family(std::move(name), std::move(help), MetricType::Gauge);
  f.metric.emplace_back().gauge.value = value;
  return f;
}

void add_ledger(std::vector<MetricFamily>& out, const log::Ledger& ledger) {
  const log::Stats& stats = ledger.stats();
  MetricFamily statements =
      family("relais_statements_total", "Statements by outcome.", MetricType::Counter);
  const auto outcome = [&](const char* name, const std::atomic<std::uint64_t>& value) {
    ClientMetric& m = statements.metric.emplace_back();
    m.label.push_back({"outcome", name});
    m.counter.value = count(value);
  };
  outcome("accepted", stats.accepted);
  outcome("refused", stats.refused);
  outcome("duplicate", stats.duplicates);
  out.push_back(std::move(statements));
  out.push_back(counter("relais_batches_total", "Commits.", count(stats.batches)));
  out.push_back(
      counter("relais_commit_seconds_total", "Time in commits.", count(stats.commit_us) / 1e6));
  out.push_back(counter("relais_judge_seconds_total", "Time in judging and folding.",
                        count(stats.judge_us) / 1e6));
  out.push_back(counter("relais_entry_bytes_total", "Bytes of entries.", count(stats.bytes)));

  const auto head = ledger.head();
  out.push_back(gauge("relais_log_size", "Entries under the last checkpoint.",
                      static_cast<double>(head->size().value)));
  out.push_back(gauge("relais_writable",
                      "1 while statements are taken, 0 where the disk failed or has no room.",
                      ledger.failure() || ledger.shortage() ? 0 : 1));
  out.push_back(gauge("relais_disclosures_writable",
                      "1 while what discloses is taken, 0 where the wrapping key is another.",
                      ledger.key_lost() ? 0 : 1));
  out.push_back(gauge("relais_purge_owed", "1 while what was erased is still in the store's files.",
                      ledger.purge_state().owed ? 1 : 0));
  out.push_back(counter("relais_purge_failures_total",
                        "Times that erased disclosures could not be purged from the files.",
                        count(stats.purge_failures)));
  if (const auto free = ledger.store().free_bytes())
    out.push_back(gauge("relais_disk_free_bytes", "Room on the disk of the ledger.",
                        static_cast<double>(*free)));
  out.push_back(
      gauge("relais_projections_generation", "Live generation of projections.", head->generation));
  struct Figure {
    const char *property, *name, *help;
  };
  static constexpr Figure kFigures[] = {
      {"rocksdb.estimate-live-data-size", "relais_store_live_bytes", "Live data in RocksDB."},
      {"rocksdb.cur-size-all-mem-tables", "relais_store_memtable_bytes", "Write buffers."},
      {"rocksdb.block-cache-usage", "relais_store_block_cache_bytes", "Block cache in use."}};
  for (const Figure& f : kFigures)
    if (const auto value = ledger.store().figure(f.property))
      out.push_back(gauge(f.name, f.help, static_cast<double>(*value)));
}

void add_reads(std::vector<MetricFamily>& out, const reads::ReadLog& reads) {
  const reads::Stats& stats = reads.stats();
  out.push_back(
      counter("relais_reads_total", "Answers whose traces were kept.", count(stats.kept)));
  out.push_back(
      counter("relais_read_groups_total", "Writes of the log of reads.", count(stats.groups)));
  out.push_back(counter("relais_read_commit_seconds_total", "Time in these writes.",
                        count(stats.commit_us) / 1e6));
  out.push_back(gauge("relais_reads_writable",
                      "1 while answers with case data are given, 0 where no trace can be kept.",
                      reads.failure() ? 0 : 1));
}

}  // namespace

const std::array<double, Metrics::kBuckets> Metrics::kBounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};
const std::array<unsigned, Metrics::kStatuses> Metrics::kCodes = {
    200, 201, 202, 204, 207, 304, 400, 401, 403, 404, 405, 408, 409, 412,
    413, 414, 415, 417, 422, 429, 431, 500, 501, 503, 504, 505, 507};

Metrics::Metrics(std::vector<std::string> routes)
    : routes_(std::move(routes)), rows_(std::make_unique<Row[]>(routes_.size())) {}

void Metrics::observe(std::size_t route, unsigned status, std::chrono::nanoseconds took) {
  const auto* const code = std::ranges::lower_bound(kCodes, status);
  if (code == kCodes.end() || *code != status) return;
  Cell& cell = rows_[route][static_cast<std::size_t>(code - kCodes.begin())];
  const double seconds = static_cast<double>(took.count()) / 1e9;
  const auto bucket =
      static_cast<std::size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin());
  cell.counts[bucket].fetch_add(1, std::memory_order_relaxed);
  cell.nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

std::string Metrics::text(const log::Ledger& ledger, const reads::ReadLog& reads,
                          std::size_t streams, const ClockGuard* guard,
                          const HttpMemory* memory) const {
  MetricFamily requests =
      family("relais_http_request_seconds",
             "Requests and the time to their answer, by route and status.", MetricType::Histogram);
  for (std::size_t route = 0; route < routes_.size(); ++route) {
    for (std::size_t i = 0; i < kStatuses; ++i) {
      const Cell& cell = rows_[route][i];
      ClientMetric m;
      std::uint64_t total = 0;
      for (std::size_t b = 0; b < kBuckets; ++b) {
        total += cell.counts[b].load(std::memory_order_relaxed);
        m.histogram.bucket.push_back({total, kBounds[b]});
      }
      total += cell.counts[kBuckets].load(std::memory_order_relaxed);
      if (total == 0) continue;
      m.label = {{"route", routes_[route]}, {"status", std::to_string(kCodes[i])}};
      m.histogram.sample_count = total;
      m.histogram.sample_sum = count(cell.nanoseconds) / 1e9;
      requests.metric.push_back(std::move(m));
    }
  }
  std::vector<MetricFamily> families;
  families.push_back(std::move(requests));
  families.push_back(
      gauge("relais_live_streams", "Open event streams.", static_cast<double>(streams)));
  add_ledger(families, ledger);
  add_reads(families, reads);
  if (guard != nullptr) {
    families.push_back(gauge("relais_clock_behind_log_seconds",
                             "How far the clock stands before the last entry.",
                             static_cast<double>(guard->behind_ms()) / 1e3));
    families.push_back(gauge("relais_clock_leap_seconds",
                             "How far the machine's clock was set and not confirmed.",
                             static_cast<double>(guard->leap_ms()) / 1e3));
  }
  if (memory != nullptr) {
    families.push_back(gauge("relais_request_body_bytes", "Bodies that are read or handled.",
                             static_cast<double>(memory->requests.taken())));
    families.push_back(gauge("relais_response_body_bytes", "Answers that are being sent.",
                             static_cast<double>(memory->responses.taken())));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace relais::api
