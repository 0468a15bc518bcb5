// Reads that look at many records, on their way to the workers: who asks for many of them waits for
// itself, and neither for nor before others; an io thread waits for none.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "api/http/problem.h"
#include "api/worker_pool.h"
#include "ledger/base/id.h"

namespace relais::api {

/// Thread-safe. Takes turns among the signatories that wait. One worker is always left to lists of
/// statements and rebuilds.
class ReadQueue {
 public:
  /// Most that wait, and most of one signatory.
  ReadQueue(std::size_t most, std::size_t most_each) : most_(most), most_each_(most_each) {}

  /// Has a worker do it. Jobs must not throw. Rules "too-many-reads-of-signatory" (Errc::limited),
  /// "too-many-reads" (Errc::unavailable): nothing was taken. The pool ends before the queue does.
  Admitted post(WorkerPool& pool, SignatoryId who, std::function<void()> job);
  std::size_t waiting() const;

 private:
  bool start(WorkerPool& pool);
  void run(WorkerPool& pool);
  bool ended();
  std::function<void()> next();

  const std::size_t most_;
  const std::size_t most_each_;
  mutable std::mutex mutex_;
  std::map<SignatoryId, std::deque<std::function<void()>>> waiting_;
  std::deque<SignatoryId> turns_;  // of those that wait
  std::size_t count_ = 0;          // of what waits
  std::size_t runners_ = 0;        // workers that have one, or will take one
};

}  // namespace relais::api
