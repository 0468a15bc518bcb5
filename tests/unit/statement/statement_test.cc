#include "ledger/statement/statement.h"

#include "ledger/crypto/jwk.h"
#include "tests/unit/statement/support.h"

namespace relais::statement {
namespace {

using namespace tests;

std::string read_text(capnp::Text::Reader t) {
  return {t.begin(), t.size()};
}

TEST(Statement, IsParsedAndTyped) {
  const std::string note = disclosure("note", "\"private\"");
  const std::string gender = disclosure("gender", "\"woman\"");
  const std::string text = sign(detected_with({note, gender}), {note});
  const auto s = parse_statement(text);
  ASSERT_TRUE(s.has_value()) << to_string(s.error());
  EXPECT_EQ(s->jwt, text.substr(0, text.find('~')));
  EXPECT_EQ(s->disclosures, std::vector<std::string>{note});
  EXPECT_EQ(s->kid, crypto::thumbprint(test_key().public_key()));
  EXPECT_EQ(s->id, "0190f5e4-0000-7000-8000-000000000001");
  EXPECT_EQ(s->source, "urn:relais:rhone:ml1");
  EXPECT_EQ(s->time, *parse_rfc3339("2026-11-24T16:00:00Z"));
  EXPECT_EQ(to_subject(s->stream), "case/01890a5d-ac96-774b-bcce-b302099a8057");
  ASSERT_NE(s->type, nullptr);
  EXPECT_EQ(s->type->name, "case.detected");

  const auto event = s->event->getRoot<schema::Event>().asReader();
  EXPECT_EQ(event.getTime(), s->time.value);
  EXPECT_EQ(event.getStreamKind(), schema::StreamKind::CASE);
  EXPECT_EQ((Uuid{event.getUuidHigh(), event.getUuidLow()}), s->stream.uuid);
  EXPECT_EQ(event.getWithheld(), 2U);
  EXPECT_EQ(read_text(event.getId()), s->id);
  EXPECT_EQ(read_text(event.getStreamName()), "");
  ASSERT_EQ(event.getKid().size(), 32U);
  EXPECT_EQ(to_hash({event.getKid().asChars().begin(), 32}), s->kid.bytes);
  EXPECT_EQ(event.getReceivedAt(), 0);
  EXPECT_EQ(event.getVersion(), 0U);
  ASSERT_TRUE(event.getData().isCaseDetected());
  const auto data = event.getData().getCaseDetected();
  EXPECT_EQ(data.getChannel(), schema::Channel::INTERVIEW);
  EXPECT_EQ(data.getAgeBand(), schema::AgeBand::FROM16_TO17);
  EXPECT_EQ(read_text(data.getTerritory()), "69123");
  EXPECT_EQ(data.getRisk(), schema::Risk::HIGH);
  EXPECT_FALSE(data.hasNote());
  EXPECT_EQ(data.getGender(), schema::Gender::UNSPECIFIED);
}

TEST(Statement, OfANamedStream) {
  json::object event = detected();
  event["type"] = "relais.convention.signed.v1";
  event["subject"] = "convention/rhone";
  event["datacontenttype"] = "application/json";
  event["data"] = json::object{{"document_hash", std::string(43, 'A')}};
  const auto s = parse_statement(sign(event));
  ASSERT_TRUE(s.has_value()) << to_string(s.error());
  const auto typed = s->event->getRoot<schema::Event>().asReader();
  EXPECT_EQ(read_text(typed.getStreamName()), "rhone");
  EXPECT_EQ(typed.getUuidHigh(), 0U);
  EXPECT_EQ(stream_of(typed), s->stream);
}

TEST(Statement, SignatureIsByOneKeyOverTheseBytes) {
  const auto s = parse_statement(sign(detected()));
  ASSERT_TRUE(s.has_value());
  EXPECT_TRUE(verify_signature(*s, test_key().public_key()).has_value());
  const Status other = verify_signature(*s, test_key("other").public_key());
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, Errc::unauthenticated);
  EXPECT_EQ(other.error().rule, "signature-invalid");
}

TEST(Statement, SizesAreLimited) {
  const auto code = [](const std::string& text) {
    const auto s = parse_statement(text);
    return s ? std::string() : s.error().rule;
  };
  EXPECT_EQ(code(std::string(kMaxStatementBytes + 1, 'a')), "statement-too-large");
  EXPECT_EQ(code(std::string(kMaxJwtBytes + 1, 'a')), "jwt-too-large");
  EXPECT_EQ(code(std::string(kMaxJwtBytes, 'a')), "jws-form");
  // Disclosures do not count against the signed part.
  const std::string note = disclosure("note", "\"" + std::string(10'000, 'n') + "\"");
  const std::string list = disclosure(
      "indicators", "[" + [] {
        std::string items;
        for (int i = 0; i < 30; ++i)
          items += (i > 0 ? ",\"" : "\"") + std::string(1500, 'i') + "\"";
        return items;
      }() + "]");
  EXPECT_EQ(code(sign(detected_with({note, list}), {note, list})), "");
}

/// A refusal by what is put over the members of a good statement; null takes a member away.
struct Row {
  std::string change;
  std::string rule;
  std::string field;
};

void merge(json::object& into, const json::object& change) {
  for (const auto& member : change) {
    if (member.value().is_null()) {
      into.erase(member.key());
    } else if (member.value().is_object() && into.contains(member.key()) &&
               into[member.key()].is_object()) {
      merge(into[member.key()].as_object(), member.value().as_object());
    } else {
      into[member.key()] = member.value();
    }
  }
}

void expect_refusals(const json::object& good, const std::vector<Row>& rows) {
  ASSERT_TRUE(parse_statement(sign(good)).has_value());
  for (const Row& row : rows) {
    json::object event = good;
    merge(event, object(row.change));
    const auto s = parse_statement(sign(event));
    ASSERT_FALSE(s.has_value()) << row.change;
    EXPECT_EQ(s.error().rule, row.rule) << row.change << ": " << to_string(s.error());
    EXPECT_EQ(s.error().field, row.field) << row.change;
  }
}

TEST(Statement, AttributesThatAreRefused) {
  expect_refusals(
      detected(),
      {
          {R"({"specversion":"0.3"})", "cloudevents-specversion", "specversion"},
          {R"({"specversion":null})", "cloudevents-specversion", "specversion"},
          {R"({"id":null})", "cloudevents-id", "id"},
          {R"({"id":""})", "cloudevents-id", "id"},
          {R"({"id":")" + std::string(129, 'a') + R"("})", "attribute-length", "id"},
          {R"({"source":null})", "cloudevents-source", "source"},
          {R"({"source":")" + std::string(201, 'a') + R"("})", "attribute-length", "source"},
          {R"({"type":null})", "cloudevents-type", "type"},
          {R"({"type":"case.detected"})", "type-unknown", "type"},
          {R"({"type":"relais.case.detected.v2"})", "type-unknown", "type"},
          {R"({"type":"RELAIS.case.detected.v1"})", "type-unknown", "type"},
          {R"({"subject":null})", "attribute-missing", "subject"},
          {R"({"subject":"case/1"})", "subject-form", "subject"},
          {R"({"subject":"library/x"})", "subject-kind", "subject"},
          {R"({"time":null})", "attribute-missing", "time"},
          {R"({"time":"2026-11-24"})", "cloudevents-time", "time"},
          {R"({"data":null})", "data-form", "data"},
          {R"({"data":7})", "data-form", "data"},
          {R"({"data":null,"data_base64":"e30="})", "attribute-unknown", "data_base64"},
          {R"({"datacontenttype":"text/plain"})", "attribute-value", "datacontenttype"},
          {R"({"dataschema":"https://example.org/s"})", "attribute-unknown", "dataschema"},
          {R"({"traceparent":"00"})", "attribute-unknown", "traceparent"},
          {R"({"note":"in clear"})", "attribute-unknown", "note"},
          {R"({"Note":"in clear"})", "cloudevents-attribute-name", "Note"},
          {R"({"_sd_alg":"sha-384"})", "sd-algorithm", "_sd_alg"},
      });
  // A null attribute is CloudEvents, but says nothing that a statement would sign.
  json::object event = detected();
  event["datacontenttype"] = nullptr;
  EXPECT_EQ(parse_statement(sign(event)).error().rule, "attribute-value");
}

TEST(Statement, MembersThatAreRefused) {
  expect_refusals(detected(),
                  {
                      {R"({"data":{"risk":null}})", "member-missing", "data.risk"},
                      {R"({"data":{"riks":"high"}})", "member-unknown", "data.riks"},
                      {R"({"data":{"ageBand":"16_17"}})", "member-unknown", "data.ageBand"},
                      {R"({"data":{"":1}})", "member-unknown", "data.\"\""},
                      {R"({"data":{"risk":7}})", "member-type", "data.risk"},
                      {R"({"data":{"risk":["high"]}})", "member-type", "data.risk"},
                      {R"({"data":{"risk":"extreme"}})", "vocabulary", "data.risk"},
                      {R"({"data":{"risk":"HIGH"}})", "vocabulary", "data.risk"},
                      {R"({"data":{"risk":"unspecified"}})", "vocabulary", "data.risk"},
                      {R"({"data":{"territory":"lyon 3e"}})", "format-territory", "data.territory"},
                      {R"({"data":{"territory":true}})", "member-type", "data.territory"},
                      {R"({"data":{"note":"in clear"}})", "sensitive-in-clear", "data.note"},
                      {R"({"data":{"gender":"woman"}})", "sensitive-in-clear", "data.gender"},
                      {R"({"data":{"indicators":[]}})", "sensitive-in-clear", "data.indicators"},
                      {R"({"data":{"x":{"_sd":[]}}})", "member-unknown", "data.x"},
                  });
  // A JSON null is no absent member.
  json::object event = detected();
  event["data"].as_object()["risk"] = nullptr;
  EXPECT_EQ(parse_statement(sign(event)).error().rule, "member-type");
}

/// Nobody can check what a decoy hides: a submission has few of them, and none where nothing is
/// hidden. What the log has is read as it is.
TEST(Statement, AFewDecoysAtMost) {
  const auto with_digests = [](json::object event, std::size_t count) {
    json::array digests;
    for (std::size_t i = 0; i < count; ++i)
      digests.emplace_back(disclosure_digest("decoy" + std::to_string(i)));
    event["data"].as_object()["_sd"] = std::move(digests);
    event["_sd_alg"] = "sha-256";
    return sign(event);
  };
  const auto& fields = catalogue().find("relais.case.detected.v1")->payload.fields;
  const auto hidden = static_cast<std::size_t>(
      std::ranges::count_if(fields, [](const Field& f) { return f.sensitive; }));
  ASSERT_GT(hidden, 0U);
  EXPECT_TRUE(parse_submission(with_digests(detected(), hidden + 8)));
  const auto more = parse_submission(with_digests(detected(), hidden + 9));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().rule, "sd-too-many");
  EXPECT_EQ(more.error().field, "data._sd");
  EXPECT_TRUE(parse_statement(with_digests(detected(), hidden + 9)));
  json::object revoked = detected();
  revoked["type"] = "relais.key.revoked.v1";
  revoked["subject"] = "signatory/ml1";
  revoked["data"] = object(R"({"kid":")" + std::string(43, 'A') + R"(","reason":"lost"})");
  EXPECT_TRUE(parse_submission(with_digests(revoked, 0)));
  const auto one = parse_submission(with_digests(revoked, 1));
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().rule, "sd-too-many");
}

/// A case.emergency_access_opened whose digests are of these disclosures.
std::string opened_with(const std::vector<std::string>& disclosures,
                        const std::vector<std::string>& shown) {
  json::object event = detected_with(disclosures);
  event["type"] = "relais.case.emergency_access_opened.v1";
  json::object data = object(R"({"access_id":"01890a5d-ac96-774b-bcce-b302099a8057",
      "reason":"medical","until":"2026-11-24T20:00:00Z"})");
  data["_sd"] = event.at("data").at("_sd");
  event["data"] = std::move(data);
  return sign(event, shown);
}

TEST(Statement, WhatMustBeDisclosedHasADigestAndComesWithTheStatement) {
  const std::string note = disclosure("note", R"("Brought to hospital, unconscious.")");
  const std::string other = disclosure("other", R"("Brought to hospital, unconscious.")");
  const auto whole = parse_statement(opened_with({note}, {note}));
  ASSERT_TRUE(whole) << to_string(whole.error());
  EXPECT_TRUE(check_disclosed(*whole));
  // As it stands in the log: the digest alone tells that something was said.
  const auto bare = parse_statement(opened_with({note}, {}));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->undisclosed, "note");
  const Status missing = check_disclosed(*bare);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().rule, "disclosure-missing");
  EXPECT_EQ(missing.error().field, "data.note");
  EXPECT_FALSE(missing.error().source.empty());
  // A decoy is as good as any digest in the log, and nothing to who takes the statement.
  const auto decoy = parse_statement(opened_with({other}, {}));
  ASSERT_TRUE(decoy);
  EXPECT_FALSE(check_disclosed(*decoy));
  const auto none = parse_statement(opened_with({}, {}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().rule, "disclosure-missing");
  const std::string dots = disclosure("note", R"("                    . . . . . . ok")");
  EXPECT_EQ(parse_statement(opened_with({dots}, {dots})).error().rule, "too-short");
}

