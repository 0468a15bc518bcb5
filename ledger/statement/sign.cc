// From a plain CloudEvent to a signed statement: what `relais sign` does.
#include <algorithm>
#include <utility>

#include "ledger/crypto/jws.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/statement.h"

namespace relais::statement {
namespace {

/// Takes the sensitive members out of `data` and leaves their digests, sorted so that they do not
/// tell the members' order (RFC 9901, section 4.2.4.1).
std::vector<std::string> hide(const EventType& type, json::object& data, Random& random) {
  std::vector<std::string> disclosures;
  std::vector<std::string> digests;
  for (const Field& f : type.payload.fields) {
    const json::value* value = data.if_contains(f.name);
    if (!f.sensitive || value == nullptr) continue;
    disclosures.push_back(f.seal_to.empty() ? make_disclosure(f.name, *value, random)
                                            : make_padded_disclosure(f.name, *value, random));
    digests.push_back(disclosure_digest(disclosures.back()));
    data.stable_erase(f.name);
  }
  if (digests.empty()) return disclosures;
  std::ranges::sort(digests);
  data["_sd"] = json::array(digests.begin(), digests.end());
  return disclosures;
}

/// The attributes in the order of the specification, with what is absent filled in.
json::object arrange(json::object given, const Clock& clock, Random& random,
                     std::string_view default_source) {
  json::object event;
  const auto take = [&](std::string_view name, auto&& otherwise) {
    if (json::value* value = given.if_contains(name))
      event.emplace(name, std::move(*value));
    else
      otherwise(name);
    given.stable_erase(name);
  };
  const auto nothing = [](std::string_view) {};
  const Timestamp now = clock.now();
  take("specversion", [&](auto name) { event.emplace(name, "1.0"); });
  take("id", [&](auto name) { event.emplace(name, to_string(make_uuid7(now, random))); });
  take("source", [&](auto name) {
    if (!default_source.empty()) event.emplace(name, default_source);
  });
  take("type", nothing);
  take("subject", nothing);
  take("time", [&](auto name) { event.emplace(name, to_rfc3339(now)); });
  take("datacontenttype", nothing);
  for (auto& other : given) event.emplace(other.key(), std::move(other.value()));
  return event;
}

/// `_sd`, `_sd_alg` and the like are made here; a plain event has none.
Status check_plain(const json::object& event) {
  const json::value* data = event.if_contains("data");
  const bool digests = data != nullptr && data->is_object() && data->get_object().contains("_sd");
  if (!digests && !event.contains("_sd_alg") && !event.contains("_sd")) return {};
  return fail(error(Errc::invalid, "event-not-plain", "the event holds digests already")
                  .at(digests ? "data._sd" : "_sd_alg")
                  .accepts("a CloudEvent with all its members in clear"));
}

}  // namespace

Result<std::string> sign_event(std::string_view event_json, const crypto::SigningKey& key,
                               const Clock& clock, Random& random,
                               std::string_view default_source) {
  RELAIS_ASSIGN(json::value parsed, json::parse(event_json));
  if (!parsed.is_object())
    return fail(error(Errc::malformed, "payload-form", "the event is not a JSON object")
                    .accepts("a CloudEvent in structured JSON"));
  RELAIS_TRY(check_plain(parsed.get_object()));
  json::object event = arrange(std::move(parsed.get_object()), clock, random, default_source);
  std::vector<std::string> disclosures;
  const boost::json::string* name = json::find_string(event, "type");
  const EventType* type =
      name == nullptr ? nullptr : catalogue().find({name->data(), name->size()});
  json::value* data = event.if_contains("data");
  if (type != nullptr && data != nullptr && data->is_object())
    disclosures = hide(*type, data->get_object(), random);
  if (!disclosures.empty()) event["_sd_alg"] = "sha-256";
  const std::string jwt =
      crypto::sign_jws(key, kTyp, json::serialize(json::value(std::move(event))));
  std::string text = join_sd_jwt(jwt, disclosures);
  RELAIS_ASSIGN(const Statement signed_one, parse_statement(text));
  RELAIS_TRY(check_disclosed(signed_one));
  return text;
}

}  // namespace relais::statement
