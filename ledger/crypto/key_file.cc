// Private keys on disk: the file functions of jwk.h and x25519.h.
#include <sodium.h>

#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/private_file.h"
#include "ledger/crypto/sodium.h"
#include "ledger/crypto/x25519.h"

namespace relais::crypto {
namespace {

constexpr std::string_view kEncryptedType = "relais-encrypted";
constexpr std::string_view kKdf = "argon2id13";

/// Bytes that are wiped when they go out of scope.
struct SecretText {
  std::string text;
  SecretText() = default;
  explicit SecretText(std::string t) : text(std::move(t)) {}
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { sodium_memzero(text.data(), text.size()); }
};

unsigned char* raw(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}
const unsigned char* raw(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

std::unexpected<Error> bad_file(std::string message, std::string accepted) {
  return fail(error(Errc::malformed, "key-file", std::move(message)).accepts(std::move(accepted)));
}

struct KdfLimits {
  std::uint64_t ops = crypto_pwhash_OPSLIMIT_INTERACTIVE;
  std::uint64_t mem_bytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;
};

Status derive(std::string& key, std::string_view passphrase, std::string_view salt,
              const KdfLimits& limits) {
  key.resize(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  if (crypto_pwhash(raw(key), key.size(), passphrase.data(), passphrase.size(), raw(salt),
                    limits.ops, limits.mem_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(Errc::unavailable, "key-memory", "not enough memory to derive the key");
  return {};
}

/// The encrypted form of a private JWK. Its `kid` is in clear, and is the additional data of the
/// AEAD.
Result<std::string> encrypt(std::string_view jwk, const std::string& kid,
                            std::string_view passphrase) {
  std::string salt(crypto_pwhash_SALTBYTES, '\0');
  std::string nonce(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, '\0');
  randombytes_buf(salt.data(), salt.size());
  randombytes_buf(nonce.data(), nonce.size());
  const KdfLimits limits;
  SecretText secret;
  RELAIS_TRY(derive(secret.text, passphrase, salt, limits));
  std::string sealed(jwk.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(sealed), nullptr, raw(jwk), jwk.size(), raw(kid),
                                             kid.size(), nullptr, raw(nonce), raw(secret.text));
  json::object out;
  out["kty"] = kEncryptedType;
  out["kdf"] = kKdf;
  out["ops"] = limits.ops;
  out["mem"] = limits.mem_bytes;
  out["salt"] = base64url_encode(salt);
  out["nonce"] = base64url_encode(nonce);
  out["kid"] = kid;
  out["ciphertext"] = base64url_encode(sealed);
  return json::serialize(out);
}

std::optional<std::string> bytes_member(const json::object& o, std::string_view name) {
  const auto* text = json::find_string(o, name);
  return text == nullptr ? std::nullopt : base64url_decode({text->data(), text->size()});
}

/// The limits named in the file, within what a file may make this machine do.
std::optional<KdfLimits> read_limits(const json::object& o) {
  const auto number = [&o](std::string_view name) -> std::uint64_t {
    const json::value* v = o.if_contains(name);
    return v != nullptr && v->is_int64() && v->get_int64() > 0
               ? static_cast<std::uint64_t>(v->get_int64())
               : 0;
  };
  const KdfLimits limits{number("ops"), number("mem")};
  if (limits.ops < crypto_pwhash_OPSLIMIT_MIN || limits.ops > crypto_pwhash_OPSLIMIT_MODERATE ||
      limits.mem_bytes < crypto_pwhash_MEMLIMIT_MIN ||
      limits.mem_bytes > crypto_pwhash_MEMLIMIT_MODERATE)
    return std::nullopt;
  return limits;
}

Status decrypt(const json::object& o, std::string_view passphrase, SecretText& plain) {
  if (passphrase.empty())
    return fail(Errc::unauthenticated, "key-passphrase", "the key file needs a passphrase");
  const auto* kdf = json::find_string(o, "kdf");
  const auto* kid = json::find_string(o, "kid");
  const auto limits = read_limits(o);
  const auto salt = bytes_member(o, "salt");
  const auto nonce = bytes_member(o, "nonce");
  const auto sealed = bytes_member(o, "ciphertext");
  if (kdf == nullptr || *kdf != kKdf || kid == nullptr || !limits || !salt ||
      salt->size() != crypto_pwhash_SALTBYTES || !nonce ||
      nonce->size() != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES || !sealed ||
      sealed->size() < crypto_aead_xchacha20poly1305_ietf_ABYTES)
    return bad_file("the encrypted key file does not hold together",
                    "what `relais key new` wrote, unchanged");
  SecretText secret;
  RELAIS_TRY(derive(secret.text, passphrase, *salt, *limits));
  plain.text.resize(sealed->size() - crypto_aead_xchacha20poly1305_ietf_ABYTES);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          raw(plain.text), nullptr, nullptr, raw(*sealed), sealed->size(),
          reinterpret_cast<const unsigned char*>(kid->data()), kid->size(), raw(*nonce),
          raw(secret.text)) != 0)
    return fail(Errc::unauthenticated, "key-passphrase",
                "the passphrase does not open the key file");
  return {};
}

Status save(const std::filesystem::path& file, SecretText& jwk, const KeyId& kid,
            std::string_view passphrase) {
  use_sodium();
  if (!passphrase.empty()) {
    RELAIS_ASSIGN(std::string sealed, encrypt(jwk.text, to_text(kid), passphrase));
    sodium_memzero(jwk.text.data(), jwk.text.size());
    jwk.text = std::move(sealed);
  }
  jwk.text += '\n';
  return create_private_file(file, jwk.text);
}

/// The private JWK that a key file holds, in either form.
Status load(const std::filesystem::path& file, std::string_view passphrase, SecretText& jwk) {
  use_sodium();
  SecretText bytes;
  RELAIS_TRY(read_private_file(file, bytes.text));
  RELAIS_ASSIGN(const json::value value, json::parse(bytes.text));
  const json::object* object = value.if_object();
  const auto* kty = object == nullptr ? nullptr : json::find_string(*object, "kty");
  if (kty != nullptr && *kty == kEncryptedType) return decrypt(*object, passphrase, jwk);
  jwk.text.swap(bytes.text);
  return {};
}

}  // namespace

Status save_private_key(const std::filesystem::path& file, const SigningKey& key,
                        std::string_view passphrase) {
  SecretText jwk(private_jwk(key));
  return save(file, jwk, thumbprint(key.public_key()), passphrase);
}

Result<SigningKey> load_private_key(const std::filesystem::path& file,
                                    std::string_view passphrase) {
  SecretText jwk;
  RELAIS_TRY(load(file, passphrase, jwk));
  return parse_private_jwk(jwk.text);
}

Status save_opening_key(const std::filesystem::path& file, const OpeningKey& key,
                        std::string_view passphrase) {
  SecretText jwk(private_jwk(key));
  return save(file, jwk, thumbprint(key.public_key()), passphrase);
}

Result<OpeningKey> load_opening_key(const std::filesystem::path& file,
                                    std::string_view passphrase) {
  SecretText jwk;
  RELAIS_TRY(load(file, passphrase, jwk));
  return parse_opening_jwk(jwk.text);
}

}  // namespace relais::crypto
