// Admission of one statement on the world as it stands: shared by the writer and by verification,
// so that both judge alike.
#pragma once

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/rules/rules.h"
#include "ledger/statement/statement.h"

namespace relais::log {

/// Most a signatory's clock may run ahead is judged by the rules; the key itself here.
struct Signer {
  crypto::PublicKey key{};
  SignatoryId id;
  bool genesis = false;
};

/// The key a statement names and who holds it, whether or not it is valid now. Entry 0 is signed by
/// the system key that it carries itself. Rules "key-unknown", "source-not-of-key"
/// (Errc::unauthenticated).
Result<Signer> authenticate(const rules::Registry& registry, const statement::Statement& s,
                            LogIndex index);

/// Whether the key may sign at `received_at` and the rules allow the act. Sets receivedAt,
/// signatory and version in the typed event. `expected`: version the stream must be at, as the
/// signer counts it ("stream-moved", Errc::stale). Changes nothing in the world.
Result<rules::Act> admit(rules::WorldState& world, statement::Statement& s, const Signer& signer,
                         LogIndex index, Timestamp received_at,
                         std::optional<StreamVersion> expected);

/// A version of a stream as this signatory counts it (ledger/rules/relation.h).
StreamVersion version_for(rules::WorldState& world, const statement::StreamId& stream,
                          SignatoryId who, StreamVersion version);

/// Key in the family `ids`.
std::string id_key(std::string_view id, SignatoryId signatory);
/// Key in the family `streams`.
std::string stream_version_key(const statement::StreamId& stream, StreamVersion version);

/// "key-unknown": nobody has enrolled the key that a statement names.
Error key_unknown();

}  // namespace relais::log
