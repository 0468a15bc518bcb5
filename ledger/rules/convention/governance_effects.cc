// What takes effect by a quorum: amendments, signatories that come and leave. Any active signatory
// may state that a proposal has its quorum: the act is the quorum's, not the emitter's. Where one
// goes on with the cases of another, that one states it, and accepts them by it.
#include <algorithm>
#include <optional>

#include "ledger/base/check.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/convention/governance.h"

namespace relais::rules {
namespace {

using schema::GovernedAct;
using schema::Role;
using Phase = Proposal::Phase;

/// Whether it holds an open case, or is the successor of who does: the clock stands still at times.
bool holds_open_case(const Judgement& j, const Signatory& s) {
  return std::ranges::any_of(j.registry().signatories(), [&](const Signatory& holder) {
    const auto heir = j.registry().succession_of(holder.id);
    if (holder.id != s.id && !(heir && heir->to == s.id)) return false;
    const SignatoryState* state = j.world.find_signatory(holder.id);
    return state != nullptr && state->open_cases > 0;
  });
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
  return check_incoming_key(j, p.public_key);
}

Status check_successor(const Judgement& j, const Proposal& p) {
  if (p.successor.empty()) return {};
  RELAIS_ASSIGN(const Signatory* to, known_signatory(j, p.successor, "data.successor"));
  const bool supports = to->role_set().has(Role::ML) || to->role_set().has(Role::AA);
  if (supports && p.successor != p.signatory) return {};
  return fail(refusal(j.act, Errc::invalid, "addressee-cannot-receive",
                      supports ? "who leaves goes on with nothing"
                               : p.successor + " does not support people itself")
                  .at("data.successor")
                  .accepts("another mission locale or accredited association"));
}

Status check_withdrawal(const Judgement& j, const Proposal& p) {
  RELAIS_ASSIGN(const Signatory* s, known_signatory(j, p.signatory, "data.signatory"));
  if (!s->role_set().has(Role::SYSTEM)) return check_successor(j, p);
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
  for (const Signatory& s : j.registry().signatories())
    if (votes(s)) present.add(s.roles);
  for (const auto& [act, quorum] : p.quorums)
    if (auto accepted = out_of_reach(present, act, quorum))
      return fail(refusal(j.act, Errc::conflict, "quorum-unreachable",
                          "the present signatories could not fill this quorum for " + act)
                      .at("data.quorums")
                      .accepts(std::move(*accepted))
                      .in_state("IN_FORCE"));
  return check_term_order(j, amended(j.registry().parameters, p));
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
  change.effects.deadlines_moved = true;
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

void evolve_admitted(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getSignatoryAdmitted().getProposalId());
  if (const Signatory* attached = registry.find_slug(p.signatory)) {
    Signatory& s = registry.mutable_signatory(attached->id);
    s.name = p.name;
    s.roles = p.roles;
    s.under.reset();
  } else {
    add_signatory(registry, change.act, p.signatory, p.name, p.roles, p.public_key, By::quorum);
  }
  settle_proposals(registry);
}

Status decide_withdrawn(const Judgement& j) {
  RELAIS_ASSIGN(const Proposal* p, effective(j, j.data().getSignatoryWithdrawn().getProposalId(),
                                             GovernedAct::WITHDRAW_SIGNATORY));
  if (p->successor.empty())
    return check_no_open_case(j, *j.registry().find_slug(p->signatory), "data.proposal_id");
  if (j.emitter->slug == p->successor) return {};
  return fail(refusal(j.act, Errc::forbidden, "not-successor",
                      "who goes on with the cases of " + p->signatory +
                          " accepts them by its own "
                          "signature on the withdrawal")
                  .accepts(p->successor));
}

void evolve_withdrawn(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, change.data().getSignatoryWithdrawn().getProposalId());
  std::optional<SignatoryId> successor;
  if (!p.successor.empty()) successor = id_of(registry, p.successor);
  leave(change, id_of(registry, p.signatory), successor);
}

/// Whether one that is about a signatory's keys is of keys that are no more, whenever it was
/// proposed: once the others have given one, or have ended those that it is about.
bool of_keys_before(const Proposal& p, const Proposal& effected) {
  if (p.signatory != effected.signatory) return false;
  const bool revokes = p.act == GovernedAct::REVOKE_KEY;
  if (effected.act == GovernedAct::ENROL_FIRST_KEY)
    return revokes || p.act == GovernedAct::ENROL_FIRST_KEY;
  return effected.act == GovernedAct::REVOKE_KEY && revokes &&
         (effected.kid.empty() || p.kid == effected.kid);
}

/// Whether both say what becomes of the same: of the convention, the log's key, a signatory, or one
/// key of it.
bool on_the_same(const Proposal& a, const Proposal& b) {
  return a.act == b.act && a.signatory == b.signatory && a.kid == b.kid;
}

}  // namespace

/// Who leaves signs nothing more, offers nothing more, and sits on nothing more.
void leave(const Change& change, SignatoryId id, std::optional<SignatoryId> successor) {
  WorldState& world = change.world;
  Registry& registry = world.mutable_registry();
  Signatory& leaving = registry.mutable_signatory(id);
  leaving.active = false;
  if (successor) {
    leaving.succession = Succession{*successor, change.act.received_at()};
    change.effects.deadlines_moved = true;  // the clock passes on its cases, one by one
  }
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
  if (!holds_open_case(j, s)) return {};
  return fail(refusal(j.act, Errc::conflict, "open-cases-first",
                      s.slug + " still holds open cases, which somebody must go on with")
                  .at(std::move(field))
                  .accepts("once each is transferred (case.transfer_requested) or closed; "
                           "withdraw_signatory with a successor, which takes them over")
                  .in_state("HOLDS_OPEN_CASES"));
}

Status check_room_for_signatory(const Judgement& j) {
  if (j.registry().signatories().size() < kMaxSignatories) return {};
  return fail(refusal(j.act, Errc::conflict, "limit-signatories",
                      "a convention has at most " + std::to_string(kMaxSignatories) +
                          " signatories, those that have left included")
                  .in_state("FULL"));
}

SignatoryId add_signatory(Registry& registry, const Act& act, std::string slug, std::string name,
                          std::uint16_t roles, const std::string& key, By by) {
  Signatory s;
  s.source = source_of(registry, slug);
  s.slug = std::move(slug);
  s.name = std::move(name);
  s.roles = roles;
  s.admitted_at = act.index;
  const SignatoryId id = registry.add(std::move(s)).id;
  enrol(registry, act, id, key, by);
  return id;
}

SignatoryId id_of(const Registry& registry, const std::string& slug) {
  const Signatory* s = registry.find_slug(slug);
  check(s != nullptr, "an accepted effect on no signatory");
  return s->id;
}

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
    const bool before = p.proposed_at < effected.proposed_at && on_the_same(p, effected);
    if (waits && (before || of_keys_before(p, effected))) p.phase = Phase::overtaken;
  }
  Proposal content = effected;
  forget_content(effected);
  return content;
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

std::span<const Rule> governance_effect_rules() {
  static constexpr Rule kRules[] = {
      {"convention.amended", decide_amended, evolve_amended},
      {"signatory.admitted", decide_admitted, evolve_admitted},
      {"signatory.withdrawn", decide_withdrawn, evolve_withdrawn},
  };
  return kRules;
}

}  // namespace relais::rules
