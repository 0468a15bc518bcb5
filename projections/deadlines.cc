// Deadlines: what is due, for whom, since when. Before a flush the deadlines of each stream that
// had an event are replaced by those of its state; only what differs is written. An amendment of
// the convention's numbers does so for every stream, and so does a departure that leaves cases.
//
// They depend on the last state of a stream and on the registry of that moment. So streams that had
// an event wait for no more than the next change of the registry, and then take the one before it.
#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "ledger/rules/time/deadline_rows.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

using rules::Deadline;

constexpr std::size_t kMaxCached = 100'000;   // streams whose deadlines are kept decoded
constexpr std::size_t kBeforeStream = 8 + 1;  // of a place: due time, kind

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

/// A stream key at the beginning of these bytes: its length follows from its first ones.
statement::StreamId stream_at(std::string_view key) {
  constexpr std::string_view kUnreadable = "the place of a deadline names no stream";
  require_stored(key.size() >= 2, kUnreadable);
  statement::StreamId id;
  id.kind = static_cast<schema::StreamKind>(key[0]);
  if (id.kind == schema::StreamKind::CASE) {
    require_stored(key.size() >= 1 + kUuidBytes, kUnreadable);
    id.uuid = load_uuid(key.substr(1));
  } else {
    id.name = key.substr(2, static_cast<std::uint8_t>(key[1]));
  }
  return id;
}

class Deadlines final : public Projection {
 public:
  explicit Deadlines(DerivingPace pace) : pace_(pace) {}
  std::string_view name() const override { return "deadlines"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kDeadlineEffectPrefix, kDeadlineForPrefix,
                                                     kDeadlinesOfPrefix, kDeadlinesDerivedKey};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects& effects, rules::WorldState& world,
            Tables& tables) override {
    if (&world.registry() != registry_.get()) {
      settle(world, tables);
      registry_ = world.share_registry();
    }
    touch(act.stream);
    // One that leaves has nothing to meet any more, on a stream that this event is not of.
    for (const SignatoryId id : effects.left)
      touch({schema::StreamKind::SIGNATORY, {}, registry_->find(id)->slug});
    const bool moved = effects.deadlines_moved;
    if (moved) begin_again(tables);
    derive_next(moved ? pace_.at_once : pace_.with_each_event, world, tables);
  }

  void settle(rules::WorldState& world, Tables& tables) override {
    for (Streams::value_type* stream : touched_) {
      derive(stream->first, stream->second, world, tables);
      stream->second.touched = false;
    }
    touched_.clear();
    if (streams_.size() > kMaxCached) streams_.clear();
  }

 private:
  struct Known {
    std::vector<Listed> listed;  // as stored, once it is loaded
    bool loaded = false;
    bool touched = false;
  };
  struct StreamHash {
    std::size_t operator()(const statement::StreamId& id) const {
      return id.name.empty() ? UuidHash{}(id.uuid) : std::hash<std::string>{}(id.name);
    }
  };
  using Streams = std::unordered_map<statement::StreamId, Known, StreamHash>;

  void touch(const statement::StreamId& stream) {
    if (stream.kind != schema::StreamKind::CASE && stream.kind != schema::StreamKind::SIGNATORY)
      return;
    Streams::value_type& known = *streams_.try_emplace(stream).first;
    if (std::exchange(known.second.touched, true)) return;
    touched_.push_back(&known);
  }

  void derive(const statement::StreamId& stream, Known& known, rules::WorldState& world,
              Tables& tables) {
    std::vector<Listed> now;
    if (stream.kind == schema::StreamKind::CASE) {
      const rules::CaseState* state = world.find_case(stream.uuid);
      check(state != nullptr, "an event of a case that the world does not know");
      for (auto& d : rules::deadlines_of(*state, *registry_))
        now.push_back({std::move(d), state->holder});
    } else {
      const rules::Signatory* s = registry_->find_slug(stream.name);
      const rules::SignatoryState* state = s == nullptr ? nullptr : world.find_signatory(s->id);
      if (state == nullptr) return;
      for (auto& d : rules::deadlines_of(s->id, *state, *registry_))
        now.push_back({std::move(d), s->id});
    }
    std::ranges::sort(now);
    // Two of one kind, day and object are one: they have one key.
    const auto same = std::ranges::unique(now);
    now.erase(same.begin(), same.end());
    replace(statement::stream_key(stream), known, std::move(now), tables);
  }

  void begin_again(Tables& tables) {
    derived_ = std::string(kDeadlinesOfPrefix);
    tables.put(kDeadlinesDerivedKey, *derived_);
  }

  void derive_next(std::size_t limit, rules::WorldState& world, Tables& tables) {
    if (!looked_) {
      derived_ = tables.get(kDeadlinesDerivedKey);
      looked_ = true;
    }
    if (!derived_) return;
    settle(world, tables);
    const auto keys = tables.keys(kDeadlinesOfPrefix, *derived_, limit);
    for (const std::string& key : keys) {
      const auto stream = stream_at(std::string_view(key).substr(kDeadlinesOfPrefix.size()));
      derive(stream, streams_[stream], world, tables);
    }
    if (keys.size() < limit) {
      derived_.reset();
      tables.erase(kDeadlinesDerivedKey);
    } else {
      derived_ = keys.back();
      tables.put(kDeadlinesDerivedKey, *derived_);
    }
  }

  void replace(const std::string& stream, Known& known, std::vector<Listed> now, Tables& tables) {
    load(stream, known, tables);
    const std::vector<Listed>& before = known.listed;
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
    known.listed = std::move(now);
  }

  template <class Visit>
  void each_key(const Listed& l, std::string_view stream, const Visit& visit) {
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
    if (!rules::row_of(l.deadline.kind).listed) return;
    listed_for(l.deadline.who);
    if (l.holder != l.deadline.who) listed_for(l.holder);
  }

  static void load(const std::string& stream, Known& known, Tables& tables) {
    if (std::exchange(known.loaded, true)) return;
    if (const auto bytes = tables.get(std::string(kDeadlinesOfPrefix) + stream))
      known.listed = decode_stored<std::vector<Listed>>(*bytes, "stored deadlines cannot be read");
  }

  Streams streams_;
  std::vector<Streams::value_type*> touched_;        // had an event since they were derived
  std::shared_ptr<const rules::Registry> registry_;  // of the last event
  std::string key_;
  const DerivingPace pace_;
  /// Where deriving by new numbers has come to; empty when it is done. As stored.
  std::optional<std::string> derived_;
  bool looked_ = false;
};

}  // namespace

