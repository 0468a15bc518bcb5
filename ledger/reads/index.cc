#include "ledger/reads/index.h"

#include <algorithm>
#include <bitset>
#include <functional>
#include <iterator>
#include <ranges>

#include "ledger/base/archive.h"
#include "ledger/base/bytes.h"

namespace relais::reads {
namespace {

constexpr std::size_t kMaxSummaryBytes = 8u << 20;  // kept in memory, by what they may take
constexpr std::size_t kSummaryBytes =               // one of them
    512 + kMaxPurposes * (kMaxSummaryPurpose + sizeof(PurposeLooks));
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

StoredSummary read_summary(std::string_view bytes) {
  auto stored = decode<StoredSummary>(bytes);
  if (!stored) throw DamagedRecords("a summary of reads cannot be read");
  return std::move(*stored);
}

}  // namespace

std::string signatory_key(std::string_view slug, std::uint64_t bundle) {
  return with_bundle(signatory_prefix(slug), bundle);
}
std::string case_key(const Uuid& id, std::uint64_t bundle) {
  return with_bundle(case_prefix('C', id), bundle);
}
std::string summaries_of(const Uuid& id) {
  return case_prefix('A', id);
}
std::string summary_key(const Uuid& id, std::string_view slug) {
  return summaries_of(id).append(slug);
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

// ---------------------------------------------------------------------------------------------------------------------

void Index::add(const Record& record, Timestamp at) {
  const std::lock_guard lock(mutex_);
  if (open_.empty() || open_.back().bundle.looks.size() == kBundle) open_.emplace_back();
  open_.back().bundle.add(record, at);
  ++added_;
}

// The writer reads without the lock what only it changes.
RowBytes Index::write_full(RecordSink& rows) {
  RowBytes bytes;
  for (std::size_t i = 0; i < open_.size(); ++i)
    if (!open_[i].written && open_[i].bundle.looks.size() == kBundle)
      write_rows(first_ / kBundle + i, open_[i], rows, bytes);
  return bytes;
}

void Index::write_rows(std::uint64_t number, Open& open, RecordSink& rows, RowBytes& bytes) {
  const std::uint64_t through = (number + 1) * kBundle;
  for (const auto& [id, places] : open.bundle.cases) {
    const std::size_t case_row = case_key(id, number).size() + places.size();
    const std::size_t prefix = summaries_of(id).size();
    std::map<std::string, std::shared_ptr<StoredSummary>> after;  // of those who looked at it
    for (const char c : places) {
      const Bundle::Look& look = open.bundle.looks[place(c)];
      auto& summary = after[summary_key(id, look.signatory)];
      if (!summary) {
        const Kept before = last_summary(summary_key(id, look.signatory));
        summary =
            before ? std::make_shared<StoredSummary>(*before) : std::make_shared<StoredSummary>();
        summary->through = through;
      }
      summary->looks.add(look.purpose, look.at);
    }
    for (auto& [key, summary] : after) {
      const std::string value = encode(*summary);
      rows.put(key, value);
      bytes[key.substr(prefix)] += case_row + key.size() + value.size();
      open.summaries.emplace(key, std::move(summary));
    }
  }
  for (const auto& [id, places] : open.bundle.cases) rows.put(case_key(id, number), places);
  for (const auto& [slug, places] : open.bundle.whose)
    rows.put(signatory_key(slug, number), places);
  open.written = true;
}

/// The newest one: of a bundle that is being written, of memory, of the store.
Index::Kept Index::last_summary(const std::string& key) const {
  for (const Open& open : open_ | std::views::reverse)
    if (const auto it = open.summaries.find(key); it != open.summaries.end()) return it->second;
  if (const auto it = summaries_.find(key); it != summaries_.end()) return it->second;
  const auto bytes = rows_->get(key);
  return bytes ? std::make_shared<const StoredSummary>(read_summary(*bytes)) : nullptr;
}

void Index::publish() {
  const std::lock_guard lock(mutex_);
  published_ = first_ + added_;
  for (; !open_.empty() && open_.front().written; open_.pop_front()) {
    for (auto& [key, summary] : open_.front().summaries) {
      if ((summaries_.size() + 1) * kSummaryBytes > kMaxSummaryBytes) summaries_.clear();
      summaries_.insert_or_assign(key, std::move(summary));
    }
    first_ += kBundle;
    added_ -= kBundle;
  }
}

/// What was published of what stands in memory under a name, in order. The lock is held.
template <class Member, class Name, class Take>
void Index::each_in_memory(Member member, const Name& name, const Take& take) const {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    const Bundle& bundle = open_[i].bundle;
    const auto& places = bundle.*member;
    const auto it = places.find(name);
    if (it == places.end()) continue;
    for (const char c : it->second)
      if (const LogIndex index{first_ + i * kBundle + place(c)}; index.value < published_)
        take(index, bundle.looks[place(c)]);
  }
}

/// The places in memory under a name before `until`, newest first; `until` becomes where the rows
/// that are stored end.
template <class Member, class Name>
std::vector<LogIndex> Index::in_memory(Member member, const Name& name, LogIndex& until) const {
  std::vector<LogIndex> found;
  const std::lock_guard lock(mutex_);
  each_in_memory(member, name, [&](LogIndex index, const Bundle::Look&) {
    if (index < until) found.push_back(index);
  });
  std::ranges::reverse(found);
  until = LogIndex{std::min({until.value, published_, first_})};
  return found;
}

/// The rows under a prefix that may have places before `until`, downwards.
void Index::scan_rows(const std::string& prefix, LogIndex until, const Row& row) const {
  if (until.value == 0) return;
  const std::string from = with_bundle(prefix, (until.value - 1) / kBundle);
  rows_->scan_back(prefix, from, [&](std::string_view key, std::string_view places) {
    if (key.size() != prefix.size() + 8) throw DamagedRecords(std::string(kDamaged));
    return row(load_be<std::uint64_t>(key.substr(prefix.size())), places);
  });
}

void Index::scan_places(const std::string& prefix, LogIndex until, const Visit& visit) const {
  scan_rows(prefix, until, [&](std::uint64_t bundle, std::string_view places) {
    for (const char c : places | std::views::reverse) {
      const LogIndex index{bundle * kBundle + place(c)};
      if (index < until && !visit(index)) return false;
    }
    return true;
  });
}

void Index::scan_case(const Uuid& id, LogIndex until, const Visit& visit) const {
  for (const LogIndex index : in_memory(&Bundle::cases, id, until))
    if (!visit(index)) return;
  scan_places(case_prefix('C', id), until, visit);
}

void Index::scan_signatory(std::string_view slug, LogIndex until, const Visit& visit) const {
  for (const LogIndex index : in_memory(&Bundle::whose, std::string(slug), until))
    if (!visit(index)) return;
  scan_places(signatory_prefix(slug), until, visit);
}

void Index::scan_both(const Uuid& id, std::string_view slug, Along along, LogIndex until,
                      const Pass& pass) const {
  LogIndex ends[2] = {until, until};
  const auto at_case = in_memory(&Bundle::cases, id, ends[0]);
  const auto by_slug = in_memory(&Bundle::whose, std::string(slug), ends[1]);
  std::vector<LogIndex> both;
  std::ranges::set_intersection(at_case, by_slug, std::back_inserter(both), std::greater<>());
  for (const LogIndex index : both)
    if (!pass(index, true)) return;
  // What was stored between the two looks into memory is in the rows by now.
  const LogIndex stored = std::max(ends[0], ends[1]);
  const bool by_case = along == Along::looks_at_case;
  scan_rows(by_case ? case_prefix('C', id) : signatory_prefix(slug), stored,
            [&](std::uint64_t bundle, std::string_view places) {
              const auto other =
                  rows_->get(by_case ? signatory_key(slug, bundle) : case_key(id, bundle));
              std::bitset<kBundle> wanted;
              for (const char c : other.value_or("")) wanted.set(place(c));
              std::optional<LogIndex> last;
              bool found = false;
              for (const char c : places | std::views::reverse) {
                const LogIndex index{bundle * kBundle + place(c)};
                if (!(index < stored)) continue;
                if (!last) last = index;
                if (!wanted.test(place(c))) continue;
                found = true;
                if (!pass(index, true)) return false;
              }
              return found || !last || pass(*last, false);
            });
}

Summary Index::summary(const Uuid& id) const {
  std::vector<std::pair<LogIndex, Bundle::Look>> recent;
  {
    const std::lock_guard lock(mutex_);
    each_in_memory(&Bundle::cases, id, [&](LogIndex index, const Bundle::Look& look) {
      recent.emplace_back(index, look);
    });
  }
  // What is stored by now may count some of the recent ones.
  Summary summary;
  std::map<std::string, std::uint64_t, std::less<>> through;
  const std::string prefix = summaries_of(id);
  rows_->scan(prefix, {}, [&](std::string_view key, std::string_view value) {
    const std::string_view slug = key.substr(prefix.size());
    StoredSummary stored = read_summary(value);
    through.emplace(slug, stored.through);
    summary.of(slug) = std::move(stored.looks);
    return true;
  });
  for (const auto& [index, look] : recent)
    if (const auto it = through.find(look.signatory);
        it == through.end() || index.value >= it->second)
      summary.of(look.signatory).add(look.purpose, look.at);
  return summary;
}

}  // namespace relais::reads
