// The API over a real ledger: requests in process, and over a socket.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/target.h"
#include "api/reading/auth.h"
#include "api/service.h"
#include "ledger/base/json.h"
#include "ledger/reads/read_log.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {

/// A clock that may be moved while servers read it.
class SharedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp{now_.load()}; }
  void advance_ms(std::int64_t ms) { now_ += ms; }

 private:
  std::atomic<std::int64_t> now_{kSceneStart.value};
};

class ApiTest : public LedgerTest {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  void SetUp() override {
    LedgerTest::SetUp();
    open_reads();
    api::ServiceOptions options;
    options.workers = 2;
    options.max_streams = 2;
    options.report = [this](const std::string& line) { reports.push_back(line); };
    service = std::make_unique<api::Service>(*ledger, *reads, wall, std::move(options));
  }
  void TearDown() override {
    service.reset();
    EXPECT_TRUE(reports.empty()) << reports[0];
  }

  /// The log of reads beside the ledger.
  void open_reads() {
    const auto key = log::load_own_key(data(), "log.jwk");
    ASSERT_TRUE(key);
    reads::Options options;
    options.path = data() / "reads";
    options.ledger = ledger->vkey();
    options.key = *key;
    options.shortage = [this] { return reads_shortage; };
    if (!std::filesystem::exists(options.path)) {
      const Status made = reads::create_log(options.path, options.ledger.newest(), *key);
      ASSERT_TRUE(made) << to_string(made.error());
    }
    auto opened = reads::ReadLog::open(options, wall);
    ASSERT_TRUE(opened) << to_string(opened.error());
    reads = std::move(*opened);
  }

  /// An Authorization header of a signatory, made now.
  std::pair<std::string, std::string> token(const std::string& slug) {
    const auto made =
        api::make_token(test_key(slug), "urn:relais:" + std::string(kConvention) + ":" + slug,
                        kOrigin, "test", wall, random);
    EXPECT_TRUE(made);
    return {"authorization", "Bearer " + made.value_or("")};
  }

  api::Response send(api::Method method, const std::string& target, const Headers& headers = {},
                     std::string body = {}, bool local = false) {
    api::Request request;
    api::Peer peer;
    peer.local = local;
    request.method = method;
    request.target = target;
    auto parsed = api::parse_target(target);
    EXPECT_TRUE(parsed) << target;
    if (!parsed) return {};
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
    for (const auto& [name, value] : headers) request.headers.push_back({name, value});
    request.body = std::move(body);
    request.peer = &peer;
    std::promise<api::Response> promise;
    service->handle(request, [&promise](api::Response r) { promise.set_value(std::move(r)); });
    api::Response response = promise.get_future().get();
    if (response.later) response = std::exchange(response.later, nullptr)();
    if (!response.constant.empty()) response.body = response.constant;
    return response;
  }
  api::Response get(const std::string& slug, const std::string& target, Headers headers = {}) {
    headers.push_back(token(slug));
    return send(api::Method::get, target, headers);
  }
  api::Response post(const std::string& body, Headers headers = {},
                     const std::string& target = "/v1/events",
                     const std::string& type = "application/sd-jwt") {
    headers.emplace_back("content-type", type);
    return send(api::Method::post, target, headers, body);
  }

  static json::object body(const api::Response& r) {
    auto value = json::parse(r.body);
    EXPECT_TRUE(value && value->is_object()) << r.body;
    return value && value->is_object() ? std::move(value->as_object()) : json::object();
  }
  static std::string text(const json::object& o, std::string_view name) {
    const auto* found = json::find_string(o, name);
    return found == nullptr ? "<none>" : std::string(*found);
  }
  static std::string rule(const api::Response& r) { return text(body(r), "rule"); }
  static std::string header(const api::Response& r, std::string_view name) {
    for (const auto& [n, value] : r.headers)
      if (n == name) return value;
    return "<none>";
  }
  static const json::array& items(const json::object& o, std::string_view name) {
    static const json::array kNone;
    const json::value* found = o.if_contains(name);
    EXPECT_TRUE(found != nullptr && found->is_array()) << name;
    return found != nullptr && found->is_array() ? found->get_array() : kNone;
  }
  static std::int64_t number(const json::object& o, std::string_view name) {
    const json::value* found = o.if_contains(name);
    return found != nullptr && found->is_number() ? found->to_number<std::int64_t>() : -1;
  }

  /// Case 1 of ml1, referred to aa1; case 2 of ml2. Returns the number of entries.
  std::uint64_t play() {
    accept("ml1", "case.detected", case_subject(1), detected_with_note());
    accept("ml1", "case.risk_assessed", case_subject(1), assessed());
    accept("ml1", "case.consent_given", case_subject(1), consent());
    accept("ml1", "referral.requested", case_subject(1), referral("aa1"));
    accept("ml2", "case.detected", case_subject(2), detected());
    return ledger->head()->size().value;
  }
  static json::object detected_with_note() {
    json::object o = detected();
    o["note"] = "she fears to go home";
    return o;
  }
  static json::object consent() {
    json::object o = tests::data(R"({"scope":"referral"})");
    o["form_hash"] = std::string(43, 'A');
    return o;
  }
  static json::object referral(const std::string& to) {
    json::object o =
        tests::data(R"({"need":"shelter","urgency":"routine","legal_basis":"consent"})");
    o["referral_id"] = test_uuid(100);
    o["to"] = to;
    return o;
  }

  SharedClock wall;  // of the server and its readers; the ledger keeps its own
  std::vector<std::string> reports;
  std::optional<Error> reads_shortage;  // set while no request runs
  std::unique_ptr<reads::ReadLog> reads;
  std::unique_ptr<api::Service> service;
};

}  // namespace relais::tests
