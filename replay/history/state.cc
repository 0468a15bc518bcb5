#include "replay/history/state.h"

#include "ledger/base/archive.h"
#include "ledger/base/clock.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/world_state.h"
#include "ledger/statement/catalogue.h"
#include "projections/read.h"

namespace relais::replay {
namespace {

using rules::Registry;
using statement::wire_name;

std::string slug(const Registry& registry, SignatoryId id) {
  const rules::Signatory* s = registry.find(id);
  return s != nullptr ? s->slug : "#" + std::to_string(id.value);
}

json::object referral_json(const rules::Referral& r, const Registry& registry) {
  json::object o{{"referral_id", to_string(r.id)},
                 {"from", slug(registry, r.from)},
                 {"to", slug(registry, r.to)},
                 {"need", r.need},
                 {"urgency", wire_name(r.urgency)},
                 {"legal_basis", wire_name(r.legal_basis)},
                 {"state", rules::to_string(r.phase)},
                 {"requested_at", to_rfc3339(r.requested_at)},
                 {"changed_at", to_rfc3339(r.changed_at)}};
  if (r.phase == rules::ReferralPhase::declined) o["decline_reason"] = wire_name(r.decline_reason);
  if (r.alternative) o["alternative"] = slug(registry, *r.alternative);
  if (r.outcome != schema::ReferralOutcome::UNSPECIFIED) o["outcome"] = wire_name(r.outcome);
  return o;
}

json::object timeline_json(const Uuid& id, const projections::TimelineItem& item,
                           const Registry& registry) {
  return {{"case", to_string(id)},
          {"version", item.version},
          {"index", item.index.value},
          {"type", statement::catalogue().at(item.type).name},
          {"signatory", slug(registry, item.signatory)},
          {"time", to_rfc3339(item.time)},
          {"received_at", to_rfc3339(item.received_at)},
          {"state", rules::to_string(static_cast<rules::CasePhase>(item.phase))}};
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
      const auto page = projections::timeline(records, state.id, after, projections::kMaxPage);
      for (const auto& item : page.items) {
        line(json::serialize(timeline_json(state.id, item, registry)));
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

json::object case_json(const rules::CaseState& state, const Registry& registry) {
  json::array participants, referrals, steps, consents;
  for (const SignatoryId p : state.participants) participants.emplace_back(slug(registry, p));
  for (const auto& r : state.referrals) referrals.emplace_back(referral_json(r, registry));
  for (const auto& s : state.steps)
    steps.emplace_back(json::object{{"step_id", to_string(s.id)},
                                    {"by", slug(registry, s.by)},
                                    {"need", s.need},
                                    {"state", rules::to_string(s.phase)}});
  for (const auto& c : state.consents) {
    json::array recipients;
    for (const SignatoryId r : c.recipients) recipients.emplace_back(slug(registry, r));
    consents.emplace_back(json::object{{"scope", wire_name(c.scope)},
                                       {"recipients", std::move(recipients)},
                                       {"given_at", to_rfc3339(c.given_at)}});
  }
  return {{"case", to_string(state.id)},
          {"version", state.version},
          {"state", rules::to_string(state.phase)},
          {"holder", slug(registry, state.holder)},
          {"author", slug(registry, state.author)},
          {"age_band", wire_name(state.age_band)},
          {"risk", wire_name(state.risk)},
          {"territory", state.territory},
          {"opened_at", to_rfc3339(state.opened_at)},
          {"changed_at", to_rfc3339(state.changed_at)},
          {"participants", std::move(participants)},
          {"consents", std::move(consents)},
          {"referrals", std::move(referrals)},
          {"steps", std::move(steps)}};
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
      line(json::serialize(case_json(s, *registry)));
    });
  } else if (projection == "timeline") {
    dump_timeline(records, *registry, line);
  } else if (projection == "referrals") {
    for_each_case(records, [&](const rules::CaseState& s) {
      for (const auto& r : s.referrals) {
        json::object o = referral_json(r, *registry);
        o["case"] = to_string(s.id);
        line(json::serialize(o));
      }
    });
  } else {
    return fail(error(Errc::not_found, "projection-unknown", "no read model has this name")
                    .at("projection")
                    .accepts("cases, keys, timeline or referrals"));
  }
  return {};
}

}  // namespace relais::replay
