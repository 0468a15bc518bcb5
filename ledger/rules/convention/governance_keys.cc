// Keys that the others give and take: key.first_enrolled, key.revoked_by_quorum. And what all acts
// by which a signatory gets or loses a key share.
#include <vector>

#include "ledger/base/check.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/convention/governance.h"
#include "ledger/statement/statement.h"

namespace relais::rules {
namespace {

using schema::GovernedAct;
using schema::Role;

bool ended(const Key& key, Timestamp at) {
  return key.valid_until && *key.valid_until <= at;
}

/// Of every key that it has when this takes effect: what it puts in the place of one meanwhile ends
/// with it.
Status check_revocation_of_all(const Judgement& j, const Proposal& p) {
  RELAIS_ASSIGN(const Signatory* s, known_signatory(j, p.signatory, "data.signatory"));
  if (s->role_set().has(Role::SYSTEM))
    return fail(refusal(j.act, Errc::invalid, "role-reserved",
                        "without a key the ledger could not say what time brings")
                    .at("data.signatory")
                    .accepts("the slug of a signatory of the convention"));
  for (const KeyId& kid : keys_of(j.registry(), s->id))
    if (!ended(*j.registry().find_key(kid), j.act.received_at())) return {};
  return fail(
      refusal(j.act, Errc::conflict, "key-revoked-already", s->slug + " has no key that could sign")
          .at("data.signatory")
          .in_state("ENDED"));
}

Status decide_first_key(const Judgement& j) {
  const auto enrolled = j.data().getFirstKeyEnrolled();
  RELAIS_ASSIGN(const Proposal* p,
                effective(j, enrolled.getProposalId(), GovernedAct::ENROL_FIRST_KEY));
  return check_proof(j, enrolled.getProof(), p->public_key, p->signatory, j.registry().origin);
}

void evolve_first_key(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getFirstKeyEnrolled().getProposalId());
  enrol(registry, change.act, id_of(registry, p.signatory), p.public_key, By::quorum);
}

Status decide_key_revoked(const Judgement& j) {
  RELAIS_TRY(
      effective(j, j.data().getKeyRevokedByQuorum().getProposalId(), GovernedAct::REVOKE_KEY));
  return {};
}

void evolve_key_revoked(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getKeyRevokedByQuorum().getProposalId());
  if (p.kid.empty()) {
    for (const KeyId& kid : keys_of(registry, id_of(registry, p.signatory)))
      end_key(*registry.mutable_key(kid), change.act);
    return;
  }
  const auto kid = crypto::parse_key_id(p.kid);
  Key* key = kid ? registry.mutable_key(*kid) : nullptr;
  check(key != nullptr, "an accepted revocation of no key");
  end_key(*key, change.act);
}

}  // namespace

std::string source_of(const Registry& registry, const std::string& slug) {
  return "urn:relais:" + registry.convention + ":" + slug;
}

crypto::PublicKey accepted_key(const std::string& x) {
  const auto key = crypto::parse_public_key(x);
  check(key.has_value(), "a typed event holds a key that cannot be read");
  return *key;
}

void enrol(Registry& registry, const Act& act, SignatoryId owner, const std::string& x, By by) {
  const crypto::PublicKey key = accepted_key(x);
  registry.add_key(Key{.kid = crypto::thumbprint(key),
                       .key = key,
                       .owner = owner,
                       .sealing = {},
                       .label = {},
                       .enrolled_at = act.index,
                       .enrolled_on = act.received_at(),
                       .given = by == By::quorum,
                       .valid_from = act.received_at(),
                       .valid_until = {},
                       .ended_at = {},
                       .doubtful_from = {}});
}

void end_key(Key& key, const Act& act) {
  if (ended(key, act.received_at())) return;
  key.valid_until = act.received_at();
  key.ended_at = act.index;
}

std::vector<KeyId> keys_of(const Registry& registry, SignatoryId owner) {
  std::vector<KeyId> kids;
  for (const auto& [kid, key] : registry.keys())
    if (key.owner == owner) kids.push_back(kid);
  return kids;
}

Status check_proof(const Judgement& j, capnp::Text::Reader proof, const std::string& key,
                   const std::string& slug, const std::string& audience) {
  auto proven = statement::check_key_proof(text(proof), accepted_key(key),
                                           source_of(j.registry(), slug), audience);
  if (!proven) return fail(std::move(proven.error()).at("data.proof"));
  return {};
}

Status check_incoming_key(const Judgement& j, const std::string& public_key) {
  if (j.registry().find_key(crypto::thumbprint(accepted_key(public_key))) == nullptr) return {};
  return fail(
      refusal(j.act, Errc::conflict, "key-known", "the key is, or has been, enrolled already")
          .at("data.public_key")
          .accepts("a new key")
          .in_state("ENROLLED"));
}

bool valid_at(const Key& key, Timestamp at) {
  return key.valid_from <= at && (!key.valid_until || at < *key.valid_until);
}

Status check_first_key(const Judgement& j, const Proposal& p) {
  RELAIS_ASSIGN(const Signatory* s, known_signatory(j, p.signatory, "data.signatory"));
  // Who still has a key looks after its keys itself: the others could otherwise sign in its name.
  // One that is valid from a later day on may be a thief's, who would then end what they give.
  for (const KeyId& kid : keys_of(j.registry(), s->id)) {
    const Key& key = *j.registry().find_key(kid);
    if (ended(key, j.act.received_at())) continue;
    const bool valid = valid_at(key, j.act.received_at());
    return fail(refusal(j.act, Errc::conflict, "has-valid-key",
                        s->slug + (valid ? " has a valid key, and enrols others by itself"
                                         : " has a key that is valid from a later day on"))
                    .at("data.signatory")
                    .accepts("a signatory whose keys have all ended; revoke_key of the signatory "
                             "without a kid ends them")
                    .in_state("ENROLLED"));
  }
  return check_incoming_key(j, p.public_key);
}

Status check_revocation(const Judgement& j, const Proposal& p) {
  if (p.kid.empty()) return check_revocation_of_all(j, p);
  const auto kid = crypto::parse_key_id(p.kid);
  const Key* key = kid ? j.registry().find_key(*kid) : nullptr;
  if (key == nullptr)
    return fail(
        refusal(j.act, Errc::not_found, "key-unknown", "no signatory has this key").at("data.kid"));
  if (j.registry().find(key->owner)->slug != p.signatory)
    return fail(
        refusal(j.act, Errc::invalid, "key-owner-differs", "the key is not that of " + p.signatory)
            .at("data.signatory")
            .accepts("the signatory whose key it is, or no signatory at all"));
  if (!ended(*key, j.act.received_at())) return {};
  return fail(
      refusal(j.act, Errc::conflict, "key-revoked-already", "the key has ended by other means")
          .at("data.kid")
          .accepts("a key that has not ended; signatory and no kid, for every key that it has")
          .in_state("ENDED"));
}

std::span<const Rule> governance_key_rules() {
  static constexpr Rule kRules[] = {
      {"key.first_enrolled", decide_first_key, evolve_first_key},
      {"key.revoked_by_quorum", decide_key_revoked, evolve_key_revoked},
  };
  return kRules;
}

}  // namespace relais::rules
