// What takes effect by a quorum: amendments, signatories that come and leave, keys given and taken
// by the others. Any active signatory may state that a proposal has its quorum: the act is the
// quorum's, not the emitter's. And the missions locales, which join and leave under their union.
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

std::string source_of(const Registry& registry, const std::string& slug) {
  return "urn:relais:" + registry.convention + ":" + slug;
}

crypto::PublicKey accepted_key(const std::string& x) {
  const auto key = crypto::parse_public_key(x);
  check(key.has_value(), "a typed event holds a key that cannot be read");
  return *key;
}

void enrol(Registry& registry, const Act& act, SignatoryId owner, const std::string& x) {
  const crypto::PublicKey key = accepted_key(x);
  registry.add_key(Key{.kid = crypto::thumbprint(key),
                       .key = key,
                       .owner = owner,
                       .sealing = {},
                       .label = {},
                       .enrolled_at = act.index,
                       .valid_from = act.received_at(),
                       .valid_until = {},
                       .ended_at = {},
                       .doubtful_from = {}});
}

void end_key(Key& key, const Act& act) {
  if (key.valid_until && *key.valid_until <= act.received_at()) return;
  key.valid_until = act.received_at();
  key.ended_at = act.index;
}

std::vector<KeyId> keys_of(const Registry& registry, SignatoryId owner) {
  std::vector<KeyId> kids;
  for (const auto& [kid, key] : registry.keys())
    if (key.owner == owner) kids.push_back(kid);
  return kids;
}

/// Who leaves signs nothing more, offers nothing more, and sits on nothing more.
void leave(const Change& change, SignatoryId id) {
  WorldState& world = change.world;
  Registry& registry = world.mutable_registry();
  registry.mutable_signatory(id).active = false;
  for (const KeyId& kid : keys_of(registry, id)) end_key(*registry.mutable_key(kid), change.act);
  if (world.find_signatory(id) != nullptr) {
    SignatoryState& state = world.mutable_signatory(id);
    state.capabilities.clear();
    state.focal_points.clear();
    state.commission_capacity.clear();
  }
  change.effects.left.push_back(id);
  settle_proposals(registry);
}

Status check_no_open_case(const Judgement& j, const Signatory& s, std::string field) {
  const SignatoryState* state = j.world.find_signatory(s.id);
  if (state == nullptr || state->open_cases == 0) return {};
  return fail(refusal(j.act, Errc::conflict, "open-cases-first",
                      s.slug + " still holds open cases, which somebody must go on with")
                  .at(std::move(field))
                  .accepts("once each is transferred (case.transfer_requested) or closed")
                  .in_state("HOLDS_OPEN_CASES"));
}

Status check_room_for_signatory(const Judgement& j) {
  if (j.registry().signatories().size() < kMaxSignatories) return {};
  return fail(refusal(j.act, Errc::conflict, "limit-signatories",
                      "a convention has at most " + std::to_string(kMaxSignatories) +
                          " signatories, those that have left included")
                  .in_state("FULL"));
}

/// A mission locale that its union attached becomes a signatory in its own right. Nobody gives it a
/// key: who votes names one that it has, and it proves by that key that it agrees.
Status check_confirmation(const Judgement& j, const Proposal& p, const Signatory& attached) {
  const Key* key = j.registry().find_key(crypto::thumbprint(accepted_key(p.public_key)));
  if (key != nullptr && key->owner == attached.id && valid_at(*key, j.act.received_at())) return {};
  return fail(refusal(j.act, Errc::conflict, "key-not-its-own",
                      attached.slug + " is attached by its union, and has no such valid key")
                  .at("data.public_key")
                  .accepts("a valid key of " + attached.slug + ", as GET /v1/keys has it")
                  .in_state("ATTACHED"));
}

