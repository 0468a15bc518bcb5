// Counts and latencies of requests, and the ledger's own figures, for Prometheus.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/http/server.h"
#include "ledger/base/clock_guard.h"
#include "ledger/log/ledger.h"
#include "ledger/reads/read_log.h"

namespace relais::api {

/// Thread-safe; observing takes no lock.
class Metrics {
 public:
  /// `routes`: the label of each route, by its number.
  explicit Metrics(std::vector<std::string> routes);

  void observe(std::size_t route, unsigned status, std::chrono::nanoseconds took);
  /// Prometheus text format 0.0.4 (the text of prometheus-cpp's serializer).
  /// `guard` and `memory` may be null.
  std::string text(const log::Ledger& ledger, const reads::ReadLog& reads, std::size_t streams,
                   const ClockGuard* guard, const HttpMemory* memory) const;

 private:
  static constexpr std::size_t kBuckets = 14;
  static constexpr std::size_t kStatuses = 27;
  struct Cell {
    std::array<std::atomic<std::uint64_t>, kBuckets + 1> counts{};
    std::atomic<std::uint64_t> nanoseconds{0};
  };
  using Row = std::array<Cell, kStatuses>;

  static const std::array<double, kBuckets> kBounds;
  static const std::array<unsigned, kStatuses> kCodes;

  std::vector<std::string> routes_;
  std::unique_ptr<Row[]> rows_;
};

}  // namespace relais::api
