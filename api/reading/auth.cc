#include "api/reading/auth.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <vector>

#include "api/http/http.h"
#include "api/http/target.h"
#include "ledger/base/json.h"
#include "ledger/base/json_writer.h"
#include "ledger/base/time_range.h"
#include "ledger/crypto/jws.h"

namespace relais::api {
namespace {

constexpr std::string_view kSource = "docs/FORMATS.md, Access token";

Error refused(std::string rule, std::string message) {
  return error(Errc::unauthenticated, std::move(rule), std::move(message));
}

/// Whole seconds up to the end of the year 9999: no later moment can be written (RFC 3339).
std::optional<std::int64_t> find_seconds(const json::object& o, std::string_view name) {
  const json::value* v = o.if_contains(name);
  if (v == nullptr) return std::nullopt;
  constexpr std::int64_t kLast = kLastTime.value / 1000;
  const auto* i = v->if_int64();
  return i != nullptr && *i >= 0 && *i <= kLast ? std::optional(*i) : std::nullopt;
}

Result<std::string> required(const json::object& o, std::string_view name, std::size_t max) {
  const auto* text = json::find_string(o, name);
  if (text == nullptr || text->empty() || text->size() > max)
    return fail(refused("token-claim", "a claim of the token is missing or not a text")
                    .at(std::string(name))
                    .accepts("1 to " + std::to_string(max) + " bytes"));
  return std::string(text->data(), text->size());
}

/// Checks that do not depend on the present time.
Result<Token> read_claims(const json::object& o, std::string_view origin) {
  Token token;
  RELAIS_ASSIGN(token.issuer, required(o, "iss", 1024));
  RELAIS_ASSIGN(const std::string audience, required(o, "aud", 1024));
  if (audience != origin)
    return fail(refused("token-audience", "the token was made for another log")
                    .at("aud")
                    .accepts(std::string(origin)));
  RELAIS_ASSIGN(token.id, required(o, "jti", kMaxJtiBytes));
  RELAIS_ASSIGN(token.purpose, required(o, "purpose", kMaxPurposeBytes));
  const auto issued = find_seconds(o, "iat");
  const auto expires = find_seconds(o, "exp");
  if (!issued || !expires || *expires <= *issued)
    return fail(refused("token-claim", "the token needs iat and a later exp")
                    .at(issued ? "exp" : "iat")
                    .accepts("whole seconds since the Unix epoch")
                    .from("RFC 7519, section 2, NumericDate"));
  if (o.contains("nbf") && !find_seconds(o, "nbf"))
    return fail(refused("token-claim", "nbf is no time")
                    .at("nbf")
                    .accepts("whole seconds since the Unix epoch")
                    .from("RFC 7519, section 4.1.5"));
  if (*expires - *issued > kMaxTokenSeconds)
    return fail(refused("token-lifetime", "the token is valid for too long")
                    .at("exp")
                    .accepts("at most " + std::to_string(kMaxTokenSeconds) + " s after iat")
                    .from(std::string(kSource)));
  token.expires_at = *expires;
  return token;
}

Error expired() {
  return refused("token-expired", "the token has expired").at("exp").accepts("a new token");
}

}  // namespace

Status check_still(const Reader& reader, const rules::Registry& registry, Timestamp now,
                   Timestamp last_received) {
  if (now.value >= reader.token->expires_at * 1000) return fail(expired());
  const auto key = registry.check_key(reader.token->kid, std::max(now, last_received));
  return key ? Status() : fail(key.error());
}

Result<Reader> Authenticator::authenticate(std::string_view authorization,
                                           const rules::Registry& registry, Timestamp now,
                                           Timestamp last_received) {
  const Timestamp key_time = std::max(now, last_received);
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      !equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme))
    return fail(refused("token-missing", "reading needs a token of an enrolled key")
                    .at("authorization")
                    .accepts("Bearer <token made by relais token>"));
  const std::string_view text = authorization.substr(kScheme.size());
  if (text.size() > kMaxTokenBytes) return fail(refused("token-size", "the token is too long"));

  RELAIS_ASSIGN(const auto token, verified(text, registry, now, key_time));
  if (now.value >= token->expires_at * 1000) return fail(expired());
  RELAIS_ASSIGN(const rules::Key* key, registry.check_key(token->kid, key_time));
  const rules::Signatory* signatory = registry.find(key->owner);
  if (signatory == nullptr || signatory->source != token->issuer)
    return fail(refused("token-issuer", "the key is not one of the issuer's")
                    .at("iss")
                    .accepts("the source of the signatory that enrolled the key"));
  if (!signatory->active)
    return fail(refused("signatory-inactive", "the signatory has left the convention"));
  return Reader{signatory->id, registry.account_of(signatory->id), signatory->role_set(), token};
}

