#include "ledger/reads/read_log.h"

#include <algorithm>
#include <tuple>

#include "ledger/base/archive.h"
#include "ledger/reads/impl.h"

namespace relais::reads {
namespace {

constexpr char kOfCase = 'C';
constexpr char kOfSignatory = 'S';
constexpr char kSummary = 'A';

Error past_the_end(LogIndex index) {
  return error(Errc::not_found, "index-unknown", "there is no read " + std::to_string(index.value));
}

std::string case_prefix(char kind, const Uuid& id) {
  std::string key(1, kind);
  append_uuid(key, id);
  return key;
}

std::string signatory_prefix(std::string_view slug) {
  std::string key(1, kOfSignatory);
  key.append(slug).push_back('\0');
  return key;
}

/// Indices at the end of the keys under a prefix, downwards from the last one before `until`.
void scan_down(const RecordSource& records, const std::string& prefix, LogIndex until,
               const std::function<bool(LogIndex)>& visit) {
  if (until.value == 0) return;
  std::string from = prefix;
  append_be(from, until.value - 1);
  records.scan_back(prefix, from, [&](std::string_view key, std::string_view) {
    if (key.size() != prefix.size() + 8) return true;
    return visit(LogIndex{load_be<std::uint64_t>(key.substr(prefix.size()))});
  });
}

}  // namespace

std::string case_key(const Uuid& id, LogIndex index) {
  std::string key = case_prefix(kOfCase, id);
  append_be(key, index.value);
  return key;
}

std::string signatory_key(std::string_view slug, LogIndex index) {
  std::string key = signatory_prefix(slug);
  append_be(key, index.value);
  return key;
}

std::string summary_key(const Uuid& id) {
  return case_prefix(kSummary, id);
}

void Summary::add(const Reader& reader, Timestamp at) {
  const auto name = [](const auto& r) { return std::tie(r.signatory, r.purpose); };
  auto row = std::ranges::lower_bound(rows, name(reader), {}, name);
  if (row == rows.end() || name(*row) != name(reader)) {
    if (rows.size() == kMaxSummary) {
      ++others;
      return;
    }
    row = rows.insert(row, {reader.signatory, reader.purpose, 0, at, at});
  }
  ++row->times;
  row->last = at;
}

merkle::NoteKey vkey_of(const merkle::NoteKey& ledger) {
  return {ledger.name + "/reads", ledger.key};
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
  scan_down(*impl_->indices, case_prefix(kOfCase, id), until, visit);
}

void ReadLog::scan_signatory(std::string_view slug, LogIndex until,
                             const std::function<bool(LogIndex)>& visit) const {
  scan_down(*impl_->indices, signatory_prefix(slug), until, visit);
}

Summary ReadLog::summary(const Uuid& id) const {
  const auto stored = impl_->indices->get(summary_key(id));
  if (!stored) return {};
  auto summary = decode<Summary>(*stored);
  if (!summary) throw DamagedRecords("a summary of reads cannot be read");
  return std::move(*summary);
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

const merkle::NoteKey& ReadLog::vkey() const {
  return impl_->vkey;
}
const Stats& ReadLog::stats() const {
  return impl_->stats;
}
const store::Store& ReadLog::store() const {
  return *impl_->store;
}

}  // namespace relais::reads
