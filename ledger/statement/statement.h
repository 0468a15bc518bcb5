// A statement: what a signatory signs (an SD-JWT that carries a CloudEvent), parsed and typed.
// Everything here is a function of bytes: whether the key is known and the act allowed is judged
// elsewhere (ledger/rules, ledger/log).
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/base/json.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/statement/catalogue.h"
#include "ledger/statement/stream_id.h"
#include "schemas/event.capnp.h"

namespace relais::statement {

inline constexpr std::string_view kTyp = "cloudevents+sd-jwt";
inline constexpr std::size_t kMaxJwtBytes =
    65'535 - 8;  ///< entry bytes are limited by the bundle's uint16 length
/// Digests beyond the sensitive members of the type, of a type that has any. Ours.
inline constexpr std::size_t kMaxDecoys = 8;
/// What is larger is parsed once its signature is known to hold: a MiB takes 50 ms.
inline constexpr std::size_t kMaxParsedUnverified = 16 * 1024;
inline constexpr std::size_t kMaxStatementBytes = 1024 * 1024;  ///< with its disclosures

/// A disclosure that was sealed (ledger/statement/sealed.h): a JWE that stands for a digest.
struct Sealed {
  std::string text;               ///< the JWE: JSON, without white space
  std::string digest;             ///< base64url, as in `_sd`
  std::string member;             ///< of the payload, as the sealer says
  std::vector<KeyId> recipients;  ///< thumbprints of the sealing keys
};

struct Statement {
  std::string jwt;                       ///< issuer-signed JWT, compact, without disclosures
  std::vector<std::string> disclosures;  ///< base64url texts
  std::vector<const Field*> disclosed;   ///< the member that each of them discloses
  std::vector<Sealed> sealed;            ///< what stands for other digests
  KeyId kid;
  std::size_t signing_input_bytes = 0;  ///< the signature covers this many bytes at the head of jwt
  crypto::Signature signature{};
  std::string id;
  std::string source;
  Timestamp time;
  StreamId stream;
  const EventType* type = nullptr;
  /// The first member that must be disclosed and is not; empty: none is missing. An entry of the
  /// log has none of its disclosures.
  std::string undisclosed;
  /// Root schema::Event; receivedAt, signatory and version are still to be set by the ledger. No
  /// sensitive value is in it.
  std::unique_ptr<capnp::MallocMessageBuilder> event;
};

/// Parses and checks all that needs no state: sizes, compact form, header, strict JSON,
/// disclosures, CloudEvents attributes, the event type, its subject, each member against the schema
/// (type, vocabulary, format, length), no unknown member, no sensitive member in clear (rule
/// "sensitive-in-clear", the member's name in `field`), `_sd` only inside `data`, with a digest for
/// each member that must be disclosed ("disclosure-missing"). Attributes must
/// be exactly specversion, id (1 to 128 bytes, neither "." nor ".."), source, type, subject, time,
/// data, _sd_alg and optionally datacontenttype ("application/json").
Result<Statement> parse_statement(std::string_view text);
/// The same of what a signatory sends: a whole SD-JWT, which ends with a tilde even where nothing
/// is disclosed (RFC 9901, section 4). The log itself keeps the JWT alone.
Result<Statement> parse_submission(std::string_view text);

/// Whether a statement that is new to the log brings what it must disclose: "disclosure-missing".
/// Beyond that moment only the number of its digests can be judged, as parse_statement() does: a
/// digest does not tell of what it is, and an erased one is as good as any other.
Status check_disclosed(const Statement& s);

/// Errc::unauthenticated, rule "signature-invalid".
Status verify_signature(const Statement& s, const crypto::PublicKey& key);

/// The stored bytes of a typed event: one flat Cap'n Proto message (a segment, unpacked).
std::string encode_event(schema::Event::Builder event);
inline std::string encode_event(const Statement& s) {
  return encode_event(s.event->getRoot<schema::Event>());
}

/// A typed event read from its stored bytes. Copies them to aligned memory that is reused from call
/// to call.
class EventView {
 public:
  /// False when the bytes are not a message. The reader is valid until the next load.
  bool load(std::string_view bytes);
  schema::Event::Reader get() const { return event_; }

 private:
  kj::Array<capnp::word> words_;
  std::optional<capnp::FlatArrayMessageReader> reader_;
  schema::Event::Reader event_;
};

/// Makes a statement of a plain CloudEvent (JSON object with `data` in clear): fills in what is
/// absent (specversion, id as a UUIDv7, time, source is required unless `default_source` is given),
/// makes a disclosure of each sensitive member the schema names, and signs. Gives the SD-JWT. The
/// result is checked by parse_statement before it is returned, so that a statement the ledger would
/// refuse for its form is refused here, with the same error.
Result<std::string> sign_event(std::string_view event_json, const crypto::SigningKey& key,
                               const Clock& clock, Random& random,
                               std::string_view default_source = {});

/// CloudEvent JSON of a statement (structured mode), with the members that `disclosures` reveal in
/// their places.
Result<json::object> to_cloud_event(std::string_view jwt,
                                    const std::vector<std::string>& disclosures);

/// The payload of a stored event as JSON, wire names and all, by reflection: for answers and
/// exports that have no need of the JWT.
json::object payload_json(schema::Event::Reader event);

/// A proof of possession (compact JWS, typ "relais-key-proof+jwt", payload
/// {"aud":origin,"iss":source}) made by the new key, and its check.
std::string make_key_proof(const crypto::SigningKey& key, std::string_view source,
                           std::string_view origin);
Status check_key_proof(std::string_view proof, const crypto::PublicKey& key,
                       std::string_view source, std::string_view origin);

}  // namespace relais::statement
