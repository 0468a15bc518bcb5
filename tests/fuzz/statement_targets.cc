// What signatories send: whatever arrives is refused with an error or becomes a typed event that
// can be stored and read back, and says what was signed.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/statement/salts.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/sealed.h"
#include "ledger/statement/statement.h"
#include "tests/fuzz/target.h"

namespace relais::fuzz {
namespace {

std::string behind_a_good_header(std::string_view payload,
                                 const std::vector<std::string>& disclosures) {
  static const std::string header = crypto::base64url_encode(
      R"({"alg":"EdDSA","typ":"cloudevents+sd-jwt","kid":")" + std::string(43, 'A') + R"("})");
  return statement::join_sd_jwt(
      header + "." + crypto::base64url_encode(payload) + "." + std::string(86, 'A'), disclosures);
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Texts that mean the same: UUIDs are stored in lower case, times to the millisecond.
bool same_text(std::string_view a, std::string_view b) {
  if (same_ignoring_case(a, b)) return true;
  const auto time = parse_rfc3339(a);
  return time && time == parse_rfc3339(b);
}

/// Whether a payload that is read back from the store says what was signed, no more and no less.
bool says_the_same(const json::value& was, const json::value& read) {
  if (was.is_object() && read.is_object()) {
    std::size_t members = 0;
    for (const auto& member : was.get_object()) {
      if (member.key() == "_sd") continue;
      const json::value* other = read.get_object().if_contains(member.key());
      if (other == nullptr || !says_the_same(member.value(), *other)) return false;
      ++members;
    }
    return members == read.get_object().size();
  }
  if (was.is_array() && read.is_array())
    return std::ranges::equal(was.get_array(), read.get_array(), says_the_same);
  if (was.is_string() && read.is_string()) return same_text(was.get_string(), read.get_string());
  if (was.is_number() && read.is_number())
    return was.to_number<double>() == read.to_number<double>();
  return was.kind() == read.kind() && was == read;
}

/// What replay sees is what was signed; and said again as it was read, it is the same event.
void check_payload(const statement::Statement& s, schema::Event::Reader event,
                   const std::string& bytes) {
  const std::string_view jwt = s.jwt;
  const std::size_t first = jwt.find('.');
  const auto payload = crypto::base64url_decode(jwt.substr(first + 1, jwt.rfind('.') - first - 1));
  check(payload.has_value(), "a statement's payload is base64url");
  auto was = json::parse(*payload);
  check(was.has_value() && was->is_object(), "a statement's payload is a JSON object");
  json::value& data = was->as_object().at("data");
  json::object read = statement::payload_json(event);
  check(says_the_same(data, read), "a stored event says what was signed");
  if (const auto* digests = data.as_object().if_contains("_sd")) read["_sd"] = *digests;
  data = std::move(read);
  const auto again = statement::parse_statement(behind_a_good_header(json::serialize(*was), {}));
  check(again.has_value(), "what is read of an event can be signed");
  check(statement::payload_json(again->event->getRoot<schema::Event>()) ==
            statement::payload_json(event),
        "an event that is said again is the same");
  const bool same_key = jwt.starts_with(again->jwt.substr(0, first));
  check(!same_key || statement::encode_event(*again) == bytes,
        "an event that is said again has the same bytes");
}

void try_statement(std::string_view text) {
  const auto s = statement::parse_statement(text);
  if (!s) {
    check(!s.error().rule.empty(), "a refusal names its rule");
    check(!statement::parse_submission(text), "what is no statement is no submission");
    return;
  }
  const std::string bytes = statement::encode_event(*s);
  statement::EventView view;
  check(view.load(bytes), "a typed event reads back");
  check(statement::stream_of(view.get()) == s->stream, "a typed event is of its stream");
  check(statement::to_cloud_event(s->jwt, s->disclosures).has_value(), "a statement can be shown");
  const auto alone = statement::parse_statement(s->jwt);
  check(alone.has_value() && statement::encode_event(*alone) == bytes,
        "the typed event is that of the signed payload alone");
  const auto whole = statement::parse_submission(statement::join_sd_jwt(s->jwt, s->disclosures));
  const bool decoys = !whole && whole.error().rule == "sd-too-many";  // the log may have them
  check(
      decoys || (whole.has_value() && whole->jwt == s->jwt && whole->disclosures == s->disclosures),
      "a statement can be sent as it was taken apart");
  static_cast<void>(statement::check_salts(s->disclosures));
  check_payload(*s, view.get(), bytes);
}

void statement_as_sent(std::string_view text) {
  try_statement(text);
}

/// Payload, and after the first line feed the disclosures in plain JSON, one a line.
void payload(std::string_view text) {
  std::vector<std::string> disclosures;
  const std::string_view payload = text.substr(0, text.find('\n'));
  while (text.find('\n') != std::string_view::npos) {
    text.remove_prefix(text.find('\n') + 1);
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!line.empty()) disclosures.push_back(crypto::base64url_encode(line));
  }
  try_statement(behind_a_good_header(payload, disclosures));
}

void sealed(std::string_view text) {
  const auto sealed = statement::parse_sealed(text);
  if (!sealed) {
    check(!sealed.error().rule.empty(), "a refusal names its rule");
  } else {
    const auto again = statement::parse_sealed(sealed->text);
    check(again.has_value() && again->text == sealed->text && again->digest == sealed->digest &&
              again->member == sealed->member && again->recipients == sealed->recipients,
          "a sealed disclosure reads back as it is stored");
    static const auto key = crypto::OpeningKey::from_scalar(Hash{7});
    const auto opened = statement::open_sealed(*sealed, key);
    check(!opened || statement::disclosure_digest(*opened) == sealed->digest,
          "what is opened has the digest that was signed");
  }
  if (const auto value = json::parse(text)) {
    const auto submission = statement::parse_submission(*value);
    check(submission.has_value() || !submission.error().rule.empty(), "a refusal names its rule");
  }
}

}  // namespace

std::span<const Target> statement_targets() {
  static constexpr Target kTargets[] = {
      {"statement", statement_as_sent}, {"payload", payload}, {"sealed", sealed}};
  return kTargets;
}

}  // namespace relais::fuzz