Status check_admission(const Judgement& j, const Proposal& p) {
  const Signatory* known = j.registry().find_slug(p.signatory);
  const bool attached = known != nullptr && known->active && known->under;
  if (known != nullptr && !attached)
    return fail(refusal(j.act, Errc::conflict, "slug-taken",
                        p.signatory + " is, or has been, a signatory's short name")
                    .at("data.signatory")
                    .accepts("a short name of its own")
                    .in_state("TAKEN"));
  if (RoleSet{p.roles}.has(Role::SYSTEM))
    return fail(
        refusal(j.act, Errc::invalid, "role-reserved", "the role system is the ledger's own")
            .at("data.roles")
            .accepts("pref, ml, udml, aa, sec, member, analyst"));
  if (attached) return check_confirmation(j, p, *known);
  RELAIS_TRY(check_room_for_signatory(j));
  return check_incoming_key(j, p.public_key, nullptr);
}

Status check_withdrawal(const Judgement& j, const Proposal& p) {
  RELAIS_ASSIGN(const Signatory* s, known_signatory(j, p.signatory, "data.signatory"));
  if (!s->role_set().has(Role::SYSTEM)) return {};
  return fail(
      refusal(j.act, Errc::invalid, "role-reserved", "the ledger is no signatory that could leave")
          .at("data.signatory")
          .accepts("the slug of a signatory of the convention"));
}

Parameters amended(Parameters terms, const Proposal& p) {
  for (const auto& [name, value] : p.terms) {
    const auto t = find_parameter(name);
    check(t.has_value(), "an accepted proposal names an unknown term");
    terms.set(*t, value);
  }
  return terms;
}

/// A quorum that the present signatories cannot fill would make the act impossible for ever, the
/// amendment that lowers it included.
Status check_amendment(const Judgement& j, const Proposal& p) {
  Electorate present;
  for (const Signatory& s : j.registry().signatories()) {
    if (!votes(s)) continue;
    ++present.voters;
    present.roles |= s.roles;
  }
  for (const auto& [act, quorum] : p.quorums)
    if (auto accepted = out_of_reach(present, act, quorum))
      return fail(refusal(j.act, Errc::conflict, "quorum-unreachable",
                          "the present signatories could not fill this quorum for " + act)
                      .at("data.quorums")
                      .accepts(std::move(*accepted))
                      .in_state("IN_FORCE"));
  return check_term_order(j, amended(j.registry().parameters, p));
}

Status check_first_key(const Judgement& j, const Proposal& p) {
  RELAIS_ASSIGN(const Signatory* s, known_signatory(j, p.signatory, "data.signatory"));
  // Who still has a key looks after its keys itself: the others could otherwise sign in its name.
  for (const KeyId& kid : keys_of(j.registry(), s->id)) {
    if (!valid_at(*j.registry().find_key(kid), j.act.received_at())) continue;
    return fail(refusal(j.act, Errc::conflict, "has-valid-key",
                        s->slug + " has a valid key, and enrols others by itself")
                    .at("data.signatory")
                    .accepts("a signatory without a valid key")
                    .in_state("ENROLLED"));
  }
  return check_incoming_key(j, p.public_key, s);
}

Status check_revocation(const Judgement& j, const Proposal& p) {
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
  if (!key->valid_until || *key->valid_until > j.act.received_at()) return {};
  return fail(
      refusal(j.act, Errc::conflict, "key-revoked-already", "the key has ended by other means")
          .at("data.kid")
          .in_state("ENDED"));
}

Status check_proof(const Judgement& j, capnp::Text::Reader proof, const std::string& key,
                   const std::string& slug, const std::string& audience) {
  auto proven = statement::check_key_proof(text(proof), accepted_key(key),
                                           source_of(j.registry(), slug), audience);
  if (!proven) return fail(std::move(proven.error()).at("data.proof"));
  return {};
}

SignatoryId id_of(const Registry& registry, const std::string& slug) {
  const Signatory* s = registry.find_slug(slug);
  check(s != nullptr, "an accepted effect on no signatory");
  return s->id;
}

Status decide_amended(const Judgement& j) {
  RELAIS_TRY(
      effective(j, j.data().getConventionAmended().getProposalId(), GovernedAct::AMEND_CONVENTION));
  return {};
}

// The signatures stand: those who signed agreed that the convention is amended by its quorum.
void evolve_amended(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getConventionAmended().getProposalId());
  registry.document_hash = p.document_hash;
  for (const auto& [act, quorum] : p.quorums) registry.quorums[act] = quorum;
  registry.parameters = amended(registry.parameters, p);
  change.effects.parameters_amended = true;
  settle_proposals(registry);
}

