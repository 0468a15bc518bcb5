// The question to the audit: candidates from the shortest list at hand, each checked on its event.
#include <algorithm>

#include "ledger/base/stored.h"
#include "ledger/rules/world_state.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

constexpr std::size_t kChunk = 256;  // indices of a posting that are read at once, at least

/// Where to look: indices of [from, until), upwards or downwards.
struct Range {
  std::uint64_t from = 0;
  std::uint64_t until = 0;
  bool newest_first = false;
  bool empty() const { return from >= until; }
};

/// Indices that may match, in the order of the range; nothing at the end.
class Candidates {
 public:
  virtual ~Candidates() = default;
  virtual Result<std::optional<std::uint64_t>> next() = 0;
};

/// Every index.
class All final : public Candidates {
 public:
  explicit All(Range left) : left_(left) {}
  Result<std::optional<std::uint64_t>> next() override {
    if (left_.empty()) return std::nullopt;
    return left_.newest_first ? --left_.until : left_.from++;
  }

 private:
  Range left_;
};

/// The rows of one signatory or one type, read in chunks: several are merged, and a scan cannot be
/// paused.
class Posting {
 public:
  Posting(const RecordSource& records, std::string prefix, Range left)
      : records_(records), prefix_(std::move(prefix)), left_(left) {}

  std::optional<std::uint64_t> peek() {
    if (at_ == chunk_.size()) refill();
    return at_ < chunk_.size() ? std::optional(chunk_[at_]) : std::nullopt;
  }
  void pop() { ++at_; }

 private:
  void refill() {
    chunk_.clear();
    at_ = 0;
    if (left_.empty()) return;
    bool all = true;  // the rows ended before the chunk did
    const auto take = [&](std::string_view key, std::string_view places) {
      require_stored(key.size() == prefix_.size() + sizeof(std::uint64_t),
                     "a row of the audit trail has no number");
      const std::uint64_t first =
          load_be<std::uint64_t>(key.substr(prefix_.size())) * log::kRowEvents;
      if (first >= left_.until || first + log::kRowEvents <= left_.from) return false;
      const auto begin = static_cast<std::ptrdiff_t>(chunk_.size());
      for (const char c : places)
        if (const std::uint64_t index = first + static_cast<std::uint8_t>(c);
            index >= left_.from && index < left_.until)
          chunk_.push_back(index);
      if (left_.newest_first) std::reverse(chunk_.begin() + begin, chunk_.end());
      all = chunk_.size() < kChunk;
      return all;
    };
    std::string start = prefix_;
    append_be(start, (left_.newest_first ? left_.until - 1 : left_.from) / log::kRowEvents);
    if (left_.newest_first) {
      records_.scan_back(prefix_, start, take);
      left_.until = all ? left_.from : chunk_.back();
    } else {
      records_.scan(prefix_, start, take);
      left_.from = all ? left_.until : chunk_.back() + 1;
    }
  }

  const RecordSource& records_;
  std::string prefix_;
  Range left_;
  std::vector<std::uint64_t> chunk_;
  std::size_t at_ = 0;
};

/// Several postings as one, and every event behind the last full row. No index is in two: an event
/// has one signatory and one type.
class Postings final : public Candidates {
 public:
  explicit Postings(Range tail) : newest_first_(tail.newest_first), tail_(tail) {}
  void add(Posting posting) { postings_.push_back(std::move(posting)); }

  Result<std::optional<std::uint64_t>> next() override {
    if (newest_first_ && !tail_.empty()) return --tail_.until;
    if (const auto index = posted()) return index;
    if (!tail_.empty()) return tail_.from++;
    return std::nullopt;
  }

 private:
  std::optional<std::uint64_t> posted() {
    Posting* first = nullptr;
    std::uint64_t index = 0;
    for (Posting& posting : postings_) {
      const auto head = posting.peek();
      if (!head) continue;
      if (first != nullptr && (newest_first_ ? *head < index : *head > index)) continue;
      first = &posting;
      index = *head;
    }
    if (first == nullptr) return std::nullopt;
    first->pop();
    return index;
  }

  bool newest_first_;
  Range tail_;
  std::vector<Posting> postings_;
};

/// The events of one stream, by their versions.
class StreamEvents final : public Candidates {
 public:
  static Result<std::unique_ptr<Candidates>> make(const log::Ledger& ledger, const log::Head& head,
                                                  const statement::StreamId& stream, Range range) {
    auto events = std::make_unique<StreamEvents>(ledger, stream, range);
    const std::uint32_t length = length_of(*head.records, stream);
    RELAIS_ASSIGN(events->first_, events->first_at(range.from, length));
    RELAIS_ASSIGN(events->end_, events->first_at(range.until, length));
    return events;
  }
  StreamEvents(const log::Ledger& ledger, const statement::StreamId& stream, Range range)
      : ledger_(ledger), stream_(stream), newest_first_(range.newest_first) {}

