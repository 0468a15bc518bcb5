#include "ledger/crypto/jwe.h"

#include <sodium.h>

#include <algorithm>
#include <optional>

#include "ledger/base/check.h"
#include "ledger/crypto/aes.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/sodium.h"

namespace relais::crypto {
namespace {

constexpr std::string_view kAlg = "ECDH-ES+A256KW";
constexpr std::string_view kEnc = "A256GCM";

std::unexpected<Error> bad(std::string_view rule, std::string message, std::string field,
                           std::string accepted, std::string_view source) {
  return fail(error(Errc::malformed, "jwe-" + std::string(rule), std::move(message))
                  .at(std::move(field))
                  .accepts(std::move(accepted))
                  .from(std::string(source)));
}

std::string place(std::size_t recipient, std::string_view member = {}) {
  std::string out = "recipients[" + std::to_string(recipient) + "]";
  if (!member.empty()) out.append(".").append(member);
  return out;
}

bool is(const json::object& o, std::string_view name, std::string_view expected) {
  const auto* text = json::find_string(o, name);
  return text != nullptr && std::string_view(text->data(), text->size()) == expected;
}

/// Exactly these members. What would change how the rest is to be read is named for what it is.
Status check_members(const json::object& o, std::span<const std::string_view> names,
                     const std::string& at) {
  std::string known;
  for (const std::string_view name : names) known.append(known.empty() ? "" : ", ").append(name);
  for (const auto& member : o) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(names, name) != names.end()) continue;
    if (name == "zip")
      return bad("compressed",
                 "compressed payloads are not read: their length tells what is in them", at + "zip",
                 "no zip", "RFC 8725, section 3.6");
    if (name == "crit")
      return bad("critical", "no critical extension is known here", at + "crit", "no crit",
                 "RFC 7516, section 4.1.13");
    return bad("member", "a member that has no place here", at + std::string(name), known,
               "RFC 7516, section 7.2.1");
  }
  for (const std::string_view name : names)
    if (!o.contains(name))
      return bad("member", "a member is missing", at + std::string(name), known,
                 "RFC 7516, section 7.2.1");
  return {};
}

/// The bytes of a member; `size` is what they must be, or 0.
Result<std::string> bytes_of(const json::object& o, std::string_view name, const std::string& at,
                             std::size_t size) {
  const auto* text = json::find_string(o, name);
  const auto bytes =
      text == nullptr ? std::nullopt : base64url_decode({text->data(), text->size()});
  if (bytes && (size == 0 || bytes->size() == size)) return *bytes;
  return bad("size", "a member does not have its form", at + std::string(name),
             size == 0 ? "unpadded base64url" : "base64url of " + std::to_string(size) + " bytes",
             "RFC 7518, sections 4.6 and 5.3");
}

Result<SealingKey> read_epk(const json::object& header, const std::string& at) {
  constexpr std::string_view kNames[] = {"kty", "crv", "x"};
  constexpr std::string_view kSource = "RFC 8037, section 3.2";
  const json::value* value = header.if_contains("epk");
  const json::object* epk = value == nullptr ? nullptr : value->if_object();
  if (epk == nullptr)
    return bad("epk", "the ephemeral key is not an object", at + "epk", "a JWK", kSource);
  RELAIS_TRY(check_members(*epk, kNames, at + "epk."));
  if (!is(*epk, "kty", "OKP") || !is(*epk, "crv", "X25519"))
    return bad("epk", "the ephemeral key is of another kind", at + "epk",
               R"({"kty":"OKP","crv":"X25519","x":…})", kSource);
  const auto* x = json::find_string(*epk, "x");
  const auto key =
      parse_sealing_key(x == nullptr ? std::string_view() : std::string_view(x->data(), x->size()));
  if (!key)
    return bad("epk", "the ephemeral key is no point that anybody makes", at + "epk.x",
               key.error().accepted, kSource);
  return *key;
}

/// The protected header: `enc`, what the caller named, and perhaps `epk`.
Status read_header(std::string_view encoded, std::span<const std::string_view> own, Jwe& out,
                   std::optional<SealingKey>& epk) {
  const auto text = base64url_decode(encoded);
  if (!text)
    return bad("header", "the protected header is not base64url", "protected",
               "unpadded base64url of a JSON object", "RFC 7516, section 7.2.1");
  RELAIS_ASSIGN(const json::value value, json::parse(*text));
  const json::object* header = value.if_object();
  if (header == nullptr)
    return bad("header", "the protected header is not an object", "protected", "a JSON object",
               "RFC 7516, section 4");
  out.epk_in_header = header->contains("epk");
  std::vector<std::string_view> names{"enc"};
  names.insert(names.end(), own.begin(), own.end());
  if (out.epk_in_header) names.emplace_back("epk");
  RELAIS_TRY(check_members(*header, names, "protected."));
  if (!is(*header, "enc", kEnc))
    return bad("algorithm", "the encryption is not spoken here", "protected.enc", std::string(kEnc),
               "RFC 7518, section 5.3");
  for (const std::string_view name : own) {
    const auto* member = json::find_string(*header, name);
    if (member == nullptr)
      return bad("member", "a member is not a string", "protected." + std::string(name), "a string",
                 "RFC 7516, section 4.3");
    out.own.emplace_back(member->data(), member->size());
  }
  if (!out.epk_in_header) return {};
  RELAIS_ASSIGN(epk, read_epk(*header, "protected."));
  return {};
}