Status decide_admitted(const Judgement& j) {
  const auto admitted = j.data().getSignatoryAdmitted();
  RELAIS_ASSIGN(const Proposal* p,
                effective(j, admitted.getProposalId(), GovernedAct::ADMIT_SIGNATORY));
  // The proof by which it was attached is no consent to this.
  const Registry& registry = j.registry();
  const bool attached = registry.find_slug(p->signatory) != nullptr;
  return check_proof(j, admitted.getProof(), p->public_key, p->signatory,
                     attached ? admission_audience(registry.origin, p->id) : registry.origin);
}

SignatoryId add_signatory(Registry& registry, const Act& act, std::string slug, std::string name,
                          std::uint16_t roles, const std::string& key) {
  Signatory s;
  s.source = source_of(registry, slug);
  s.slug = std::move(slug);
  s.name = std::move(name);
  s.roles = roles;
  s.admitted_at = act.index;
  const SignatoryId id = registry.add(std::move(s)).id;
  enrol(registry, act, id, key);
  return id;
}

void evolve_admitted(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getSignatoryAdmitted().getProposalId());
  if (const Signatory* attached = registry.find_slug(p.signatory)) {
    Signatory& s = registry.mutable_signatory(attached->id);
    s.name = p.name;
    s.roles = p.roles;
    s.under.reset();
  } else {
    add_signatory(registry, change.act, p.signatory, p.name, p.roles, p.public_key);
  }
  settle_proposals(registry);
}

Status decide_withdrawn(const Judgement& j) {
  RELAIS_ASSIGN(const Proposal* p, effective(j, j.data().getSignatoryWithdrawn().getProposalId(),
                                             GovernedAct::WITHDRAW_SIGNATORY));
  return check_no_open_case(j, *j.registry().find_slug(p->signatory), "data.proposal_id");
}

void evolve_withdrawn(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getSignatoryWithdrawn().getProposalId());
  leave(change, id_of(registry, p.signatory));
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
  enrol(registry, change.act, id_of(registry, p.signatory), p.public_key);
}

Status decide_key_revoked(const Judgement& j) {
  RELAIS_TRY(
      effective(j, j.data().getKeyRevokedByQuorum().getProposalId(), GovernedAct::REVOKE_KEY));
  return {};
}

void evolve_key_revoked(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getKeyRevokedByQuorum().getProposalId());
  const auto kid = crypto::parse_key_id(p.kid);
  Key* key = kid ? registry.mutable_key(*kid) : nullptr;
  check(key != nullptr, "an accepted revocation of no key");
  end_key(*key, change.act);
}

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
  RELAIS_TRY(check_incoming_key(j, key, back));
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
    enrol(registry, change.act, s.id, key);
  } else {
    const SignatoryId added =
        add_signatory(registry, change.act, slug, text(attached.getName()), roles.bits, key);
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
  leave(change, id_of(change.world.registry(), slug));
}

/// Whether both say what becomes of the same: of the convention, the log's key, a signatory, or one
/// key of it.
bool on_the_same(const Proposal& a, const Proposal& b) {
  return a.act == b.act && a.signatory == b.signatory && a.kid == b.kid;
}

}  // namespace

Result<const Proposal*> effective(const Judgement& j, capnp::Text::Reader id, GovernedAct act) {
  RELAIS_TRY(check_convention_stream(j));
  const auto it = j.registry().proposals.find(text(id));
  if (it == j.registry().proposals.end())
    return fail(refusal(j.act, Errc::not_found, "proposal-unknown", "there is no such proposal")
                    .at("data.proposal_id"));
  const Proposal& p = it->second;
  const auto still_possible = [&] {  // what was when it was proposed need not be any more
    Status judged = check_content(j, p);
    return judged ? judged : Status(fail(std::move(judged.error()).at("data.proposal_id")));
  };
  if (p.act != act)
    return fail(refusal(j.act, Errc::invalid, "proposal-of-other-act",
                        "the proposal is one of " + std::string(act_name(p.act)))
                    .at("data.proposal_id")
                    .accepts("a proposal of " + std::string(act_name(act))));
  if (p.phase == Phase::overtaken) {
    RELAIS_TRY(still_possible());
    return fail(refusal(j.act, Errc::conflict, "proposal-overtaken",
                        "one of the same act on the same subject, proposed later, has taken effect")
                    .at("data.proposal_id")
                    .accepts("a new proposal")
                    .in_state(std::string(to_string(p.phase))));
  }
  if (p.phase != Phase::approved)
    return fail(refusal(j.act, Errc::conflict, "proposal-not-approved",
                        p.phase == Phase::effected ? "the proposal has taken effect already"
                                                   : "the proposal does not have its quorum")
                    .at("data.proposal_id")
                    .accepts("a proposal that is APPROVED")
                    .in_state(std::string(to_string(p.phase))));
  if (lapsed(p, j.act.received_at())) return fail(proposal_lapsed(j));
  RELAIS_TRY(still_possible());
  return &p;
}

