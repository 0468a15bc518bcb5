// Records of the projections that cannot be read, with right checksums around them: what asks for
// one is answered with 500 and told of, and nothing ends the process.
#include <functional>

#include "ledger/clock/clock_job.h"
#include "projections/read.h"
#include "projections/records.h"
#include "tests/unit/api/fixture.h"
#include "tests/unit/api/story.h"

namespace relais::tests {
namespace {

using Change = std::function<std::string(std::string_view value)>;

/// What the records of a store under a prefix were, once they are changed.
std::map<std::string, std::string> damage_records(const std::filesystem::path& data,
                                                  std::string_view prefix, const Change& change) {
  store::Options options;
  options.path = data / "store";
  auto store = store::Store::open(options);
  EXPECT_TRUE(store);
  std::map<std::string, std::string> before;
  store::Batch batch;
  RecordSink& sink = batch.records(**store, (*store)->generation());
  (*store)
      ->records((*store)->generation())
      ->scan(prefix, {}, [&](std::string_view key, std::string_view value) {
        before.emplace(key, value);
        sink.put(key, change(value));
        return true;
      });
  EXPECT_TRUE((*store)->write(batch, true));
  return before;
}

void put_back(const std::filesystem::path& data,
              const std::map<std::string, std::string>& records) {
  store::Options options;
  options.path = data / "store";
  auto store = store::Store::open(options);
  ASSERT_TRUE(store);
  store::Batch batch;
  RecordSink& sink = batch.records(**store, (*store)->generation());
  for (const auto& [key, value] : records) sink.put(key, value);
  ASSERT_TRUE((*store)->write(batch, true));
}

std::string halved(std::string_view value) {
  return std::string(value.substr(0, value.size() / 2));
}

class DamagedTest : public ApiTest {
 protected:
  /// Changes the records under a prefix while nobody has the store.
  void damage(std::string_view prefix) {
    service.reset();
    reads.reset();
    ledger.reset();
    EXPECT_FALSE(damage_records(data(), prefix, halved).empty());
    open();
    open_reads();
    api::ServiceOptions options;
    options.workers = 2;
    options.report = [this](const std::string& line) { reports.push_back(line); };
    service = std::make_unique<api::Service>(*ledger, *reads, wall, std::move(options));
  }
  std::string records_of_readyz() {
    const auto ready = send(api::Method::get, "/readyz");
    EXPECT_EQ(ready.status, 200U) << "statements are taken";
    return text(body(ready), "records");
  }
  static std::string case_path(std::uint64_t n) { return "/v1/cases/" + test_uuid(n); }
  static std::string key_of_case(std::uint64_t n) {
    return rules::case_key(*parse_uuid(test_uuid(n)));
  }
};

TEST_F(DamagedTest, ARegistryRefusesTheStartAndNamesTheRebuild) {
  service.reset();
  reads.reset();
  ledger.reset();
  damage_records(data(), rules::registry_key(), halved);
  log::Options options;
  options.data = data();
  const auto opened = log::Ledger::open(options, clock, model_factory());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().rule, "self-check-projections");
  EXPECT_NE(opened.error().accepted.find("relais rebuild"), std::string::npos);
}

TEST_F(DamagedTest, ACaseIsAnsweredWith500AndARebuildMendsIt) {
  play();
  damage(key_of_case(1));
  EXPECT_EQ(records_of_readyz(), "<none>") << "nobody has asked for it";
  for (const std::string& path :
       {case_path(1), case_path(1) + "/timeline", std::string("/v1/cases"),
        "/v1/events?stream=" + case_subject(1)}) {
    const auto r = get("ml1", path);
    EXPECT_EQ(r.status, 500U) << path;
    EXPECT_EQ(rule(r), "records-damaged") << path;
  }
  EXPECT_EQ(records_of_readyz(), "damaged");
  EXPECT_FALSE(reports.empty());
  reports.clear();
  EXPECT_EQ(get("ml2", case_path(2)).status, 200U);
  ASSERT_EQ(send(api::Method::post, "/admin/rebuild", {}, {}, true).status, 200U);
  EXPECT_EQ(records_of_readyz(), "<none>");
  EXPECT_EQ(get("ml1", case_path(1)).status, 200U);
}

TEST_F(DamagedTest, AStatementOnItIsRefusedAndTheOthersAreTaken) {
  play();
  const std::string again = sign("ml1", "case.risk_assessed", case_subject(1), assessed());
  ASSERT_EQ(post(again).status, 201U);
  damage(key_of_case(1));
  const std::string on_it = sign("ml1", "case.risk_assessed", case_subject(1), assessed());
  const std::string other = sign("ml2", "case.risk_assessed", case_subject(2), assessed());
  json::array both{json::value(on_it), json::value(other)};
  const std::string list = json::serialize(json::object{{"statements", both}});
  EXPECT_EQ(rule(post(on_it)), "records-damaged");
  EXPECT_EQ(post(again).status, 500U) << "its receipt says a version, which the case has";
  EXPECT_EQ(post(list, {}, "/v1/events?atomic=true", "application/json").status, 500U);
  const auto one_by_one = post(list, {}, "/v1/events", "application/json");
  ASSERT_EQ(one_by_one.status, 207U);
  EXPECT_EQ(number(items(body(one_by_one), "results")[0].as_object(), "status"), 500);
  EXPECT_EQ(number(items(body(one_by_one), "results")[1].as_object(), "status"), 201);
  EXPECT_FALSE(ledger->failure());
  EXPECT_EQ(records_of_readyz(), "damaged");
  reports.clear();
  ASSERT_EQ(send(api::Method::post, "/admin/rebuild", {}, {}, true).status, 200U);
  EXPECT_EQ(post(on_it).status, 201U);
}

/// What is met in a fold has changed the state already: no more is taken until it is opened anew.
TEST_F(DamagedTest, ARecordThatAFoldReadsEndsTheBatchAndNotTheProcess) {
  play();
  damage("d");
  const auto r = post(sign("ml1", "case.risk_assessed", case_subject(1), assessed()));
  EXPECT_EQ(r.status, 500U);
  ASSERT_TRUE(ledger->failure());
  EXPECT_EQ(ledger->failure()->rule, "records-damaged");
  EXPECT_EQ(send(api::Method::get, "/readyz").status, 503U);
  reports.clear();
}

TEST_F(DamagedTest, TheClockIsToldOfADeadlineThatCannotBeRead) {
  play();
  const auto system = log::load_own_key(data(), "system.jwk");
  ASSERT_TRUE(system);
  damage("E");
  const auto ran = clock::run_clock(*ledger, *system, projections::due_for_clock);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().rule, "records-damaged");
}