  Result<std::optional<std::uint64_t>> next() override {
    if (first_ >= end_) return std::nullopt;
    return index_of(newest_first_ ? --end_ : first_++);
  }

 private:
  static std::uint32_t length_of(const RecordSource& records, const statement::StreamId& stream) {
    if (stream.kind == schema::StreamKind::CASE) {
      const auto state = find_case(records, stream.uuid);
      return state ? state->version : 0;
    }
    const auto bytes = records.get(rules::head_key(stream));
    if (!bytes) return 0;
    return decode_stored<std::uint32_t>(*bytes, "a stored stream version cannot be read");
  }

  Result<std::uint64_t> index_of(std::uint64_t version) const {
    RELAIS_ASSIGN(const auto index,
                  ledger_.find(stream_, StreamVersion{static_cast<std::uint32_t>(version)}));
    if (!index)
      return fail(Errc::corrupt, "stream-gap",
                  statement::to_subject(stream_) + " has no event " + std::to_string(version));
    return index->value;
  }

  /// First version, of 1 to length, whose event is at or after an index of the log; length + 1 when
  /// there is none.
  Result<std::uint64_t> first_at(std::uint64_t bound, std::uint32_t length) const {
    std::uint64_t low = 1;
    std::uint64_t high = std::uint64_t{length} + 1;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      RELAIS_ASSIGN(const std::uint64_t index, index_of(middle));
      if (index < bound) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  const log::Ledger& ledger_;
  statement::StreamId stream_;
  bool newest_first_;
  std::uint64_t first_ = 1;  // versions that are left: [first_, end_)
  std::uint64_t end_ = 1;
};

/// The narrowest list: a stream is shorter than what a signatory signs, and that is shorter than
/// all events of a type.
Result<std::unique_ptr<Candidates>> candidates(const log::Ledger& ledger, const log::Head& head,
                                               const AuditFilter& filter, Range range) {
  if (filter.stream) return StreamEvents::make(ledger, head, *filter.stream, range);
  if (!filter.signatory && filter.types.empty()) return std::make_unique<All>(range);
  const std::uint64_t size = head.size().value;
  const std::uint64_t full = size - size % log::kRowEvents;
  auto postings = std::make_unique<Postings>(
      Range{std::max(range.from, full), range.until, range.newest_first});
  range.until = std::min(range.until, full);
  const RecordSource& records = *head.records;
  if (filter.signatory) {
    postings->add(Posting(records, make_key(kSignatoryPrefix, filter.signatory->value), range));
  } else {
    std::vector<std::uint16_t> types = filter.types;
    std::ranges::sort(types);
    const auto repeated = std::ranges::unique(types);
    types.erase(repeated.begin(), repeated.end());
    for (const std::uint16_t type : types)
      postings->add(Posting(records, make_key(kTypePrefix, type), range));
  }
  return postings;
}

bool matches(const AuditFilter& filter, schema::Event::Reader event) {
  if (filter.signatory && filter.signatory->value != event.getSignatory()) return false;
  if (filter.stream && statement::stream_of(event) != *filter.stream) return false;
  return filter.types.empty() ||
         std::ranges::find(filter.types, statement::type_of(event).ordinal) != filter.types.end();
}

}  // namespace

Result<AuditPage> audit(const log::Ledger& ledger, const log::Head& head, const AuditFilter& filter,
                        std::size_t limit,
                        const std::function<bool(LogIndex, schema::Event::Reader)>& visible,
                        std::size_t max_candidates) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  // The records may be ahead of the head by a batch.
  const Range range{filter.from, std::min(filter.until, head.size().value), filter.newest_first};
  RELAIS_ASSIGN(const auto source, candidates(ledger, head, filter, range));
  AuditPage page;
  statement::EventView view;
  const auto behind = [&](std::uint64_t index) {
    return std::to_string(filter.newest_first ? index : index + 1);
  };
  std::uint64_t last = 0;
  for (;; ++page.examined) {
    if (page.examined == max_candidates) {
      page.next = behind(last);
      return page;
    }
    RELAIS_ASSIGN(const auto index, source->next());
    if (!index) return page;
    last = *index;
    RELAIS_ASSIGN(std::string bytes, ledger.event(LogIndex{*index}));
    if (!view.load(bytes))
      return fail(Errc::corrupt, "event-unreadable",
                  "typed event " + std::to_string(*index) + " cannot be read");
    if (!matches(filter, view.get()) || !visible(LogIndex{*index}, view.get())) continue;
    if (page.items.size() == limit) {
      // There is more, for this reader: where it stands, and what it does not see before, is not
      // told.
      page.next = behind(page.items.back().index.value);
      return page;
    }
    page.items.push_back({LogIndex{*index}, std::move(bytes)});
  }
}

}  // namespace relais::projections