TEST(Statement, ErrorsNameWhatWouldBeAccepted) {
  json::object event = detected();
  event["data"].as_object()["risk"] = "extreme";
  const auto risk = parse_statement(sign(event));
  ASSERT_FALSE(risk.has_value());
  EXPECT_EQ(risk.error().code, Errc::invalid);
  EXPECT_EQ(risk.error().accepted, "low, medium, high, immediate");

  event["type"] = "relais.support.step_planned.v1";
  event["data"] = object(R"({"step_id":"01890a5d-ac96-774b-bcce-b302099a8057","need":"a roof"})");
  const auto need = parse_statement(sign(event));
  ASSERT_FALSE(need.has_value());
  EXPECT_EQ(need.error().rule, "vocabulary");
  EXPECT_EQ(need.error().field, "data.need");
  EXPECT_NE(need.error().accepted.find("vocabulary need"), std::string::npos);
  EXPECT_LT(need.error().accepted.size(), 200U);
}

json::object opened() {
  const std::string hash(43, 'A');
  json::object event = detected();
  event["type"] = "relais.convention.opened.v1";
  event["subject"] = "convention/rhone";
  event["data"] = object(R"({"title":"Convention","signed_on":"2023-06-09","document_hash":")" +
                         hash + R"(","origin":"o","log_key":")" + hash + R"(","system_key":")" +
                         hash + R"(","territories":["69"],"signatories":[{"id":"ml1","name":"ML",
      "roles":["ml"],"public_key":")" +
                         hash + R"("}],"quorums":[{"act":"admit","approvals":2,
      "roles":[]}],"terms":[]})");
  return event;
}