TEST_F(DamagedTest, AWrappingKeyThatIsGoneIsToldByTheProbe) {
  const auto key = log::wrapping_key_place(data(), {});
  std::filesystem::rename(key, folder.path / "elsewhere");
  ledger->look_at_key();
  const auto ready = send(api::Method::get, "/readyz");
  EXPECT_EQ(ready.status, 200U) << "statements that disclose nothing are taken";
  EXPECT_EQ(text(body(ready), "disclosures"), "refused");
  EXPECT_EQ(text(body(ready), "disclosuresFailure"), "wrapping-key-missing");
  const auto metrics = send(api::Method::get, "/metrics", {}, {}, true).body;
  EXPECT_NE(metrics.find("relais_disclosures_writable 0"), std::string::npos);
  const auto refused = post(sign("ml1", "case.detected", case_subject(1), detected_with_note()));
  EXPECT_EQ(refused.status, 503U);
  EXPECT_EQ(rule(refused), "wrapping-key-missing");
  EXPECT_EQ(refused.body.find(folder.path.string()), std::string::npos) << "no path to a client";
  EXPECT_EQ(post(sign("ml1", "case.detected", case_subject(2), detected())).status, 201U);
  EXPECT_EQ(reports.size(), 1U);
  reports.clear();
  std::filesystem::rename(folder.path / "elsewhere", key);
  ledger->look_at_key();
  EXPECT_EQ(text(body(send(api::Method::get, "/readyz")), "disclosures"), "<none>");
}

/// Of the story with all event types, each kind of record in each of several ways.
class EveryRecord : public StoryTest {
 protected:
  /// As the clock does; nothing is signed by what is damaged.
  static void look_at_deadlines() {
    const auto system = log::load_own_key(folder_->path / "data", "system.jwk");
    const auto head = ledger_->head();
    try {
      const auto due = projections::due_for_clock(*head->records, Timestamp{INT64_MAX}, {}, 500);
      static_cast<void>(clock::clock_group(due.items, *head->registry, *system));
    } catch (const std::exception& e) {
      EXPECT_NE(std::string_view(e.what()), "");
    }
  }
  static void close() {
    service_.reset();
    reads_.reset();
    ledger_.reset();
  }
  /// Whether it could be opened, and was asked for everything.
  static bool ask_all() {
    log::Options options;
    options.data = folder_->path / "data";
    auto opened = log::Ledger::open(options, *clock_, model_factory());
    if (!opened) {
      EXPECT_EQ(opened.error().code, Errc::corrupt) << to_string(opened.error());
      return false;
    }
    ledger_ = std::move(*opened);
    open_reads();
    api::ServiceOptions serve;
    serve.requests_per_second = 0;
    serve.workers = 2;
    service_ = std::make_unique<api::Service>(*ledger_, *reads_, *clock_, std::move(serve));
    const std::string a_case = "/v1/cases/" + to_string(story_->cases.begin()->first);
    for (const ReaderOf& reader : readers_)
      for (const std::string& path :
           {a_case, a_case + "/timeline", a_case + "/deadlines", std::string("/v1/cases"),
            std::string("/v1/parcours"), std::string("/v1/psp"), std::string("/v1/sessions"),
            std::string("/v1/referrals?box=inbox"), std::string("/v1/referrals?box=outbox"),
            std::string("/v1/deadlines"), std::string("/v1/audit?limit=500"),
            std::string("/v1/events?limit=500"), std::string("/v1/capabilities?need=shelter"),
            std::string("/v1/library"), std::string("/v1/network"),
            std::string("/v1/accreditations"), std::string("/v1/indicators"),
            std::string("/v1/signatories")})
        EXPECT_LT(get(reader.slug, path).status, 600U);
    look_at_deadlines();
    return true;
  }
};

TEST_F(EveryRecord, EndsNoProcess) {
  const auto data = folder_->path / "data";
  const Change ways[] = {
      halved,
      [](std::string_view v) { return std::string(v) + "\1"; },
      [](std::string_view v) { return std::string(v.size(), '\xff'); },
      [](std::string_view v) { return std::string(v.size(), '\x7f'); },
      [](std::string_view) { return std::string(); },
  };
  // Two ways a kind of record, other ones from kind to kind: each open asks for everything.
  std::size_t turn = 0;
  for (const char letter : std::string_view("GHCANLpfaxTRMSYEWdeKkIVOBb")) {
    for (int i = 0; i < 2; ++i) {
      close();
      const auto before =
          damage_records(data, std::string_view(&letter, 1), ways[turn++ % std::size(ways)]);
      ask_all();
      close();
      put_back(data, before);
    }
  }
  EXPECT_TRUE(ask_all());
}

}  // namespace
}  // namespace relais::tests
