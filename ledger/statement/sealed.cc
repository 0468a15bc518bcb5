#include "ledger/statement/sealed.h"

#include <algorithm>
#include <array>
#include <set>

#include "ledger/base/check.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwe.h"
#include "ledger/crypto/jws.h"
#include "ledger/statement/sd_jwt.h"

namespace relais::statement {
namespace {

constexpr std::array<std::string_view, 2> kOwn = {"relais_digest", "relais_member"};
constexpr std::size_t kMaxMemberName = 64;

std::string_view text_of(const boost::json::string& s) {
  return {s.data(), s.size()};
}

std::unexpected<Error> bad(Errc code, std::string rule, std::string message, std::string accepted) {
  return fail(error(code, std::move(rule), std::move(message)).accepts(std::move(accepted)));
}

Result<Sealed> read(const crypto::Jwe& jwe) {
  Sealed out;
  out.text = crypto::to_text(jwe);
  out.digest = jwe.own[0];
  out.member = jwe.own[1];
  for (const crypto::JweRecipient& r : jwe.recipients) out.recipients.push_back(r.kid);
  const auto bytes = crypto::base64url_decode(out.digest);
  if (!bytes || bytes->size() != sizeof(Hash))
    return bad(Errc::malformed, "sealed-digest", "relais_digest is not a digest",
               "base64url of 32 bytes: the one in data._sd");
  if (out.member.empty() || out.member.size() > kMaxMemberName)
    return bad(Errc::malformed, "sealed-member", "relais_member is no member's name",
               "1 to 64 bytes");
  return out;
}

/// The digests that the statement signs; that they stand in data._sd alone was checked.
Result<std::set<std::string, std::less<>>> signed_digests(std::string_view jwt) {
  RELAIS_ASSIGN(const crypto::Jws jws, crypto::parse_jws(jwt, kTyp));
  RELAIS_ASSIGN(const json::value payload, json::parse(jws.payload));
  std::set<std::string, std::less<>> digests;
  const json::object* event = payload.if_object();
  const json::value* data = event == nullptr ? nullptr : event->if_contains("data");
  const json::object* members = data == nullptr ? nullptr : data->if_object();
  const json::value* list = members == nullptr ? nullptr : members->if_contains("_sd");
  if (list == nullptr || !list->is_array()) return digests;
  for (const json::value& digest : list->get_array())
    if (digest.is_string()) digests.emplace(text_of(digest.get_string()));
  return digests;
}

Status check_place(const Statement& s, const Sealed& sealed,
                   const std::set<std::string, std::less<>>& digests) {
  if (!digests.contains(sealed.digest))
    return bad(Errc::malformed, "sealed-unreferenced",
               "the statement signs no digest that the sealed disclosure stands for",
               "a JWE whose relais_digest is in data._sd");
  const Field* field = s.type->payload.find(sealed.member);
  if (field == nullptr || !field->sensitive)
    return bad(Errc::malformed, "sealed-member",
               "the event type has no sensitive member of this name: " + sealed.member,
               "the name in the disclosure");
  return {};
}

/// Beside the clear disclosures, and the sealed ones before it.
Status check_beside(const Statement& s, const Sealed& sealed) {
  for (std::size_t i = 0; i < s.disclosures.size(); ++i)
    if (s.disclosed[i]->name == sealed.member ||
        disclosure_digest(s.disclosures[i]) == sealed.digest)
      return bad(Errc::malformed, "sealed-and-clear",
                 "what is sealed is disclosed beside it: " + sealed.member, "one of the two");
  for (const Sealed& other : s.sealed) {
    if (other.text == sealed.text)
      return bad(Errc::malformed, "sealed-repeated", "a sealed disclosure is given twice",
                 "each once");
    if ((other.member == sealed.member) != (other.digest == sealed.digest))
      return bad(Errc::malformed, "sealed-member",
                 "two sealed disclosures are not of one digest and one member: " + sealed.member,
                 "a digest and a member for each");
  }
  return {};
}

std::size_t bytes_of(const Statement& s) {
  std::size_t bytes = s.jwt.size();
  for (const std::string& d : s.disclosures) bytes += d.size();
  for (const Sealed& other : s.sealed) bytes += other.text.size();
  return bytes;
}

Status check_recipients(std::span<const crypto::SealingKey> to) {
  const std::set<crypto::SealingKey> different(to.begin(), to.end());
  if (!to.empty() && to.size() <= crypto::kMaxJweRecipients && different.size() == to.size())
    return {};
  return bad(Errc::invalid, "seal-recipients", "not a list of recipients",
             "1 to " + std::to_string(crypto::kMaxJweRecipients) + " sealing keys, each once");
}

/// The name in the disclosure of a member.
Result<std::string> name_in(std::string_view disclosure) {
  const auto text = crypto::base64url_decode(disclosure);
  auto parts = text ? json::parse(*text) : Result<json::value>(fail(Error{}));
  const json::array* list = parts ? parts->if_array() : nullptr;
  if (list == nullptr || list->size() != 3 || !list->at(1).is_string())
    return bad(Errc::malformed, "sd-disclosure-form", "not the disclosure of a member",
               "base64url of [salt, name, value]");
  return std::string(text_of(list->at(1).get_string()));
}

std::string seal(std::string_view disclosure, std::string_view member,
                 std::span<const crypto::SealingKey> to, Random& random) {
  const std::string digest = disclosure_digest(disclosure);
  const std::array<crypto::JweMember, 2> own = {{{kOwn[0], digest}, {kOwn[1], member}}};
  return crypto::to_text(crypto::seal_jwe(disclosure, own, to, random));
}

}  // namespace

Result<Sealed> parse_sealed(const json::value& jwe) {
  RELAIS_ASSIGN(const crypto::Jwe parsed, crypto::parse_jwe(jwe, kOwn));
  return read(parsed);
}

Result<Sealed> parse_sealed(std::string_view text) {
  RELAIS_ASSIGN(const json::value jwe, json::parse(text));
  return parse_sealed(jwe);
}

Status check_sealed(const Statement& s, const Sealed& sealed) {
  RELAIS_ASSIGN(const auto digests, signed_digests(s.jwt));
  return check_place(s, sealed, digests);
}

Status add_sealed(Statement& s, const json::value& jwes) {
  const json::array* list = jwes.if_array();
  if (list == nullptr || list->size() > kMaxSealed)
    return fail(error(Errc::malformed, "submission-form", "sealed is not a list of JWEs")
                    .at("sealed")
                    .accepts("at most " + std::to_string(kMaxSealed) + " JWEs"));
  if (list->empty()) return {};
  RELAIS_ASSIGN(const auto digests, signed_digests(s.jwt));
  std::size_t bytes = bytes_of(s);
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string place = "sealed[" + std::to_string(i) + "]";
    const auto refuse = [&place](Error e) {
      std::string at = e.field.empty() ? place : place + "." + e.field;
      return fail(std::move(e).at(std::move(at)));
    };
    auto sealed = parse_sealed((*list)[i]);
    if (!sealed) return refuse(std::move(sealed).error());
    if (Status ok = check_place(s, *sealed, digests); !ok) return refuse(std::move(ok).error());
    if (Status ok = check_beside(s, *sealed); !ok) return refuse(std::move(ok).error());
    bytes += sealed->text.size();
    if (bytes > kMaxStatementBytes)
      return fail(error(Errc::too_large, "statement-too-large",
                        "the statement is too large with what is sealed beside it")
                      .at(place)
                      .accepts("at most " + std::to_string(kMaxStatementBytes) + " bytes"));
    s.sealed.push_back(std::move(*sealed));
  }
  return {};
}

