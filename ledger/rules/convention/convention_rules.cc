// convention.opened and convention.signed: who the signatories are, and when the ledger opens to
// their acts.
#include <algorithm>
#include <set>

#include "ledger/base/check.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/convention/governance.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

using schema::Role;
using statement::RoleSet;

constexpr std::string_view kSystemSlug = "relais";
constexpr std::size_t kMinFounders = 2;

RoleSet role_set(capnp::List<Role>::Reader roles) {
  RoleSet set;
  for (const Role role : roles) set.add(role);
  return set;
}

/// Members of the commission and analysts read; the convention is signed by those who act under it.
bool founds(RoleSet roles) {
  return roles.has(Role::PREF) || roles.has(Role::ML) || roles.has(Role::UDML) ||
         roles.has(Role::AA);
}

Error invalid(const Judgement& j, std::string rule, std::string message, std::string field) {
  return refusal(j.act, Errc::invalid, std::move(rule), std::move(message)).at(std::move(field));
}

std::string member(std::string_view list, std::size_t i, std::string_view name) {
  std::string path = "data.";
  return path.append(list).append("[").append(std::to_string(i)).append("].").append(name);
}

Result<crypto::PublicKey> read_key(capnp::Text::Reader x, const std::string& field) {
  auto key = crypto::parse_public_key(text(x));
  if (!key) return fail(std::move(key.error()).at(field));
  return key;
}

Status check_signatories(const Judgement& j, schema::ConventionOpened::Reader opened,
                         std::set<crypto::PublicKey> keys) {
  std::set<std::string> slugs{std::string(kSystemSlug)};
  std::size_t founders = 0;
  for (std::size_t i = 0; const schema::FoundingSignatory::Reader s : opened.getSignatories()) {
    const RoleSet roles = role_set(s.getRoles());
    if (!slugs.insert(text(s.getId())).second)
      return fail(invalid(j, "slug-taken", "the slug " + text(s.getId()) + " stands twice",
                          member("signatories", i, "id"))
                      .accepts("a slug of its own, other than relais"));
    if (roles.empty())
      return fail(invalid(j, "roles-missing", "a signatory without a role can do nothing",
                          member("signatories", i, "roles")));
    if (roles.has(Role::SYSTEM))
      return fail(invalid(j, "role-reserved", "the role system is the ledger's own",
                          member("signatories", i, "roles"))
                      .accepts("pref, ml, udml, aa, sec, member, analyst"));
    const std::string field = member("signatories", i, "public_key");
    RELAIS_ASSIGN(const crypto::PublicKey key, read_key(s.getPublicKey(), field));
    if (!keys.insert(key).second)
      return fail(invalid(j, "key-known", "one key cannot be two signatories'", field)
                      .accepts("a key that no other signatory has, nor the ledger"));
    if (founds(roles)) ++founders;
    ++i;
  }
  if (founders < kMinFounders)
    return fail(invalid(j, "founders-missing", "a convention takes two founding signatories",
                        "data.signatories")
                    .accepts("at least two with a role of pref, ml, udml, aa"));
  return {};
}

Parameters terms_of(schema::ConventionOpened::Reader opened) {
  Parameters terms;
  for (const schema::Term::Reader t : opened.getTerms()) {
    const auto known = find_parameter(text(t.getName()));
    check(known.has_value(), "an accepted convention names an unknown term");
    terms.set(*known, t.getValue());
  }
  return terms;
}

/// As in an amendment: what the founders could not fill would make the act impossible.
Status check_reach(const Judgement& j, schema::ConventionOpened::Reader opened) {
  Electorate signatories;
  for (const schema::FoundingSignatory::Reader s : opened.getSignatories()) {
    const RoleSet roles = role_set(s.getRoles());
    if (has_voting_role(roles)) signatories.add(roles.bits);
  }
  for (std::size_t i = 0; const schema::Quorum::Reader q : opened.getQuorums()) {
    const std::string act = text(q.getAct());
    const Quorum quorum{q.getApprovals(), role_set(q.getRoles()).bits};
    if (auto accepted = out_of_reach(signatories, act, quorum))
      return fail(invalid(j, "quorum-unreachable",
                          "the signatories could not fill this quorum for " + act,
                          "data.quorums[" + std::to_string(i) + "]")
                      .accepts(std::move(*accepted)));
    ++i;
  }
  return {};
}

Status check_numbers(const Judgement& j, schema::ConventionOpened::Reader opened) {
  RELAIS_TRY(check_quorums(j, opened.getQuorums(), 1));
  RELAIS_TRY(check_reach(j, opened));
  RELAIS_TRY(check_terms(j, opened.getTerms()));
  return check_term_order(j, terms_of(opened));
}

