// Every look at a case leaves a trace, or is no look; and who may see the traces.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

#include "ledger/crypto/base64.h"
#include "ledger/merkle/receipt.h"
#include "tests/unit/api/fixture.h"
#include "tests/unit/api/pulled.h"

namespace relais::tests {
namespace {

class TraceTest : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    size = play();
  }
  std::uint64_t traces() const { return reads->head()->size().value; }
  reads::Stored last() const {
    auto stored = reads->find(LogIndex{traces() - 1});
    EXPECT_TRUE(stored) << to_string(stored.error());
    return stored.value_or(reads::Stored{});
  }
  std::string id_of(std::uint64_t index) {
    statement::EventView view;
    EXPECT_TRUE(view.load(*ledger->event(LogIndex{index})));
    const auto id = view.get().getId();
    return {id.begin(), id.size()};
  }
  static Uuid case_id(std::uint64_t n) { return *parse_uuid(test_uuid(n)); }
  std::string case_path(std::uint64_t n) const { return "/v1/cases/" + test_uuid(n); }
  /// What a reader is shown, as [index, …]; with the expected status.
  std::vector<std::int64_t> seen(const std::string& slug, const std::string& query) {
    const auto r = get(slug, "/v1/audit/reads" + query);
    EXPECT_EQ(r.status, 200U) << r.body;
    std::vector<std::int64_t> found;
    const auto o = body(r);
    for (const auto& item : items(o, "reads")) found.push_back(number(item.as_object(), "index"));
    return found;
  }
  using Indices = std::vector<std::int64_t>;

  std::uint64_t size = 0;
};

/// A new route is decided on here too: whether it gives case data, and so leaves a trace.
TEST_F(TraceTest, EveryRouteSaysWhatItGives) {
  const std::set<std::string> traced = {"GET /v1/cases",
                                        "GET /v1/cases/{id}",
                                        "GET /v1/cases/{id}/timeline",
                                        "GET /v1/events",
                                        "GET /v1/events/live",
                                        "GET /v1/events/{id}",
                                        "GET /v1/events/{id}/receipt",
                                        "GET /v1/referrals",
                                        "GET /v1/deadlines",
                                        "GET /v1/psp",
                                        "GET /v1/sessions/{name}",
                                        "GET /v1/audit",
                                        "GET /v1/audit/reads",
                                        "GET /v1/audit/reads/{index}/receipt",
                                        "GET /log/tile/entries/{*}"};
  // Who appends learns what it has sent; the rest is of the convention, of hashes, or counted.
  const std::set<std::string> untraced = {"POST /v1/events",
                                          "GET /v1/capabilities",
                                          "GET /v1/indicators",
                                          "GET /v1/indicators/{name}",
                                          "GET /v1/signatories",
                                          "GET /v1/sessions",
                                          "GET /v1/accreditations",
                                          "GET /v1/library",
                                          "GET /v1/network",
                                          "GET /v1/convention",
                                          "GET /v1/keys",
                                          "GET /log/checkpoint",
                                          "GET /log/vkey",
                                          "GET /log/keys",
                                          "GET /log/tile/{*}",
                                          "GET /log/reads/checkpoint",
                                          "GET /log/reads/vkey",
                                          "GET /log/reads/tile/{*}",
                                          "GET /openapi.json",
                                          "GET /livez",
                                          "GET /readyz",
                                          "GET /metrics",
                                          "POST /admin/confirm-clock",
                                          "POST /admin/rebuild",
                                          "POST /admin/rotate-wrapping-key",
                                          "POST /v1/break-glass"};
  std::set<std::string> found[2];
  for (const api::RouteSummary& route : service->route_summaries()) {
    found[route.leaves_traces ? 1 : 0].insert(route.label);
    EXPECT_TRUE(route.needs_token || !route.leaves_traces) << route.label;
  }
  EXPECT_EQ(found[1], traced);
  EXPECT_EQ(found[0], untraced);
}