Result<Statement> parse_submission(const json::value& submission) {
  constexpr std::string_view kForm =
      R"("<sd-jwt>", or {"statement":"<sd-jwt>","sealed":[<JWE>, …]})";
  if (const boost::json::string* text = submission.if_string())
    return parse_submission(text_of(*text));
  const json::object* o = submission.if_object();
  const auto* text = o == nullptr ? nullptr : json::find_string(*o, "statement");
  const json::value* sealed = o == nullptr ? nullptr : o->if_contains("sealed");
  if (text == nullptr || o->size() != (sealed == nullptr ? 1U : 2U))
    return bad(Errc::malformed, "submission-form", "not a statement", std::string(kForm));
  RELAIS_ASSIGN(Statement s, parse_submission(text_of(*text)));
  if (sealed != nullptr) RELAIS_TRY(add_sealed(s, *sealed));
  return s;
}

std::string submission_json(std::string_view sd_jwt, const std::vector<std::string>& sealed) {
  // Both are texts that need no escaping: base64url with dots and tildes, and JSON.
  std::string out = R"({"statement":")" + std::string(sd_jwt) + R"(","sealed":[)";
  for (std::size_t i = 0; i < sealed.size(); ++i) out.append(i == 0 ? "" : ",").append(sealed[i]);
  return out.append("]}");
}

