// Proofs of possession: the new key says for which signatory and which log it is enrolled.
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/jws.h"
#include "ledger/statement/statement.h"

namespace relais::statement {
namespace {

constexpr std::string_view kProofTyp = "relais-key-proof+jwt";

std::unexpected<Error> bad_proof(std::string message, std::string accepted) {
  return fail(
      error(Errc::unauthenticated, "key-proof", std::move(message)).accepts(std::move(accepted)));
}

bool is(const json::object& claims, std::string_view name, std::string_view expected) {
  const boost::json::string* text = json::find_string(claims, name);
  return text != nullptr && std::string_view(text->data(), text->size()) == expected;
}

}  // namespace

std::string make_key_proof(const crypto::SigningKey& key, std::string_view source,
                           std::string_view origin) {
  json::object claims;
  claims["aud"] = origin;
  claims["iss"] = source;
  return crypto::sign_jws(key, kProofTyp, json::serialize(json::value(std::move(claims))));
}

Status check_key_proof(std::string_view proof, const crypto::PublicKey& key,
                       std::string_view source, std::string_view origin) {
  RELAIS_ASSIGN(const crypto::Jws jws, crypto::parse_jws(proof, kProofTyp));
  if (jws.kid != crypto::thumbprint(key))
    return bad_proof("the proof of possession is by another key", "a proof by the new key");
  RELAIS_TRY(crypto::verify_jws(jws, key));
  RELAIS_ASSIGN(const json::value payload, json::parse(jws.payload));
  const json::object* claims = payload.if_object();
  if (claims == nullptr || claims->size() != 2 || !is(*claims, "aud", origin) ||
      !is(*claims, "iss", source))
    return bad_proof(
        "the proof of possession is for another signatory or another log",
        "{\"aud\":\"" + std::string(origin) + "\",\"iss\":\"" + std::string(source) + "\"}");
  return {};
}

}  // namespace relais::statement
