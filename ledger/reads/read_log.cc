#include "ledger/reads/read_log.h"

#include "ledger/reads/impl.h"

namespace relais::reads {
namespace {

Error past_the_end(LogIndex index) {
  return error(Errc::not_found, "index-unknown", "there is no read " + std::to_string(index.value));
}

}  // namespace

merkle::LogKeys keys_of(const merkle::LogKeys& ledger) {
  return ledger.renamed(ledger.name() + "/reads");
}

ReadLog::ReadLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReadLog::~ReadLog() {
  stop();
}

std::shared_ptr<const Head> ReadLog::head() const {
  return impl_->current();
}

Result<std::string> ReadLog::entry(LogIndex index) const {
  if (index.value >= head()->size().value) return fail(past_the_end(index));
  RELAIS_ASSIGN(auto bytes,
                impl_->store->get(store::Family::entries, store::index_key(index.value)));
  if (!bytes) return fail(Errc::corrupt, "entry-missing", "a stored read cannot be read");
  return std::move(*bytes);
}

Result<Stored> ReadLog::find(LogIndex index) const {
  RELAIS_ASSIGN(const std::string bytes, entry(index));
  RELAIS_ASSIGN(const EntryView view, parse_entry(bytes));
  RELAIS_ASSIGN(const auto stored,
                impl_->store->get(store::Family::disclosures, store::index_key(index.value)));
  auto parts = stored ? decode_parts(*stored) : Parts();
  if (!parts) return fail(Errc::corrupt, "read-part-form", "the parts of a read cannot be read");
  RELAIS_ASSIGN(Record record,
                parse_record(view.text, std::move(parts->looks), std::move(parts->details)));
  return Stored{index, view.received_at, std::move(record)};
}

void ReadLog::scan_case(const Uuid& id, LogIndex until,
                        const std::function<bool(LogIndex)>& visit) const {
  impl_->index->scan_case(id, until, visit);
}

void ReadLog::scan_signatory(std::string_view slug, LogIndex until,
                             const std::function<bool(LogIndex)>& visit) const {
  impl_->index->scan_signatory(slug, until, visit);
}

void ReadLog::scan_both(const Uuid& id, std::string_view slug, Along along, LogIndex until,
                        const std::function<bool(LogIndex, bool found)>& pass) const {
  impl_->index->scan_both(id, slug, along, until, pass);
}

Summary ReadLog::summary(const Uuid& id) const {
  return impl_->index->summary(id);
}

Result<LogIndex> ReadLog::index_at(Timestamp t) const {
  std::uint64_t low = 0;
  std::uint64_t high = head()->size().value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    RELAIS_ASSIGN(const std::string bytes, entry(LogIndex{middle}));
    RELAIS_ASSIGN(const EntryView view, parse_entry(bytes));
    if (view.received_at < t) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return LogIndex{low};
}

Result<merkle::Receipt> ReadLog::receipt(LogIndex index) const {
  RELAIS_ASSIGN(auto receipt, tiles::stored_receipt(*impl_->store, index));
  if (!receipt) return fail(past_the_end(index));
  return std::move(*receipt);
}

Result<std::string> ReadLog::tile(std::uint8_t level, std::uint64_t index) const {
  return tiles::tile_reader(*impl_->store)(level, index);
}

const merkle::LogKeys& ReadLog::keys() const {
  return impl_->keys;
}
const merkle::NoteKey& ReadLog::vkey() const {
  return impl_->keys.newest();
}
const Stats& ReadLog::stats() const {
  return impl_->stats;
}
const store::Store& ReadLog::store() const {
  return *impl_->store;
}

}  // namespace relais::reads
