// The part of a verification that needs no state: entries read, parsed and checked by several
// threads, in front of the one that judges them in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/ledger.h"
#include "ledger/rules/registry.h"
#include "ledger/statement/statement.h"

namespace relais::replay {

/// What a worker makes of one entry: all that needs no state.
struct Checked {
  std::string bytes;
  Hash leaf{};
  Timestamp received_at;
  Result<statement::Statement> statement = fail(Errc::internal, "", "");
  bool verified = false;  // the signature was checked with a known key
  std::size_t disclosures = 0;
  bool sealed = false;          // there are some, which cannot be opened here
  std::size_t for_readers = 0;  // JWEs
};

struct Chunk {
  std::uint64_t first = 0;
  std::vector<Checked> entries;
  std::vector<std::string> disclosures;  // as they are sealed, by entry
  bool done = false;
};

/// Keys by thumbprint, filled by the fold as it meets them. A thumbprint names one key only, so a
/// worker that runs ahead of the fold never checks with a wrong one; where it knows none yet, the
/// fold checks.
class KnownKeys {
 public:
  std::optional<crypto::PublicKey> find(const KeyId& kid) const {
    const std::lock_guard lock(mutex_);
    const auto it = keys_.find(kid);
    if (it == keys_.end()) return std::nullopt;
    return it->second;
  }
  void update(const rules::Registry& registry) {
    const std::lock_guard lock(mutex_);
    for (const auto& [kid, key] : registry.keys()) keys_.emplace(kid, key.key);
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<KeyId, crypto::PublicKey, KeyIdHash> keys_;
};

/// Chunks in log order, checked by workers; at most a few wait, so memory is bounded.
class Pipeline {
 public:
  Pipeline(const log::Ledger& ledger, unsigned threads, const KnownKeys& keys);
  ~Pipeline() { stop(); }
  /// The next chunk in order; nullptr at the end; an error where reading failed.
  Result<std::shared_ptr<Chunk>> next();

 private:
  void stop();
  void read();
  bool hand_over(const std::shared_ptr<Chunk>& chunk);
  void read_disclosures(Chunk& chunk) const;
  void work();

  const log::Ledger& ledger_;
  const KnownKeys& keys_;
  const std::size_t ahead_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Chunk>> in_order_, to_check_;
  Status status_;
  bool read_all_ = false;
  bool stop_ = false;
  std::thread reader_;
  std::vector<std::thread> workers_;
};

}  // namespace relais::replay
