// mission_locale.*: the missions locales, which join and leave under their union
// (docs/decisions/0026-attached.md).
#include <algorithm>
#include <optional>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/convention/governance.h"
#include "ledger/statement/statement.h"

namespace relais::rules {
namespace {

using schema::GovernedAct;
using schema::Role;
using Phase = Proposal::Phase;

Status check_union_stream(const Judgement& j) {
  if (j.act.stream.name == j.emitter->slug) return {};
  return fail(refusal(j.act, Errc::forbidden, "stream-not-own",
                      j.act.type->name + " stands in the union's own stream")
                  .at("subject")
                  .accepts("signatory/" + j.emitter->slug));
}

/// The others must find room for whom they admit.
Status check_room_of_union(const Judgement& j) {
  const auto own = std::ranges::count_if(
      j.registry().signatories(), [&j](const Signatory& s) { return s.under == j.emitter->id; });
  if (static_cast<std::size_t>(own) < kMaxAttachedOfUnion) return {};
  return fail(refusal(j.act, Errc::conflict, "limit-attached",
                      "a union answers for at most " + std::to_string(kMaxAttachedOfUnion) +
                          " missions locales, those that have left included")
                  .accepts("the admission of some of them by a quorum (admit-signatory)")
                  .in_state("FULL"));
}

/// The slug is new, or that of a mission locale that left under the union. One that the signatories
/// withdrew by their quorum is not for the union to bring back.
Status check_attachable(const Judgement& j, const std::string& slug) {
  const Signatory* s = j.registry().find_slug(slug);
  if (s == nullptr) {
    RELAIS_TRY(check_room_of_union(j));
    return check_room_for_signatory(j);
  }
  const auto conflicting = [&](std::string rule, std::string message, std::string accepted,
                               std::string state) {
    return fail(refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
                    .at("data.mission_locale")
                    .accepts(std::move(accepted))
                    .in_state(std::move(state)));
  };
  if (!s->role_set().has(Role::ML))
    return conflicting("slug-taken", slug + " is, or has been, another signatory's short name",
                       "a short name of its own", "TAKEN");
  if (s->active)
    return conflicting("mission-locale-attached-already", slug + " is a signatory",
                       "a mission locale that is not attached", "ATTACHED");
  const bool by_quorum = std::ranges::any_of(j.registry().proposals, [&slug](const auto& item) {
    const Proposal& p = item.second;
    return p.act == GovernedAct::WITHDRAW_SIGNATORY && p.phase == Phase::effected &&
           p.signatory == slug;
  });
  if (by_quorum)
    return conflicting("withdrawn-by-quorum", slug + " was withdrawn by the signatories",
                       "its admission by them (admit-signatory), under another short name",
                       "WITHDRAWN");
  return {};
}

/// A mission locale that comes back has what it left: what was confided to it, and its name. The
/// union may have made the new key, so that an old one vouches for it. One that had ended before
/// it left, lost or stolen, does not: those that it had then ended by its leaving, the last event
/// that ended any.
Status check_return(const Judgement& j, const Signatory& ml, const std::string& key,
                    const std::string& proof) {
  std::optional<LogIndex> left;
  const std::vector<KeyId> kids = keys_of(j.registry(), ml.id);
  for (const KeyId& kid : kids) left = std::max(left, j.registry().find_key(kid)->ended_at);
  const std::string audience =
      returning_audience(j.registry().origin, crypto::thumbprint(accepted_key(key)));
  for (const KeyId& kid : kids) {
    const Key& old = *j.registry().find_key(kid);
    if (left && old.ended_at == left &&
        statement::check_key_proof(proof, old.key, ml.source, audience))
      return {};
  }
  return fail(refusal(j.act, Errc::unauthenticated, "return-not-proven",
                      ml.slug + " has left, and none of its keys vouches for the new one")
                  .at("data.proof")
                  .accepts("a proof by a key that it had when it left, for the audience " +
                           audience +
                           "; without one, its admission by the signatories (admit-signatory), or "
                           "its attachment, under another short name"));
}

Status decide_attached(const Judgement& j) {
  const auto attached = j.data().getMissionLocaleAttached();
  const std::string slug = text(attached.getMissionLocale());
  const std::string key = text(attached.getPublicKey());
  RELAIS_TRY(check_union_stream(j));
  RELAIS_TRY(check_attachable(j, slug));
  const Signatory* back = j.registry().find_slug(slug);
  RELAIS_TRY(check_incoming_key(j, key));
  if (back != nullptr) RELAIS_TRY(check_room_for_key(j, *back));
  if (back != nullptr) return check_return(j, *back, key, text(attached.getProof()));
  return check_proof(j, attached.getProof(), key, slug, j.registry().origin);
}

void evolve_attached(const Change& change) {
  const auto attached = change.data().getMissionLocaleAttached();
  Registry& registry = change.world.mutable_registry();
  RoleSet roles;
  roles.add(Role::ML);
  const std::string slug = text(attached.getMissionLocale());
  const std::string key = text(attached.getPublicKey());
  if (const Signatory* known = registry.find_slug(slug)) {
    // What else it was before it left is for the quorum to give again, not for the union.
    Signatory& s = registry.mutable_signatory(known->id);
    s.name = text(attached.getName());
    s.roles = roles.bits;
    s.active = true;
    s.under = change.act.signatory();
    enrol(registry, change.act, s.id, key, By::itself);
  } else {
    const SignatoryId added = add_signatory(registry, change.act, slug, text(attached.getName()),
                                            roles.bits, key, By::itself);
    registry.mutable_signatory(added).under = change.act.signatory();
  }
  settle_proposals(registry);
}

/// The mission locale has signed, with any of its valid keys, that it leaves.
Status check_leaving_proof(const Judgement& j, const Signatory& ml, const std::string& proof) {
  Error last = refusal(j.act, Errc::unauthenticated, "key-proof", ml.slug + " has no valid key");
  for (const KeyId& kid : keys_of(j.registry(), ml.id)) {
    const Key& key = *j.registry().find_key(kid);
    if (!valid_at(key, j.act.received_at())) continue;
    auto proven = statement::check_key_proof(proof, key.key, ml.source,
                                             leaving_audience(j.registry().origin));
    if (proven) return {};
    last = std::move(proven.error());
  }
  return fail(std::move(last).at("data.proof"));
}

Status decide_detached(const Judgement& j) {
  const auto detached = j.data().getMissionLocaleDetached();
  RELAIS_TRY(check_union_stream(j));
  const Signatory* ml = j.registry().find_slug(text(detached.getMissionLocale()));
  if (ml == nullptr || !ml->active || !ml->role_set().has(Role::ML))
    return fail(refusal(j.act, Errc::conflict, "mission-locale-not-attached",
                        "no mission locale of this short name is attached")
                    .at("data.mission_locale")
                    .accepts("the slug of an active signatory with the role ml")
                    .in_state("NOT_ATTACHED"));
  RELAIS_TRY(check_no_open_case(j, *ml, "data.mission_locale"));
  return check_leaving_proof(j, *ml, text(detached.getProof()));
}

void evolve_detached(const Change& change) {
  const std::string slug = text(change.data().getMissionLocaleDetached().getMissionLocale());
  leave(change, id_of(change.world.registry(), slug), std::nullopt);
}

}  // namespace

std::string leaving_audience(std::string_view origin) {
  return std::string(origin) + "/mission_locale.detached";
}

std::string returning_audience(std::string_view origin, const KeyId& key) {
  return std::string(origin) + "/mission_locale.attached/" + crypto::to_text(key);
}

std::string admission_audience(std::string_view origin, std::string_view proposal) {
  return std::string(origin) + "/signatory.admitted/" + std::string(proposal);
}

std::span<const Rule> union_rules() {
  static constexpr Rule kRules[] = {
      {"mission_locale.attached", decide_attached, evolve_attached},
      {"mission_locale.detached", decide_detached, evolve_detached},
  };
  return kRules;
}

}  // namespace relais::rules