TEST(Statement, MembersOfStructuresAreCheckedToo) {
  const std::string hash(43, 'A');
  const auto signatory = [&](const std::string& more) {
    return R"({"data":{"signatories":[{"id":"ml1","public_key":")" + hash + R"(",)" + more + "}]}}";
  };
  std::string many;
  for (int i = 0; i < 101; ++i) many += i > 0 ? R"(,"69")" : R"("69")";
  expect_refusals(
      opened(),
      {
          {signatory(R"("name":"ML")"), "member-missing", "data.signatories[0].roles"},
          {signatory(R"("name":"ML","roles":["ml","boss"])"), "vocabulary",
           "data.signatories[0].roles[1]"},
          {signatory(R"("name":"","roles":[])"), "member-empty", "data.signatories[0].name"},
          {signatory(R"("name":"a\u0000b","roles":[])"), "text-control",
           "data.signatories[0].name"},
          {signatory(R"("name":")" + std::string(201, 'x') + R"(","roles":[])"), "too-long",
           "data.signatories[0].name"},
          {signatory(R"("name":"ML","roles":[],"mail":"x")"), "member-unknown",
           "data.signatories[0].mail"},
          {R"({"data":{"signatories":{"id":"ml1"}}})", "member-type", "data.signatories"},
          {R"({"data":{"signatories":["ml1"]}})", "member-type", "data.signatories[0]"},
          {R"({"data":{"territories":["69","Rhône"]}})", "format-slug", "data.territories[1]"},
          {R"({"data":{"territories":[)" + many + "]}}", "too-long", "data.territories"},
          {R"({"data":{"terms":[{"name":"x","value":-1}]}})", "number-range",
           "data.terms[0].value"},
          {R"({"data":{"terms":[{"name":"x","value":4294967296}]}})", "number-range",
           "data.terms[0].value"},
          {R"({"data":{"terms":[{"name":"x","value":1.0}]}})", "member-type",
           "data.terms[0].value"},
          {R"({"data":{"terms":[{"name":"x","value":"1"}]}})", "member-type",
           "data.terms[0].value"},
      });
}