TEST_F(TraceTest, EachAnswerLeavesOne) {
  struct Row {
    std::string slug, path, route;
    std::vector<std::uint64_t> events;  // of case 1, from the first of the play
    std::uint64_t disclosed = 0;
    std::uint64_t items = 0;  // where there are others than events
  };
  const std::string id = id_of(size - 5);
  const std::string stream = "?stream=" + case_subject(1);
  const std::vector<Row> rows = {
      {"ml1", case_path(1), "GET /v1/cases/{id}", {}},
      {"aa1", case_path(1) + "?asOf=" + std::to_string(size - 1), "GET /v1/cases/{id}", {}},
      {"ml1", case_path(1) + "/timeline", "GET /v1/cases/{id}/timeline", {0, 1, 2, 3}, 0, 5},
      {"ml1", "/v1/cases", "GET /v1/cases", {}},
      {"ml1", "/v1/events" + stream, "GET /v1/events", {0, 1, 2, 3}},
      {"analyst", "/v1/audit" + stream, "GET /v1/audit", {0, 1, 2, 3}},
      {"ml1", "/v1/events/" + id, "GET /v1/events/{id}", {0}, 1},
      {"ml1", "/v1/events/" + id + "/receipt", "GET /v1/events/{id}/receipt", {0}},
      {"aa1", "/v1/referrals", "GET /v1/referrals", {}},
      {"aa1", "/v1/deadlines", "GET /v1/deadlines", {}, 0, 2}};
  for (const Row& row : rows) {
    const std::uint64_t before = traces();
    const auto answer = get(row.slug, row.path);
    EXPECT_EQ(answer.status, 200) << row.path << answer.body;
    ASSERT_EQ(traces(), before + 1) << row.path;
    const reads::Stored stored = last();
    EXPECT_EQ(stored.received_at, wall.now());
    const reads::Reader& r = stored.record.reader;
    EXPECT_EQ(r.signatory, row.slug);
    EXPECT_EQ(r.kid.bytes, crypto::thumbprint(test_key(row.slug).public_key()).bytes);
    EXPECT_EQ(r.purpose, "test");
    EXPECT_EQ(r.route, row.route);
    EXPECT_EQ(r.status, 200);
    EXPECT_FALSE(r.token.empty());
    ASSERT_EQ(stored.record.cases.size(), 1) << row.path;
    const reads::CaseLook& look = stored.record.cases[0];
    EXPECT_EQ(look.case_id, case_id(1));
    std::vector<LogIndex> events;
    for (const std::uint64_t e : row.events) events.emplace_back(size - 5 + e);
    EXPECT_EQ(look.events, events) << row.path;
    EXPECT_EQ(look.disclosed.size(), row.disclosed) << row.path;
    const std::uint64_t listed = std::max<std::uint64_t>(row.events.size(), 1);
    EXPECT_EQ(look.items, row.items == 0 ? listed : row.items) << row.path;
  }
}

TEST_F(TraceTest, ALookThatFindsNothingNewIsOne) {
  const std::uint64_t before = traces();
  EXPECT_EQ(get("ml1", case_path(1), {{"if-none-match", "\"4\""}}).status, 304);
  ASSERT_EQ(traces(), before + 1);
  EXPECT_EQ(last().record.reader.status, 304);
  EXPECT_EQ(last().record.cases[0].case_id, case_id(1));
}

/// The bundle that an analyst reads: each of its events, of whichever case.
TEST_F(TraceTest, BundlesNameTheirCases) {
  const std::string path = "/log/tile/entries/000.p/" + std::to_string(size);
  ASSERT_EQ(get("analyst", path).status, 200);
  const auto cases = last().record.cases;
  ASSERT_EQ(cases.size(), 3);
  EXPECT_EQ(cases[0].case_id, std::nullopt);
  EXPECT_EQ(cases[1].case_id, case_id(1));
  EXPECT_EQ(cases[1].events.size(), 4);
  EXPECT_EQ(cases[2].case_id, case_id(2));
  EXPECT_EQ(cases[0].items + cases[1].items + cases[2].items, size);
}

