#include "replay/verify/pipeline.h"

#include <utility>

#include "ledger/base/bytes.h"
#include "ledger/log/sealing.h"
#include "ledger/merkle/tree.h"
#include "ledger/statement/sealed.h"
#include "ledger/store/store.h"

namespace relais::replay {
namespace {

constexpr std::size_t kChunk = 256;  // entries a worker takes at once

/// What cannot be opened becomes a disclosure that no statement has.
std::vector<std::string> opened(const log::Ledger& ledger, LogIndex index, const Hash& leaf,
                                const std::string& sealed) {
  if (sealed.empty() || ledger.locked()) return {};
  auto texts = ledger.open_disclosures(index, leaf, sealed);
  if (!texts || texts->empty()) return {"?"};
  return std::move(*texts);
}

/// Each JWE has its form and stands for a digest that is signed; nothing else of it can be told.
Status check_sealed(const statement::Statement& s, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (!log::is_sealed(text)) continue;
    RELAIS_ASSIGN(const statement::Sealed sealed, statement::parse_sealed(text));
    RELAIS_TRY(statement::check_sealed(s, sealed));
  }
  return {};
}

void check_entry(Checked& e, const log::Ledger& ledger, LogIndex index, const std::string& sealed,
                 const KnownKeys& keys) {
  e.leaf = merkle::leaf_hash(e.bytes);
  e.sealed = !sealed.empty() && ledger.locked();
  const auto texts = opened(ledger, index, e.leaf, sealed);
  const auto parsed = log::parse_entry(e.bytes);
  if (!parsed) {
    e.statement = fail(parsed.error());
    return;
  }
  e.received_at = parsed->received_at;
  std::string joined(parsed->jwt);
  if (!texts.empty()) joined.push_back('~');
  for (const auto& text : texts) {
    if (log::is_sealed(text)) {
      ++e.for_readers;
    } else {
      ++e.disclosures;
      joined.append(text).push_back('~');
    }
  }
  e.statement = statement::parse_statement(joined);
  if (!e.statement) return;
  if (const Status hold = check_sealed(*e.statement, texts); !hold) {
    e.statement = fail(hold.error());
    return;
  }
  if (const auto key = keys.find(e.statement->kid)) {
    if (const Status ok = statement::verify_signature(*e.statement, *key); !ok)
      e.statement = fail(ok.error());
    else
      e.verified = true;
  }
}

}  // namespace

Pipeline::Pipeline(const log::Ledger& ledger, unsigned threads, const KnownKeys& keys)
    : ledger_(ledger), keys_(keys), ahead_(threads * 4 + 4) {
  try {
    reader_ = std::thread([this] { read(); });
    for (unsigned i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
  } catch (...) {
    stop();  // those that were made
    throw;
  }
}

Result<std::shared_ptr<Chunk>> Pipeline::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return (!in_order_.empty() && in_order_.front()->done) || (in_order_.empty() && read_all_);
  });
  if (in_order_.empty()) {
    if (!status_) return fail(status_.error());
    return std::shared_ptr<Chunk>();
  }
  auto chunk = in_order_.front();
  in_order_.pop_front();
  changed_.notify_all();
  return chunk;
}

void Pipeline::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (reader_.joinable()) reader_.join();
  for (auto& w : workers_) w.join();
}

void Pipeline::read() {
  auto chunk = std::make_shared<Chunk>();
  Status status = ledger_.scan_entries(LogIndex{0}, [&](LogIndex index, std::string_view bytes) {
    if (chunk->entries.empty()) chunk->first = index.value;
    if (index.value != chunk->first + chunk->entries.size()) {
      chunk->entries.clear();
      return false;  // a gap: the fold finds out by the count
    }
    chunk->entries.emplace_back().bytes = bytes;
    if (chunk->entries.size() < kChunk) return true;
    const bool go_on = hand_over(chunk);
    chunk = std::make_shared<Chunk>();
    return go_on;
  });
  if (status && !chunk->entries.empty()) hand_over(chunk);
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
  read_all_ = true;
  changed_.notify_all();
}

bool Pipeline::hand_over(const std::shared_ptr<Chunk>& chunk) {
  read_disclosures(*chunk);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || in_order_.size() < ahead_; });
  if (stop_) return false;
  in_order_.push_back(chunk);
  to_check_.push_back(chunk);
  changed_.notify_all();
  return true;
}

/// One pass over the stretch. What cannot be read becomes a disclosure that no statement has.
void Pipeline::read_disclosures(Chunk& chunk) const {
  const std::string unreadable("?");
  chunk.disclosures.assign(chunk.entries.size(), {});
  const Status read =
      ledger_.store().scan(store::Family::disclosures, store::index_key(chunk.first),
                           [&](std::string_view key, std::string_view value) {
                             const std::uint64_t i = load_be<std::uint64_t>(key) - chunk.first;
                             if (i >= chunk.entries.size()) return false;
                             chunk.disclosures[i] = value.empty() ? unreadable : std::string(value);
                             return true;
                           });
  if (!read) chunk.disclosures.assign(chunk.entries.size(), unreadable);
}

void Pipeline::work() {
  for (;;) {
    std::shared_ptr<Chunk> chunk;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || !to_check_.empty() || read_all_; });
      if (stop_ || to_check_.empty()) return;
      chunk = to_check_.front();
      to_check_.pop_front();
    }
    for (std::size_t i = 0; i < chunk->entries.size(); ++i)
      check_entry(chunk->entries[i], ledger_, LogIndex{chunk->first + i}, chunk->disclosures[i],
                  keys_);
    const std::lock_guard lock(mutex_);
    chunk->done = true;
    changed_.notify_all();
  }
}

}  // namespace relais::replay