struct SignedRow {
  std::string what;
  std::string payload;
  std::vector<std::string> disclosures;
  std::string rule;
};

std::string json_of(const json::object& o) {
  return json::serialize(json::value(o));
}

/// The payload with one text put in place of another.
std::string replaced(const json::object& o, const std::string& from, const std::string& to) {
  std::string text = json_of(o);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Statement, JsonThatIsNotStrictIsRefused) {
  const std::vector<SignedRow> rows = {
      {"no JSON", "{", {}, "json-syntax"},
      {"no object", "[]", {}, "payload-form"},
      {"two texts", json_of(detected()) + "{}", {}, "json-syntax"},
      {"duplicate member",
       replaced(detected(), R"("risk":"high")", R"("risk":"low","risk":"high")"),
       {},
       "json-duplicate-member"},
      {"duplicate by escape",
       replaced(detected(), R"("risk":"high")", R"("r\u0069sk":"low","risk":"high")"),
       {},
       "json-duplicate-member"},
      {"1e400",
       replaced(opened(), R"("approvals":2)", R"("approvals":1e400)"),
       {},
       "json-number-range"},
      {"past 2^53",
       replaced(opened(), R"("approvals":2)", R"("approvals":9007199254740993)"),
       {},
       "json-number-range"},
      {"lone surrogate", replaced(detected(), "69123", R"(\ud800)"), {}, "json-syntax"},
      {"invalid UTF-8", replaced(detected(), "69123", "\xff"), {}, "json-syntax"},
      {"depth",
       replaced(detected(), R"("69123")", std::string(40, '[') + std::string(40, ']')),
       {},
       "json-depth"},
  };
  for (const SignedRow& row : rows) {
    const auto s = parse_statement(sign_text(row.payload, row.disclosures));
    ASSERT_FALSE(s.has_value()) << row.what;
    EXPECT_EQ(s.error().rule, row.rule) << row.what << ": " << to_string(s.error());
  }
}