Result<SealedStatement> seal_disclosures(std::string_view sd_jwt,
                                         std::span<const std::string> members,
                                         std::span<const crypto::SealingKey> to, Random& random) {
  RELAIS_TRY(check_recipients(to));
  RELAIS_ASSIGN(const SdJwt parts, split_sd_jwt(sd_jwt));
  std::set<std::string, std::less<>> wanted(members.begin(), members.end());
  std::vector<std::string> clear;
  SealedStatement out;
  for (const std::string_view disclosure : parts.disclosures) {
    RELAIS_ASSIGN(const std::string name, name_in(disclosure));
    if (!members.empty() && wanted.erase(name) == 0) {
      clear.emplace_back(disclosure);
    } else if (disclosure.size() > crypto::kMaxJwePlaintext) {
      return bad(Errc::too_large, "sd-disclosure-size", "a disclosure is too long to be sealed",
                 "at most " + std::to_string(crypto::kMaxJwePlaintext) + " bytes");
    } else {
      out.sealed.push_back(seal(disclosure, name, to, random));
    }
  }
  if (!wanted.empty() || out.sealed.empty())
    return fail(error(Errc::invalid, "seal-member", "there is nothing to seal")
                    .at(wanted.empty() ? std::string() : "data." + *wanted.begin())
                    .accepts("sensitive members that the event has"));
  out.sd_jwt = join_sd_jwt(parts.jwt, clear);
  return out;
}

Result<std::string> open_sealed(const Sealed& sealed, const crypto::OpeningKey& key) {
  RELAIS_ASSIGN(const json::value value, json::parse(sealed.text));
  RELAIS_ASSIGN(const crypto::Jwe jwe, crypto::parse_jwe(value, kOwn));
  RELAIS_ASSIGN(std::string disclosure, crypto::open_jwe(jwe, key));
  const auto name = name_in(disclosure);
  if (disclosure_digest(disclosure) != sealed.digest || !name || *name != sealed.member)
    return fail(error(Errc::unauthenticated, "sealed-differs",
                      "what was sealed is not what the statement signs")
                    .at(sealed.member)
                    .accepts("the disclosure of the digest " + sealed.digest)
                    .from("RFC 9901, section 7.1"));
  return disclosure;
}

Result<std::string> seal_again(const Sealed& sealed, std::string_view disclosure,
                               std::span<const crypto::SealingKey> to, Random& random) {
  RELAIS_TRY(check_recipients(to));
  check(disclosure_digest(disclosure) == sealed.digest, "what was opened is sealed again");
  return seal(disclosure, sealed.member, to, random);
}

}  // namespace relais::statement
