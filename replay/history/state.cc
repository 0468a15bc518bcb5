#include "replay/history/state.h"

#include "ledger/base/archive.h"
#include "ledger/base/clock.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/world_state.h"
#include "ledger/statement/catalogue.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::replay {
namespace {

using rules::Registry;

std::string slug(const Registry& registry, SignatoryId id) {
  const rules::Signatory* s = registry.find(id);
  return s != nullptr ? s->slug : "#" + std::to_string(id.value);
}

/// One object that `write` fills, as a line.
template <class Write>
std::string as_line(const Write& write) {
  std::string text;
  JsonWriter json(text);
  write(json);
  return text;
}

/// Calls `each` with the UUID of every case, in order.
void for_each_case(const RecordSource& records,
                   const std::function<void(const rules::CaseState&)>& each) {
  const std::string prefix = rules::case_key({}).substr(0, 1);
  records.scan(prefix, {}, [&](std::string_view, std::string_view value) {
    if (const auto state = decode<rules::CaseState>(value)) each(*state);
    return true;
  });
}

void dump_timeline(const RecordSource& records, const Registry& registry,
                   const std::function<void(const std::string&)>& line) {
  for_each_case(records, [&](const rules::CaseState& state) {
    std::uint32_t after = 0;
    for (;;) {
      const auto page =
          projections::timeline(records, state.id, after, projections::kMaxPage,
                                [](const projections::TimelineItem&) { return true; });
      for (const auto& item : page.items) {
        line(as_line([&](JsonWriter& json) {
          projections::write_timeline_item(json, registry, item, state, &state.id);
        }));
        after = item.version;
      }
      if (page.next.empty()) return;
    }
  });
}

}  // namespace

const std::vector<std::string>& state_names() {
  static const std::vector<std::string> names = {"cases", "keys", "timeline", "referrals"};
  return names;
}

json::object registry_json(const Registry& registry) {
  json::array signatories, keys;
  for (const auto& s : registry.signatories())
    signatories.emplace_back(json::object{{"id", s.slug},
                                          {"name", s.name},
                                          {"source", s.source},
                                          {"roles", statement::to_string(s.role_set())},
                                          {"signed_convention", s.signed_convention},
                                          {"active", s.active}});
  for (const auto& [kid, k] : registry.keys()) {
    json::object o{{"kid", crypto::to_text(kid)},
                   {"signatory", slug(registry, k.owner)},
                   {"label", k.label},
                   {"enrolled_at", k.enrolled_at.value},
                   {"valid_from", to_rfc3339(k.valid_from)}};
    if (k.valid_until) o["valid_until"] = to_rfc3339(*k.valid_until);
    if (k.doubtful_from) o["doubtful_from"] = to_rfc3339(*k.doubtful_from);
    keys.emplace_back(std::move(o));
  }
  return {{"convention", registry.convention},
          {"in_force", registry.in_force},
          {"signatories", std::move(signatories)},
          {"keys", std::move(keys)}};
}

Status dump(const RecordSource& records, std::string_view projection,
            const std::function<void(const std::string&)>& line) {
  const auto stored = records.get(rules::registry_key());
  const auto registry = stored ? decode<Registry>(*stored) : std::optional<Registry>(Registry{});
  if (!registry)
    return fail(Errc::corrupt, "record-unreadable", "the registry's record cannot be read");
  if (projection == "keys") {
    line(json::serialize(registry_json(*registry)));
  } else if (projection == "cases") {
    for_each_case(records, [&](const rules::CaseState& s) {
      line(as_line([&](JsonWriter& json) { projections::write_case(json, *registry, s); }));
    });
  } else if (projection == "timeline") {
    dump_timeline(records, *registry, line);
  } else if (projection == "referrals") {
    for_each_case(records, [&](const rules::CaseState& s) {
      for (const auto& r : s.referrals)
        line(as_line(
            [&](JsonWriter& json) { projections::write_referral(json, *registry, r, &s.id); }));
    });
  } else {
    return fail(error(Errc::not_found, "projection-unknown", "no read model has this name")
                    .at("projection")
                    .accepts("cases, keys, timeline or referrals"));
  }
  return {};
}

}  // namespace relais::replay
