// Texts that all formats are made of.
#include <string>
#include <string_view>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/base/id.h"
#include "ledger/base/json.h"
#include "ledger/base/json_writer.h"
#include "ledger/base/utf8.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/jws.h"
#include "ledger/crypto/seal.h"
#include "ledger/crypto/x25519.h"
#include "ledger/statement/stream_id.h"
#include "ledger/vault/vault.h"
#include "tests/fuzz/target.h"

namespace relais::fuzz {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// Boost.JSON 1.81 may be off in the last bit of a double. No member of a statement is one.
bool has_double(const json::value& v) {
  if (v.is_double()) return true;
  if (const auto* array = v.if_array()) {
    for (const json::value& element : *array)
      if (has_double(element)) return true;
  } else if (const auto* object = v.if_object()) {
    for (const auto& member : *object)
      if (has_double(member.value())) return true;
  }
  return false;
}

void json_text(std::string_view text) {
  const auto value = json::parse(text);
  check(!value || is_utf8(text), "JSON is UTF-8");
  if (value) {
    const auto again = json::parse(json::serialize(*value));
    check(again.has_value(), "JSON that is read can be written and read");
    check(has_double(*value) || *again == *value, "and says the same");
    const auto shown = json::parse(printable_json(text));
    check(shown.has_value() && *shown == *value, "JSON that is shown says the same");
  }
  std::string written;
  JsonWriter(written).begin_array().text(text).end_array();
  const auto read = json::parse(written);
  check(read.has_value(), "whatever is written is JSON");
  const auto& element = read->as_array().at(0).as_string();
  check(!is_utf8(text) || std::string_view(element) == text, "a text is written as it is");
  const std::string line = printable(text);
  check(line.find('\n') == line.npos && line.find('\x1b') == line.npos, "one line, no controls");
  check(printable(line) == line, "what is printable stays as it is");
}

void base64(std::string_view text) {
  if (const auto bytes = crypto::base64url_decode(text))
    check(crypto::base64url_encode(*bytes) == text, "bytes have one text in base64url");
  if (const auto bytes = crypto::base64_decode(text))
    check(crypto::base64_encode(*bytes) == text, "bytes have one text in base64");
  check(crypto::base64url_decode(crypto::base64url_encode(text)) == text, "base64url reads back");
  check(crypto::base64_decode(crypto::base64_encode(text)) == text, "base64 reads back");
}

/// Identifiers, times, keys: short texts that are read by hand.
void names(std::string_view text) {
  if (const auto id = parse_uuid(text)) {
    check(parse_uuid(to_string(*id)) == id, "a UUID reads back");
    std::string bytes;
    append_uuid(bytes, *id);
    check(load_uuid(bytes) == *id, "and of its bytes");
  }
  if (const auto time = parse_rfc3339(text)) {
    check(time->value >= 0 && parse_rfc3339(to_rfc3339(*time)) == time, "a time reads back");
  }
  if (const auto day = parse_date(text)) check(to_date(*day) == text, "a day has one text");
  if (const auto stream = statement::parse_subject(text)) {
    const auto again = statement::parse_subject(statement::to_subject(*stream));
    check(again.has_value() && *again == *stream, "a subject reads back");
    const std::string key = statement::stream_key(*stream);
    check(key.size() >= 2 && key.size() <= 66, "a stream's key is short");
  }
  if (const auto kid = crypto::parse_key_id(text))
    check(crypto::to_text(*kid) == text, "a thumbprint has one text");
  if (const auto key = crypto::parse_public_key(text))
    check(crypto::to_text(*key) == text, "a public key has one text");
  if (const auto key = crypto::parse_sealing_key(text))
    check(crypto::to_text(*key) == text, "a sealing key has one text");
}

void jwk(std::string_view text) {
  if (const auto key = crypto::parse_public_jwk(text)) {
    const auto again = crypto::parse_public_jwk(crypto::public_jwk(*key));
    check(again.has_value() && *again == *key, "a JWK reads back");
  }
  if (const auto key = crypto::parse_private_jwk(text)) {
    const auto again = crypto::parse_private_jwk(crypto::private_jwk(*key));
    check(again.has_value() && again->seed() == key->seed(), "a private JWK reads back");
  }
  if (const auto key = crypto::parse_sealing_jwk(text)) {
    const auto again = crypto::parse_sealing_jwk(crypto::public_jwk(*key));
    check(again.has_value() && *again == *key, "a sealing JWK reads back");
  }
  if (const auto key = crypto::parse_opening_jwk(text)) {
    const auto again = crypto::parse_opening_jwk(crypto::private_jwk(*key));
    check(again.has_value() && again->scalar() == key->scalar(), "an opening JWK reads back");
  }
}

void jws(std::string_view text) {
  const auto parsed = crypto::parse_jws(text, "relais-access+jwt");
  if (!parsed) return check(!parsed.error().rule.empty(), "a refusal names its rule");
  check(parsed->signature.size() == 64 && text.starts_with(parsed->signing_input),
        "a signature covers the head of its text");
  static const auto key = crypto::SigningKey::from_seed(Hash{1});
  const std::string own = crypto::sign_jws(key, "relais-access+jwt", parsed->payload);
  const auto again = crypto::parse_jws(own, "relais-access+jwt");
  check(again.has_value() && again->payload == parsed->payload &&
            crypto::verify_jws(*again, key.public_key()),
        "a payload that is signed reads back and holds");
}

/// What leaves sealed and comes back: records of the vault, cursors. The first byte says where the
/// text ends and its place begins.
void sealing(std::string_view input) {
  static const crypto::SecretKey key{std::string(crypto::SecretKey::kBytes, 'k')};
  const std::size_t split = input.empty() ? 0 : static_cast<unsigned char>(input[0]);
  const std::string_view text = input.substr(0, split);
  const std::string_view place = input.substr(text.size());
  check(!crypto::unseal(key, text, place), "nobody seals without the key");
  check(!vault::Vault::open(key, text, place), "and no record of the vault");
  const std::string stream(place.substr(0, 66));
  std::string sealed = vault::Vault::seal(key, stream, place, text);
  const auto opened = vault::Vault::open(key, sealed, place);
  check(opened && *opened && **opened == text, "a record of the vault opens");
  check(!vault::Vault::open(key, sealed, std::string(place) + "x"), "in its place alone");
  sealed[split % sealed.size()] ^= 1;
  const auto changed = vault::Vault::open(key, sealed, place);
  // The stream in front of it is no part of the seal: it only says which key to take.
  check(split % sealed.size() <= stream.size() || !changed, "and only as it was sealed");
  static const crypto::Sealer cursors(Hash{9});
  check(!cursors.open(text, place), "nobody makes a cursor");
  if (text.size() <= crypto::Sealer::kMaxText) {
    const std::string cursor = cursors.seal(text, place);
    check(cursor.size() == crypto::Sealer::kSealedBytes, "a cursor does not tell its length");
    check(cursors.open(cursor, place) == text, "a cursor opens");
    check(!cursors.open(cursor, std::string(place) + "x"), "for its list alone");
  }
}

}  // namespace

std::span<const Target> text_targets() {
  static constexpr Target kTargets[] = {{"json", json_text}, {"base64", base64},
                                        {"names", names},    {"jwk", jwk},
                                        {"jws", jws},        {"sealing", sealing}};
  return kTargets;
}

}  // namespace relais::fuzz
