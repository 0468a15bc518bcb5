#include "ledger/statement/statement.h"

#include <algorithm>
#include <boost/json/monotonic_resource.hpp>
#include <cstring>
#include <utility>

#include "ledger/base/check.h"
#include "ledger/base/json_memory.h"
#include "ledger/base/utf8.h"
#include "ledger/crypto/jws.h"
#include "ledger/statement/cloud_event.h"
#include "ledger/statement/codec.h"
#include "ledger/statement/sd_jwt.h"

namespace relais::statement {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxSourceBytes = 200;
/// First segment of a typed event, in words: most events fit.
constexpr unsigned kFirstSegmentWords = 128;
/// Bytes of a parsed payload: most have fewer.
constexpr std::size_t kUsualPayload = 6 * 1024;

std::string_view view(const boost::json::string& s) {
  return {s.data(), s.size()};
}

std::unexpected<Error> too_large(std::string rule, std::string message, std::size_t limit) {
  return fail(error(Errc::too_large, std::move(rule), std::move(message))
                  .accepts("at most " + std::to_string(limit) + " bytes"));
}

/// The attributes of a statement that are read one by one; texts point into the payload.
struct Attributes {
  std::string_view id, source, type, subject, time;
  const json::object* data = nullptr;
};

/// A statement has these members and no other, so that nothing is signed that is not judged.
Status check_names(const json::object& event) {
  constexpr std::string_view kNames[] = {"specversion", "id",   "source", "type",
                                         "subject",     "time", "data",   "datacontenttype"};
  for (const auto& member : event) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(kNames, name) == std::end(kNames))
      return fail(error(Errc::invalid, "attribute-unknown", "a statement has no such attribute")
                      .at(std::string(name))
                      .accepts("specversion, id, source, type, subject, time, data, "
                               "datacontenttype, _sd_alg"));
  }
  if (const json::value* type = event.if_contains("datacontenttype"))
    if (!type->is_string() || type->get_string() != "application/json")
      return fail(error(Errc::invalid, "attribute-value", "the data is always JSON")
                      .at("datacontenttype")
                      .accepts("application/json, or no such attribute"));
  return {};
}

Status read_text(const json::object& event, std::string_view name, std::string_view& out) {
  const boost::json::string* text = json::find_string(event, name);
  if (text == nullptr)
    return fail(error(Errc::invalid, "attribute-missing", "a statement must have this attribute")
                    .at(std::string(name))
                    .accepts("a string"));
  out = view(*text);
  return {};
}

Status check_length(std::string_view name, std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return {};
  return fail(error(Errc::invalid, "attribute-length", "the attribute is too long")
                  .at(std::string(name))
                  .accepts("at most " + std::to_string(limit) + " bytes"));
}

Result<Attributes> read_attributes(const json::object& event) {
  RELAIS_TRY(check_cloud_event(event));
  RELAIS_TRY(check_names(event));
  Attributes a;
  RELAIS_TRY(read_text(event, "id", a.id));
  RELAIS_TRY(read_text(event, "source", a.source));
  RELAIS_TRY(read_text(event, "type", a.type));
  RELAIS_TRY(read_text(event, "subject", a.subject));
  RELAIS_TRY(read_text(event, "time", a.time));
  RELAIS_TRY(check_length("id", a.id, kMaxIdBytes));
  // An event is read under /v1/events/{id}, and every client takes these out of a path, escaped too
  // (RFC 3986, section 5.2.4; WHATWG URL).
  if (a.id == "." || a.id == "..")
    return fail(error(Errc::invalid, "id-form", "the id cannot stand in a path")
                    .at("id")
                    .accepts("any other text of 1 to 128 bytes, best a UUIDv7"));
  RELAIS_TRY(check_length("source", a.source, kMaxSourceBytes));
  const json::value* data = event.if_contains("data");
  a.data = data == nullptr ? nullptr : data->if_object();
  if (a.data == nullptr)
    return fail(error(Errc::invalid, "data-form", "a statement's data is not an object")
                    .at("data")
                    .accepts("a JSON object with the members of the event type"));
  return a;
}

/// Digests stand in `data._sd` and nowhere else: whatever decides validity is in clear.
Status check_places(const Processed& processed) {
  const auto refuse = [](const std::string& path) {
    return fail(error(Errc::invalid, "sd-place", "a digest stands where none may stand")
                    .at(path)
                    .accepts("digests in data._sd alone"));
  };
  for (const std::string& path : processed.digest_paths)
    if (path != "data") return refuse(path.empty() ? "_sd" : path);
  if (processed.digests != processed.digest_paths.size()) return refuse("a disclosure");
  return {};
}

