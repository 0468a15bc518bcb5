#include "ledger/crypto/jwk.h"

#include <sodium.h>

#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"

namespace relais::crypto {
namespace {

std::unexpected<Error> bad_jwk(std::string field, std::string accepted) {
  return fail(error(Errc::malformed, "jwk-form", "not a JWK of an Ed25519 key")
                  .at(std::move(field))
                  .accepts(std::move(accepted))
                  .from("RFC 8037, section 2"));
}

std::optional<Hash> decode_32(std::string_view text) {
  if (text.size() != 43) return std::nullopt;
  const auto bytes = base64url_decode(text);
  if (!bytes || bytes->size() != std::tuple_size_v<Hash>) return std::nullopt;
  return to_hash(*bytes);
}

std::optional<Hash> decode_member(const json::object& jwk, std::string_view name) {
  const auto* text = json::find_string(jwk, name);
  return text == nullptr ? std::nullopt : decode_32({text->data(), text->size()});
}

/// The public key of a JWK whose other members do not speak against Ed25519 signatures. `kid` is
/// not looked at: a key's id here is always its thumbprint.
Result<PublicKey> read_public(const json::object& jwk) {
  const auto* kty = json::find_string(jwk, "kty");
  if (kty == nullptr || *kty != "OKP") return bad_jwk("kty", "OKP");
  const auto* crv = json::find_string(jwk, "crv");
  if (crv == nullptr || *crv != "Ed25519") return bad_jwk("crv", "Ed25519");
  if (jwk.contains("alg")) {
    const auto* alg = json::find_string(jwk, "alg");
    if (alg == nullptr || (*alg != "EdDSA" && *alg != "Ed25519"))
      return bad_jwk("alg", "EdDSA or Ed25519");
  }
  if (jwk.contains("use")) {
    const auto* use = json::find_string(jwk, "use");
    if (use == nullptr || *use != "sig") return bad_jwk("use", "sig");
  }
  const auto x = decode_member(jwk, "x");
  if (!x) return bad_jwk("x", "base64url of 32 bytes");
  return *x;
}

std::string members(const PublicKey& key) {
  return R"({"kty":"OKP","crv":"Ed25519","x":")" + to_text(key) + R"(","kid":")" +
         to_text(thumbprint(key)) + R"(","alg":"EdDSA","use":"sig")";
}

}  // namespace

KeyId thumbprint(const PublicKey& key) {
  return KeyId{sha256({R"({"crv":"Ed25519","kty":"OKP","x":")", to_text(key), R"("})"})};
}

std::string to_text(const KeyId& kid) {
  return base64url_encode(view(kid.bytes));
}

Result<KeyId> parse_key_id(std::string_view text) {
  if (const auto bytes = decode_32(text)) return KeyId{*bytes};
  return fail(error(Errc::malformed, "key-id", "not a key id")
                  .accepts("an RFC 7638 thumbprint: base64url of 32 bytes"));
}

std::string to_text(const PublicKey& key) {
  return base64url_encode(view(key));
}

Result<PublicKey> parse_public_key(std::string_view x) {
  if (const auto bytes = decode_32(x)) return *bytes;
  return fail(error(Errc::malformed, "public-key", "not an Ed25519 public key")
                  .accepts("base64url of 32 bytes"));
}

std::string public_jwk(const PublicKey& key) {
  return members(key) + "}";
}

std::string private_jwk(const SigningKey& key) {
  Hash seed = key.seed();
  std::string d = base64url_encode(view(seed));
  std::string out = members(key.public_key());
  out.reserve(out.size() + d.size() + 16);  // no reallocation leaves a copy of the seed behind
  out.append(R"(,"d":")").append(d).append(R"("})");
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(d.data(), d.size());
  return out;
}

Result<PublicKey> parse_public_jwk(std::string_view json) {
  RELAIS_ASSIGN(const json::value value, json::parse(json));
  if (!value.is_object()) return bad_jwk("", "a JSON object");
  return read_public(value.get_object());
}

Result<SigningKey> parse_private_jwk(std::string_view json) {
  RELAIS_ASSIGN(const json::value value, json::parse(json));
  if (!value.is_object()) return bad_jwk("", "a JSON object");
  RELAIS_ASSIGN(const PublicKey x, read_public(value.get_object()));
  auto seed = decode_member(value.get_object(), "d");
  if (!seed) return bad_jwk("d", "base64url of 32 bytes");
  SigningKey key = SigningKey::from_seed(*seed);
  sodium_memzero(seed->data(), seed->size());
  if (key.public_key() != x) return bad_jwk("x", "the public key that belongs to d");
  return key;
}

}  // namespace relais::crypto
