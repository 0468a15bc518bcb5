// What readers see, and what they do not, in process.
#include "ledger/crypto/jwk.h"
#include "ledger/merkle/receipt.h"
#include "ledger/merkle/tile.h"
#include "ledger/statement/sd_jwt.h"
#include "tests/unit/api/fixture.h"

namespace relais::tests {
namespace {

class ReadTest : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    size = play();
  }
  std::string id_of(std::uint64_t index) {
    statement::EventView view;
    EXPECT_TRUE(view.load(*ledger->event(LogIndex{index})));
    const auto id = view.get().getId();
    return {id.begin(), id.size()};
  }
  std::uint64_t first() const { return size - 5; }  // index of the first event of the play
  std::string case_path(std::uint64_t n) const { return "/v1/cases/" + test_uuid(n); }
  std::vector<std::int64_t> indices(const api::Response& r) {
    EXPECT_EQ(r.status, 200U) << r.body;
    const auto o = body(r);
    std::vector<std::int64_t> out;
    for (const auto& item : items(o, "events")) out.push_back(number(item.as_object(), "index"));
    return out;
  }
  std::uint64_t size = 0;
};

TEST_F(ReadTest, WithoutATokenNothingIsRead) {
  for (const char* path : {"/v1/events", "/v1/events/x", "/v1/events/x/receipt", "/v1/events/live",
                           "/v1/cases", "/v1/cases/x", "/v1/cases/x/timeline", "/v1/referrals",
                           "/v1/signatories", "/v1/keys", "/v1/audit", "/log/tile/entries/000"}) {
    const auto r = send(api::Method::get, path);
    EXPECT_EQ(r.status, 401U) << path;
    EXPECT_EQ(rule(r), "token-missing") << path;
    EXPECT_EQ(header(r, "www-authenticate"), "Bearer realm=\"relais\"");
  }
}

TEST_F(ReadTest, ACaseIsSeenByWhoTakesPartInIt) {
  for (const char* slug : {"ml1", "aa1"}) {
    const auto r = get(slug, case_path(1));
    ASSERT_EQ(r.status, 200U) << slug;
    const auto o = body(r);
    EXPECT_EQ(text(o, "id"), test_uuid(1));
    EXPECT_EQ(number(o, "version"), 4);
    EXPECT_EQ(text(o, "phase"), "REFERRED");
    EXPECT_EQ(text(o, "holder"), "ml1");
    EXPECT_EQ(text(o, "ageBand"), "16_17");
    EXPECT_EQ(text(o, "risk"), "high");
    const auto& referral = items(o, "referrals")[0].as_object();
    EXPECT_EQ(text(referral, "to"), "aa1");
    EXPECT_EQ(text(referral, "legalBasis"), "consent");
    EXPECT_EQ(text(referral, "phase"), "REQUESTED");
    EXPECT_EQ(text(items(o, "consents")[0].as_object(), "scope"), "referral");
    EXPECT_EQ(items(o, "participants").size(), 2U);
    EXPECT_EQ(header(r, "etag"), "\"4\"");
  }
}

TEST_F(ReadTest, WhatAReaderMayNotSeeAnswersExactlyAsWhatDoesNotExist) {
  const std::string id = id_of(first());
  for (const char* slug : {"ml2", "pref", "member", "analyst"}) {
    const std::string absent = get(slug, case_path(99)).body;
    for (const std::string& path :
         {case_path(1), case_path(1) + "/timeline",
          case_path(1) + "?asOf=" + std::to_string(size - 1), case_path(99) + "/timeline",
          std::string("/v1/cases/nonsense"), "/v1/events/" + id + "/receipt",
          std::string("/v1/events/none/receipt")}) {
      const auto r = get(slug, path);
      EXPECT_EQ(r.status, 404U) << slug << path;
      EXPECT_EQ(r.body, absent) << slug << path;
      EXPECT_TRUE(r.headers.empty());
    }
    if (std::string_view(slug) != "analyst") {
      EXPECT_EQ(get(slug, "/v1/events/" + id).body, absent) << slug;
    }
  }
}