Proposal take_effect(Registry& registry, capnp::Text::Reader id) {
  const auto it = registry.proposals.find(text(id));
  check(it != registry.proposals.end(), "an accepted effect of no proposal");
  Proposal& effected = it->second;
  effected.phase = Phase::effected;
  for (auto& [other, p] : registry.proposals) {
    const bool waits = p.phase == Phase::open || p.phase == Phase::approved;
    if (waits && p.proposed_at < effected.proposed_at && on_the_same(p, effected))
      p.phase = Phase::overtaken;
  }
  return effected;
}

Status check_content(const Judgement& j, const Proposal& p) {
  switch (p.act) {
    case GovernedAct::ADMIT_SIGNATORY:
      return check_admission(j, p);
    case GovernedAct::WITHDRAW_SIGNATORY:
      return check_withdrawal(j, p);
    case GovernedAct::AMEND_CONVENTION:
      return check_amendment(j, p);
    case GovernedAct::ENROL_FIRST_KEY:
      return check_first_key(j, p);
    case GovernedAct::REVOKE_KEY:
      return check_revocation(j, p);
    case GovernedAct::ROTATE_LOG_KEY:
      return check_log_key(j, p);
    case GovernedAct::UNSPECIFIED:
      break;
  }
  check(false, "a proposal of an act that is none");
  return {};
}

Status check_incoming_key(const Judgement& j, const std::string& public_key,
                          const Signatory* owner) {
  if (j.registry().find_key(crypto::thumbprint(accepted_key(public_key))) != nullptr)
    return fail(
        refusal(j.act, Errc::conflict, "key-known", "the key is, or has been, enrolled already")
            .at("data.public_key")
            .accepts("a new key")
            .in_state("ENROLLED"));
  if (owner == nullptr || keys_of(j.registry(), owner->id).size() < kMaxKeysOfSignatory) return {};
  return fail(refusal(j.act, Errc::conflict, "limit-keys",
                      "a signatory has at most " + std::to_string(kMaxKeysOfSignatory) +
                          " keys, those that have ended included")
                  .in_state("FULL"));
}

bool valid_at(const Key& key, Timestamp at) {
  return key.valid_from <= at && (!key.valid_until || at < *key.valid_until);
}

std::string leaving_audience(std::string_view origin) {
  return std::string(origin) + "/mission_locale.detached";
}

std::string returning_audience(std::string_view origin, const KeyId& key) {
  return std::string(origin) + "/mission_locale.attached/" + crypto::to_text(key);
}

std::string admission_audience(std::string_view origin, std::string_view proposal) {
  return std::string(origin) + "/signatory.admitted/" + std::string(proposal);
}

std::span<const Rule> governance_effect_rules() {
  static constexpr Rule kRules[] = {
      {"convention.amended", decide_amended, evolve_amended},
      {"signatory.admitted", decide_admitted, evolve_admitted},
      {"signatory.withdrawn", decide_withdrawn, evolve_withdrawn},
      {"key.first_enrolled", decide_first_key, evolve_first_key},
      {"key.revoked_by_quorum", decide_key_revoked, evolve_key_revoked},
      {"mission_locale.attached", decide_attached, evolve_attached},
      {"mission_locale.detached", decide_detached, evolve_detached},
  };
  return kRules;
}

}  // namespace relais::rules