std::vector<SignedRow> disclosure_rows() {
  const std::string note = disclosure("note", "\"n\"");
  const std::string risk = disclosure("risk", "\"high\"");
  const std::string other = disclosure("other", "1");
  const std::string inner = disclosure("x", "1");
  const auto with = [](const std::vector<std::string>& ds) { return json_of(detected_with(ds)); };
  const auto one = [&](const std::string& what, const std::string& d, const std::string& rule) {
    return SignedRow{what, with({d}), {d}, rule};
  };
  json::object clear_risk_hidden = detected_with({risk});
  clear_risk_hidden["data"].as_object().erase("risk");
  const std::string top_sd = R"({"_sd":[")" + disclosure_digest(note) + R"("],)";
  const std::string digest = R"({"...":")" + disclosure_digest(inner) + R"("})";
  return {
      {"a required member hidden", json_of(clear_risk_hidden), {risk}, "disclosure-not-sensitive"},
      {"a required member withheld", json_of(clear_risk_hidden), {}, "member-missing"},
      one("an unknown member", other, "disclosure-not-sensitive"),
      one("collision with a clear member", risk, "sd-name-collision"),
      one("a sensitive value of another type", disclosure("note", "7"), "member-type"),
      one("a sensitive null", disclosure("note", "null"), "member-type"),
      one("a sensitive value of no vocabulary", disclosure("gender", "\"x\""), "vocabulary"),
      one("a sensitive value that is too long",
          disclosure("note", "\"" + std::string(10'001, 'n') + "\""), "too-long"),
      one("an element of a sensitive list", disclosure("indicators", "[1]"), "member-type"),
      one("digests inside a disclosure", disclosure("indicators", "[\"a\"," + digest + "]"),
          "sd-place"),
      {"digests beside the data", top_sd + json_of(detected()).substr(1), {}, "sd-place"},
      {"digests deeper in the data",
       replaced(detected(), R"("69123")", R"({"_sd":[")" + disclosure_digest(inner) + R"("]})"),
       {},
       "sd-place"},
      {"an element's digest in the data",
       replaced(detected(), R"("69123")", "[" + digest + "]"),
       {},
       "sd-place"},
      {"a digest in clear text",
       replaced(detected_with({note}), disclosure_digest(note), "Jane"),
       {},
       "sd-digest-form"},
      {"an unreferenced disclosure", json_of(detected()), {note}, "sd-disclosure-unreferenced"},
      {"a disclosure twice", with({note}), {note, note}, "sd-disclosure-repeated"},
  };
}

TEST(Statement, DisclosuresThatAreRefused) {
  for (const SignedRow& row : disclosure_rows()) {
    const auto s = parse_statement(sign_text(row.payload, row.disclosures));
    ASSERT_FALSE(s.has_value()) << row.what;
    EXPECT_EQ(s.error().rule, row.rule) << row.what << ": " << to_string(s.error());
  }
}

TEST(Statement, HeadersThatAreRefused) {
  const std::string payload = crypto::base64url_encode(json_of(detected()));
  const std::string kid = crypto::to_text(crypto::thumbprint(test_key().public_key()));
  const std::string rest = R"(,"typ":"cloudevents+sd-jwt","kid":")" + kid + "\"";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"({"alg":"none")" + rest + "}", "jws-algorithm"},
      {R"({"alg":"ES256")" + rest + "}", "jws-algorithm"},
      {R"({"alg":"EdDSA")" + rest + R"(,"jwk":"x"})", "jws-header-key"},
      {R"({"alg":"EdDSA")" + rest + R"(,"crit":["b64"]})", "jws-critical"},
      {R"({"alg":"EdDSA","typ":"JWT","kid":")" + kid + "\"}", "jws-type"},
      {R"({"alg":"EdDSA","typ":"cloudevents+sd-jwt"})", "jws-key-id"},
  };
  for (const auto& [header, rule] : rows) {
    const std::string signature(86, 'A');
    const auto s =
        parse_statement(crypto::base64url_encode(header) + "." + payload + "." + signature + "~");
    ASSERT_FALSE(s.has_value()) << header;
    EXPECT_EQ(s.error().rule, rule) << header;
  }
  const std::string good = crypto::base64url_encode(R"({"alg":"Ed25519")" + rest + "}");
  EXPECT_TRUE(parse_statement(good + "." + payload + "." + std::string(86, 'A')).has_value());
}