std::unique_ptr<Projection> make_deadlines(DerivingPace pace) {
  return std::make_unique<Deadlines>(pace);
}

namespace {

Page<rules::DueDeadline> listed(const RecordSource& records, const std::string& prefix,
                                const DeadlineFilter& filter, std::string_view cursor,
                                std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  std::string from = prefix;
  if (cursor.empty())
    append_be(from, static_cast<std::uint64_t>(std::max<std::int64_t>(0, filter.from.value)));
  else
    from.append(cursor);
  Page<rules::DueDeadline> page;
  std::size_t examined = 0;
  records.scan(prefix, from, [&](std::string_view key, std::string_view value) {
    const std::string_view place = key.substr(prefix.size());
    auto deadline = decode_stored<Deadline>(value, "a stored deadline cannot be read");
    if (deadline.due_at >= filter.until) return false;
    if (examined++ == kMaxExamined) {
      page.next = place;
      return false;
    }
    if (filter.kind && *filter.kind != deadline.kind) return true;
    require_stored(place.size() > kBeforeStream, "a deadline has no place");
    rules::DueDeadline item{std::move(deadline), stream_at(place.substr(kBeforeStream))};
    if (filter.wanted && !filter.wanted(item)) return true;
    if (page.items.size() == limit) {
      page.next = place;
      return false;
    }
    page.items.push_back(std::move(item));
    return true;
  });
  return page;
}

}  // namespace

Page<rules::DueDeadline> deadlines(const RecordSource& records, SignatoryId who,
                                   const DeadlineFilter& filter, std::string_view cursor,
                                   std::size_t limit) {
  return listed(records, make_key(kDeadlineForPrefix, who.value), filter, cursor, limit);
}

Page<rules::DueDeadline> clock_deadlines(const RecordSource& records, const DeadlineFilter& filter,
                                         std::string_view cursor, std::size_t limit) {
  return listed(records, std::string(kDeadlineEffectPrefix), filter, cursor, limit);
}

Page<rules::DueDeadline> due_for_clock(const RecordSource& records, Timestamp until,
                                       std::string_view cursor, std::size_t limit) {
  return clock_deadlines(records, {Timestamp{0}, until, {}, {}}, cursor, limit);
}

}  // namespace relais::projections
