// The story with all event types, told once, and the API over it: for tests that ask as every
// reader.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/http/target.h"
#include "api/reading/auth.h"
#include "api/service.h"
#include "ledger/clock/clock_job.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/genesis.h"
#include "ledger/reads/read_log.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/statement.h"
#include "projections/read.h"
#include "replay/story/scenario.h"
#include "tests/unit/replay/support.h"

namespace relais::tests {

inline constexpr std::uint64_t kStorySeed = 11;

/// An event of the log, as far as rights depend on it.
struct Fact {
  LogIndex index;
  std::string id, source, subject;
  const statement::EventType* type = nullptr;
  std::uint32_t version = 0;
  SignatoryId by;
  Timestamp received;
  std::optional<Uuid> case_id;
  std::string referral;
  std::vector<std::string> disclosed;  ///< names of the members that the ledger can disclose
};

/// The log of a story, read once.
struct Story {
  std::vector<Fact> facts;
  std::map<Uuid, rules::CaseState> cases;
  std::set<std::pair<SignatoryId, Uuid>> sits, stepped_back;
};

struct ReaderOf {
  std::string slug;
  SignatoryId id;
  statement::RoleSet roles;
};

/// The log of the story with all event types, and a service over it.
class StoryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    clock_ = std::make_unique<ManualClock>(kStart);
    tell();
    ledger_ = open_ledger(folder_->path / "data", *clock_, false);
    api::ServiceOptions options;
    options.requests_per_second = 0;
    options.workers = 2;
    open_reads();
    service_ = std::make_unique<api::Service>(*ledger_, *reads_, *clock_, std::move(options));
    story_ = std::make_unique<Story>();
    read_story();
    for (const rules::Signatory& s : ledger_->head()->registry->signatories())
      if (s.active && get(s.slug, "/v1/signatories").status == 200)
        readers_.push_back({s.slug, s.id, s.role_set()});
  }
  /// The log of reads beside the ledger.
  static void open_reads() {
    const auto key = log::load_own_key(folder_->path / "data", "log.jwk");
    check(key.has_value(), "the story has a log key");
    reads::Options options;
    options.path = folder_->path / "data" / "reads";
    options.ledger = ledger_->vkey();
    options.key = *key;
    if (!std::filesystem::exists(options.path))
      check(reads::create_log(options.path, options.ledger.newest(), *key).has_value(),
            "a log of reads can be made");
    auto opened = reads::ReadLog::open(options, *clock_);
    check(opened.has_value(), "a log of reads can be opened");
    reads_ = std::move(*opened);
  }
  static void TearDownTestSuite() {
    story_.reset();
    service_.reset();
    reads_.reset();
    ledger_.reset();
    clock_.reset();
    folder_.reset();
    readers_.clear();
  }

  static void tell() {
    crypto::SeededRandom random(kStorySeed);
    const log::Genesis genesis = rhone_genesis(kStorySeed);
    const auto data = folder_->path / "data";
    ASSERT_TRUE(log::create_ledger(data, genesis, *clock_, random, model));
    const auto ledger = open_ledger(data, *clock_, false);
    const auto system = crypto::load_private_key(data / "keys" / "system.jwk", {});
    ASSERT_TRUE(system);
    const replay::Cast cast = cast_of(genesis, kStorySeed);
    const auto script =
        replay::rhone_script(cast, genesis, clock_->now(), random, replay::Time::passes);
    replay::Play how;
    how.submit = replay::submit_to(*ledger);
    how.pass_time = [](std::int64_t ms) { clock_->advance_ms(ms); };
    how.time_passed = [&]() -> Status {
      RELAIS_ASSIGN(const auto run, clock::run_clock(*ledger, *system, projections::due_for_clock));
      return run.refused.empty() ? Status{} : fail(run.refused.front());
    };
    how.fresh = true;
    how.report = [](const replay::StepResult&) {};
    EXPECT_EQ(replay::play(script, cast, *clock_, random, how).value_or(99), 0U);
  }

  static std::string text(capnp::Text::Reader t) { return {t.begin(), t.size()}; }

  static void read_story() {
    const auto head = ledger_->head();
    statement::EventView view;
    ASSERT_TRUE(ledger_->scan_events(LogIndex{0}, [&](LogIndex index, std::string_view bytes) {
      EXPECT_TRUE(view.load(bytes));
      note_fact(*head, index, view.get());
      return true;
    }));
    for (const Fact& f : story_->facts)
      if (f.case_id)
        story_->cases.try_emplace(*f.case_id, *projections::find_case(*head->records, *f.case_id));
  }
  static void note_fact(const log::Head& head, LogIndex index, schema::Event::Reader event) {
    Fact f;
    f.index = index;
    f.id = text(event.getId());
    f.by = SignatoryId{event.getSignatory()};
    f.source = head.registry->find(f.by)->source;
    f.subject = statement::to_subject(statement::stream_of(event));
    f.type = &statement::type_of(event);
    f.version = event.getVersion();
    f.received = Timestamp{event.getReceivedAt()};
    if (event.getStreamKind() == schema::StreamKind::CASE)
      f.case_id = Uuid{event.getUuidHigh(), event.getUuidLow()};
    const json::object payload = statement::payload_json(event);
    if (const auto* id = json::find_string(payload, "referral_id")) f.referral = std::string(*id);
    for (const std::string& d : ledger_->disclosures(index).value())
      f.disclosed.push_back(*statement::disclosed_name(d));
    const auto data = event.getData();
    if (data.isSessionConvened()) note_session(head, text(event.getStreamName()), payload);
    if (data.isPspOpinionGiven())
      for (const SignatoryId member : members_[text(data.getPspOpinionGiven().getSession())])
        story_->sits.emplace(member, *f.case_id);
    if (data.isMemberRecused())
      story_->stepped_back.emplace(f.by, *parse_uuid(text(data.getMemberRecused().getCaseId())));
    story_->facts.push_back(std::move(f));
  }
  static void note_session(const log::Head& head, const std::string& name,
                           const json::object& payload) {
    for (const auto& slug : payload.at("members").as_array()) {
      const SignatoryId member = head.registry->find_slug(std::string(slug.as_string()))->id;
      members_[name].insert(member);
      if (const auto* cases = payload.if_contains("cases"))
        for (const auto& id : cases->as_array()) {
          story_->sits.emplace(member, *parse_uuid(std::string(id.as_string())));
          files_[name].insert(*parse_uuid(std::string(id.as_string())));
        }
    }
  }

  // --- requests

  static api::Response send(api::Method method, const std::string& target,
                            const std::vector<std::pair<std::string, std::string>>& headers,
                            bool local) {
    api::Request request;
    api::Peer peer;
    peer.local = local;
    request.method = method;
    request.target = target;
    auto parsed = api::parse_target(target);
    EXPECT_TRUE(parsed) << target;
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
    for (const auto& [name, value] : headers) request.headers.push_back({name, value});
    request.peer = &peer;
    std::promise<api::Response> promise;
    service_->handle(request, [&promise](api::Response r) { promise.set_value(std::move(r)); });
    api::Response response = promise.get_future().get();
    if (response.later) response = std::exchange(response.later, nullptr)();
    return response;
  }
  static api::Response get(const std::string& slug, const std::string& target) {
    static std::map<std::pair<std::string, std::int64_t>, std::string> tokens;
    std::string& token = tokens[{slug, clock_->now().value}];
    if (token.empty()) {
      crypto::SystemRandom random;
      token = "Bearer " + api::make_token(*replay::seeded_keys(kStorySeed)(slug),
                                          "urn:relais:rhone-2023:" + slug,
                                          "relais.example/rhone-2023", "test", *clock_, random)
                              .value_or("");
    }
    return send(api::Method::get, target, {{"authorization", token}}, false);
  }
  static json::object body(const api::Response& r) {
    EXPECT_EQ(r.status, 200U) << r.body;
    auto value = json::parse(r.body);
    return value && value->is_object() ? std::move(value->as_object()) : json::object();
  }
  /// A member of each item of a list, over all pages.
  static std::vector<std::string> all(const std::string& slug, const std::string& path,
                                      const char* list, const char* member) {
    std::vector<std::string> out;
    std::string cursor;
    do {
      const auto page = body(get(slug, path + (cursor.empty() ? "" : "&cursor=" + cursor)));
      for (const auto& item : page.at(list).as_array())
        out.push_back(json::serialize(item.at(member)));
      const auto* next = json::find_string(page, "next");
      cursor = next == nullptr ? "" : std::string(*next);
    } while (!cursor.empty());
    return out;
  }

  static inline std::unique_ptr<TempFolder> folder_;
  static inline std::unique_ptr<ManualClock> clock_;
  static inline std::unique_ptr<log::Ledger> ledger_;
  static inline std::unique_ptr<reads::ReadLog> reads_;
  static inline std::unique_ptr<api::Service> service_;
  static inline std::unique_ptr<Story> story_;
  static inline std::vector<ReaderOf> readers_;
  static inline std::map<std::string, std::set<SignatoryId>> members_;
  static inline std::map<std::string, std::set<Uuid>> files_;  ///< of a session
};

}  // namespace relais::tests