Status read_type(const Attributes& a, Statement& s) {
  s.type = catalogue().find(a.type);
  if (s.type == nullptr)
    return fail(error(Errc::invalid, "type-unknown", "there is no event of this type")
                    .at("type")
                    .accepts("relais.<name>.v1 with a name of the event catalogue, as "
                             "relais.case.detected.v1"));
  RELAIS_ASSIGN(s.stream, parse_subject(a.subject));
  if (s.stream.kind != s.type->stream)
    return fail(error(Errc::invalid, "subject-kind", "events of this type are of other streams")
                    .at("subject")
                    .accepts(std::string(wire_name(s.type->stream)) + "/…"));
  return {};
}

/// Each is of one member of the payload: no digest stands elsewhere, and check_payload has found
/// that the type has it.
void note_disclosed(const Processed& processed, Statement& s) {
  constexpr std::string_view kData = "data.";
  for (const Disclosed& d : processed.disclosed) {
    s.disclosed.push_back(s.type->payload.find(std::string_view(d.path).substr(kData.size())));
    check(s.disclosed.back() != nullptr, "a disclosure of a member that the type does not have");
  }
}

void write_event(Statement& s, const json::object& data, std::size_t withheld) {
  s.event = std::make_unique<capnp::MallocMessageBuilder>(kFirstSegmentWords);
  auto event = s.event->initRoot<schema::Event>();
  event.setTime(s.time.value);
  event.setStreamKind(s.stream.kind);
  event.setUuidHigh(s.stream.uuid.high);
  event.setUuidLow(s.stream.uuid.low);
  event.setWithheld(static_cast<std::uint16_t>(withheld));
  event.setId(capnp::Text::Reader(s.id.c_str(), s.id.size()));
  if (!s.stream.name.empty())
    event.setStreamName(capnp::Text::Reader(s.stream.name.c_str(), s.stream.name.size()));
  event.setKid(capnp::Data::Reader(s.kid.bytes.data(), s.kid.bytes.size()));
  capnp::DynamicStruct::Builder members = capnp::toDynamic(event.getData());
  write_payload(s.type->payload, data, members.init(s.type->member).as<capnp::DynamicStruct>());
}

Error disclosure_missing(const EventType& type, const std::string& member) {
  return error(Errc::invalid, "disclosure-missing", "a member that must be disclosed is missing")
      .at("data." + member)
      .accepts("a disclosure of the member, its digest in data._sd")
      .from(type.source);
}

/// What must be disclosed has a digest at least: also where the disclosure is not here any more.
Status check_digests(const json::object& data, std::size_t digests, Statement& s) {
  std::size_t due = 0;
  const Field* missing = undisclosed(*s.type, data, due);
  if (missing == nullptr) return {};
  s.undisclosed = missing->name;
  return digests >= due ? Status{} : fail(disclosure_missing(*s.type, s.undisclosed));
}

/// What the payload says, checked and typed. `processed` holds the disclosed values in place, and
/// the typed event leaves them out: it is the same with and without disclosures.
Status read_event(const Processed& processed, Statement& s) {
  RELAIS_TRY(check_places(processed));
  RELAIS_ASSIGN(const Attributes a, read_attributes(processed.payload));
  RELAIS_TRY(read_type(a, s));
  if (Status checked = check_payload(*s.type, *a.data, processed.disclosed); !checked) {
    if (checked.error().rule == "too-short") checked.error().source = s.type->source;
    return checked;
  }
  RELAIS_TRY(check_digests(*a.data, processed.digests, s));
  const auto time = parse_rfc3339(a.time);
  check(time.has_value(), "a time that CloudEvents accepts cannot be read");
  s.time = *time;
  s.id = a.id;
  s.source = a.source;
  note_disclosed(processed, s);
  write_event(s, *a.data, processed.digest_paths.size());
  return {};
}

Result<json::object> parse_payload(std::string_view text,
                                   const boost::json::storage_ptr& memory = {}) {
  RELAIS_ASSIGN(json::value value, json::parse(text, memory));
  if (json::object* object = value.if_object()) return std::move(*object);
  return fail(error(Errc::malformed, "payload-form", "the signed payload is not a JSON object")
                  .accepts("a CloudEvent in structured JSON"));
}

