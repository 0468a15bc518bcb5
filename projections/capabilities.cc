// Capabilities by need: who can help with what. The index says who declares a capability for a
// need; the rest is read from the world's own records, so that a change of capacity changes no
// index.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "ledger/base/stored.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/metropole_lyon.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

using rules::Capability;
using schema::CapacityLevel;
using Keys = std::set<std::string>;

constexpr std::string_view kAnyPublic = "tous-publics";
constexpr std::size_t kEvery = 1'000'000;  // the rules bound them far below

std::string need_prefix(std::string_view need) {
  std::string key(kCapabilityPrefix);
  key.append(need).push_back('\0');
  return key;
}

Keys keys_of(SignatoryId who, const rules::SignatoryState* state, const std::string& id) {
  Keys keys;
  if (state == nullptr) return keys;
  const auto it = state->capabilities.find(id);
  if (it == state->capabilities.end()) return keys;
  for (const std::string& need : it->second.needs) {
    std::string key = need_prefix(need);
    append_be(key, who.value);
    key.append(id);
    keys.insert(std::move(key));
  }
  return keys;
}

class Capabilities final : public Projection {
 public:
  std::string_view name() const override { return "capabilities"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kCapabilityPrefix, kCapabilitiesOfPrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects& effects, rules::WorldState& world,
            Tables& tables) override {
    if (!effects.offer.empty())
      list(act.signatory(), world.find_signatory(act.signatory()), effects.offer, tables);
    for (const SignatoryId who : effects.left) {
      const std::string all = make_key(kCapabilitiesOfPrefix, who.value);
      for (const std::string& key : tables.keys(all, all, kEvery))
        list(who, nullptr, key.substr(all.size()), tables);
    }
  }

 private:
  /// The index of one capability: what it was before stands in a record of its own.
  static void list(SignatoryId who, const rules::SignatoryState* state, const std::string& id,
                   Tables& tables) {
    const std::string own = make_key(kCapabilitiesOfPrefix, who.value) + id;
    Keys before;
    if (const auto bytes = tables.get(own))
      before = decode_stored<Keys>(*bytes, "a capability's stored keys cannot be read");
    const Keys now = keys_of(who, state, id);
    if (now == before) return;
    for (const std::string& key : before)
      if (!now.contains(key)) tables.erase(key);
    for (const std::string& key : now)
      if (!before.contains(key)) tables.put(key, {});
    if (now.empty())
      tables.erase(own);
    else
      tables.put(own, encode(now));
  }
};

/// Whether what is offered in `offered` is offered in all of `wanted`. A commune lies in the
/// Métropole de Lyon or in the Département du Rhône, never in both (CGCT L3611-1).
bool covers(const std::string& offered, std::string_view wanted) {
  if (offered == wanted) return true;
  constexpr std::size_t kCommune = 5;
  if (wanted.size() != kCommune || !wanted.starts_with("69")) return false;
  if (offered == "metropole") return rules::is_commune_of_metropole(wanted);
  return offered == "rhone" && !rules::is_commune_of_metropole(wanted);
}

bool answers(const Capability& c, std::string_view need, std::string_view territory,
             std::string_view audience) {
  if (c.level != CapacityLevel::OPEN && c.level != CapacityLevel::LIMITED) return false;
  if (std::ranges::find(c.needs, need) == c.needs.end()) return false;
  const bool here = territory.empty() || std::ranges::any_of(c.territories, [&](const auto& t) {
                      return covers(t, territory);
                    });
  const bool theirs = audience.empty() || std::ranges::any_of(c.publics, [&](const auto& p) {
                        return p == audience || p == kAnyPublic;
                      });
  return here && theirs;
}

bool is_stale(const Capability& c, const rules::Registry& registry, Day today) {
  if (!c.capacity_at) return true;
  const std::uint32_t days = registry.parameters[rules::Parameter::capacity_stale_days];
  return rules::add_days(rules::legal_day(*c.capacity_at), static_cast<int>(days)) < today;
}

/// They come by signatory. Each gets its place, and stands at it.
void in_turns(std::vector<CapabilityItem>& items) {
  std::map<std::tuple<bool, bool, SignatoryId>, std::uint32_t> turns;
  for (CapabilityItem& item : items) {
    const bool limited = item.capability.level != CapacityLevel::OPEN;
    item.place = {limited ? '\1' : '\0', item.stale ? '\1' : '\0'};
    append_be(item.place, turns[{limited, item.stale, item.signatory}]++);
    append_be(item.place, item.signatory.value);
  }
  std::ranges::sort(items, {}, &CapabilityItem::place);
}

struct Place {
  SignatoryId signatory;
  std::string capability;
};

std::vector<Place> declared_for(const RecordSource& records, std::string_view need) {
  const std::string prefix = need_prefix(need);
  std::vector<Place> places;
  records.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    key.remove_prefix(prefix.size());
    require_stored(key.size() >= 2, "a stored key of a capability cannot be read");
    const auto high = static_cast<unsigned char>(key[0]);
    const auto low = static_cast<unsigned char>(key[1]);
    places.push_back(
        {SignatoryId{static_cast<std::uint16_t>((high << 8) | low)}, std::string(key.substr(2))});
    return places.size() < kMaxExamined;
  });
  return places;
}

}  // namespace

std::unique_ptr<Projection> make_capabilities() {
  return std::make_unique<Capabilities>();
}

std::vector<CapabilityItem> find_capabilities(const RecordSource& records,
                                              const rules::Registry& registry,
                                              std::string_view need, std::string_view territory,
                                              std::string_view audience, Day today,
                                              std::optional<SignatoryId> of) {
  std::vector<CapabilityItem> items;
  rules::SignatoryState state;
  const rules::Signatory* loaded = nullptr;
  for (const Place& place : declared_for(records, need)) {
    if (of && place.signatory != *of) continue;
    const rules::Signatory* who = registry.find(place.signatory);
    if (who == nullptr || !who->active) continue;
    // The index lists a signatory's capabilities side by side: each state is read once.
    if (loaded != who) {
      const auto bytes = records.get(rules::signatory_key(who->id));
      if (!bytes) continue;
      state = decode_stored<rules::SignatoryState>(*bytes, "a stored signatory cannot be read");
      loaded = who;
    }
    // Index and state are two reads: what was withdrawn between them is not offered.
    const auto found = state.capabilities.find(place.capability);
    if (found == state.capabilities.end() || !answers(found->second, need, territory, audience))
      continue;
    const auto mailbox = state.focal_points.find("");
    items.push_back({who->id,
                     place.capability,
                     found->second,
                     is_stale(found->second, registry, today),
                     mailbox == state.focal_points.end() ? std::string() : mailbox->second,
                     {}});
  }
  in_turns(items);
  return items;
}

}  // namespace relais::projections
