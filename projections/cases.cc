// Cases: the world's own records, and who takes part in which.
#include <algorithm>
#include <set>

#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

constexpr std::string_view kSteppedBack{"\0", 1};
constexpr std::string_view kSits{"\1", 1};

Timestamp emergency_end(std::string_view record) {
  return decode_stored<Timestamp>(record, "a stored end of emergency accesses cannot be read");
}

class Participation final : public Projection {
 public:
  std::string_view name() const override { return "participation"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kParticipationPrefix, kFilePrefix,
                                                     kAppliedPrefix, kEmergencyPrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects& effects, rules::WorldState& world,
            Tables& tables) override {
    const auto data = act.event.getData();
    if (data.isSessionConvened() || data.isMemberRecused()) fold_session(act, world, tables);
    if (act.stream.kind != schema::StreamKind::CASE) return;
    if (data.isPspApplied()) {
      set_key(key_, kAppliedPrefix, act.stream.uuid);
      tables.put(key_, {});
    }
    if (data.isPspOpinionGiven()) {
      const capnp::Text::Reader name = data.getPspOpinionGiven().getSession();
      put_files(world, {name.begin(), name.size()}, act.stream.uuid, tables);
    }
    if (data.isCaseEmergencyAccessOpened())
      put_emergency(act.signatory(), data.getCaseEmergencyAccessOpened(), tables);
    for (const SignatoryId who : effects.joined) put(who, act.stream.uuid, tables);
  }

 private:
  /// Who steps back from a file in one session has stepped back from it for good.
  void fold_session(const rules::Act& act, rules::WorldState& world, Tables& tables) {
    if (act.event.getData().isMemberRecused()) {
      const capnp::Text::Reader id = act.event.getData().getMemberRecused().getCaseId();
      const auto file = parse_uuid({id.begin(), id.size()});
      check(file.has_value(), "an accepted event names a case that is none");
      set_key(key_, kFilePrefix, act.signatory().value, *file);
      tables.put(key_, kSteppedBack);
      return;
    }
    const rules::SessionState* session = world.find_session(act.stream.name);
    check(session != nullptr, "an event of a session that the world does not know");
    const std::set<Uuid> files = session->cases;
    for (const Uuid& file : files) put_files(world, act.stream.name, file, tables);
  }

  void put_files(rules::WorldState& world, const std::string& session, const Uuid& file,
                 Tables& tables) {
    const rules::SessionState* state = world.find_session(session);
    check(state != nullptr, "an accepted opinion is of an unknown session");
    for (const SignatoryId member : state->members) {
      set_key(key_, kFilePrefix, member.value, file);
      if (tables.get(key_) != kSteppedBack) tables.put(key_, kSits);
    }
  }

  /// Every read asks for it: it stands by itself, however much else a signatory has declared.
  void put_emergency(SignatoryId who, schema::CaseEmergencyAccessOpened::Reader opened,
                     Tables& tables) {
    const capnp::Text::Reader text = opened.getUntil();
    const auto until = parse_rfc3339({text.begin(), text.size()});
    check(until.has_value(), "an accepted emergency access that has no end");
    set_key(key_, kEmergencyPrefix, who.value);
    const auto before = tables.get(key_);
    if (before && emergency_end(*before) >= *until) return;
    tables.put(key_, encode(*until));
  }

  void put(SignatoryId who, const Uuid& id, Tables& tables) {
    set_key(key_, kParticipationPrefix, who.value, id);
    tables.put(key_, {});
  }

  std::string key_;
};

}  // namespace

std::unique_ptr<Projection> make_participation() {
  return std::make_unique<Participation>();
}

std::optional<rules::CaseState> find_case(const RecordSource& records, const Uuid& id) {
  const auto record = find_case_record(records, id);
  if (!record) return std::nullopt;
  return case_of(*record);
}

std::optional<std::string> find_case_record(const RecordSource& records, const Uuid& id) {
  return records.get(rules::case_key(id));
}

rules::CaseState case_of(std::string_view record) {
  return decode_stored<rules::CaseState>(record, "a stored case cannot be read");
}

bool takes_part(const RecordSource& records, SignatoryId reader, const Uuid& id) {
  return records.get(make_key(kParticipationPrefix, reader.value, id)).has_value();
}

std::optional<rules::SignatoryState> find_signatory_state(const RecordSource& records,
                                                          SignatoryId id) {
  const auto bytes = records.get(rules::signatory_key(id));
  if (!bytes) return std::nullopt;
  return decode_stored<rules::SignatoryState>(*bytes, "a stored signatory cannot be read");
}

Timestamp emergency_until(const RecordSource& records, SignatoryId reader) {
  const auto bytes = records.get(make_key(kEmergencyPrefix, reader.value));
  return bytes ? emergency_end(*bytes) : Timestamp{};
}

bool has_file(const RecordSource& records, SignatoryId reader, const Uuid& id) {
  // A session may name any identifier, and its event is accepted whatever there is: a case that
  // never came before the commission is answered as one that is not there, by the same two reads.
  const bool sits = records.get(make_key(kFilePrefix, reader.value, id)) == kSits;
  return records.get(make_key(kAppliedPrefix, id)).has_value() && sits;
}

namespace {

/// One page of the cases whose ids follow the prefix: those that are `wanted`, of which only those
/// that `may` be are looked up. The cursor is what follows the prefix, so that none leads to
/// another reader's cases.
Page<rules::CaseState> cases_under(const RecordSource& records, const std::string& prefix,
                                   const std::function<bool(const Uuid&)>& may,
                                   const std::function<bool(const rules::CaseState&)>& wanted,
                                   std::string_view cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  Page<rules::CaseState> page;
  std::size_t examined = 0;
  records.scan(prefix, prefix + std::string(cursor), [&](std::string_view key, std::string_view) {
    const std::string_view id = key.substr(prefix.size());
    require_stored(id.size() == kUuidBytes, "an index of cases names none");
    if (examined++ == kMaxExamined) {
      page.next = id;
      return false;
    }
    if (may && !may(load_uuid(id))) return true;
    auto state = find_case(records, load_uuid(id));
    require_stored(state.has_value(), "an index names a case that is not there");
    if (!wanted(*state)) return true;
    if (page.items.size() == limit) {
      page.next = id;
      return false;
    }
    page.items.push_back(std::move(*state));
    return true;
  });
  return page;
}

}  // namespace

Page<rules::CaseState> cases_of(const RecordSource& records, SignatoryId reader,
                                const std::function<bool(const rules::CaseState&)>& wanted,
                                std::string_view cursor, std::size_t limit) {
  return cases_under(records, make_key(kParticipationPrefix, reader.value), {}, wanted, cursor,
                     limit);
}

Page<rules::CaseState> parcours(const RecordSource& records,
                                const std::function<bool(const Uuid&)>& may,
                                const std::function<bool(const rules::CaseState&)>& wanted,
                                std::string_view cursor, std::size_t limit) {
  return cases_under(records, std::string(kAppliedPrefix), may, wanted, cursor, limit);
}

}  // namespace relais::projections