TEST_F(ReadTest, UnchangedCasesAreNotSentAgain) {
  for (const std::string& path : {case_path(1), case_path(1) + "/timeline"}) {
    const auto r = get("ml1", path, {{"if-none-match", "\"3\", \"4\""}});
    EXPECT_EQ(r.status, 304U);
    EXPECT_TRUE(r.body.empty());
    EXPECT_EQ(header(r, "etag"), "\"4\"");
    EXPECT_EQ(get("ml1", path, {{"if-none-match", "\"3\""}}).status, 200U);
  }
}

/// It is made by a worker, and says the same.
TEST_F(ReadTest, ACaseOfManyActsComesAsAnyOther) {
  const std::uint64_t acts = 600;
  for (std::uint64_t n = 0; n < acts; ++n)
    accept("ml1", "support.step_planned", case_subject(1), Scene::step_data(5'000 + n));
  const std::size_t bytes =
      projections::find_case_record(*ledger->head()->records, *parse_uuid(test_uuid(1)))->size();
  ASSERT_GT(bytes, 16U * 1024);
  const auto r = get("ml1", case_path(1));
  ASSERT_EQ(r.status, 200U) << r.body;
  EXPECT_EQ(number(body(r), "version"), 4 + static_cast<std::int64_t>(acts));
  EXPECT_EQ(get("ml1", case_path(1), {{"if-none-match", header(r, "etag")}}).status, 304U);
  EXPECT_EQ(get("ml3", case_path(1)).body, get("ml3", case_path(9)).body);
}

TEST_F(ReadTest, ACaseAsOfAnIndexOrATime) {
  const auto at = [&](const std::string& as_of) {
    return get("ml1", case_path(1) + "?asOf=" + as_of);
  };
  EXPECT_EQ(text(body(at(std::to_string(first()))), "phase"), "DETECTED");
  EXPECT_EQ(text(body(at(std::to_string(first() + 1))), "phase"), "ASSESSED");
  EXPECT_EQ(at(std::to_string(first() - 1)).status, 404U);
  EXPECT_EQ(text(body(at(std::to_string(size - 1))), "phase"), "REFERRED");
  const auto beyond = at(std::to_string(size));
  EXPECT_EQ(beyond.status, 422U);
  EXPECT_EQ(text(body(beyond), "rule"), "position-beyond-head");
  EXPECT_EQ(text(body(at(to_rfc3339(clock.now()))), "phase"), "REFERRED");
  EXPECT_EQ(at("2020-01-01T00:00:00Z").status, 404U);
  EXPECT_EQ(rule(at("yesterday")), "position-form");
}

TEST_F(ReadTest, TimelinesArePaged) {
  const auto one = get("aa1", case_path(1) + "/timeline?limit=3");
  const auto o = body(one);
  ASSERT_EQ(items(o, "items").size(), 3U);
  EXPECT_EQ(text(items(o, "items")[1].as_object(), "type"), "relais.case.risk_assessed.v1");
  EXPECT_EQ(text(items(o, "items")[1].as_object(), "phase"), "ASSESSED");
  EXPECT_EQ(number(items(o, "items")[0].as_object(), "withheld"), 1);
  const std::string next = text(o, "next");
  EXPECT_EQ(header(one, "link"),
            "<" + case_path(1) + "/timeline?limit=3&cursor=" + next + ">; rel=\"next\"");
  const auto two = body(get("aa1", case_path(1) + "/timeline?limit=3&cursor=" + next));
  ASSERT_EQ(items(two, "items").size(), 1U);
  EXPECT_EQ(number(items(two, "items")[0].as_object(), "version"), 4);
  EXPECT_FALSE(two.contains("next"));
}

TEST_F(ReadTest, CasesAreListedForTheirParticipants) {
  const auto count = [&](const std::string& slug, const std::string& query = "") {
    return items(body(get(slug, "/v1/cases" + query)), "cases").size();
  };
  EXPECT_EQ(count("ml1"), 1U);
  EXPECT_EQ(count("aa1"), 1U);
  EXPECT_EQ(count("pref"), 0U);
  EXPECT_EQ(count("analyst"), 0U);
  EXPECT_EQ(count("ml1", "?phase=REFERRED"), 1U);
  EXPECT_EQ(count("ml1", "?phase=CLOSED"), 0U);
  EXPECT_EQ(rule(get("ml1", "/v1/cases?phase=OPEN")), "phase-unknown");
}

TEST_F(ReadTest, ReferralsHaveTwoBoxes) {
  const auto list = [&](const std::string& slug, const std::string& query) {
    return body(get(slug, "/v1/referrals" + query));
  };
  const auto in = list("aa1", "?box=inbox&open=true");
  ASSERT_EQ(items(in, "referrals").size(), 1U);
  EXPECT_EQ(text(items(in, "referrals")[0].as_object(), "case"), test_uuid(1));
  EXPECT_EQ(items(list("aa1", ""), "referrals").size(), 1U);
  EXPECT_EQ(items(list("aa1", "?box=outbox"), "referrals").size(), 0U);
  EXPECT_EQ(items(list("ml1", "?box=outbox"), "referrals").size(), 1U);
  EXPECT_EQ(rule(get("ml1", "/v1/referrals?box=all")), "box-unknown");
}

TEST_F(ReadTest, ListsHoldWhatIsVisible) {
  const auto from = "/v1/events?from=" + std::to_string(first());
  const auto f = static_cast<std::int64_t>(first());
  EXPECT_EQ(indices(get("ml1", from)), (std::vector<std::int64_t>{f, f + 1, f + 2, f + 3}));
  EXPECT_EQ(indices(get("ml2", from)), (std::vector<std::int64_t>{f + 4}));
  EXPECT_EQ(indices(get("pref", from)), (std::vector<std::int64_t>{}));
  EXPECT_EQ(indices(get("analyst", from)).size(), 5U);
  EXPECT_EQ(indices(get("pref", "/v1/events")).size(), first()) << "the convention is for all";
}

TEST_F(ReadTest, FiltersNarrowAndCursorsGoOn) {
  const auto list = [&](const std::string& query) {
    return indices(get("analyst", "/v1/events?" + query));
  };
  const auto f = static_cast<std::int64_t>(first());
  EXPECT_EQ(list("type=case.detected"), (std::vector<std::int64_t>{f, f + 4}));
  EXPECT_EQ(list("type=relais.case.*.v1&signatory=ml1"),
            (std::vector<std::int64_t>{f, f + 1, f + 2}));
  EXPECT_EQ(list("stream=" + case_subject(2)), (std::vector<std::int64_t>{f + 4}));
  EXPECT_EQ(list("axis=detection&order=desc&limit=2"), (std::vector<std::int64_t>{f + 4, f + 3}));
  EXPECT_EQ(list("axis=convention&type=case.*"), (std::vector<std::int64_t>{}));
  EXPECT_EQ(list("from=" + std::to_string(f + 1) + "&to=" + std::to_string(f + 3)),
            (std::vector<std::int64_t>{f + 1, f + 2}));
  EXPECT_EQ(list("to=2020-01-01T00:00:00Z"), (std::vector<std::int64_t>{}));

  for (const char* order : {"asc", "desc"}) {
    std::vector<std::int64_t> all;
    std::string target = std::string("/v1/events?type=case.*&limit=2&order=") + order;
    for (int pages = 0; pages < 10 && !target.empty(); ++pages) {
      const auto r = get("analyst", target);
      for (const auto i : indices(r)) all.push_back(i);
      const std::string link = header(r, "link");
      const auto end = link.find('>');
      target = link.starts_with("</") ? link.substr(1, end - 1) : "";
    }
    std::vector<std::int64_t> expected{f, f + 1, f + 2, f + 4};
    if (std::string_view(order) == "desc") std::ranges::reverse(expected);
    EXPECT_EQ(all, expected) << order;
  }
}

TEST_F(ReadTest, MisspeltFiltersAreRefused) {
  const auto refused = [&](const std::string& query) {
    return rule(get("ml1", "/v1/events?" + query));
  };
  EXPECT_EQ(refused("typ=x"), "query-unknown");
  EXPECT_EQ(refused("type=case.detect"), "type-unknown");
  EXPECT_EQ(refused("axis=x"), "axis-unknown");
  EXPECT_EQ(refused("signatory=x"), "signatory-unknown");
  EXPECT_EQ(refused("stream=x"), "subject-form");
  EXPECT_EQ(refused("order=up"), "order-form");
  EXPECT_EQ(refused("limit=0"), "limit-range");
  EXPECT_EQ(refused("limit=501"), "limit-range");
  EXPECT_EQ(refused("cursor=***"), "cursor-form");
  EXPECT_EQ(refused("cursor=YWJj"), "cursor-form");
  EXPECT_EQ(refused("from=x"), "position-form");
  const auto o = body(get("ml1", "/v1/events?typ=x"));
  EXPECT_EQ(text(o, "field"), "typ");
  EXPECT_NE(text(o, "accepted").find("signatory"), std::string::npos);
}

TEST_F(ReadTest, AnEventHasItsDisclosuresForWhoMaySeeThem) {
  const std::string path = "/v1/events/" + id_of(first());
  const auto full = get("ml1", path);
  ASSERT_EQ(full.status, 200U);
  EXPECT_EQ(full.content_type, "application/cloudevents+json");
  EXPECT_EQ(header(full, "etag"), "\"1\"");
  EXPECT_EQ(header(full, "relais-index"), std::to_string(first()));
  const auto note = [&](const api::Response& r) {
    return text(body(r).at("data").as_object(), "note");
  };
  EXPECT_EQ(note(full), "she fears to go home");
  EXPECT_EQ(text(body(full), "specversion"), "1.0");
  EXPECT_FALSE(body(full).contains("_sd_alg"));
  const auto pseudonymised = get("analyst", path);
  ASSERT_EQ(pseudonymised.status, 200U);
  EXPECT_EQ(note(pseudonymised), "<none>");

  const auto signed_form = get("ml1", path + "?format=sd-jwt");
  EXPECT_EQ(signed_form.content_type, "application/sd-jwt");
  EXPECT_EQ(statement::split_sd_jwt(signed_form.body)->disclosures.size(), 1U);
  const auto bare = get("analyst", path + "?format=sd-jwt");
  EXPECT_TRUE(statement::split_sd_jwt(bare.body)->disclosures.empty());
  EXPECT_EQ(rule(get("ml1", path + "?format=xml")), "format-unknown");
}

TEST_F(ReadTest, AnIdOfSeveralSourcesNeedsTheSource) {
  ASSERT_TRUE(submit(sign("ml1", "case.detected", case_subject(11), detected(), "same")));
  ASSERT_TRUE(submit(sign("ml2", "case.detected", case_subject(12), detected(), "same")));
  EXPECT_EQ(get("ml1", "/v1/events/same").status, 200U) << "the other is not visible";
  const auto both = get("analyst", "/v1/events/same");
  EXPECT_EQ(both.status, 409U);
  EXPECT_EQ(rule(both), "id-ambiguous");
  EXPECT_EQ(text(body(both), "accepted"), "one of urn:relais:rhone:ml1, urn:relais:rhone:ml2");
  const auto one = get("analyst", "/v1/events/same?source=urn:relais:rhone:ml2");
  EXPECT_EQ(text(body(one), "subject"), case_subject(12));
  EXPECT_EQ(get("ml1", "/v1/events/same?source=urn:relais:rhone:ml2").status, 404U);
}

TEST_F(ReadTest, ReceiptsAreThoseThatWereHandedOut) {
  const auto r = get("aa1", "/v1/events/" + id_of(first() + 3) + "/receipt");
  ASSERT_EQ(r.status, 200U);
  const auto receipt = merkle::parse_receipt(r.body);
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(
      merkle::verify_receipt(*receipt, *ledger->entry(LogIndex{first() + 3}), ledger->vkey()));
}

TEST_F(ReadTest, TheAuditSaysWhoSignedWhat) {
  const auto o = body(get("ml1", "/v1/audit?stream=" + case_subject(1)));
  ASSERT_EQ(items(o, "events").size(), 4U);
  const auto& one = items(o, "events")[0].as_object();
  EXPECT_EQ(text(one, "signatory"), "ml1");
  EXPECT_EQ(text(one, "kid"), crypto::to_text(crypto::thumbprint(test_key("ml1").public_key())));
  EXPECT_EQ(number(one, "withheld"), 1);
  EXPECT_FALSE(one.contains("data"));
}

TEST_F(ReadTest, SignatoriesAndKeysAsTheyStandOrStood) {
  const auto o = body(get("member", "/v1/signatories"));
  EXPECT_EQ(text(o, "convention"), "rhone");
  EXPECT_EQ(items(o, "signatories").size(), 9U);
  EXPECT_EQ(text(items(o, "signatories")[3].as_object(), "id"), "ml1");

  json::object enrol = tests::data(R"({"label":"second"})");
  const auto fresh = test_key("ml1-second");
  enrol["public_key"] = crypto::to_text(fresh.public_key());
  enrol["proof"] = statement::make_key_proof(fresh, "urn:relais:rhone:ml1", kOrigin);
  accept("ml1", "key.enrolled", "signatory/ml1", enrol);
  EXPECT_EQ(items(body(get("pref", "/v1/keys")), "keys").size(), 10U);
  const auto before = body(get("pref", "/v1/keys?asOf=" + std::to_string(size - 1)));
  EXPECT_EQ(items(before, "keys").size(), 9U);
  EXPECT_EQ(number(before, "size"), static_cast<std::int64_t>(size));
  EXPECT_EQ(items(body(get("pref", "/v1/keys?asOf=" + std::to_string(size))), "keys").size(), 10U);
  EXPECT_EQ(items(body(get("pref", "/v1/keys?asOf=1999-01-01T00:00:00Z")), "keys").size(), 0U);
}

TEST_F(ReadTest, TheLogIsPublicButItsEntriesAreNot) {
  const auto checkpoint = send(api::Method::get, "/log/checkpoint");
  EXPECT_EQ(checkpoint.cache_control, "no-cache");
  EXPECT_EQ(merkle::open_checkpoint(checkpoint.body, ledger->vkey())->size, size);
  EXPECT_EQ(send(api::Method::get, "/log/vkey").body, merkle::to_vkey(ledger->vkey()) + "\n");

  const auto keys = body(send(api::Method::get, "/log/keys"));
  ASSERT_EQ(items(keys, "keys").size(), 1U);  // with others: tests/e2e/test_log_key.py
  EXPECT_EQ(text(items(keys, "keys")[0].as_object(), "vkey"), merkle::to_vkey(ledger->vkey()));

  const std::string partial = "/log/tile/0/000.p/" + std::to_string(size);
  const auto tile = send(api::Method::get, partial);
  ASSERT_EQ(tile.status, 200U);
  EXPECT_EQ(tile.body.size(), 32 * size);
  EXPECT_EQ(tile.body.substr(0, 32), view(merkle::leaf_hash(*ledger->entry(LogIndex{0}))));
  EXPECT_EQ(send(api::Method::get, "/log/tile/0/000.p/2").body.size(), 64U);
  for (const char* none : {"/log/tile/0/000", "/log/tile/1/000.p/1", "/log/tile/0/001.p/1",
                           "/log/tile/0/0.p/1", "/log/tile/x", "/log/tile/0/000.p/13"})
    EXPECT_EQ(send(api::Method::get, none).status, 404U) << none;

  const std::string entries = "/log/tile/entries/000.p/" + std::to_string(size);
  EXPECT_EQ(get("ml1", entries).status, 403U);
  const auto bundle = merkle::parse_bundle(get("analyst", entries).body);
  ASSERT_TRUE(bundle);
  ASSERT_EQ(bundle->size(), size);
  EXPECT_EQ(bundle->back(), *ledger->entry(LogIndex{size - 1}));
}

TEST_F(ReadTest, FullTilesAreImmutable) {
  fill(130, 1000);
  const auto full = send(api::Method::get, "/log/tile/0/000");
  ASSERT_EQ(full.status, 200U);
  EXPECT_EQ(full.body.size(), 8192U);
  EXPECT_EQ(full.cache_control, "public, max-age=31536000, immutable");
  EXPECT_EQ(send(api::Method::get, "/log/tile/1/000.p/1").body.size(), 32U);
}

TEST_F(ReadTest, PathsMethodsAndOptions) {
  EXPECT_EQ(rule(send(api::Method::get, "/v2")), "route-unknown");
  const auto refused = send(api::Method::post, "/v1/cases");
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(header(refused, "allow"), "GET, HEAD, OPTIONS");
  const auto options = send(api::Method::options, "/v1/events");
  EXPECT_EQ(options.status, 204U);
  EXPECT_EQ(header(options, "allow"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(send(api::Method::options, "*").status, 204U);
  EXPECT_EQ(send(api::Method::options, "/v2").status, 404U);
}

TEST_F(ReadTest, OperationsAnswer) {
  EXPECT_EQ(send(api::Method::get, "/livez").body, "alive\n");
  const auto ready = send(api::Method::get, "/readyz");
  EXPECT_EQ(number(body(ready), "size"), static_cast<std::int64_t>(size));
  get("ml1", case_path(1));
  EXPECT_EQ(send(api::Method::get, "/metrics").status, 401U) << "for the operator alone";
  const auto metrics = send(api::Method::get, "/metrics", {}, {}, true).body;
  for (const char* line :
       {"relais_http_request_seconds_count{route=\"GET /v1/cases/{id}\",status=\"200\"} 1",
        "relais_http_request_seconds_bucket{route=\"GET /readyz\",status=\"200\",le=\"+Inf\"} 1",
        "relais_statements_total{outcome=\"accepted\"}", "relais_log_size",
        "relais_live_streams 0"})
    EXPECT_NE(metrics.find(line), std::string::npos) << line << "\n" << metrics;
  service->drain();
  EXPECT_EQ(send(api::Method::get, "/readyz").status, 503U);
}

TEST_F(ReadTest, TheProjectionsAreRebuiltFromTheLocalSocketOnly) {
  EXPECT_EQ(send(api::Method::post, "/admin/rebuild").status, 404U);
  const auto before = get("aa1", case_path(1)).body;
  const auto r = send(api::Method::post, "/admin/rebuild", {}, {}, true);
  ASSERT_EQ(r.status, 200U) << r.body;
  EXPECT_EQ(number(body(r), "generation"), 2);
  EXPECT_EQ(get("aa1", case_path(1)).body, before);
}

TEST_F(ReadTest, AStoppedLedgerIsNotReady) {
  ledger->stop();
  const auto r = post(sign("ml1", "case.detected", case_subject(50), detected()));
  EXPECT_EQ(r.status, 503U);
  EXPECT_EQ(header(r, "retry-after"), "1");
  EXPECT_EQ(send(api::Method::get, "/readyz").status, 503U);
  EXPECT_EQ(get("ml1", case_path(1)).status, 200U) << "reading goes on";
  EXPECT_EQ(reports.size(), 1U);
  reports.clear();
}

}  // namespace
}  // namespace relais::tests