Status decide_opened(const Judgement& j) {
  if (!j.registry().convention.empty() || j.act.index != LogIndex{0})
    return fail(refusal(j.act, Errc::conflict, "convention-opened-once",
                        "a log serves one convention, opened by its entry 0")
                    .accepts("entry 0")
                    .in_state(j.registry().in_force ? "IN_FORCE" : "OPENED"));
  const auto opened = j.data().getConventionOpened();
  RELAIS_ASSIGN(const crypto::PublicKey system, read_key(opened.getSystemKey(), "data.system_key"));
  RELAIS_ASSIGN(const crypto::PublicKey log, read_key(opened.getLogKey(), "data.log_key"));
  const KeyId kid = crypto::thumbprint(system);
  const auto signed_by = j.act.event.getKid();
  if (!std::ranges::equal(signed_by, kid.bytes))
    return fail(refusal(j.act, Errc::forbidden, "system-key-differs",
                        "the opening is not signed by the system key that it names")
                    .at("data.system_key"));
  RELAIS_TRY(check_signatories(j, opened, {system, log}));
  return check_numbers(j, opened);
}

void admit(Registry& registry, const Act& act, Signatory s, const crypto::PublicKey& key) {
  s.source = "urn:relais:" + registry.convention + ":" + s.slug;
  s.admitted_at = act.index;
  const Signatory& admitted = registry.add(std::move(s));
  registry.add_key(Key{.kid = crypto::thumbprint(key),
                       .key = key,
                       .owner = admitted.id,
                       .sealing = {},
                       .label = {},
                       .enrolled_at = act.index,
                       .enrolled_on = act.received_at(),
                       .given = true,
                       .valid_from = act.received_at(),
                       .valid_until = {},
                       .ended_at = {},
                       .doubtful_from = {}});
}

crypto::PublicKey accepted_key(capnp::Text::Reader x) {
  const auto key = crypto::parse_public_key(text(x));
  check(key.has_value(), "an accepted event holds a key that cannot be read");
  return *key;
}

void evolve_opened(const Change& change) {
  const auto opened = change.data().getConventionOpened();
  Registry& registry = change.world.mutable_registry();
  registry.convention = change.act.stream.name;
  registry.title = text(opened.getTitle());
  registry.document_hash = text(opened.getDocumentHash());
  registry.origin = text(opened.getOrigin());
  registry.log_key = accepted_key(opened.getLogKey());
  for (const capnp::Text::Reader t : opened.getTerritories())
    registry.territories.push_back(text(t));
  registry.parameters = terms_of(opened);
  for (const schema::Quorum::Reader q : opened.getQuorums())
    registry.quorums[text(q.getAct())] = Quorum{q.getApprovals(), role_set(q.getRoles()).bits};

  Signatory system;
  system.slug = kSystemSlug;
  system.name = "Relais";
  RoleSet system_roles;
  system_roles.add(Role::SYSTEM);
  system.roles = system_roles.bits;
  admit(registry, change.act, std::move(system), accepted_key(opened.getSystemKey()));
  for (const schema::FoundingSignatory::Reader f : opened.getSignatories()) {
    Signatory s;
    s.slug = text(f.getId());
    s.name = text(f.getName());
    const RoleSet roles = role_set(f.getRoles());
    s.roles = roles.bits;
    s.founding = founds(roles);
    admit(registry, change.act, std::move(s), accepted_key(f.getPublicKey()));
  }
}

Status decide_signed(const Judgement& j) {
  if (j.act.stream.name != j.registry().convention)
    return fail(refusal(j.act, Errc::not_found, "stream-unknown", "no such convention")
                    .at("subject")
                    .accepts("convention/" + j.registry().convention));
  if (j.emitter->signed_convention)
    return fail(refusal(j.act, Errc::conflict, "convention-signed-already",
                        j.emitter->slug + " has signed the convention already")
                    .in_state("SIGNED"));
  if (text(j.data().getConventionSigned().getDocumentHash()) != j.registry().document_hash)
    return fail(invalid(j, "document-hash-differs", "this is not the text that was opened",
                        "data.document_hash")
                    .accepts(j.registry().document_hash));
  return {};
}

void evolve_signed(const Change& change) {
  Registry& registry = change.world.mutable_registry();
  registry.mutable_signatory(change.act.signatory()).signed_convention = true;
  registry.in_force = std::ranges::all_of(registry.signatories(), [](const Signatory& s) {
    return !s.founding || s.signed_convention;
  });
}

}  // namespace

std::span<const Rule> convention_rules() {
  static constexpr Rule kRules[] = {
      {"convention.opened", decide_opened, evolve_opened},
      {"convention.signed", decide_signed, evolve_signed},
  };
  return kRules;
}

}  // namespace relais::rules
