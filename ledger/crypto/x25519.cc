#include "ledger/crypto/x25519.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/crypto/sodium.h"

namespace relais::crypto {
namespace {

static_assert(crypto_scalarmult_curve25519_BYTES == sizeof(Hash));

std::unexpected<Error> bad_sealing_jwk(std::string field, std::string accepted) {
  return fail(error(Errc::malformed, "jwk-form", "not a JWK of an X25519 key")
                  .at(std::move(field))
                  .accepts(std::move(accepted))
                  .from("RFC 8037, section 2"));
}

/// Below p = 2^255 - 19, and without the top bit, which X25519 does not look at.
bool is_canonical(const Hash& u) {
  if ((u[31] & 0x80) != 0) return false;
  const bool high = u[31] == 0x7f && std::all_of(u.begin() + 1, u.begin() + 31,
                                                 [](std::uint8_t b) { return b == 0xff; });
  return !high || u[0] < 0xed;
}

/// The u-coordinates of the points whose order divides eight, on the curve and on its twist: 0, 1,
/// p - 1 and two more. As each scalar is a multiple of eight, they give zero with every key.
bool is_low_order(const Hash& u) {
  static constexpr std::array<Hash, 2> kOrderEight = {{
      {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
       0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
       0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
      {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
       0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
       0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
  }};
  if (std::ranges::find(kOrderEight, u) != kOrderEight.end()) return true;
  const auto rest_is = [&u](std::uint8_t first, std::uint8_t middle, std::uint8_t last) {
    return u[0] == first && u[31] == last &&
           std::all_of(u.begin() + 1, u.begin() + 31,
                       [middle](std::uint8_t b) { return b == middle; });
  };
  return rest_is(0, 0, 0) || rest_is(1, 0, 0) || rest_is(0xec, 0xff, 0x7f);
}

std::optional<Hash> bytes_32(std::string_view text) {
  if (text.size() != 43) return std::nullopt;
  const auto bytes = base64url_decode(text);
  if (!bytes || bytes->size() != sizeof(Hash)) return std::nullopt;
  return to_hash(*bytes);
}

std::optional<std::string_view> member(const json::object& jwk, std::string_view name) {
  const auto* text = json::find_string(jwk, name);
  if (text == nullptr) return std::nullopt;
  return std::string_view(text->data(), text->size());
}

/// The public key of a JWK whose other members do not speak against key agreement.
Result<SealingKey> read_sealing(const json::object& jwk) {
  if (member(jwk, "kty") != "OKP") return bad_sealing_jwk("kty", "OKP");
  if (member(jwk, "crv") != "X25519") return bad_sealing_jwk("crv", "X25519");
  if (jwk.contains("alg") && member(jwk, "alg") != "ECDH-ES+A256KW")
    return bad_sealing_jwk("alg", "ECDH-ES+A256KW");
  if (jwk.contains("use") && member(jwk, "use") != "enc") return bad_sealing_jwk("use", "enc");
  auto key = parse_sealing_key(member(jwk, "x").value_or(std::string_view()));
  if (!key) return fail(std::move(key.error()).at("x"));
  return key;
}

std::string members(const SealingKey& key) {
  return R"({"kty":"OKP","crv":"X25519","x":")" + to_text(key) + R"(","kid":")" +
         base64url_encode(view(thumbprint(key).bytes)) + R"(","alg":"ECDH-ES+A256KW","use":"enc")";
}

}  // namespace

OpeningKey OpeningKey::from_scalar(const Hash& scalar) {
  use_sodium();
  OpeningKey key;
  key.scalar_ = scalar;
  check(crypto_scalarmult_curve25519_base(key.public_.bytes.data(), scalar.data()) == 0,
        "X25519 with the base point failed");
  return key;
}

OpeningKey OpeningKey::generate(Random& random) {
  Hash scalar;
  random.fill(scalar);
  OpeningKey key = from_scalar(scalar);
  sodium_memzero(scalar.data(), scalar.size());
  return key;
}

OpeningKey::~OpeningKey() {
  sodium_memzero(scalar_.data(), scalar_.size());
}

std::optional<Hash> OpeningKey::agree(const SealingKey& other) const {
  Hash secret;
  const bool ok =
      crypto_scalarmult_curve25519(secret.data(), scalar_.data(), other.bytes.data()) == 0;
  if (!ok || sodium_is_zero(secret.data(), secret.size()) == 1) return std::nullopt;
  return secret;
}

KeyId thumbprint(const SealingKey& key) {
  return KeyId{sha256({R"({"crv":"X25519","kty":"OKP","x":")", to_text(key), R"("})"})};
}

std::string to_text(const SealingKey& key) {
  return base64url_encode(view(key.bytes));
}

Result<SealingKey> parse_sealing_key(std::string_view x) {
  const auto bytes = bytes_32(x);
  if (bytes && is_canonical(*bytes) && !is_low_order(*bytes)) return SealingKey{*bytes};
  return fail(error(Errc::malformed, "sealing-key", "not an X25519 public key")
                  .accepts("base64url of 32 bytes: a point that is not of low order")
                  .from("RFC 7748, section 6.1"));
}

std::string public_jwk(const SealingKey& key) {
  return members(key) + "}";
}

std::string private_jwk(const OpeningKey& key) {
  Hash scalar = key.scalar();
  std::string d = base64url_encode(view(scalar));
  std::string out = members(key.public_key());
  out.reserve(out.size() + d.size() + 16);  // no reallocation leaves a copy of the scalar behind
  out.append(R"(,"d":")").append(d).append(R"("})");
  sodium_memzero(scalar.data(), scalar.size());
  sodium_memzero(d.data(), d.size());
  return out;
}

Result<SealingKey> parse_sealing_jwk(std::string_view json) {
  RELAIS_ASSIGN(const json::value value, json::parse(json));
  if (!value.is_object()) return bad_sealing_jwk("", "a JSON object");
  return read_sealing(value.get_object());
}

Result<OpeningKey> parse_opening_jwk(std::string_view json) {
  RELAIS_ASSIGN(const json::value value, json::parse(json));
  if (!value.is_object()) return bad_sealing_jwk("", "a JSON object");
  RELAIS_ASSIGN(const SealingKey x, read_sealing(value.get_object()));
  const auto d = member(value.get_object(), "d");
  auto scalar = d ? bytes_32(*d) : std::nullopt;
  if (!scalar) return bad_sealing_jwk("d", "base64url of 32 bytes");
  OpeningKey key = OpeningKey::from_scalar(*scalar);
  sodium_memzero(scalar->data(), scalar->size());
  if (key.public_key() != x) return bad_sealing_jwk("x", "the public key that belongs to d");
  return key;
}

}  // namespace relais::crypto