Result<JweRecipient> read_recipient(const json::value& value, std::size_t number,
                                    const std::optional<SealingKey>& shared) {
  constexpr std::string_view kNames[] = {"header", "encrypted_key"};
  constexpr std::string_view kHeader[] = {"alg", "kid", "epk"};
  const json::object* o = value.if_object();
  const std::string at = place(number) + ".";
  if (o == nullptr)
    return bad("form", "a recipient is not an object", place(number),
               R"({"header":{…},"encrypted_key":…})", "RFC 7516, section 7.2.1");
  RELAIS_TRY(check_members(*o, kNames, at));
  const json::object* header = o->at("header").if_object();
  if (header == nullptr)
    return bad("header", "a recipient's header is not an object", at + "header", "a JSON object",
               "RFC 7516, section 7.2.1");
  const std::size_t names = shared ? 2 : 3;  // the ephemeral key stands in one place
  RELAIS_TRY(check_members(*header, std::span(kHeader).first(names), at + "header."));
  if (!is(*header, "alg", kAlg))
    return bad("algorithm", "the key management is not spoken here", at + "header.alg",
               std::string(kAlg), "RFC 8037, section 3.2");
  JweRecipient out;
  const auto* kid = json::find_string(*header, "kid");
  const auto id =
      kid == nullptr ? Result<KeyId>(fail(Error{})) : parse_key_id({kid->data(), kid->size()});
  if (!id)
    return bad("key-id", "a recipient's key has no name", at + "header.kid",
               "the RFC 7638 thumbprint of a sealing key", "RFC 7638");
  out.kid = *id;
  if (shared) {
    out.epk = *shared;
  } else {
    RELAIS_ASSIGN(out.epk, read_epk(*header, at + "header."));
  }
  RELAIS_ASSIGN(out.encrypted_key, bytes_of(*o, "encrypted_key", at, kWrappedKeyBytes));
  return out;
}

Status read_recipients(const json::value& value, const std::optional<SealingKey>& epk, Jwe& out) {
  const json::array* list = value.if_array();
  if (list == nullptr || list->empty() || list->size() > kMaxJweRecipients)
    return bad("recipients", "not a list of recipients", "recipients",
               "1 to " + std::to_string(kMaxJweRecipients) + " recipients",
               "RFC 7516, section 7.2.1");
  if (epk && list->size() != 1)
    return bad("epk", "one ephemeral key stands for several recipients", "protected.epk",
               "an epk in the header of each recipient", "RFC 7518, section 4.6.1.1");
  for (std::size_t i = 0; i < list->size(); ++i) {
    RELAIS_ASSIGN(JweRecipient recipient, read_recipient((*list)[i], i, epk));
    for (const JweRecipient& other : out.recipients) {
      if (other.kid == recipient.kid)
        return bad("recipient-repeated", "a recipient is named twice", place(i, "header.kid"),
                   "each key once", "RFC 7516, section 7.2.1");
      if (other.epk == recipient.epk)
        return bad("epk", "two recipients have one ephemeral key", place(i, "header.epk"),
                   "a key of its own for each", "RFC 7518, section 4.6");
    }
    out.recipients.push_back(std::move(recipient));
  }
  return {};
}

/// Bytes that are wiped when they go out of scope.
struct Secret {
  Hash bytes{};
  Secret() = default;
  explicit Secret(const Hash& from) : bytes(from) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { sodium_memzero(bytes.data(), bytes.size()); }
};

/// The key that wraps, from the secret of one agreement.
void derive(const Hash& shared, Secret& out) {
  std::string key = concat_kdf(shared, kAlg, {}, {}, 256);
  out.bytes = to_hash(key);
  sodium_memzero(key.data(), key.size());
}

std::string write_header(std::span<const JweMember> own) {
  json::object header;
  header["enc"] = kEnc;
  for (const auto& [name, value] : own) header[name] = value;
  return base64url_encode(json::serialize(json::value(std::move(header))));
}

json::object write_recipient(const JweRecipient& r, bool epk_in_header) {
  json::object header;
  header["alg"] = kAlg;
  header["kid"] = to_text(r.kid);
  if (!epk_in_header)
    header["epk"] = json::object({{"kty", "OKP"}, {"crv", "X25519"}, {"x", to_text(r.epk)}});
  json::object out;
  out["header"] = std::move(header);
  out["encrypted_key"] = base64url_encode(r.encrypted_key);
  return out;
}

