#include "ledger/log/admission.h"

#include <string>

#include "ledger/base/check.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/relation.h"

namespace relais::log {
namespace {

/// Entry 0 brings its own key: nobody can have enrolled it before.
Result<Signer> genesis_signer(const statement::Statement& s) {
  const auto event = s.event->getRoot<schema::Event>().asReader();
  if (!event.getData().isConventionOpened())
    return fail(error(Errc::conflict, "genesis-first", "the log is empty")
                    .at("type")
                    .accepts("relais.convention.opened.v1 as entry 0"));
  const auto text = event.getData().getConventionOpened().getSystemKey();
  RELAIS_ASSIGN(const auto key, crypto::parse_public_key({text.begin(), text.size()}));
  if (crypto::thumbprint(key) != s.kid)
    return fail(
        error(Errc::unauthenticated, "key-unknown", "entry 0 is not signed by the key it carries")
            .at("kid")
            .accepts("the thumbprint of data.system_key"));
  return Signer{key, SignatoryId{0}, true};
}

/// Where the stream stands is for reading, by who may: the refusal does not say it.
Error stale(StreamVersion expected) {
  return error(Errc::stale, "stream-moved",
               "the stream is not at version " + std::to_string(expected.value))
      .at("If-Match")
      .accepts("the version as it is read now, after what has happened since");
}

}  // namespace

StreamVersion version_for(rules::WorldState& world, const statement::StreamId& stream,
                          SignatoryId who, StreamVersion version) {
  const rules::Signatory* signatory = world.registry().find(who);
  if (stream.kind != schema::StreamKind::CASE || version.value == 0 || signatory == nullptr)
    return version;
  const rules::CaseState* state = world.find_case(stream.uuid);
  check(state != nullptr, "an event of a case that the world does not know");
  return StreamVersion{rules::count_of(*state, signatory->role_set(), version.value)};
}

Error key_unknown() {
  return error(Errc::unauthenticated, "key-unknown", "no signatory has enrolled this key")
      .at("kid")
      .accepts("the RFC 7638 thumbprint of an enrolled key");
}

Result<Signer> authenticate(const rules::Registry& registry, const statement::Statement& s,
                            LogIndex index) {
  if (index.value == 0) return genesis_signer(s);
  const rules::Key* key = registry.find_key(s.kid);
  if (key == nullptr) return fail(key_unknown());
  const rules::Signatory* owner = registry.find(key->owner);
  if (owner == nullptr || owner->source != s.source)
    return fail(error(Errc::unauthenticated, "source-not-of-key",
                      "the key belongs to another signatory than the source names")
                    .at("source")
                    .accepts(owner != nullptr ? owner->source : std::string()));
  return Signer{key->key, key->owner, false};
}

Result<rules::Act> admit(rules::WorldState& world, statement::Statement& s, const Signer& signer,
                         LogIndex index, Timestamp received_at,
                         std::optional<StreamVersion> expected) {
  if (!signer.genesis) RELAIS_TRY(world.registry().check_key(s.kid, received_at));
  const StreamVersion current = world.version(s.stream);
  auto event = s.event->getRoot<schema::Event>();
  event.setReceivedAt(received_at.value);
  event.setSignatory(signer.id.value);
  event.setVersion(current.value + 1);
  rules::Act act{index, event.asReader(), s.stream, s.type};
  // Whether the version is another one would tell, without a trace, that there is such a case.
  if (expected && s.type->relation == schema::Relation::NOT_HOLDER)
    return fail(error(Errc::malformed, "precondition-not-taken",
                      s.type->name + " does not depend on what happened in the case")
                    .at("If-Match")
                    .accepts("the statement without a precondition"));
  // A precondition is for what would be accepted without it (RFC 9110, 13.2.1): else the version
  // could be tried by acts that are refused, and leave no trace.
  RELAIS_TRY(rules::decide(world, act));
  if (expected && *expected != version_for(world, s.stream, signer.id, current))
    return fail(stale(*expected));
  return act;
}

}  // namespace relais::log
