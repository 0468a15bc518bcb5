// What holds for every event type of the catalogue, with payloads generated from the schema itself.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "ledger/crypto/jwk.h"
#include "ledger/crypto/x25519.h"
#include "tests/unit/statement/support.h"

namespace relais::statement {
namespace {

using namespace tests;

/// Any text without U+0000, of 1 to `max` bytes.
std::string any_text(std::size_t max) {
  static const std::vector<std::string> pieces = {"a",
                                                  "Z",
                                                  " ",
                                                  "\n",
                                                  "\t",
                                                  "\"",
                                                  "\\",
                                                  "/",
                                                  "~",
                                                  ".",
                                                  "_sd",
                                                  "...",
                                                  "\x01",
                                                  "\x7f",
                                                  "\xc3\xa9",
                                                  "\xe2\x82\xac",
                                                  "\xf0\x9f\x98\x80",
                                                  "null",
                                                  "{",
                                                  "["};
  std::string out;
  for (const std::string& piece : *rc::gen::container<std::vector<std::string>>(
           *rc::gen::inRange<std::size_t>(0, 12), rc::gen::elementOf(pieces)))
    if (out.size() + piece.size() <= max) out += piece;
  return out.empty() ? "x" : out;
}

std::string any_hash() {
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  return crypto::base64url_encode(view(crypto::sha256(std::to_string(seed))));
}

std::string any_uuid() {
  return to_string(
      Uuid{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()});
}

std::string any_slug() {
  const auto size = *rc::gen::inRange<std::size_t>(1, 65);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string("az09-")));
}

std::string any_time() {
  return to_rfc3339(Timestamp{*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000)});
}

std::string any_of_format(const std::string& format) {
  if (format == "uuid") return any_uuid();
  if (format == "date") return any_time().substr(0, 10);
  if (format == "timestamp") return any_time();
  if (format == "sha256" || format == "kid" || format == "ed25519") return any_hash();
  if (format == "x25519")
    return crypto::to_text(
        crypto::OpeningKey::from_scalar(crypto::sha256(any_hash())).public_key());
  if (format == "uri") return "urn:x:" + any_slug();
  if (format == "signatory" || format == "slug") return any_slug();
  if (format == "jwt") return any_hash() + "." + any_hash() + "." + any_hash();
  if (format == "territory") return *rc::gen::element<std::string>("69123", "2A004", "rhone");
  if (format == "link") return "https://example.org/" + any_slug();
  if (format == "siret") return "13003013300016";
  if (format == "postal_code") return "69003";
  if (format == "telephone") return "+33 4 00 00 00 00";
  RC_ASSERT(format == "email");
  return "accueil@ml1.example.org";
}

json::object any_struct(const Struct& type);

json::value any_value(const Field& f) {
  switch (f.kind) {
    case Field::Kind::boolean:
      return json::value(*rc::gen::arbitrary<bool>());
    case Field::Kind::integer:
      return json::value(static_cast<std::int64_t>(
          *rc::gen::inRange<std::uint64_t>(0, f.max_value) + *rc::gen::inRange(0, 2)));
    case Field::Kind::enumeration: {
      const auto count = f.enumeration.getEnumerants().size();
      const auto ordinal = static_cast<std::uint16_t>(*rc::gen::inRange<unsigned>(0, count));
      const std::string_view name = wire_name(f.enumeration, ordinal);
      return json::value(name == "unspecified" ? wire_name(f.enumeration, 1) : name);
    }
    case Field::Kind::structure:
      return json::value(any_struct(*f.structure));
    case Field::Kind::text:
      break;
  }
  if (!f.vocabulary.empty()) {
    const auto& values = vocabulary(f.vocabulary);
    const auto at = *rc::gen::inRange<std::size_t>(0, values.size());
    return json::value(*std::next(values.begin(), static_cast<std::ptrdiff_t>(at)));
  }
  if (!f.format.empty()) return json::value(any_of_format(f.format));
  if (f.min_letters == 0) return json::value(any_text(f.list ? kDefaultMaxText : f.max_length));
  return json::value(any_text(f.max_length - f.min_letters) + std::string(f.min_letters, 'x'));
}

json::object any_struct(const Struct& type) {
  json::object out;
  for (const Field& f : type.fields) {
    if (f.optional && *rc::gen::arbitrary<bool>()) continue;
    if (!f.list) {
      out[f.name] = any_value(f);
      continue;
    }
    json::array list;
    const auto size = *rc::gen::inRange<std::size_t>(0, 4);
    for (std::size_t i = 0; i < size; ++i) list.push_back(any_value(f));
    out[f.name] = std::move(list);
  }
  for (const Field& f : type.fields)
    if (f.required_when && out.at(f.required_when->member) == f.required_when->value.c_str())
      out[f.name] = any_value(f);
  return out;
}