std::unexpected<Error> not_opened() {
  return fail(
      error(Errc::unauthenticated, "jwe-opening", "the JWE is not what was sealed to this key")
          .accepts("the JWE as it was made")
          .from("RFC 7516, section 5.2"));
}

}  // namespace

Result<Jwe> parse_jwe(const json::value& value, std::span<const std::string_view> own) {
  constexpr std::string_view kNames[] = {"protected", "recipients", "iv", "ciphertext", "tag"};
  const json::object* o = value.if_object();
  if (o == nullptr)
    return bad("form", "a JWE is not an object", "", "the general JSON serialization",
               "RFC 7516, section 7.2.1");
  RELAIS_TRY(check_members(*o, kNames, ""));
  Jwe out;
  const auto* header = json::find_string(*o, "protected");
  if (header == nullptr)
    return bad("header", "the protected header is not a string", "protected", "base64url",
               "RFC 7516, section 7.2.1");
  out.header.assign(header->data(), header->size());
  std::optional<SealingKey> epk;
  RELAIS_TRY(read_header(out.header, own, out, epk));
  RELAIS_TRY(read_recipients(o->at("recipients"), epk, out));
  RELAIS_ASSIGN(out.iv, bytes_of(*o, "iv", "", kGcmIvBytes));
  RELAIS_ASSIGN(out.tag, bytes_of(*o, "tag", "", kGcmTagBytes));
  RELAIS_ASSIGN(out.ciphertext, bytes_of(*o, "ciphertext", "", 0));
  if (out.ciphertext.size() > kMaxJwePlaintext)
    return fail(error(Errc::too_large, "jwe-too-large", "the ciphertext is too long")
                    .at("ciphertext")
                    .accepts("at most " + std::to_string(kMaxJwePlaintext) + " bytes"));
  return out;
}

std::string to_text(const Jwe& jwe) {
  json::array recipients;
  for (const JweRecipient& r : jwe.recipients)
    recipients.push_back(write_recipient(r, jwe.epk_in_header));
  json::object out;
  out["protected"] = jwe.header;
  out["recipients"] = std::move(recipients);
  out["iv"] = base64url_encode(jwe.iv);
  out["ciphertext"] = base64url_encode(jwe.ciphertext);
  out["tag"] = base64url_encode(jwe.tag);
  return json::serialize(json::value(std::move(out)));
}

Jwe seal_jwe(std::string_view plaintext, std::span<const JweMember> own,
             std::span<const SealingKey> recipients, Random& random) {
  use_sodium();
  check(!recipients.empty() && recipients.size() <= kMaxJweRecipients, "recipients of a JWE");
  check(plaintext.size() <= kMaxJwePlaintext, "the plaintext of a JWE is within its limit");
  Jwe out;
  out.header = write_header(own);
  for (const auto& [name, value] : own) out.own.emplace_back(value);
  Secret content;
  random.fill(content.bytes);
  for (const SealingKey& to : recipients) {
    const OpeningKey ephemeral = OpeningKey::generate(random);
    const auto agreed = ephemeral.agree(to);
    check(agreed.has_value(), "a sealing key that was parsed is not of low order");
    const Secret shared(*agreed);
    Secret wrapping;
    derive(shared.bytes, wrapping);
    out.recipients.push_back(
        {thumbprint(to), ephemeral.public_key(), wrap_key(wrapping.bytes, content.bytes)});
  }
  std::array<std::uint8_t, kGcmIvBytes> iv{};
  random.fill(iv);
  out.iv.assign(iv.begin(), iv.end());
  GcmText text = gcm_encrypt(content.bytes, out.iv, out.header, plaintext);
  out.ciphertext = std::move(text.ciphertext);
  out.tag = std::move(text.tag);
  return out;
}

Result<std::string> open_jwe(const Jwe& jwe, const OpeningKey& key) {
  use_sodium();
  const KeyId kid = thumbprint(key.public_key());
  const auto to = std::ranges::find(jwe.recipients, kid, &JweRecipient::kid);
  if (to == jwe.recipients.end())
    return fail(error(Errc::not_found, "jwe-recipient", "the JWE is not sealed to this key")
                    .at("recipients")
                    .accepts("a key that a recipient's kid names"));
  const auto agreed = key.agree(to->epk);
  if (!agreed) return not_opened();
  const Secret shared(*agreed);
  Secret wrapping;
  derive(shared.bytes, wrapping);
  const auto unwrapped = unwrap_key(wrapping.bytes, to->encrypted_key);
  if (!unwrapped) return not_opened();
  const Secret content(*unwrapped);
  auto plaintext = gcm_decrypt(content.bytes, jwe.iv, jwe.header, jwe.ciphertext, jwe.tag);
  if (!plaintext) return not_opened();
  return std::move(*plaintext);
}

}  // namespace relais::crypto