TEST(Statement, ACloudEventShowsWhatIsDisclosed) {
  const std::string note = disclosure("note", "\"private\"");
  const std::string gender = disclosure("gender", "\"woman\"");
  const auto s = parse_statement(sign(detected_with({note, gender})));
  ASSERT_TRUE(s.has_value());
  const std::string& jwt = s->jwt;
  const auto shown = to_cloud_event(jwt, {gender});
  ASSERT_TRUE(shown.has_value()) << to_string(shown.error());
  json::object expected = detected();
  expected["data"].as_object()["gender"] = "woman";
  EXPECT_EQ(*shown, expected);
  EXPECT_EQ(to_cloud_event(jwt, {}), detected());
  EXPECT_FALSE(to_cloud_event(jwt, {disclosure("x", "1")}).has_value());
  EXPECT_FALSE(to_cloud_event("x", {}).has_value());
}

TEST(EventBytes, AreOneSegmentThatReadsBack) {
  auto s = parse_statement(sign(detected()));
  ASSERT_TRUE(s.has_value());
  s->event->getRoot<schema::Event>().setVersion(3);
  const std::string bytes = encode_event(*s);
  ASSERT_EQ(bytes.size() % 8, 0U);
  EXPECT_EQ(bytes.substr(0, 4), std::string(4, '\0'));
  EXPECT_EQ(static_cast<unsigned char>(bytes[4]), bytes.size() / 8 - 1);
  EventView view;
  ASSERT_TRUE(view.load(bytes));
  EXPECT_EQ(view.get().getVersion(), 3U);
  EXPECT_EQ(type_of(view.get()).name, "case.detected");
  EXPECT_EQ(payload_json(view.get()), detected()["data"].as_object());
  // A shorter event behind a longer one sees nothing of it.
  capnp::MallocMessageBuilder empty;
  ASSERT_TRUE(view.load(encode_event(empty.initRoot<schema::Event>())));
  EXPECT_EQ(view.get().getVersion(), 0U);
  EXPECT_FALSE(view.get().hasId());
}

