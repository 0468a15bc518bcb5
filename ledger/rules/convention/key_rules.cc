// key.*: a signatory's care of its own keys. That the stream is its own is checked in rules.cc
// (relation self).
#include <algorithm>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/x25519.h"
#include "ledger/rules/convention/governance.h"
#include "ledger/rules/rule_set.h"
#include "ledger/statement/statement.h"

namespace relais::rules {
namespace {

KeyId signing_kid(const Act& act) {
  const auto bytes = act.event.getKid();
  check(bytes.size() == sizeof(Hash), "an event without the thumbprint of its key");
  return KeyId{to_hash({bytes.asChars().begin(), bytes.size()})};
}

/// What enrolment and rotation ask alike of the new key.
Status check_new_key(const Judgement& j, capnp::Text::Reader x, capnp::Text::Reader proof) {
  auto key = crypto::parse_public_key(text(x));
  if (!key) return fail(std::move(key.error()).at("data.public_key"));
  if (j.registry().find_key(crypto::thumbprint(*key)) != nullptr)
    return fail(
        refusal(j.act, Errc::conflict, "key-known", "the key is, or has been, enrolled already")
            .at("data.public_key")
            .accepts("a new key")
            .in_state("ENROLLED"));
  RELAIS_TRY(check_room_for_key(j, *j.emitter));
  auto proven =
      statement::check_key_proof(text(proof), *key, j.emitter->source, j.registry().origin);
  if (!proven) return fail(std::move(proven.error()).at("data.proof"));
  return {};
}

/// A sealing key is a signatory's own. It may come again with another key of its own, and is then
/// used as long as the last one may sign.
Status check_sealing_key(const Judgement& j, capnp::Text::Reader x) {
  if (x.size() == 0) return {};
  const auto key = crypto::parse_sealing_key(text(x));
  check(key.has_value(), "a sealing key of the schema's format cannot be read");
  const Key* known = j.registry().find_sealing_key(crypto::thumbprint(*key));
  if (known == nullptr || known->owner == j.emitter->id) return {};
  return fail(
      refusal(j.act, Errc::conflict, "sealing-key-known", "the sealing key is another signatory's")
          .at("data.sealing_key")
          .accepts("a key of its own: relais key new --seal")
          .in_state("ENROLLED"));
}

std::optional<crypto::SealingKey> sealing_key(capnp::Text::Reader x) {
  if (x.size() == 0) return std::nullopt;
  const auto key = crypto::parse_sealing_key(text(x));
  check(key.has_value(), "an accepted event holds a sealing key that cannot be read");
  return *key;
}

Key new_key(const Act& act, capnp::Text::Reader x, capnp::Text::Reader sealing) {
  const auto key = crypto::parse_public_key(text(x));
  check(key.has_value(), "an accepted event holds a key that cannot be read");
  return Key{.kid = crypto::thumbprint(*key),
             .key = *key,
             .owner = act.signatory(),
             .sealing = sealing_key(sealing),
             .label = {},
             .enrolled_at = act.index,
             .enrolled_on = act.received_at(),
             .given = false,
             .valid_from = act.received_at(),
             .valid_until = {},
             .ended_at = {},
             .doubtful_from = {}};
}

Status decide_enrolled(const Judgement& j) {
  const auto enrolled = j.data().getKeyEnrolled();
  RELAIS_TRY(check_new_key(j, enrolled.getPublicKey(), enrolled.getProof()));
  return check_sealing_key(j, enrolled.getSealingKey());
}

void evolve_enrolled(const Change& change) {
  const auto enrolled = change.data().getKeyEnrolled();
  Key key = new_key(change.act, enrolled.getPublicKey(), enrolled.getSealingKey());
  key.label = text(enrolled.getLabel());
  // No key is valid before the ledger knew it.
  if (const auto from = parse_rfc3339(text(enrolled.getValidFrom())))
    key.valid_from = std::max(key.valid_from, *from);
  change.world.mutable_registry().add_key(std::move(key));
}

Status decide_rotated(const Judgement& j) {
  const auto rotated = j.data().getKeyRotated();
  RELAIS_TRY(check_new_key(j, rotated.getPublicKey(), rotated.getProof()));
  return check_sealing_key(j, rotated.getSealingKey());
}

void evolve_rotated(const Change& change) {
  const auto rotated = change.data().getKeyRotated();
  Registry& registry = change.world.mutable_registry();
  Key* old = registry.mutable_key(signing_kid(change.act));
  check(old != nullptr, "an accepted event was signed by an unknown key");
  old->valid_until = change.act.received_at();
  old->ended_at = change.act.index;
  Key key = new_key(change.act, rotated.getPublicKey(), rotated.getSealingKey());
  key.label = rotated.hasLabel() ? text(rotated.getLabel()) : old->label;
  registry.add_key(std::move(key));
}

struct End {
  std::optional<Timestamp> valid_until;
  std::optional<Timestamp> doubtful_from;
  bool operator==(const End&) const = default;
};

/// How a key ends by a revocation: never later than it would have, and in doubt from an effective
/// time in the past on.
End end_by(const Key& key, schema::KeyRevoked::Reader revoked, Timestamp received_at) {
  const Timestamp effective = parse_rfc3339(text(revoked.getEffectiveFrom())).value_or(received_at);
  Timestamp until = std::max(effective, received_at);
  if (key.valid_until) until = std::min(until, *key.valid_until);
  End end{until, key.doubtful_from};
  if (effective < received_at && effective < until)
    end.doubtful_from = std::min(end.doubtful_from.value_or(effective), effective);
  return end;
}

const Key* named_key(const Registry& registry, schema::KeyRevoked::Reader revoked) {
  const auto kid = crypto::parse_key_id(text(revoked.getKid()));
  return kid ? registry.find_key(*kid) : nullptr;
}

// A signatory may revoke its last valid key: a compromised key must be stoppable at once. It can
// then sign nothing more, a new key included, and comes back by an act of governance of the others.
Status decide_revoked(const Judgement& j) {
  const auto revoked = j.data().getKeyRevoked();
  const Key* key = named_key(j.registry(), revoked);
  if (key == nullptr)
    return fail(
        refusal(j.act, Errc::not_found, "key-unknown", "no signatory has this key").at("data.kid"));
  if (key->owner != j.emitter->id)
    return fail(refusal(j.act, Errc::forbidden, "key-not-own", "the key is another signatory's")
                    .at("data.kid")
                    .accepts("a key of " + j.emitter->slug));
  // A key that was rotated, or whose end is still to come, may turn out to be compromised: what
  // brings its end or its doubt forward is accepted, what changes nothing is not.
  if (end_by(*key, revoked, j.act.received_at()) == End{key->valid_until, key->doubtful_from})
    return fail(refusal(j.act, Errc::conflict, "key-revoked-already",
                        "the key ends, or has ended, at that time or before")
                    .at("data.kid")
                    .accepts("an earlier effective_from")
                    .in_state(*key->valid_until <= j.act.received_at() ? "ENDED" : "ENDING"));
  return {};
}

void evolve_revoked(const Change& change) {
  const auto revoked = change.data().getKeyRevoked();
  Registry& registry = change.world.mutable_registry();
  const Key* named = named_key(registry, revoked);
  check(named != nullptr, "an accepted revocation names an unknown key");
  Key* key = registry.mutable_key(named->kid);
  const End end = end_by(*key, revoked, change.act.received_at());
  key->valid_until = end.valid_until;
  key->doubtful_from = end.doubtful_from;
  key->ended_at = change.act.index;
}

}  // namespace

/// Counted from the last key that the others gave it: they can always bring a signatory back, be
/// every key of it in a thief's hands.
Status check_room_for_key(const Judgement& j, const Signatory& owner) {
  const auto& keys = j.registry().keys();
  LogIndex given{0};
  for (const auto& [kid, key] : keys)
    if (key.owner == owner.id && key.given) given = std::max(given, key.enrolled_at);
  constexpr std::int64_t kPeriodMs = kNewKeysDays * kMsOfADay;
  std::size_t all = 0;
  std::vector<Timestamp> recent;
  for (const auto& [kid, key] : keys) {
    if (key.owner != owner.id || key.enrolled_at < given) continue;
    ++all;
    if (!key.given && j.act.received_at().value - key.enrolled_on.value < kPeriodMs)
      recent.push_back(key.enrolled_on);
  }
  if (all >= kMaxKeysOfSignatory)
    return fail(refusal(j.act, Errc::conflict, "limit-keys",
                        "a signatory has at most " + std::to_string(kMaxKeysOfSignatory) +
                            " keys, those that have ended included")
                    .accepts("one that the others give it (enrol_first_key) once it has no valid "
                             "key: the count begins anew with it")
                    .in_state("FULL"));
  if (recent.size() < kMaxNewKeys) return {};
  const Timestamp oldest = *std::ranges::min_element(recent);
  return fail(refusal(j.act, Errc::conflict, "limit-new-keys",
                      "a signatory enrols at most " + std::to_string(kMaxNewKeys) + " keys in " +
                          std::to_string(kNewKeysDays) + " days, rotations included")
                  .accepts("from " + to_rfc3339(Timestamp{oldest.value + kPeriodMs}) +
                           " on; key.revoked of what it did not enrol itself, at any time")
                  .in_state("FULL"));
}

bool stops_a_key(const Registry& registry, schema::KeyRevoked::Reader revoked, Timestamp at) {
  const Key* key = named_key(registry, revoked);
  if (key == nullptr) return false;
  if (!key->valid_until) return true;
  const Timestamp effective = parse_rfc3339(text(revoked.getEffectiveFrom())).value_or(at);
  return *key->valid_until > at && effective <= at;
}

std::span<const Rule> key_rules() {
  static constexpr Rule kRules[] = {
      {"key.enrolled", decide_enrolled, evolve_enrolled},
      {"key.rotated", decide_rotated, evolve_rotated},
      {"key.revoked", decide_revoked, evolve_revoked},
  };
  return kRules;
}

}  // namespace relais::rules
