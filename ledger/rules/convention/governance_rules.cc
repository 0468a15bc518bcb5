// governance.*: acts that take several signatories, from the proposal to its quorum. How they take
// effect stands in governance_effects.cc.
#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/convention/governance.h"

namespace relais::rules {
namespace {

using schema::GovernedAct;
using schema::Role;
using Phase = Proposal::Phase;

/// Of one author, those that are over included: ids are never used again, so all are kept.
constexpr std::size_t kMaxProposalsOfAuthor = 1'000;

enum Member : unsigned {
  signatory = 1,
  name = 2,
  roles = 4,
  public_key = 8,
  kid = 16,
  document_hash = 32,
  quorums = 64,
  terms = 128,
  successor = 256,
};
struct MemberName {
  Member member;
  std::string_view text;
};
constexpr MemberName kMembers[] = {
    {signatory, "signatory"},   {name, "name"},   {roles, "roles"},
    {public_key, "public_key"}, {kid, "kid"},     {document_hash, "document_hash"},
    {quorums, "quorums"},       {terms, "terms"}, {successor, "successor"},
};

struct ActShape {
  GovernedAct act;
  std::string_view name;
  unsigned needed;
  unsigned allowed;  ///< beside what is needed
};
constexpr ActShape kActs[] = {
    {GovernedAct::ADMIT_SIGNATORY, "admit-signatory", signatory | name | roles | public_key, 0},
    {GovernedAct::WITHDRAW_SIGNATORY, "withdraw-signatory", signatory, successor},
    {GovernedAct::AMEND_CONVENTION, "amend-convention", document_hash, quorums | terms},
    {GovernedAct::ENROL_FIRST_KEY, "enrol-first-key", signatory | public_key, 0},
    {GovernedAct::REVOKE_KEY, "revoke-key", 0, kid | signatory},
    {GovernedAct::ROTATE_LOG_KEY, "rotate-log-key", public_key, 0},
};

const ActShape& shape_of(GovernedAct act) {
  const auto* found = std::ranges::find(kActs, act, &ActShape::act);
  check(found != std::end(kActs), "an act of governance without a shape");
  return *found;
}

RoleSet role_set(capnp::List<Role>::Reader list) {
  RoleSet set;
  for (const Role role : list) set.add(role);
  return set;
}

/// Acts on one signatory.
constexpr GovernedAct kOnOne[] = {GovernedAct::WITHDRAW_SIGNATORY, GovernedAct::ENROL_FIRST_KEY,
                                  GovernedAct::REVOKE_KEY};
bool concerns_one(GovernedAct act) {
  return std::ranges::find(kOnOne, act) != std::end(kOnOne);
}

/// Nobody decides on its own exclusion, nor on its own key: be it taken or given.
bool own_matter(const Proposal& p, const Signatory& s) {
  return concerns_one(p.act) && p.signatory == s.slug;
}

const Quorum* quorum_of(const Registry& registry, GovernedAct act) {
  const auto it = registry.quorums.find(std::string(act_name(act)));
  return it == registry.quorums.end() ? nullptr : &it->second;
}

/// Whether these voters fill the quorum. A quorum that the convention no longer sets is not filled.
bool fills(const Registry& registry, const Proposal& p,
           const std::function<bool(const Signatory&)>& counts) {
  const Quorum* quorum = quorum_of(registry, p.act);
  if (quorum == nullptr) return false;
  Electorate all, present;
  for (const Signatory& s : registry.signatories()) {
    if (!votes(s) || own_matter(p, s)) continue;
    all.add(s.roles);
    if (counts(s)) present.add(s.roles);
  }
  const Quorum asked = asked_of(all, *quorum);
  return present.voters >= asked.approvals && (present.roles & asked.roles) == asked.roles;
}

bool reached(const Registry& registry, const Proposal& p) {
  return fills(registry, p, [&p](const Signatory& s) { return p.approvals.contains(s.id); });
}

bool reachable(const Registry& registry, const Proposal& p) {
  return fills(registry, p, [&p](const Signatory& s) { return !p.rejections.contains(s.id); });
}

std::string_view owner_slug(const Registry& registry, std::string_view kid_text) {
  const auto id = crypto::parse_key_id(kid_text);
  const Key* key = id ? registry.find_key(*id) : nullptr;
  const Signatory* owner = key == nullptr ? nullptr : registry.find(key->owner);
  return owner == nullptr ? std::string_view() : std::string_view(owner->slug);
}

Proposal read_proposal(const Registry& registry, const Act& act) {
  const auto proposed = act.event.getData().getGovernanceProposed();
  Proposal p;
  p.id = text(proposed.getProposalId());
  p.act = proposed.getAct();
  p.author = act.signatory();
  p.proposed_at = act.index;
  p.proposed_on = act.received_at();
  p.signatory = text(proposed.getSignatory());
  p.name = text(proposed.getName());
  p.roles = role_set(proposed.getRoles()).bits;
  p.public_key = text(proposed.getPublicKey());
  p.kid = text(proposed.getKid());
  p.document_hash = text(proposed.getDocumentHash());
  p.successor = text(proposed.getSuccessor());
  for (const schema::Quorum::Reader q : proposed.getQuorums())
    p.quorums[text(q.getAct())] = Quorum{q.getApprovals(), role_set(q.getRoles()).bits};
  for (const schema::Term::Reader t : proposed.getTerms())
    p.terms[text(t.getName())] = t.getValue();
  if (p.act == GovernedAct::REVOKE_KEY && p.signatory.empty())
    p.signatory = owner_slug(registry, p.kid);
  return p;
}

unsigned members_of(schema::GovernanceProposed::Reader proposed) {
  return (proposed.getSignatory().size() > 0 ? signatory : 0U) |
         (proposed.getName().size() > 0 ? name : 0U) |
         (proposed.getRoles().size() > 0 ? roles : 0U) |
         (proposed.getPublicKey().size() > 0 ? public_key : 0U) |
         (proposed.getKid().size() > 0 ? kid : 0U) |
         (proposed.getDocumentHash().size() > 0 ? document_hash : 0U) |
         (proposed.getQuorums().size() > 0 ? quorums : 0U) |
         (proposed.getTerms().size() > 0 ? terms : 0U) |
         (proposed.getSuccessor().size() > 0 ? successor : 0U);
}

std::string names_of(unsigned members) {
  std::string out;
  for (const MemberName& m : kMembers) {
    if ((members & m.member) == 0) continue;
    if (!out.empty()) out += ", ";
    out += m.text;
  }
  return out;
}

/// What the act needs is there, and nothing that has no part in it: voters see what they vote on.
Status check_members(const Judgement& j) {
  const auto proposed = j.data().getGovernanceProposed();
  const ActShape& shape = shape_of(proposed.getAct());
  const unsigned given = members_of(proposed);
  for (const MemberName& m : kMembers) {
    const bool needed = (shape.needed & m.member) != 0;
    const bool present = (given & m.member) != 0;
    if (needed && !present)
      return fail(refusal(j.act, Errc::invalid, "proposal-incomplete",
                          std::string(shape.name) + " needs " + std::string(m.text))
                      .at("data." + std::string(m.text))
                      .accepts(names_of(shape.needed)));
    if (present && !needed && (shape.allowed & m.member) == 0)
      return fail(refusal(j.act, Errc::invalid, "proposal-excess",
                          std::string(m.text) + " has no part in " + std::string(shape.name))
                      .at("data." + std::string(m.text))
                      .accepts(names_of(shape.needed | shape.allowed)));
  }
  if (proposed.getAct() == GovernedAct::AMEND_CONVENTION && (given & (quorums | terms)) == 0)
    return fail(refusal(j.act, Errc::invalid, "proposal-incomplete",
                        "an amendment changes quorums or terms")
                    .at("data.terms")
                    .accepts("quorums, terms, or both"));
  if (proposed.getAct() == GovernedAct::REVOKE_KEY && (given & (kid | signatory)) == 0)
    return fail(refusal(j.act, Errc::invalid, "proposal-incomplete",
                        "a revocation is of a key, or of all keys of a signatory")
                    .at("data.kid")
                    .accepts("kid; or signatory, for every key that it has"));
  return {};
}

Error invalid_element(const Judgement& j, std::string_view list, std::size_t i,
                      std::string_view member, std::string rule, std::string message) {
  std::string field = "data.";
  field.append(list).append("[").append(std::to_string(i)).append("].").append(member);
  return refusal(j.act, Errc::invalid, std::move(rule), std::move(message)).at(std::move(field));
}

/// The convention sets a quorum for the act, and those who may vote on it can fill it.
Status check_quorum(const Judgement& j, const Proposal& p) {
  if (quorum_of(j.registry(), p.act) == nullptr) {
    std::string set;
    for (const auto& [act, quorum] : j.registry().quorums) set += (set.empty() ? "" : ", ") + act;
    return fail(refusal(j.act, Errc::conflict, "quorum-not-set",
                        "the convention sets no quorum for " + std::string(act_name(p.act)) +
                            ": it provides for no such act")
                    .at("data.act")
                    .accepts(set.empty() ? "no act" : set)
                    .in_state("IN_FORCE"));
  }
  if (!reachable(j.registry(), p))
    return fail(refusal(j.act, Errc::conflict, "quorum-unreachable",
                        "those who may vote on this cannot fill its quorum")
                    .at("data.act")
                    .in_state("IN_FORCE"));
  return {};
}

/// A signatory cannot fill the register with proposals, nor keep others from proposing.
Status check_room(const Judgement& j, const Proposal& p) {
  if (j.registry().proposals.contains(p.id))
    return fail(refusal(j.act, Errc::conflict, "proposal-known", "there is a proposal of this id")
                    .at("data.proposal_id")
                    .accepts("a new id; those of proposals that are over do not come back")
                    .in_state(std::string(to_string(j.registry().proposals.at(p.id).phase))));
  std::size_t open = 0;
  std::size_t all = 0;
  for (const auto& [id, other] : j.registry().proposals) {
    if (other.author != p.author) continue;
    ++all;
    if (other.phase == Phase::open && !lapsed(other, j.act.received_at())) ++open;
  }
  if (open < kMaxOpenProposals && all < kMaxProposalsOfAuthor) return {};
  return fail(refusal(j.act, Errc::conflict, "limit-proposals",
                      "a signatory has at most " + std::to_string(kMaxOpenProposals) +
                          " open proposals, and " + std::to_string(kMaxProposalsOfAuthor) +
                          " in all")
                  .accepts("governance.withdrawn first")
                  .in_state("FULL"));
}

Status check_voter(const Judgement& j) {
  RELAIS_TRY(check_convention_stream(j));
  if (votes(*j.emitter)) return {};
  return fail(refusal(j.act, Errc::forbidden, "no-vote",
                      j.emitter->slug + " has no vote: its union attached it, and answers for it")
                  .accepts("founding signatories, and those that a quorum has admitted "
                           "(admit-signatory names the mission locale and a key that it has)"));
}

Status decide_proposed(const Judgement& j) {
  RELAIS_TRY(check_voter(j));
  RELAIS_TRY(check_members(j));
  RELAIS_TRY(check_quorums(j, j.data().getGovernanceProposed().getQuorums(), kMinApprovals));
  RELAIS_TRY(check_terms(j, j.data().getGovernanceProposed().getTerms()));
  const Proposal p = read_proposal(j.registry(), j.act);
  RELAIS_TRY(check_room(j, p));
  RELAIS_TRY(check_content(j, p));
  return check_quorum(j, p);
}

void evolve_proposed(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  Proposal p = read_proposal(registry, change.act);
  const Signatory* author = registry.find(p.author);
  check(author != nullptr, "an accepted proposal by no signatory");
  // Who asks to leave may propose it; the others decide.
  if (!own_matter(p, *author)) p.approvals.insert(p.author);
  const std::string id = p.id;
  registry.proposals.emplace(id, std::move(p));
  settle_proposals(registry);
}

/// A proposal that waits for votes; one that waits for its effect only where `approved` too.
Result<const Proposal*> waiting_proposal(const Judgement& j, const std::string& id, bool approved) {
  RELAIS_TRY(check_convention_stream(j));
  const auto it = j.registry().proposals.find(id);
  if (it == j.registry().proposals.end())
    return fail(refusal(j.act, Errc::not_found, "proposal-unknown", "there is no such proposal")
                    .at("data.proposal_id"));
  const Phase phase = it->second.phase;
  if (phase != Phase::open && !(approved && phase == Phase::approved))
    return fail(refusal(j.act, Errc::conflict, "proposal-not-open", "the proposal is not open")
                    .at("data.proposal_id")
                    .in_state(std::string(to_string(phase))));
  if (lapsed(it->second, j.act.received_at())) return fail(proposal_lapsed(j));
  return &it->second;
}

Status check_vote(const Judgement& j, capnp::Text::Reader id) {
  RELAIS_TRY(check_voter(j));
  RELAIS_ASSIGN(const Proposal* p, waiting_proposal(j, text(id), false));
  if (own_matter(*p, *j.emitter))
    return fail(refusal(j.act, Errc::forbidden, "governance-own-matter",
                        j.emitter->slug + " has no vote on what concerns itself")
                    .at("data.proposal_id"));
  if (p->approvals.contains(j.emitter->id) || p->rejections.contains(j.emitter->id))
    return fail(refusal(j.act, Errc::conflict, "voted-already",
                        j.emitter->slug + " has voted on this proposal")
                    .at("data.proposal_id")
                    .in_state(p->approvals.contains(j.emitter->id) ? "APPROVED" : "REJECTED"));
  return {};
}

Proposal& accepted_proposal(Registry& registry, capnp::Text::Reader id) {
  const auto it = registry.proposals.find(text(id));
  check(it != registry.proposals.end(), "an accepted vote on no proposal");
  return it->second;
}

Status decide_approved(const Judgement& j) {
  return check_vote(j, j.data().getGovernanceApproved().getProposalId());
}

void evolve_approved(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  accepted_proposal(registry, change.data().getGovernanceApproved().getProposalId())
      .approvals.insert(change.act.signatory());
  settle_proposals(registry);
}

Status decide_rejected(const Judgement& j) {
  return check_vote(j, j.data().getGovernanceRejected().getProposalId());
}

void evolve_rejected(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  accepted_proposal(registry, change.data().getGovernanceRejected().getProposalId())
      .rejections.insert(change.act.signatory());
  settle_proposals(registry);
}

Status decide_withdrawn(const Judgement& j) {
  RELAIS_ASSIGN(const Proposal* p,
                waiting_proposal(j, text(j.data().getGovernanceWithdrawn().getProposalId()), true));
  if (p->author == j.emitter->id) return {};
  return fail(refusal(j.act, Errc::forbidden, "not-author", "the proposal is another signatory's")
                  .at("data.proposal_id")
                  .accepts("the signatory that proposed it"));
}

void evolve_withdrawn(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  Proposal& p = accepted_proposal(registry, change.data().getGovernanceWithdrawn().getProposalId());
  p.phase = Phase::withdrawn;
  forget_content(p);
}

}  // namespace

bool lapsed(const Proposal& p, Timestamp at) {
  return at.value - p.proposed_on.value >= kProposalDays * kMsOfADay;
}

Error proposal_lapsed(const Judgement& j) {
  return refusal(j.act, Errc::conflict, "proposal-lapsed",
                 "the proposal was made " + std::to_string(kProposalDays) + " days ago or more")
      .at("data.proposal_id")
      .accepts("a new proposal")
      .in_state("LAPSED");
}

Status check_terms(const Judgement& j, capnp::List<schema::Term>::Reader terms) {
  std::set<std::string> seen;
  for (std::size_t i = 0; const schema::Term::Reader t : terms) {
    const std::string name = text(t.getName());
    const auto known = find_parameter(name);
    if (!known) {
      std::string names;
      for (std::size_t k = 0; k < kParameters; ++k)
        names.append(k == 0 ? "" : ", ").append(info(static_cast<Parameter>(k)).name);
      return fail(invalid_element(j, "terms", i, "name", "term-unknown",
                                  "no number of a convention is called " + name)
                      .accepts(std::move(names)));
    }
    if (!seen.insert(name).second)
      return fail(
          invalid_element(j, "terms", i, "name", "term-repeated", "the term has two values"));
    const ParameterInfo& range = info(*known);
    if (t.getValue() < range.least || t.getValue() > range.most)
      return fail(invalid_element(j, "terms", i, "value", "term-out-of-range",
                                  name + " (" + std::string(range.meaning) + ") is never " +
                                      std::to_string(t.getValue()))
                      .accepts(std::to_string(range.least) + " to " + std::to_string(range.most)));
    ++i;
  }
  return {};
}

Status check_term_order(const Judgement& j, const Parameters& terms) {
  for (const ParameterOrder& order : parameter_orders()) {
    if (terms[order.lesser] <= terms[order.greater]) continue;
    const std::string greater(info(order.greater).name);
    return fail(refusal(j.act, Errc::invalid, "term-order",
                        std::string(info(order.lesser).name) + " would be more than " + greater)
                    .at("data.terms")
                    .accepts("at most " + std::to_string(terms[order.greater]) + ", or another " +
                             greater + " with it"));
  }
  return {};
}

Status check_quorums(const Judgement& j, capnp::List<schema::Quorum>::Reader quorums,
                     std::uint32_t least) {
  std::set<std::string> seen;
  for (std::size_t i = 0; const schema::Quorum::Reader q : quorums) {
    const std::string act = text(q.getAct());
    if (std::ranges::find(kActs, std::string_view(act), &ActShape::name) == std::end(kActs))
      return fail(invalid_element(j, "quorums", i, "act", "quorum-act-unknown",
                                  "no act of governance is called " + act)
                      .accepts("admit-signatory, withdraw-signatory, amend-convention, "
                               "enrol-first-key, revoke-key, rotate-log-key"));
    if (!seen.insert(act).second)
      return fail(
          invalid_element(j, "quorums", i, "act", "quorum-repeated", "the act has two quorums"));
    if (q.getApprovals() < least)
      return fail(invalid_element(j, "quorums", i, "approvals", "quorum-out-of-range",
                                  least < kMinApprovals
                                      ? "the quorum asks nothing"
                                      : "with this quorum one signatory could act alone")
                      .accepts(std::to_string(least) + " or more"));
    ++i;
  }
  return {};
}

std::string_view act_name(GovernedAct act) {
  return shape_of(act).name;
}

bool has_voting_role(RoleSet roles) {
  constexpr Role kVoting[] = {Role::PREF, Role::ML, Role::UDML, Role::AA, Role::SEC};
  return std::ranges::any_of(kVoting, [roles](Role r) { return roles.has(r); });
}

bool votes(const Signatory& s) {
  return s.active && !s.under && has_voting_role(s.role_set());
}

Quorum asked_of(const Electorate& e, const Quorum& q) {
  Quorum asked{std::max(q.approvals, kMinApprovals), static_cast<std::uint16_t>(q.roles & e.roles)};
  if (asked.roles != q.roles) asked.approvals = std::max(asked.approvals, e.voters / 2 + 1);
  return asked;
}

std::vector<LoneRole> lone_roles(const Registry& registry) {
  std::vector<LoneRole> found;
  for (const GovernedAct act : kOnOne) {
    const Quorum* quorum = quorum_of(registry, act);
    if (quorum == nullptr) continue;
    for (const Signatory& s : registry.signatories()) {
      if (!votes(s)) continue;
      Electorate others;
      for (const Signatory& other : registry.signatories())
        if (votes(other) && other.id != s.id) others.add(other.roles);
      const Quorum asked = asked_of(others, *quorum);
      if (asked.roles != quorum->roles)
        found.push_back({std::string(act_name(act)), s.slug, asked.approvals, others.voters});
    }
  }
  return found;
}

std::optional<std::string> out_of_reach(const Electorate& e, std::string_view act,
                                        const Quorum& q) {
  // Whom the act concerns has no vote on it, and what it alone could bring is not asked then.
  const bool of_one =
      std::ranges::any_of(kOnOne, [act](GovernedAct on_one) { return act == act_name(on_one); });
  const std::uint32_t most = of_one && e.voters > 0 ? e.voters - 1 : e.voters;
  if (std::max(q.approvals, kMinApprovals) <= most && (e.roles & q.roles) == q.roles)
    return std::nullopt;
  if (most < kMinApprovals) return "no quorum for it while so few have a vote";
  return "at most " + std::to_string(most) + " approvals, of roles that voting signatories have";
}

Status check_convention_stream(const Judgement& j) {
  if (j.act.stream.name == j.registry().convention) return {};
  return fail(refusal(j.act, Errc::not_found, "stream-unknown", "no such convention")
                  .at("subject")
                  .accepts("convention/" + j.registry().convention));
}

void settle_proposals(Registry& registry) {
  for (auto& [id, p] : registry.proposals) {
    if (p.phase != Phase::open) continue;
    if (reached(registry, p)) {
      p.phase = Phase::approved;
    } else if (!reachable(registry, p)) {
      p.phase = Phase::rejected;
      forget_content(p);
    }
  }
}

void forget_content(Proposal& p) {
  p.approvals.clear();
  p.rejections.clear();
  p.quorums.clear();
  p.terms.clear();
  for (std::string* text : {&p.name, &p.public_key, &p.kid, &p.document_hash, &p.successor})
    *text = {};
}

std::span<const Rule> governance_rules() {
  static const std::vector<Rule> kRules = [] {
    std::vector<Rule> rules = {
        {"governance.proposed", decide_proposed, evolve_proposed},
        {"governance.approved", decide_approved, evolve_approved},
        {"governance.rejected", decide_rejected, evolve_rejected},
        {"governance.withdrawn", decide_withdrawn, evolve_withdrawn},
    };
    for (const auto part :
         {governance_effect_rules(), governance_key_rules(), union_rules(), log_key_rules()})
      std::ranges::copy(part, std::back_inserter(rules));
    return rules;
  }();
  return kRules;
}

}  // namespace relais::rules