Result<std::shared_ptr<const Token>> Authenticator::verified(std::string_view text,
                                                             const rules::Registry& registry,
                                                             Timestamp now, Timestamp key_time) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto it = cache_.find(text); it != cache_.end()) return it->second;
  }
  auto jws = crypto::parse_jws(text, kAccessTyp);
  if (!jws) {
    jws.error().code = Errc::unauthenticated;  // whatever is wrong with it, it is no credential
    return fail(std::move(jws.error()));
  }
  RELAIS_ASSIGN(const rules::Key* key, registry.check_key(jws->kid, key_time));
  RELAIS_TRY(crypto::verify_jws(*jws, key->key));
  const auto payload = json::parse(jws->payload);
  if (!payload || !payload->is_object())
    return fail(refused("token-form", "the token's payload is not a JSON object"));
  const json::object& claims = payload->as_object();
  RELAIS_ASSIGN(Token token, read_claims(claims, origin_));
  token.kid = jws->kid;
  const std::int64_t seconds = now.value / 1000;
  if (find_seconds(claims, "iat").value_or(0) > seconds + kMaxTokenAheadSeconds)
    return fail(refused("token-not-yet", "the token was issued in the future")
                    .at("iat")
                    .accepts("at most 60 s ahead of the server's clock"));
  if (find_seconds(claims, "nbf").value_or(0) > seconds + kMaxTokenAheadSeconds)
    return fail(refused("token-not-yet", "the token is not valid yet")
                    .at("nbf")
                    .accepts("at most 60 s ahead of the server's clock")
                    .from("RFC 7519, section 4.1.5"));
  if (now.value >= token.expires_at * 1000) return fail(expired());
  auto shared = std::make_shared<const Token>(std::move(token));
  remember(text, shared, seconds);
  return shared;
}

void Authenticator::remember(std::string_view text, std::shared_ptr<const Token> token,
                             std::int64_t now) {
  const std::unique_lock lock(mutex_);
  if (cache_.size() >= kMaxCachedTokens)
    std::erase_if(cache_, [now](const auto& entry) { return entry.second->expires_at <= now; });
  if (cache_.size() >= kMaxCachedTokens) cache_.clear();
  cache_.emplace(text, std::move(token));
}

Result<std::string> make_token(const crypto::SigningKey& key, std::string_view source,
                               std::string_view origin, std::string_view purpose,
                               const Clock& clock, Random& random) {
  if (purpose.empty() || purpose.size() > kMaxPurposeBytes || !is_utf8(purpose))
    return fail(error(Errc::invalid, "token-purpose", "a token says what it is for")
                    .at("purpose")
                    .accepts("1 to " + std::to_string(kMaxPurposeBytes) + " bytes of UTF-8")
                    .from(std::string(kSource)));
  const Timestamp now = clock.now();
  std::string payload;
  JsonWriter out(payload);
  out.begin_object();
  out.member("iss", source).member("aud", origin);
  out.key("iat").signed_number(now.value / 1000);
  out.key("exp").signed_number(now.value / 1000 + kMaxTokenSeconds);
  out.member("jti", to_string(make_uuid7(now, random))).member("purpose", purpose);
  out.end_object();
  return crypto::sign_jws(key, kAccessTyp, payload);
}

}  // namespace relais::api