TEST_F(TraceTest, WhatGivesNothingLeavesNone) {
  const std::uint64_t before = traces();
  const std::string id = id_of(size - 5);
  // Hidden and absent are alike in this too.
  for (const std::string& path :
       {case_path(1), case_path(9), case_path(1) + "/timeline", "/v1/events/" + id + "/receipt",
        std::string("/v1/events/none/receipt"), "/v1/events?stream=" + case_subject(1),
        "/v1/events?stream=" + case_subject(9), std::string("/v1/audit/reads/0/receipt"),
        std::string("/v1/audit/reads/999/receipt"), "/v1/audit/reads?case=" + test_uuid(1),
        "/v1/audit/reads?case=" + test_uuid(9)}) {
    const auto r = get("ml2", path);
    EXPECT_TRUE(r.status == 404 || (r.status == 200 && r.quiet)) << path << r.status;
    EXPECT_GT(r.not_before.time_since_epoch().count(), 0) << path;
  }
  EXPECT_EQ(get("ml1", case_path(1) + "?asOf=x").status, 400);
  EXPECT_EQ(get("ml1", "/v1/signatories").status, 200);
  EXPECT_EQ(get("ml1", "/v1/keys").status, 200);
  EXPECT_EQ(get("ml1", "/v1/indicators").status, 200);
  EXPECT_EQ(send(api::Method::get, "/log/checkpoint").status, 200);
  EXPECT_EQ(send(api::Method::get, case_path(1)).status, 401);
  EXPECT_EQ(traces(), before);
}

TEST_F(TraceTest, NoTraceNoAnswer) {
  const std::uint64_t before = traces();
  reads_shortage = error(Errc::storage_full, "storage-low", "no room");
  for (const std::string& path : {case_path(1), case_path(1) + "/timeline",
                                  std::string("/v1/cases"), "/v1/events/" + id_of(size - 5)}) {
    const auto r = get("ml1", path);
    EXPECT_EQ(r.status, 503) << path;
    EXPECT_EQ(rule(r), "trace-failed") << path;
    EXPECT_EQ(r.body.find(test_uuid(1)), std::string::npos);
    EXPECT_EQ(header(r, "etag"), "<none>");
  }
  EXPECT_EQ(get("ml1", case_path(9)).status, 404) << "it gives nothing";
  EXPECT_EQ(get("ml1", "/v1/signatories").status, 200);
  const auto ready = send(api::Method::get, "/readyz");
  EXPECT_EQ(ready.status, 200) << "statements are taken";
  EXPECT_EQ(text(body(ready), "reads"), "refused");
  EXPECT_EQ(text(body(ready), "readsFailure"), "trace-failed");
  EXPECT_EQ(traces(), before);
  reads_shortage.reset();
  EXPECT_EQ(get("ml1", case_path(1)).status, 200);
  EXPECT_EQ(text(body(send(api::Method::get, "/readyz")), "reads"), "<none>");
  ASSERT_EQ(reports.size(), 2) << "once that it began, once that it ended";
  EXPECT_NE(reports[0].find("storage-low"), std::string::npos);
  reports.clear();

  reads->stop();
  EXPECT_EQ(rule(get("ml1", case_path(1))), "trace-failed");
  reports.clear();
}

/// Traces take room, and are paid for.
TEST_F(TraceTest, WhoReadsWithoutEndWaits) {
  api::ServiceOptions options;
  options.workers = 2;
  options.bytes_per_day = 1'000;
  service.reset();
  service = std::make_unique<api::Service>(*ledger, *reads, wall, options);
  unsigned answered = 0;
  while (answered < 100 && get("ml1", case_path(1)).status == 200) ++answered;
  EXPECT_GT(answered, 2);
  EXPECT_LT(answered, 10);
  EXPECT_EQ(rule(get("ml1", case_path(1))), "too-much-read");
  EXPECT_EQ(get("ml2", case_path(2)).status, 200) << "another's share";
}

