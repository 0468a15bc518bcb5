// POST /v1/events, in process.
#include "api/sharing.h"
#include "ledger/crypto/base64.h"
#include "ledger/merkle/receipt.h"
#include "tests/unit/api/fixture.h"

namespace relais::tests {
namespace {

using AppendTest = ApiTest;

std::string list_of(const std::vector<std::string>& statements) {
  json::array texts;
  for (const auto& s : statements) texts.emplace_back(s);
  json::object o;
  o["statements"] = std::move(texts);
  return json::serialize(o);
}

TEST_F(AppendTest, AStatementIsAnsweredWithItsPlaceAndReceipt) {
  const std::string statement = sign("ml1", "case.detected", case_subject(1), detected(), "a/b 1");
  const auto r = post(statement + "\n");
  ASSERT_EQ(r.status, 201U) << r.body;
  const auto o = body(r);
  const std::uint64_t index = ledger->head()->size().value - 1;
  EXPECT_EQ(number(o, "index"), static_cast<std::int64_t>(index));
  EXPECT_EQ(text(o, "id"), "a/b 1");
  EXPECT_EQ(text(o, "source"), "urn:relais:rhone:ml1");
  EXPECT_EQ(text(o, "stream"), case_subject(1));
  EXPECT_EQ(number(o, "version"), 1);
  EXPECT_EQ(text(o, "receivedAt"), to_rfc3339(clock.now()));
  EXPECT_EQ(header(r, "location"), "/v1/events/a%2Fb%201?source=urn%3Arelais%3Arhone%3Aml1");
  EXPECT_EQ(header(r, "etag"), "\"1\"");

  const std::string entry = *ledger->entry(LogIndex{index});
  EXPECT_EQ(text(o, "leafHash"), crypto::base64_encode(view(merkle::leaf_hash(entry))));
  const auto receipt = merkle::parse_receipt(text(o, "receipt"));
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(merkle::verify_receipt(*receipt, entry, ledger->vkey()));
}

TEST_F(AppendTest, TheSameBytesGetTheSameAnswerAndOtherBytesAConflict) {
  const std::string statement = sign("ml1", "case.detected", case_subject(1), detected(), "x");
  const auto first = post(statement);
  const auto again = post(statement);
  EXPECT_EQ(first.status, 201U);
  EXPECT_EQ(again.status, 200U);
  EXPECT_EQ(again.body, first.body);
  const auto other = post(sign("ml1", "case.detected", case_subject(2), detected(), "x"));
  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(rule(other), "id-reused");
}

TEST_F(AppendTest, PreconditionsAreHeld) {
  const auto detect = [&](std::uint64_t n) {
    return sign("ml1", "case.detected", case_subject(n), detected());
  };
  const auto assess = [&] {
    return sign("ml1", "case.risk_assessed", case_subject(1), assessed());
  };
  EXPECT_EQ(post(detect(1), {{"if-none-match", "*"}}).status, 201U);
  EXPECT_EQ(post(assess(), {{"if-none-match", "*"}}).status, 412U);
  EXPECT_EQ(post(assess(), {{"if-match", "\"2\""}}).status, 412U);
  EXPECT_EQ(post(assess(), {{"if-match", "\"1\""}}).status, 201U);
  for (const char* bad : {"1", "\"\"", "\"x\"", "W/\"1\"", "\"1\", \"2\"", "*", "\""})
    EXPECT_EQ(rule(post(assess(), {{"if-match", bad}})), "precondition-form") << bad;
  EXPECT_EQ(rule(post(assess(), {{"if-none-match", "\"1\""}})), "precondition-form");
}

TEST_F(AppendTest, WhatDoesNotHoldIsRefusedBeforeTheWriter) {
  const std::uint64_t size = ledger->head()->size().value;
  std::string forged = sign("ml1", "case.detected", case_subject(1), detected());
  const auto at = forged.find('~') - 5;
  forged[at] = forged[at] == 'A' ? 'B' : 'A';
  EXPECT_EQ(rule(post(forged)), "signature-invalid");
  EXPECT_EQ(post(forged).status, 401U);
  EXPECT_EQ(header(post(forged), "www-authenticate"), "Bearer realm=\"relais\"");
  EXPECT_EQ(post("nonsense").status, 400U);
  EXPECT_EQ(post("").status, 400U);
  const auto type = post("x", {}, "/v1/events", "text/plain");
  EXPECT_EQ(type.status, 415U);
  EXPECT_EQ(ledger->head()->size().value, size);
}

/// Nobody without a key has large statements parsed: what they disclose is not looked at.
TEST_F(AppendTest, ALargeStatementIsOfAKeyThatSignedItFirst) {
  const std::string large = std::string(20'000, '!') + "~";
  const auto outsider =
      post(sign("stranger", "case.detected", case_subject(1), detected()) + large);
  EXPECT_EQ(outsider.status, 401U);
  EXPECT_EQ(rule(outsider), "key-unknown");
  const std::string own = sign("ml1", "case.detected", case_subject(1), detected());
  std::string forged = own;
  const auto at = forged.find('~') - 5;
  forged[at] = forged[at] == 'A' ? 'B' : 'A';
  EXPECT_EQ(rule(post(forged + large)), "signature-invalid");
  const auto known = post(own + large);
  EXPECT_EQ(known.status, 400U);
  EXPECT_EQ(rule(known), "sd-disclosure-unreferenced") << "and is not parsed";
}

/// What ends a key passes a share that is used up; another date of its end is like any statement.
TEST_F(AppendTest, OnlyWhatStopsAKeyPassesAUsedUpShare) {
  json::object key;
  key["public_key"] = crypto::to_text(test_key("second").public_key());
  key["proof"] = statement::make_key_proof(test_key("second"), "urn:relais:rhone:ml1", kOrigin);
  accept("ml1", "key.enrolled", "signatory/ml1", key);
  accept("ml1", "case.detected", case_subject(1), detected());
  api::ServiceOptions options;
  options.accounts = api::make_accounts(options);
  options.report = [](const std::string&) {};
  api::Accounts& accounts = *options.accounts;
  const SignatoryId ml1 = ledger->head()->registry->find_slug("ml1")->id;
  accounts.stored.charge(ml1, 1e9);
  service = std::make_unique<api::Service>(*ledger, *reads, wall, std::move(options));
  const auto revoke = [&](std::string_view from) {
    json::object d = tests::data(R"({"reason":"lost"})");
    d["kid"] = crypto::to_text(kid_of("second"));
    d["effective_from"] = from;
    return post(sign("ml1", "key.revoked", "signatory/ml1", d));
  };
  EXPECT_EQ(revoke("2999-01-01T00:00:00Z").status, 201U);
  const auto moved = revoke("2998-01-01T00:00:00Z");
  EXPECT_EQ(moved.status, 429U);
  EXPECT_EQ(rule(moved), "too-much-stored");
  EXPECT_EQ(revoke("2020-01-01T00:00:00Z").status, 201U);
  const auto again = revoke("2019-01-01T00:00:00Z");
  EXPECT_EQ(rule(again), "too-much-stored");
  const auto erase = [&] {
    return post(sign("ml1", "case.data_erased", case_subject(1),
                     tests::data(R"({"basis":"art17","targets":[1]})")));
  };
  // Its own share of what is owed is bounded, and beyond it an erasure is paid for.
  accounts.reserve.charge(ml1, api::kFreeBytesPerDay);
  EXPECT_EQ(rule(erase()), "too-much-stored");
  accounts.reserve.give_back(ml1, api::kFreeBytesPerDay);
  EXPECT_EQ(erase().status, 201U);
}

TEST_F(AppendTest, TheRulesOfTheLedgerReachTheProblem) {
  accept("ml1", "case.detected", case_subject(1), detected());
  const auto r =
      post(sign("ml1", "case.closed", case_subject(1), tests::data(R"({"reason":"moved"})")));
  EXPECT_EQ(r.status, 409U);
  const auto o = body(r);
  EXPECT_EQ(text(o, "rule"), "case-transition");
  EXPECT_EQ(text(o, "state"), "DETECTED");
  EXPECT_EQ(text(o, "type"), "https://relais.example/problems/case-transition");
}

TEST_F(AppendTest, AListHasAResultForEachStatement) {
  std::vector<std::string> statements;
  for (std::uint64_t n = 1; n <= 100; ++n)
    statements.push_back(sign("ml1", "case.detected", case_subject(n), detected()));
  statements[50] = "nonsense~";
  statements[70] = statements[69];
  const auto r = post(list_of(statements), {}, "/v1/events", "application/json");
  ASSERT_EQ(r.status, 207U) << r.body;
  const auto o = body(r);
  const auto& results = items(o, "results");
  ASSERT_EQ(results.size(), 100U);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& one = results[i].as_object();
    EXPECT_EQ(number(one, "status"), i == 50 ? 400 : i == 70 ? 200 : 201) << i;
    if (i != 50 && i != 70) {
      EXPECT_EQ(text(one, "stream"), case_subject(i + 1));
    }
  }
  EXPECT_EQ(text(results[50].as_object(), "rule").substr(0, 4), "jws-");
  EXPECT_EQ(number(results[70].as_object(), "index"), number(results[69].as_object(), "index"));
}

TEST_F(AppendTest, AnAtomicListIsTakenWholeOrNotAtAll) {
  const std::uint64_t size = ledger->head()->size().value;
  const std::string a = sign("ml1", "case.detected", case_subject(1), detected());
  const std::string b = sign("ml1", "case.risk_assessed", case_subject(1), assessed());
  const std::string c = sign("ml1", "case.reopened", case_subject(1), {});
  const auto send_list = [&](const std::vector<std::string>& l) {
    return post(list_of(l), {}, "/v1/events?atomic=true", "application/json");
  };
  for (const auto& list : {std::vector{a, b, c}, std::vector{a, b, std::string("nonsense")}}) {
    const auto refused = send_list(list);
    EXPECT_GE(refused.status, 400U);
    const auto o = body(refused);
    EXPECT_EQ(number(o, "status"), static_cast<std::int64_t>(refused.status));
    ASSERT_EQ(items(o, "results").size(), 1U);
    const auto& first = items(o, "results")[0].as_object();
    EXPECT_EQ(number(first, "position"), 2);
    EXPECT_EQ(text(first, "rule"), text(o, "rule"));
    EXPECT_NE(text(o, "rule"), "group-refused");
    EXPECT_EQ(ledger->head()->size().value, size);
  }
  const auto taken = send_list({a, b});
  EXPECT_EQ(taken.status, 201U) << taken.body;
  EXPECT_EQ(items(body(taken), "results").size(), 2U);
  EXPECT_EQ(ledger->head()->size().value, size + 2);
  EXPECT_EQ(send_list({a, b}).status, 200U);
}

TEST_F(AppendTest, AListHasItsFormAndItsLimit) {
  const auto send_list = [&](const std::string& text) {
    return post(text, {}, "/v1/events", "application/json; charset=utf-8");
  };
  for (const char* bad : {"[]", "{}", R"({"statements":{}})", R"({"statements":[]})",
                          R"({"statements":[1]})", R"({"statements":["x"],"more":1})"})
    EXPECT_EQ(rule(send_list(bad)), "list-form") << bad;
  EXPECT_EQ(rule(send_list(R"({"statements":[],"statements":[]})")), "json-duplicate-member");
  EXPECT_EQ(send_list("{").status, 400U);
  const auto over = send_list(list_of(std::vector<std::string>(1001, "x")));
  EXPECT_EQ(over.status, 413U);
  EXPECT_EQ(rule(over), "group-size");
  const auto most = send_list(list_of(std::vector<std::string>(1000, "x")));
  EXPECT_EQ(most.status, 207U);
  EXPECT_EQ(items(body(most), "results").size(), 1000U);
  EXPECT_EQ(rule(post(list_of({"x"}), {{"if-match", "\"1\""}}, "/v1/events", "application/json")),
            "precondition-on-list");
  EXPECT_EQ(rule(post("x", {}, "/v1/events?atomic=yes")), "flag-form");
}

}  // namespace
}  // namespace relais::tests