/// A type that hides nothing has no digests, and another hardly more than it can hide: what nobody
/// can check is no place to fill the log from. RFC 9901, section 4.2.5 allows decoys; how many are
/// taken is ours.
Status check_decoys(const Statement& s) {
  const auto hidden = static_cast<std::size_t>(
      std::ranges::count_if(s.type->payload.fields, [](const Field& f) { return f.sensitive; }));
  const std::size_t most = hidden == 0 ? 0 : hidden + kMaxDecoys;
  if (s.event->getRoot<schema::Event>().asReader().getWithheld() <= most) return {};
  return fail(error(Errc::invalid, "sd-too-many", "there are more digests than the type can hide")
                  .at("data._sd")
                  .accepts(most == 0 ? "no digests: " + s.type->name + " has no sensitive member"
                                     : "at most " + std::to_string(most) + " digests"));
}

}  // namespace

Result<Statement> parse_statement(std::string_view text) {
  if (text.size() > kMaxStatementBytes)
    return too_large("statement-too-large", "the statement is too large", kMaxStatementBytes);
  RELAIS_ASSIGN(const SdJwt parts, split_sd_jwt(text));
  if (parts.jwt.size() > kMaxJwtBytes)
    return too_large("jwt-too-large", "the signed part of the statement is too large",
                     kMaxJwtBytes);
  RELAIS_ASSIGN(const crypto::Jws jws, crypto::parse_jws(parts.jwt, kTyp));
  // Nothing of it is left behind: the typed event has what is kept.
  json::Room<kUsualPayload> room;
  boost::json::monotonic_resource memory(room.bytes.data(), room.bytes.size());
  RELAIS_ASSIGN(json::object payload, parse_payload(jws.payload, &memory));
  RELAIS_ASSIGN(const Processed processed, process_sd_jwt(std::move(payload), parts.disclosures));
  Statement s;
  s.jwt = parts.jwt;
  s.disclosures.assign(parts.disclosures.begin(), parts.disclosures.end());
  s.kid = jws.kid;
  s.signing_input_bytes = jws.signing_input.size();
  std::memcpy(s.signature.data(), jws.signature.data(), s.signature.size());
  RELAIS_TRY(read_event(processed, s));
  return s;
}

Result<Statement> parse_submission(std::string_view text) {
  if (text.find('~') == std::string_view::npos)
    return fail(error(Errc::malformed, "sd-jwt-form", "there is no tilde behind the JWT")
                    .accepts("<jwt>~<disclosure>~…~, or <jwt>~ where nothing is disclosed")
                    .from("RFC 9901, section 4"));
  auto parsed = parse_statement(text);
  if (parsed) RELAIS_TRY(check_decoys(*parsed));
  if (parsed && printable(parsed->id) != parsed->id)
    return fail(error(Errc::malformed, "id-form", "the id has characters that nobody sees")
                    .at("id")
                    .accepts("text without controls, line ends and directions of writing"));
  return parsed;
}

Status check_disclosed(const Statement& s) {
  if (s.undisclosed.empty()) return {};
  for (const Sealed& sealed : s.sealed)  // its words are for who can open it
    if (sealed.member == s.undisclosed) return {};
  return fail(disclosure_missing(*s.type, s.undisclosed));
}

Status verify_signature(const Statement& s, const crypto::PublicKey& key) {
  const std::string_view input = std::string_view(s.jwt).substr(0, s.signing_input_bytes);
  if (crypto::verify(key, input, crypto::view(s.signature))) return {};
  return fail(Errc::unauthenticated, "signature-invalid",
              "the signature is not by the key it names over these bytes");
}

Result<json::object> to_cloud_event(std::string_view jwt,
                                    const std::vector<std::string>& disclosures) {
  RELAIS_ASSIGN(const crypto::Jws jws, crypto::parse_jws(jwt, kTyp));
  RELAIS_ASSIGN(json::object payload, parse_payload(jws.payload));
  RELAIS_ASSIGN(Processed processed,
                process_sd_jwt(std::move(payload), {disclosures.begin(), disclosures.end()}));
  return std::move(processed.payload);
}

json::object payload_json(schema::Event::Reader event) {
  const EventType& type = type_of(event);
  const capnp::DynamicStruct::Reader members = capnp::toDynamic(event.getData());
  return read_payload(type.payload, members.get(type.member).as<capnp::DynamicStruct>());
}

}  // namespace relais::statement
