// Deadlines: what is due, for whom, since when. Each event of a stream replaces the stream's
// deadlines by those of its new state; only what differs is written.
#include <algorithm>
#include <unordered_map>

#include "ledger/base/check.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

using rules::Deadline;

constexpr std::size_t kMaxCached = 100'000;  // streams whose deadlines are kept decoded

/// A deadline and whom it is listed for beside who is to act: the holder of the case.
struct Listed {
  Deadline deadline;
  SignatoryId holder;
  auto operator<=>(const Listed&) const = default;
};

template <class Ar>
void archive(Ar& ar, Listed& l) {
  ar(l.deadline, l.holder);
}

void append_place(std::string& key, const Deadline& d, std::string_view stream) {
  append_be(key, static_cast<std::uint64_t>(d.due_at.value));
  key.push_back(static_cast<char>(d.kind));
  key.append(stream);
  key.append(d.ref);
}

class Deadlines final : public Projection {
 public:
  std::string_view name() const override { return "deadlines"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kDeadlinePrefix, kDeadlineEffectPrefix,
                                                     kDeadlineForPrefix, kDeadlinesOfPrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, rules::World& world, Tables& tables) override {
    std::vector<Listed> now;
    if (act.stream.kind == schema::StreamKind::CASE) {
      const rules::CaseState* state = world.find_case(act.stream.uuid);
      check(state != nullptr, "an event of a case that the world does not know");
      for (auto& d : rules::deadlines_of(*state, world.registry()))
        now.push_back({std::move(d), state->holder});
    } else if (act.stream.kind == schema::StreamKind::SIGNATORY) {
      const rules::Signatory* s = world.registry().find_slug(act.stream.name);
      const rules::SignatoryState* state = s == nullptr ? nullptr : world.find_signatory(s->id);
      if (state == nullptr) return;
      for (auto& d : rules::deadlines_of(s->id, *state, world.registry()))
        now.push_back({std::move(d), s->id});
    } else {
      return;
    }
    std::ranges::sort(now);
    replace(statement::stream_key(act.stream), std::move(now), tables);
  }

 private:
  void replace(const std::string& stream, std::vector<Listed> now, Tables& tables) {
    std::vector<Listed>& before = known(stream, tables);
    if (before == now) return;
    std::vector<Listed> gone, come;
    std::ranges::set_difference(before, now, std::back_inserter(gone));
    std::ranges::set_difference(now, before, std::back_inserter(come));
    for (const Listed& l : gone)
      each_key(l, stream, [&](const std::string& key) { tables.erase(key); });
    for (const Listed& l : come) {
      const std::string value = encode(l.deadline);
      each_key(l, stream, [&](const std::string& key) { tables.put(key, value); });
    }
    std::string of(kDeadlinesOfPrefix);
    of.append(stream);
    if (now.empty())
      tables.erase(of);
    else
      tables.put(of, encode(now));
    before = std::move(now);
  }

  template <class Visit>
  void each_key(const Listed& l, std::string_view stream, const Visit& visit) {
    key_.assign(kDeadlinePrefix);
    append_place(key_, l.deadline, stream);
    visit(key_);
    if (rules::has_effect(l.deadline.kind)) {
      key_.assign(kDeadlineEffectPrefix);
      append_place(key_, l.deadline, stream);
      visit(key_);
    }
    const auto listed_for = [&](SignatoryId who) {
      set_key(key_, kDeadlineForPrefix, who.value);
      append_place(key_, l.deadline, stream);
      visit(key_);
    };
    listed_for(l.deadline.who);
    if (l.holder != l.deadline.who) listed_for(l.holder);
  }

  /// What the stream's deadlines were before the event.
  std::vector<Listed>& known(const std::string& stream, Tables& tables) {
    if (const auto it = cache_.find(stream); it != cache_.end()) return it->second;
    if (cache_.size() >= kMaxCached) cache_.clear();
    std::vector<Listed>& listed = cache_[stream];
    if (const auto bytes = tables.get(std::string(kDeadlinesOfPrefix) + stream)) {
      auto stored = decode<std::vector<Listed>>(*bytes);
      check(stored.has_value(), "stored deadlines cannot be read");
      listed = std::move(*stored);
    }
    return listed;
  }

  std::unordered_map<std::string, std::vector<Listed>> cache_;
  std::string key_;
};

/// The stream key behind the due time and the kind: its length follows from its first bytes.
statement::StreamId stream_at(std::string_view key) {
  statement::StreamId id;
  id.kind = static_cast<schema::StreamKind>(key[0]);
  if (id.kind == schema::StreamKind::CASE)
    id.uuid = load_uuid(key.substr(1));
  else
    id.name = key.substr(2, static_cast<std::uint8_t>(key[1]));
  return id;
}

}  // namespace

std::unique_ptr<Projection> make_deadlines() {
  return std::make_unique<Deadlines>();
}

Page<DeadlineItem> deadlines(const RecordSource& records, const DeadlineFilter& filter,
                             std::string_view cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const std::string prefix = filter.who ? make_key(kDeadlineForPrefix, filter.who->value)
                             : filter.with_effect_only ? std::string(kDeadlineEffectPrefix)
                                                       : std::string(kDeadlinePrefix);
  std::string from = prefix;
  if (cursor.empty())
    append_be(from, static_cast<std::uint64_t>(std::max<std::int64_t>(0, filter.from.value)));
  else
    from.append(cursor);
  Page<DeadlineItem> page;
  std::size_t examined = 0;
  records.scan(prefix, from, [&](std::string_view key, std::string_view value) {
    const std::string_view place = key.substr(prefix.size());
    auto deadline = decode<Deadline>(value);
    check(deadline.has_value(), "a stored deadline cannot be read");
    if (deadline->due_at >= filter.until) return false;
    if (page.items.size() == limit || examined == kMaxExamined) {
      page.next = place;
      return false;
    }
    ++examined;
    if (filter.with_effect_only && !rules::has_effect(deadline->kind)) return true;
    if (filter.kind && *filter.kind != deadline->kind) return true;
    page.items.push_back({std::move(*deadline), stream_at(place.substr(9))});
    return true;
  });
  return page;
}

}  // namespace relais::projections