TEST(EventBytes, DoNotTellTheOrderInWhichTheyWereSet) {
  capnp::MallocMessageBuilder a;
  auto first = a.initRoot<schema::Event>();
  first.setId("id");
  first.setStreamName("rhone");
  capnp::MallocMessageBuilder b;
  auto second = b.initRoot<schema::Event>();
  second.setStreamName("rhone");
  second.setId("a longer one that is replaced");
  second.setId("id");
  EXPECT_EQ(encode_event(first), encode_event(second));
}

TEST(EventBytes, OtherBytesAreNoEvent) {
  const std::string bytes = encode_event(*parse_statement(sign(detected())));
  EventView view;
  EXPECT_FALSE(view.load(""));
  EXPECT_FALSE(view.load("abc"));
  EXPECT_FALSE(view.load(bytes.substr(0, bytes.size() - 8)));
  EXPECT_FALSE(view.load(std::string(8, '\xff')));
  // The discriminant of an event type that this program does not have.
  std::string strange = bytes;
  const auto type = static_cast<std::uint16_t>(catalogue().all().size());
  bool found = false;
  for (std::size_t i = 16; i + 2 < strange.size() && !found; i += 2) {
    std::string copy = bytes;
    copy[i] = static_cast<char>(type);
    found = !view.load(copy);
  }
  EXPECT_TRUE(found);
  EXPECT_TRUE(view.load(bytes));
}

}  // namespace
}  // namespace relais::statement
