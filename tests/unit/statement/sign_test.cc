#include "ledger/crypto/jwk.h"
#include "tests/unit/statement/support.h"

namespace relais::statement {
namespace {

using namespace tests;

class SignEvent : public ::testing::Test {
 protected:
  Result<std::string> sign_json(std::string_view event, std::string_view source = {}) {
    return sign_event(event, test_key(), clock_, random_, source);
  }

  ManualClock clock_{*parse_rfc3339("2026-11-24T16:00:00Z")};
  crypto::SeededRandom random_{1};
};

constexpr std::string_view kShort = R"({"type":"relais.case.detected.v1",
    "subject":"case/01890a5d-ac96-774b-bcce-b302099a8057",
    "data":{"note":"private","channel":"interview","age_band":"16_17","territory":"69123",
            "indicators":["a","b"],"risk":"high","gender":"woman"}})";

TEST_F(SignEvent, FillsInWhatIsAbsentAndHidesWhatIsSensitive) {
  const auto text = sign_json(kShort, "urn:relais:rhone:ml1");
  ASSERT_TRUE(text.has_value()) << to_string(text.error());
  const auto s = parse_statement(*text);
  ASSERT_TRUE(s.has_value());
  EXPECT_TRUE(verify_signature(*s, test_key().public_key()).has_value());
  EXPECT_EQ(s->source, "urn:relais:rhone:ml1");
  EXPECT_EQ(s->time, clock_.now());
  ASSERT_TRUE(parse_uuid(s->id).has_value());
  EXPECT_EQ(parse_uuid(s->id)->high >> 16, static_cast<std::uint64_t>(clock_.now().value));
  EXPECT_EQ(s->disclosures.size(), 3U);

  const auto jws = crypto::parse_jws(s->jwt, kTyp);
  ASSERT_TRUE(jws.has_value());
  for (const char* hidden : {"private", "note", "indicators", "gender", "woman"})
    EXPECT_EQ(jws->payload.find(hidden), std::string::npos) << hidden;
  const json::object payload = object(jws->payload);
  EXPECT_EQ(payload.at("_sd_alg"), json::value("sha-256"));
  std::vector<std::string> digests;
  for (const json::value& d : payload.at("data").at("_sd").as_array())
    digests.emplace_back(d.as_string());
  EXPECT_EQ(digests.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(digests));

  const auto shown = to_cloud_event(s->jwt, s->disclosures);
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->at("data"), object(kShort).at("data"));
}

TEST_F(SignEvent, KeepsWhatIsGiven) {
  json::object event = detected();
  event["datacontenttype"] = "application/json";
  const auto text = sign_json(json::serialize(json::value(event)), "urn:another");
  ASSERT_TRUE(text.has_value()) << to_string(text.error());
  const auto s = parse_statement(*text);
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(to_cloud_event(s->jwt, {}), event);
  EXPECT_TRUE(s->disclosures.empty());
}

TEST_F(SignEvent, GivesTheErrorsOfTheLedger) {
  const auto rule = [&](std::string_view event, std::string_view source = "/s") {
    const auto text = sign_json(event, source);
    return text ? std::string() : text.error().rule;
  };
  EXPECT_EQ(rule("{"), "json-syntax");
  EXPECT_EQ(rule("[]"), "payload-form");
  EXPECT_EQ(rule("{}"), "cloudevents-type");
  EXPECT_EQ(rule(R"({"type":"relais.x.v1","subject":"case/x","data":{}})"), "type-unknown");
  EXPECT_EQ(rule(kShort, {}), "cloudevents-source");
  json::object event = object(kShort);
  event["data"].as_object()["gender"] = "x";
  EXPECT_EQ(rule(json::serialize(json::value(event))), "vocabulary");
  event["data"].as_object()["_sd"] = json::array();
  EXPECT_EQ(rule(json::serialize(json::value(event))), "event-not-plain");
  event = object(kShort);
  event["_sd_alg"] = "sha-256";
  EXPECT_EQ(rule(json::serialize(json::value(event))), "event-not-plain");
  event = object(kShort);
  event["data"] = 7;
  EXPECT_EQ(rule(json::serialize(json::value(event))), "data-form");
}

TEST(KeyProof, IsForOneKeyOneSignatoryAndOneLog) {
  const auto key = test_key("new");
  const std::string proof = make_key_proof(key, "urn:relais:rhone:ml1", "relais.example/rhone");
  const auto check = [&](const crypto::PublicKey& k, const char* source, const char* origin) {
    const Status status = check_key_proof(proof, k, source, origin);
    return status ? std::string() : status.error().rule;
  };
  const auto& own = key.public_key();
  EXPECT_EQ(check(own, "urn:relais:rhone:ml1", "relais.example/rhone"), "");
  EXPECT_EQ(check(own, "urn:relais:rhone:ml2", "relais.example/rhone"), "key-proof");
  EXPECT_EQ(check(own, "urn:relais:rhone:ml1", "relais.example/isere"), "key-proof");
  EXPECT_EQ(check(test_key().public_key(), "urn:relais:rhone:ml1", "relais.example/rhone"),
            "key-proof");
}

TEST(KeyProof, OtherTokensAreNone) {
  const auto key = test_key("new");
  const auto rule = [&](const std::string& proof) {
    const Status status = check_key_proof(proof, key.public_key(), "s", "o");
    return status ? std::string() : status.error().rule;
  };
  constexpr std::string_view kProof = "relais-key-proof+jwt";
  EXPECT_EQ(rule(crypto::sign_jws(key, kProof, R"({"iss":"s","aud":"o"})")), "");
  EXPECT_EQ(rule(crypto::sign_jws(key, kTyp, R"({"aud":"o","iss":"s"})")), "jws-type");
  EXPECT_EQ(rule(crypto::sign_jws(key, kProof, R"({"aud":"o"})")), "key-proof");
  EXPECT_EQ(rule(crypto::sign_jws(key, kProof, R"({"aud":"o","iss":"s","x":1})")), "key-proof");
  EXPECT_EQ(rule(crypto::sign_jws(key, kProof, R"({"aud":["o"],"iss":"s"})")), "key-proof");
  EXPECT_EQ(rule(crypto::sign_jws(key, kProof, "[]")), "key-proof");
  std::string forged = crypto::sign_jws(key, kProof, R"({"aud":"o","iss":"s"})");
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(rule(forged), "signature-invalid");
}

}  // namespace
}  // namespace relais::statement
