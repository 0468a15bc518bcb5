#include "ledger/crypto/jws.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"

namespace relais::crypto {
namespace {

/// Longest protected header in base64url: ours take about 170 characters.
constexpr std::size_t kMaxHeaderText = 1024;

/// The media type in lower case and without "application/" (RFC 7515, section 4.1.9).
std::string media_type(std::string_view typ) {
  std::string out(typ);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr std::string_view kPrefix = "application/";
  if (out.starts_with(kPrefix)) out.erase(0, kPrefix.size());
  return out;
}

std::unexpected<Error> bad_form(std::string message) {
  return fail(error(Errc::malformed, "jws-form", std::move(message))
                  .accepts("header.payload.signature, each in unpadded base64url")
                  .from("RFC 7515, section 7.1"));
}

/// Refuses members that could carry a key or a meaning we do not know: nothing in a header may
/// choose the key.
Status check_members(const json::object& header) {
  static constexpr std::array<std::string_view, 4> kKeyMembers = {"jwk", "jku", "x5u", "x5c"};
  static constexpr std::array<std::string_view, 4> kKnown = {"alg", "typ", "kid", "cty"};
  for (const auto& member : header) {
    const std::string_view name(member.key().data(), member.key().size());
    if (name == "crit")
      return fail(error(Errc::malformed, "jws-critical", "no critical extension is known here")
                      .at("crit")
                      .from("RFC 7515, section 4.1.11"));
    if (std::ranges::find(kKeyMembers, name) != kKeyMembers.end())
      return fail(error(Errc::unauthenticated, "jws-header-key",
                        "a key in the header is never used: keys are enrolled")
                      .at(std::string(name))
                      .accepts("kid alone"));
    if (std::ranges::find(kKnown, name) == kKnown.end())
      return fail(error(Errc::malformed, "jws-header-member", "an unknown header member")
                      .at(std::string(name))
                      .accepts("alg, typ, kid, cty"));
    if (!member.value().is_string())
      return fail(error(Errc::malformed, "jws-header-member", "a header member is not a string")
                      .at(std::string(name)));
  }
  return {};
}

/// Checks the protected header and gives its `kid`.
Result<KeyId> read_header(std::string_view encoded, std::string_view typ) {
  if (encoded.size() > kMaxHeaderText) return bad_form("the header is too long");
  const auto text = base64url_decode(encoded);
  if (!text) return bad_form("the header is not base64url");
  RELAIS_ASSIGN(const json::value value, json::parse(*text));
  const json::object* header = value.if_object();
  if (header == nullptr) return bad_form("the header is not a JSON object");
  RELAIS_TRY(check_members(*header));

  const auto* alg = json::find_string(*header, "alg");
  if (alg == nullptr || (*alg != "EdDSA" && *alg != "Ed25519"))
    return fail(error(Errc::unauthenticated, "jws-algorithm", "the algorithm is not spoken here")
                    .at("alg")
                    .accepts("EdDSA or Ed25519")
                    .from("RFC 9864"));
  const auto* got = json::find_string(*header, "typ");
  if (got == nullptr || media_type({got->data(), got->size()}) != media_type(typ))
    return fail(error(Errc::malformed, "jws-type", "the token is of another type")
                    .at("typ")
                    .accepts(std::string(typ)));
  const auto* kid = json::find_string(*header, "kid");
  if (kid == nullptr)
    return fail(error(Errc::unauthenticated, "jws-key-id", "the header names no key")
                    .at("kid")
                    .accepts("the RFC 7638 thumbprint of an enrolled key"));
  auto id = parse_key_id({kid->data(), kid->size()});
  if (!id)
    return fail(error(Errc::malformed, "jws-key-id", "kid is not a thumbprint")
                    .at("kid")
                    .accepts("the RFC 7638 thumbprint of an enrolled key"));
  return id;
}

/// Headers that hold: a key has one for all that it signs, and what the same text says is the same
/// again. For one thread.
class KnownHeaders {
 public:
  Result<KeyId> read(std::string_view encoded, std::string_view typ) {
    name_.assign(typ).append(1, '.').append(encoded);
    if (const auto known = kids_.find(name_); known != kids_.end()) return known->second;
    RELAIS_ASSIGN(const KeyId kid, read_header(encoded, typ));
    if (kids_.size() == kMost) kids_.clear();
    kids_.emplace(name_, kid);
    return kid;
  }

 private:
  static constexpr std::size_t kMost = 256;  // of kMaxHeaderText each, at most
  std::unordered_map<std::string, KeyId> kids_;
  std::string name_;
};

}  // namespace

Result<Jws> parse_jws(std::string_view text, std::string_view typ) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos)
    return bad_form("the text does not have three parts");
  Jws jws;
  jws.signing_input = text.substr(0, second);
  thread_local KnownHeaders headers;
  RELAIS_ASSIGN(jws.kid, headers.read(text.substr(0, first), typ));
  auto payload = base64url_decode(text.substr(first + 1, second - first - 1));
  if (!payload) return bad_form("the payload is not base64url");
  jws.payload = std::move(*payload);
  auto signature = base64url_decode(text.substr(second + 1));
  if (!signature || signature->size() != std::tuple_size_v<Signature>)
    return fail(error(Errc::malformed, "jws-signature", "the signature does not have its form")
                    .accepts("base64url of 64 bytes")
                    .from("RFC 8037, section 3.1"));
  jws.signature = std::move(*signature);
  return jws;
}

Status verify_jws(const Jws& jws, const PublicKey& key) {
  if (verify(key, jws.signing_input, jws.signature)) return {};
  return fail(Errc::unauthenticated, "signature-invalid",
              "the signature is not by the key it names over these bytes");
}

std::string sign_jws(const SigningKey& key, std::string_view typ, std::string_view payload) {
  json::object header;
  header["alg"] = "EdDSA";
  header["typ"] = typ;
  header["kid"] = to_text(thumbprint(key.public_key()));
  std::string token = base64url_encode(json::serialize(header));
  token.append(".").append(base64url_encode(payload));
  const Signature signature = key.sign(token);
  return token.append(".").append(base64url_encode(view(signature)));
}

}  // namespace relais::crypto