TEST_F(TraceTest, WhoSeesTheLooks) {
  ASSERT_EQ(traces(), 0);
  get("ml1", case_path(1));     // 0
  get("aa1", case_path(1));     // 1
  get("ml2", case_path(2));     // 2
  get("analyst", "/v1/audit");  // 3: both cases
  const std::string one = "?case=" + test_uuid(1);
  EXPECT_EQ(seen("ml1", one), (Indices{3, 1, 0})) << "the holder sees all";
  EXPECT_EQ(traces(), 5) << "what it returns is traced: 4";
  EXPECT_EQ(seen("aa1", one), (Indices{1})) << "its own";      // 5
  EXPECT_EQ(seen("aa1", ""), (Indices{5, 1}));                 // 6
  EXPECT_EQ(seen("analyst", one), (Indices{3})) << "its own";  // 7
  EXPECT_EQ(seen("ml2", one), (Indices{}));
  EXPECT_EQ(seen("pref", one), (Indices{})) << "no file of it";
  EXPECT_EQ(seen("member", one), (Indices{}));
  EXPECT_EQ(seen("udml", one), (Indices{}));
  EXPECT_EQ(seen("ml1", one + "&signatory=aa1"), (Indices{6, 5, 1}));
  EXPECT_EQ(seen("ml2", one + "&signatory=aa1"), (Indices{}));
  EXPECT_EQ(seen("aa1", "?signatory=aa1"), seen("aa1", "?to=8"));
  for (const char* slug : {"ml1", "ml2"})
    EXPECT_EQ(rule(get(slug, "/v1/audit/reads?signatory=aa1")), "case-missing")
        << "nobody searches what another has looked at";
  EXPECT_EQ(rule(get("ml1", "/v1/audit/reads?signatory=x")), "signatory-unknown");
  EXPECT_EQ(rule(get("ml1", "/v1/audit/reads?case=x")), "uuid-form");
  EXPECT_EQ(seen("ml1", one + "&from=1&to=4"), (Indices{3, 1}));
  EXPECT_EQ(seen("ml1", one + "&to=2026-01-01T00:00:00Z"), (Indices{}));

  // The holder of one case learns of the analyst's look at it, and nothing of the other case.
  const auto r = get("ml1", "/v1/audit/reads" + one + "&from=3&to=4");
  EXPECT_EQ(r.body.find(test_uuid(2)), std::string::npos) << r.body;
  const auto o = body(r);
  const auto& read = items(o, "reads")[0].as_object();
  ASSERT_EQ(items(read, "looks").size(), 1);
  const auto& look = items(read, "looks")[0].as_object();
  EXPECT_EQ(text(look, "case"), test_uuid(1));
  EXPECT_FALSE(look.contains("detail")) << "the analyst hears the debates, its holder does not";
  EXPECT_NE(
      text(read, "record").find(crypto::base64url_encode(view(crypto::sha256(text(look, "look"))))),
      std::string::npos);
}

/// What was given to another is shown to the holder alone, and only of looks by those who are
/// never given what it does not see: whatever the answer gave.
TEST_F(TraceTest, WhoSeesWhatWasGiven) {
  get("ml1", case_path(1) + "/timeline");
  get("aa1", case_path(1));
  get("aa1", case_path(1) + "/timeline");
  get("analyst", "/v1/audit?stream=" + case_subject(1));
  accept("ml1", "referral.requested", case_subject(1), [] {
    json::object o = referral("ml2");
    o["referral_id"] = test_uuid(101);
    return o;
  }());
  get("ml2", case_path(1));
  get("ml2", "/v1/referrals");
  const auto details = [&](const std::string& slug) {
    std::vector<std::string> of;
    const auto r = get(slug, "/v1/audit/reads?to=6&case=" + test_uuid(1));
    EXPECT_EQ(r.status, 200) << r.body;
    const auto o = body(r);
    for (const auto& item : items(o, "reads")) {
      const auto& look = items(item.as_object(), "looks")[0].as_object();
      EXPECT_EQ(look.contains("detail"), look.contains("items"));
      EXPECT_EQ(look.contains("detail"), look.contains("events"));
      if (look.contains("detail")) of.push_back(text(item.as_object(), "signatory"));
    }
    return of;
  };
  using Slugs = std::vector<std::string>;
  EXPECT_EQ(details("ml1"), (Slugs{"ml2", "ml2", "ml1"}));
  EXPECT_EQ(details("aa1"), (Slugs{"aa1", "aa1"})) << "its own";
  EXPECT_EQ(details("analyst"), (Slugs{"analyst"}));
}