json::object any_event(const EventType& type) {
  json::object event;
  event["source"] = "urn:relais:rhone:" + any_slug();
  event["type"] = type.wire_type;
  const bool is_case = type.stream == schema::StreamKind::CASE;
  event["subject"] =
      std::string(wire_name(type.stream)) + "/" + (is_case ? any_uuid() : any_slug());
  event["time"] = any_time();
  event["data"] = any_struct(type.payload);
  return event;
}

std::string sign_any(const json::object& event) {
  const ManualClock clock(*parse_rfc3339("2026-11-24T16:00:00Z"));
  crypto::SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
  auto text = sign_event(json::serialize(json::value(event)), test_key(), clock, random);
  if (!text) RC_FAIL(to_string(text.error()));
  return *text;
}

json::object without_sensitive(const EventType& type, json::object data) {
  for (const Field& f : type.payload.fields)
    if (f.sensitive) data.erase(f.name);
  return data;
}

class EveryType : public ::testing::TestWithParam<std::size_t> {
 protected:
  const EventType& type() const { return *catalogue().all()[GetParam()]; }
};

TEST_P(EveryType, SignsParsesAndReadsBack) {
  EXPECT_TRUE(rc::check("sign, parse, read back", [&] {
    const json::object event = any_event(type());
    const auto s = parse_statement(sign_any(event));
    RC_ASSERT(s.has_value());
    RC_ASSERT(s->type == &type());
    RC_ASSERT(check_disclosed(*s).has_value());
    RC_ASSERT(verify_signature(*s, test_key().public_key()).has_value());
    const json::object& data = event.at("data").as_object();
    EventView view;
    RC_ASSERT(view.load(encode_event(*s)));
    RC_ASSERT(payload_json(view.get()) == without_sensitive(type(), data));
    RC_ASSERT(view.get().getWithheld() == s->disclosures.size());
    const auto shown = to_cloud_event(s->jwt, s->disclosures);
    RC_ASSERT(shown.has_value());
    RC_ASSERT(shown->at("data") == event.at("data"));
  }));
}

TEST_P(EveryType, IsTypedAlikeWithAnyOfItsDisclosures) {
  EXPECT_TRUE(rc::check("the typed event is that of the signed payload alone", [&] {
    const json::object event = any_event(type());
    const std::string text = sign_any(event);
    const auto all = parse_statement(text);
    RC_ASSERT(all.has_value());
    std::vector<std::string> some;
    for (const std::string& d : all->disclosures)
      if (*rc::gen::arbitrary<bool>()) some.insert(some.begin(), d);
    const auto part = parse_statement(join_sd_jwt(all->jwt, some));
    const auto none = parse_statement(all->jwt);
    RC_ASSERT(part.has_value());
    RC_ASSERT(none.has_value());
    RC_ASSERT(encode_event(*all) == encode_event(*none));
    RC_ASSERT(encode_event(*part) == encode_event(*none));
  }));
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryType,
                         ::testing::Range<std::size_t>(0, catalogue().all().size()),
                         [](const auto& row) {
                           std::string name = catalogue().all()[row.param]->name;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

RC_GTEST_PROP(Mutation, NoChangedByteIsEverTakenForTheSignatorys, ()) {
  const auto types = catalogue().all();
  const json::object event = any_event(*types[*rc::gen::inRange<std::size_t>(0, types.size())]);
  const std::string good = sign_any(event);
  const std::size_t jwt = good.find('~');
  for (int i = 0; i < 20; ++i) {
    std::string text = good;
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = static_cast<char>(text[at] ^ *rc::gen::inRange(1, 256));
    const auto s = parse_statement(text);
    if (at < jwt && s) RC_ASSERT(!verify_signature(*s, test_key().public_key()).has_value());
    // Behind the JWT each byte belongs to a disclosure that some digest refers to, or is a tilde.
    if (at > jwt) RC_ASSERT(!s.has_value());
  }
}

RC_GTEST_PROP(Mutation, NoTextBreaksTheParser, (const std::string& text)) {
  RC_ASSERT(!parse_statement(text).has_value());
  RC_ASSERT(!parse_statement(sign_text(text)).has_value());
}

}  // namespace
}  // namespace relais::statement
