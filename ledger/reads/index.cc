#include "ledger/reads/index.h"

#include <algorithm>
#include <ranges>
#include <tuple>

#include "ledger/base/archive.h"
#include "ledger/base/bytes.h"

namespace relais::reads {
namespace {

constexpr std::size_t kMaxSummaries = 5'000;  // kept in memory
constexpr std::string_view kDamaged = "a row of the index of reads cannot be read";

std::string case_prefix(char kind, const Uuid& id) {
  std::string key(1, kind);
  append_uuid(key, id);
  return key;
}

std::string signatory_prefix(std::string_view slug) {
  std::string key(1, 'S');
  key.append(slug).push_back('\0');
  return key;
}

std::string with_bundle(std::string key, std::uint64_t bundle) {
  append_be(key, bundle);
  return key;
}

std::uint8_t place(char byte) {
  return static_cast<std::uint8_t>(byte);
}

}  // namespace

std::string signatory_key(std::string_view slug, std::uint64_t bundle) {
  return with_bundle(signatory_prefix(slug), bundle);
}
std::string case_key(const Uuid& id, std::uint64_t bundle) {
  return with_bundle(case_prefix('C', id), bundle);
}
std::string summary_key(const Uuid& id) {
  return case_prefix('A', id);
}

void Summary::add(std::string_view signatory, std::string_view purpose, Timestamp at) {
  const auto name = [](const SummaryRow& r) {
    return std::tuple<std::string_view, std::string_view>(r.signatory, r.purpose);
  };
  const std::tuple wanted(signatory, purpose);
  auto row = std::ranges::lower_bound(rows, wanted, {}, name);
  if (row == rows.end() || name(*row) != wanted) {
    if (rows.size() == kMaxSummary) {
      ++others;
      return;
    }
    row = rows.insert(row, {std::string(signatory), std::string(purpose), 0, at, at});
  }
  ++row->times;
  row->last = at;
}

void Bundle::add(const Record& record, Timestamp at) {
  const auto here = static_cast<char>(looks.size());
  looks.push_back({record.reader.signatory, record.reader.purpose, at});
  whose[record.reader.signatory].push_back(here);
  for (const CaseLook& look : record.cases) {
    if (!look.case_id) continue;
    std::string& places = cases[*look.case_id];
    if (places.empty() || places.back() != here) places.push_back(here);
  }
}

void Bundle::add_to(Summary& summary, const Uuid& id) const {
  const auto it = cases.find(id);
  if (it == cases.end()) return;
  for (const char c : it->second) {
    const Look& look = looks[place(c)];
    summary.add(look.signatory, look.purpose, look.at);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

void Index::add(const Record& record, Timestamp at) {
  const std::lock_guard lock(mutex_);
  if (open_.empty() || open_.back().bundle.looks.size() == kBundle) open_.emplace_back();
  open_.back().bundle.add(record, at);
  ++added_;
}

// The writer reads without the lock what only it changes.
void Index::write_full(RecordSink& rows) {
  for (std::size_t i = 0; i < open_.size(); ++i)
    if (!open_[i].written && open_[i].bundle.looks.size() == kBundle)
      write_rows(first_ / kBundle + i, open_[i], rows);
}

void Index::write_rows(std::uint64_t number, Open& open, RecordSink& rows) {
  const std::uint64_t through = (number + 1) * kBundle;
  for (const auto& [id, places] : open.bundle.cases) {
    const Kept before = last_summary(id);
    auto after =
        before ? std::make_shared<StoredSummary>(*before) : std::make_shared<StoredSummary>();
    open.bundle.add_to(after->summary, id);
    after->through = through;
    rows.put(summary_key(id), encode(*after));
    open.summaries.emplace_back(id, std::move(after));
  }
  for (const auto& [id, places] : open.bundle.cases) rows.put(case_key(id, number), places);
  for (const auto& [slug, places] : open.bundle.whose)
    rows.put(signatory_key(slug, number), places);
  open.written = true;
}

/// The newest one: of a bundle that is being written, of memory, of the store.
Index::Kept Index::last_summary(const Uuid& id) const {
  const auto name = [](const auto& s) -> const Uuid& { return s.first; };
  for (const Open& open : open_ | std::views::reverse) {
    const auto it = std::ranges::lower_bound(open.summaries, id, {}, name);
    if (it != open.summaries.end() && it->first == id) return it->second;
  }
  const auto it = summaries_.find(id);
  return it != summaries_.end() ? it->second : stored_summary(id);
}

Index::Kept Index::stored_summary(const Uuid& id) const {
  const auto bytes = rows_->get(summary_key(id));
  if (!bytes) return nullptr;
  auto stored = decode<StoredSummary>(*bytes);
  if (!stored) throw DamagedRecords("a summary of reads cannot be read");
  return std::make_shared<const StoredSummary>(std::move(*stored));
}

void Index::publish() {
  const std::lock_guard lock(mutex_);
  published_ = first_ + added_;
  if (summaries_.size() > kMaxSummaries) summaries_.clear();
  for (; !open_.empty() && open_.front().written; open_.pop_front()) {
    for (auto& [id, summary] : open_.front().summaries) summaries_[id] = std::move(summary);
    first_ += kBundle;
    added_ -= kBundle;
  }
}

/// The places in memory under a name before `until`, newest first; `until` becomes where the rows
/// that are stored end.
template <class Member, class Name>
std::vector<LogIndex> Index::in_memory(Member member, const Name& name, LogIndex& until) const {
  std::vector<LogIndex> found;
  const std::lock_guard lock(mutex_);
  const std::uint64_t end = std::min(until.value, published_);
  for (std::size_t i = open_.size(); i-- > 0;) {
    const auto& places = open_[i].bundle.*member;
    const auto it = places.find(name);
    if (it == places.end()) continue;
    const std::uint64_t begin = first_ + i * kBundle;
    for (auto c = it->second.rbegin(); c != it->second.rend(); ++c)
      if (begin + place(*c) < end) found.emplace_back(begin + place(*c));
  }
  until = LogIndex{std::min(end, first_)};
  return found;
}

/// What the rows under a prefix have before `until`, downwards.
void Index::scan_rows(const std::string& prefix, LogIndex until, const Visit& visit) const {
  if (until.value == 0) return;
  const std::string from = with_bundle(prefix, (until.value - 1) / kBundle);
  rows_->scan_back(prefix, from, [&](std::string_view key, std::string_view places) {
    if (key.size() != prefix.size() + 8) throw DamagedRecords(std::string(kDamaged));
    const std::uint64_t begin = load_be<std::uint64_t>(key.substr(prefix.size())) * kBundle;
    for (auto c = places.rbegin(); c != places.rend(); ++c) {
      const LogIndex index{begin + place(*c)};
      if (index < until && !visit(index)) return false;
    }
    return true;
  });
}

void Index::scan_case(const Uuid& id, LogIndex until, const Visit& visit) const {
  for (const LogIndex index : in_memory(&Bundle::cases, id, until))
    if (!visit(index)) return;
  scan_rows(case_prefix('C', id), until, visit);
}

void Index::scan_signatory(std::string_view slug, LogIndex until, const Visit& visit) const {
  for (const LogIndex index : in_memory(&Bundle::whose, std::string(slug), until))
    if (!visit(index)) return;
  scan_rows(signatory_prefix(slug), until, visit);
}

Summary Index::summary(const Uuid& id) const {
  std::vector<std::pair<std::uint64_t, Bundle::Look>> recent;
  Kept kept;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const Bundle& bundle = open_[i].bundle;
      const auto it = bundle.cases.find(id);
      if (it == bundle.cases.end()) continue;
      for (const char c : it->second)
        if (const std::uint64_t index = first_ + i * kBundle + place(c); index < published_)
          recent.emplace_back(index, bundle.looks[place(c)]);
    }
    if (const auto it = summaries_.find(id); it != summaries_.end()) kept = it->second;
  }
  // What is stored by now may count some of the recent ones.
  if (!kept) kept = stored_summary(id);
  Summary summary = kept ? kept->summary : Summary();
  for (const auto& [index, look] : recent)
    if (!kept || index >= kept->through) summary.add(look.signatory, look.purpose, look.at);
  return summary;
}

}  // namespace relais::reads