/// A page ends by what it would give: its trace can always be kept.
TEST_F(TraceTest, PagesOfOwnLooksEndByTheirCases) {
  constexpr std::uint64_t kEach = 250;
  for (std::uint64_t list = 0; list < 5; ++list) {
    std::vector<reads::CaseLook> cases;
    for (std::uint64_t n = 0; n < kEach; ++n)
      cases.push_back({case_id(1'000 + list * kEach + n), {}, {}, 1, {}});
    reads::Reader who{{}, "ml1", "t", "p", "GET /v1/cases", 200};
    auto record = reads::make_record(std::move(who), std::move(cases), random);
    ASSERT_TRUE(record);
    ASSERT_TRUE(reads->keep_and_wait(std::move(*record)));
  }
  Indices all;
  std::string path = "/v1/audit/reads?to=5";
  for (int pages = 0; !path.empty() && pages < 10; ++pages) {
    const auto r = get("ml1", path);
    ASSERT_EQ(r.status, 200) << r.body;
    EXPECT_LE(last().record.cases.size(), reads::kMaxCases);
    for (const auto& item : items(body(r), "reads"))
      all.push_back(number(item.as_object(), "index"));
    const std::string link = header(r, "link");
    path = link == "<none>" ? "" : link.substr(1, link.find('>') - 1);
  }
  EXPECT_EQ(all, (Indices{4, 3, 2, 1, 0}));
}

/// A session of the préfecture and the member, which sit, on one case.
class SessionTraceTest : public TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    for (const char* who : {"pref", "member"}) {
      json::object appointed = tests::data(R"({"capacity":"exemple"})");
      appointed["institution"] = who;
      accept("pref", "member.appointed", "signatory/pref", appointed);
    }
  }
  void convene(const std::string& session, std::uint64_t n) {
    json::object convened =
        tests::data(R"({"held_on":"2026-03-02","members":["pref","member"],"quorum":1})");
    convened["cases"] = json::array{json::value(test_uuid(n))};
    accept("pref", "session.convened", "session/" + session, convened);
  }
  /// Case n of aa1, which has its agrément.
  void support(std::uint64_t n) {
    const std::string own = "signatory/aa1";
    accept("aa1", "accreditation.requested", own, dossier());
    accept("pref", "accreditation.completed", own, tests::data(R"({"complete_on":"2026-03-02"})"));
    accept("pref", "accreditation.granted", own, tests::data(R"({"granted_on":"2026-03-02"})"));
    json::object adult = detected();
    adult["age_band"] = "22_25";
    accept("aa1", "case.detected", case_subject(n), adult);
    accept("aa1", "case.risk_assessed", case_subject(n), assessed());
    accept("aa1", "support.step_planned", case_subject(n), Scene::step_data(201));
    accept("aa1", "case.consent_given", case_subject(n), Scene::consent_data("psp"));
  }
  static json::object dossier() {
    json::object d;
    d["dossier_hash"] = std::string(43, 'A');
    return d;
  }
};

TEST_F(SessionTraceTest, TheCommissionSeesTheLooksAtItsFiles) {
  support(3);
  get("aa1", case_path(3));
  const std::string three = "?case=" + test_uuid(3);
  convene("s1", 3);
  EXPECT_EQ(seen("member", three), (Indices{})) << "nobody has applied yet";
  accept("aa1", "psp.applied", case_subject(3), dossier());
  EXPECT_EQ(seen("member", three), (Indices{0}));
  EXPECT_EQ(seen("pref", three), (Indices{1, 0}));
}

/// Whoever convenes a session names what it likes: that makes nobody a member with the file.
TEST_F(SessionTraceTest, ASessionOnWhatNeverCameBeforeTheCommissionGivesNothing) {
  get("ml1", case_path(1));
  convene("s1", 1);
  convene("s2", 99);
  for (const char* who : {"pref", "member"})
    for (const char* route : {"/v1/cases/", "/v1/audit/reads?case="}) {
      const auto hidden = get(who, route + test_uuid(1));
      const auto absent = get(who, route + test_uuid(99));
      EXPECT_EQ(hidden.status, absent.status) << who << route;
      EXPECT_EQ(hidden.body.find("\"index\""), std::string::npos) << hidden.body;
      EXPECT_EQ(absent.body.find("\"index\""), std::string::npos) << absent.body;
    }
  EXPECT_EQ(seen("member", "?case=" + test_uuid(1)), (Indices{}));
  EXPECT_EQ(seen("pref", "?case=" + test_uuid(1)), (Indices{}));
  // Who convenes a session on a case has named it: readers of that event have looked at it.
  EXPECT_EQ(get("pref", "/v1/events?type=session.*").status, 200);
  const auto& looks = last().record.cases;
  EXPECT_EQ(std::ranges::count(looks, case_id(1), [](const auto& look) { return look.case_id; }),
            1);
}

TEST_F(TraceTest, ReceiptsOfReadsAreProofs) {
  get("ml1", case_path(1));
  get("aa1", case_path(1));
  const auto r = get("ml1", "/v1/audit/reads/1/receipt?case=" + test_uuid(1));
  ASSERT_EQ(r.status, 200) << r.body;
  const auto receipt = merkle::parse_receipt(r.body);
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(merkle::verify_receipt(*receipt, *reads->entry(LogIndex{1}), reads->vkey()));
  EXPECT_EQ(last().record.cases[0].case_id, case_id(1)) << "that was a look too";
  EXPECT_EQ(get("aa1", "/v1/audit/reads/1/receipt").status, 200) << "its own";
  const std::string absent = get("aa1", "/v1/audit/reads/999/receipt").body;
  EXPECT_EQ(get("ml1", "/v1/audit/reads/0/receipt").status, 200) << "its own";
  for (const std::string& query :
       {std::string("1/receipt"), "1/receipt?case=" + test_uuid(2),
        "2/receipt?case=" + test_uuid(9), "99/receipt?case=" + test_uuid(1)})
    EXPECT_EQ(get("ml1", "/v1/audit/reads/" + query).body, absent) << query;
  EXPECT_EQ(rule(get("ml1", "/v1/audit/reads/1/receipt?case=x")), "uuid-form");
  EXPECT_EQ(get("aa1", "/v1/audit/reads/0/receipt?case=" + test_uuid(1)).body, absent);
  for (const char* index : {"0", "x", "-1", "01x", "18446744073709551616"}) {
    const auto hidden = get("aa1", "/v1/audit/reads/" + std::string(index) + "/receipt");
    EXPECT_EQ(hidden.status, 404) << index;
    EXPECT_EQ(hidden.body, absent) << index;
  }
}

TEST_F(TraceTest, TheTreeIsOpenAndItsEntriesAreNot) {
  get("ml1", case_path(1));
  get("ml1", case_path(1));
  const auto note = send(api::Method::get, "/log/reads/checkpoint");
  const auto checkpoint = merkle::open_checkpoint(note.body, reads->vkey());
  ASSERT_TRUE(checkpoint) << note.body;
  EXPECT_EQ(checkpoint->size, 2);
  EXPECT_EQ(send(api::Method::get, "/log/reads/vkey").body, merkle::to_vkey(reads->vkey()) + "\n");
  const auto tile = send(api::Method::get, "/log/reads/tile/0/000.p/2");
  EXPECT_EQ(tile.body, *reads->tile(0, 0));
  EXPECT_EQ(send(api::Method::get, "/log/reads/tile/0/000.p/3").status, 404);
  for (const char* slug : {"analyst", "pref", "ml1"})
    EXPECT_EQ(get(slug, "/log/reads/tile/entries/000.p/2").status, 404) << slug;
}

TEST_F(TraceTest, TheHolderSeesInItsCaseWhoLooked) {
  EXPECT_TRUE(items(body(get("ml1", case_path(1))), "looks").empty());
  wall.advance_ms(1'000);
  get("aa1", case_path(1));
  wall.advance_ms(1'000);
  get("aa1", case_path(1) + "/timeline");
  for (const char* more : {"", "/timeline"}) {
    const auto o = body(get("ml1", case_path(1) + more));
    const auto& looks = items(o, "looks");
    ASSERT_EQ(looks.size(), 2);
    const auto& row = looks[0].as_object();
    EXPECT_EQ(text(row, "signatory"), "aa1");
    EXPECT_EQ(text(row, "purpose"), "test");
    EXPECT_EQ(number(row, "times"), 2);
    EXPECT_EQ(text(row, "first"), to_rfc3339(Timestamp{kSceneStart.value + 1'000}));
    EXPECT_EQ(text(row, "last"), to_rfc3339(Timestamp{kSceneStart.value + 2'000}));
    EXPECT_EQ(text(looks[1].as_object(), "signatory"), "ml1");
  }
  for (const char* more : {"", "/timeline"})
    EXPECT_FALSE(body(get("aa1", case_path(1) + more)).contains("looks"));
}

TEST_F(TraceTest, PagesGoBackwardsAndEnd) {
  for (int i = 0; i < 5; ++i) get("ml1", case_path(1));
  Indices all;
  std::string path = "/v1/audit/reads?case=" + test_uuid(1) + "&limit=2";
  for (int pages = 0; !path.empty() && pages < 10; ++pages) {
    const auto r = get("ml1", path);
    ASSERT_EQ(r.status, 200) << r.body;
    for (const auto& item : items(body(r), "reads"))
      all.push_back(number(item.as_object(), "index"));
    const std::string link = header(r, "link");
    path = link == "<none>" ? "" : link.substr(1, link.find('>') - 1);
  }
  EXPECT_EQ(all, (Indices{4, 3, 2, 1, 0})) << "the traces of the pages come behind them";
  EXPECT_EQ(traces(), 8);
}

TEST_F(TraceTest, EachPieceOfAStreamIsAnAnswer) {
  auto response = get("ml1", "/v1/events/live?from=" + std::to_string(size - 5));
  ASSERT_NE(response.stream, nullptr);
  EXPECT_EQ(traces(), 0);
  Pulled stream(response.stream);
  stream.until("referral.requested.v1");
  EXPECT_EQ(traces(), 1);
  EXPECT_EQ(last().record.reader.route, "GET /v1/events/live");
  EXPECT_EQ(last().record.cases[0].events.size(), 4);
  const auto next = accept("ml1", "case.detected", case_subject(3), detected());
  stream.until(test_uuid(3));
  EXPECT_EQ(traces(), 2);
  EXPECT_EQ(last().record.cases[0].events, (std::vector<LogIndex>{next.index}));
}

TEST_F(TraceTest, AStreamThatCannotBeTracedEndsBeforeItGives) {
  reads_shortage = error(Errc::storage_full, "storage-low", "no room");
  auto response = get("ml1", "/v1/events/live?from=" + std::to_string(size - 5));
  Pulled stream(response.stream);
  EXPECT_EQ(stream.until("referral.requested.v1").find("data:"), std::string::npos);
  EXPECT_EQ(traces(), 0);
  reports.clear();
}

/// A list in lines is page after page: each an answer with its trace, of who may read still.
TEST_F(TraceTest, LinesLastAsLongAsTheToken) {
  for (std::uint64_t n = 31; n < 34; ++n)
    accept("ml1", "case.detected", case_subject(n), detected());
  const int before = traces();
  const Headers lines = {{"accept", "application/x-ndjson"}};
  auto response = get("ml1", "/v1/cases?limit=1", lines);
  ASSERT_NE(response.stream, nullptr);
  EXPECT_EQ(response.content_type, "application/x-ndjson");
  EXPECT_EQ(traces(), before + 1);
  Pulled stream(std::exchange(response.stream, nullptr));
  EXPECT_EQ(stream.until("\n").find("token"), std::string::npos);
  EXPECT_EQ(traces(), before + 1) << "nothing is asked for ahead";

  wall.advance_ms((api::kMaxTokenSeconds + 1) * 1'000);
  const std::string all = stream.until("token-expired");
  EXPECT_EQ(traces(), before + 1);
  const auto problem = json::parse(std::string_view(all).substr(all.find('\n') + 1));
  ASSERT_TRUE(problem && problem->is_object()) << all;
  const auto rest = get("ml1", "/v1/cases?cursor=" + text(problem->as_object(), "next"), lines);
  ASSERT_NE(rest.stream, nullptr) << rest.body;
  Pulled more(rest.stream);
  EXPECT_NE(more.until(test_uuid(33)).find(test_uuid(33)), std::string::npos);
  EXPECT_EQ(traces(), before + 2);
}

TEST_F(TraceTest, LinesTakeAPlaceAmongTheStreams) {
  const Headers lines = {{"accept", "application/x-ndjson"}};
  std::vector<api::Response> open;
  for (int i = 0; i < 2; ++i) open.push_back(get("ml1", "/v1/cases", lines));
  EXPECT_NE(open.back().stream, nullptr);
  EXPECT_EQ(rule(get("ml1", "/v1/cases", lines)), "too-many-streams");
  open.clear();
  EXPECT_NE(get("ml1", "/v1/cases", lines).stream, nullptr);
  EXPECT_EQ(get("ml1", "/v1/cases?limit=0", lines).status, 400);
  EXPECT_NE(get("ml1", "/v1/cases", lines).stream, nullptr) << "what is refused keeps no place";
}

}  // namespace
}  // namespace relais::tests
