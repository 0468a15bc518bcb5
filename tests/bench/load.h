// A small closed-loop HTTP load generator over blocking sockets on the loopback: one thread a
// client, keep-alive.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace relais::bench {

struct LoadResult {
  double seconds = 0;
  std::uint64_t requests = 0;
  std::uint64_t ok = 0;  ///< answers with a 2xx status
  double p50_ms = 0;
  double p99_ms = 0;
};

/// `next(client)` gives the next whole HTTP request, or an empty text when there is none; called
/// from that client's thread.
LoadResult run_load(std::uint16_t port, unsigned clients,
                    const std::function<std::string(unsigned client)>& next);

}  // namespace relais::bench
