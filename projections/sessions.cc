// Sessions of the commission: in the order of their days, and what each said of its files.
#include <algorithm>
#include <set>

#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

constexpr std::uint32_t kSign = 1U << 31;  // days before 1970 come before those after

std::uint32_t latest_first(std::int32_t day) {
  return ~(static_cast<std::uint32_t>(day) ^ kSign);
}
Day day_of(std::uint32_t place) {
  return Day{static_cast<std::int32_t>(~place ^ kSign)};
}

std::string session_place(std::int32_t day, std::string_view name) {
  return make_key(kSessionPrefix, latest_first(day)).append(name);
}

std::string opinions_of(std::string_view session) {
  std::string key(kOpinionPrefix);
  key.append(session).push_back('\0');
  return key;
}

std::string text(capnp::Text::Reader t) {
  return {t.begin(), t.size()};
}

SessionRecord record_at(std::string_view bytes) {
  return decode_stored<SessionRecord>(bytes, "a stored session cannot be read");
}

class Sessions final : public Projection {
 public:
  std::string_view name() const override { return "sessions"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kSessionPrefix, kOpinionPrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects&, rules::WorldState& world,
            Tables& tables) override {
    const auto data = act.event.getData();
    if (data.isPspOpinionGiven()) return put_opinion(act, tables);
    if (!data.isSessionConvened() && !data.isSessionHeld()) return;
    const rules::SessionState* session = world.find_session(act.stream.name);
    check(session != nullptr, "an event of a session that the world does not know");
    const std::string key = session_place(session->held_on, act.stream.name);
    SessionRecord record;
    if (data.isSessionConvened()) {
      record.convened_at = act.received_at();
    } else {
      const auto before = tables.get(key);
      require_stored(before.has_value(), "a session that was convened stands in no list");
      record = record_at(*before);
      record.held_at = act.received_at();
      record.minutes_hash = text(data.getSessionHeld().getMinutesHash());
    }
    tables.put(key, encode(record));
  }

 private:
  static void put_opinion(const rules::Act& act, Tables& tables) {
    const auto given = act.event.getData().getPspOpinionGiven();
    Opinion opinion;
    opinion.version = act.event.getVersion();
    opinion.index = act.index;
    opinion.opinion = given.getOpinion();
    opinion.in_favour = given.getInFavour();
    opinion.against = given.getAgainst();
    opinion.abstained = given.getAbstained();
    opinion.given_at = act.received_at();
    tables.put(make_key(opinions_of(text(given.getSession())), act.stream.uuid, opinion.version),
               encode(opinion));
  }
};

}  // namespace

std::unique_ptr<Projection> make_sessions() {
  return std::make_unique<Sessions>();
}

std::optional<SessionItem> find_session(const RecordSource& records, const std::string& name) {
  const auto bytes = records.get(rules::session_key(name));
  if (!bytes) return std::nullopt;
  auto state = decode_stored<rules::SessionState>(*bytes, "a stored session cannot be read");
  const auto record = records.get(session_place(state.held_on, name));
  require_stored(record.has_value(), "a session stands in no list");
  return SessionItem{name, record_at(*record), std::move(state)};
}

Page<SessionItem> sessions(const RecordSource& records, const SessionFilter& filter,
                           std::string_view cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const std::string prefix(kSessionPrefix);
  const std::string first = cursor.empty()
                                ? make_key(kSessionPrefix, latest_first(filter.until.value))
                                : prefix + std::string(cursor);
  Page<SessionItem> page;
  std::size_t examined = 0;
  records.scan(prefix, first, [&](std::string_view key, std::string_view value) {
    const std::string_view place = key.substr(prefix.size());
    require_stored(place.size() >= sizeof(std::uint32_t), "the place of a session has no day");
    if (day_of(load_be<std::uint32_t>(place)) < filter.from) return false;
    if (examined++ == kMaxExamined) {
      page.next = place;
      return false;
    }
    const std::string name(place.substr(sizeof(std::uint32_t)));
    SessionRecord record = record_at(value);
    if (filter.held && *filter.held != record.held_at.has_value()) return true;
    if (filter.wanted && !filter.wanted(name)) return true;
    if (page.items.size() == limit) {
      page.next = place;
      return false;
    }
    auto item = find_session(records, name);
    require_stored(item.has_value(), "a list names a session that is not there");
    page.items.push_back(std::move(*item));
    return true;
  });
  return page;
}

Page<Uuid> files_of(const RecordSource& records, const SessionItem& session,
                    std::string_view cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  check(cursor.empty() || cursor.size() == kUuidBytes, "a place among files is a case");
  const Uuid first = cursor.empty() ? Uuid{} : load_uuid(cursor);
  std::set<Uuid> opined;
  const std::string prefix = opinions_of(session.name);
  records.scan(prefix, prefix + std::string(cursor), [&](std::string_view key, std::string_view) {
    require_stored(key.size() >= prefix.size() + kUuidBytes, "an opinion is of no case");
    opined.insert(load_uuid(key.substr(prefix.size())));
    return opined.size() <= limit;
  });
  // Each of the two has its first ones here, so that the first ones of both are.
  opined.insert(session.state.cases.lower_bound(first), session.state.cases.end());
  Page<Uuid> page;
  for (const Uuid& file : opined) {
    if (page.items.size() == limit) {
      append_uuid(page.next, file);
      break;
    }
    page.items.push_back(file);
  }
  return page;
}

std::optional<Opinion> opinion_of(const RecordSource& records, const std::string& session,
                                  const rules::CaseState& state) {
  std::optional<Opinion> found;
  const std::string prefix = make_key(opinions_of(session), state.id);
  records.scan_back(prefix, {}, [&](std::string_view, std::string_view value) {
    const auto opinion = decode_stored<Opinion>(value, "a stored opinion cannot be read");
    require_stored(opinion.version > 0, "an opinion is of no version of its case");
    // What was annulled since stands in the case.
    if (opinion.version > state.acts.size() || state.acts[opinion.version - 1].annulled)
      return true;
    found = opinion;
    return false;
  });
  return found;
}

}  // namespace relais::projections
