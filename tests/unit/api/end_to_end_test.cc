// The whole: client, server, service and ledger in one process, over a real socket.
#include <atomic>
#include <thread>

#include "api/client/client.h"
#include "api/http/server.h"
#include "tests/unit/api/fixture.h"
#include "tests/unit/api/raw_socket.h"

namespace relais::tests {
namespace {

class EndToEndTest : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    api::ServerOptions options;
    options.port = 0;
    options.threads = 2;
    options.limits.heartbeat = std::chrono::milliseconds(50);
    auto started = api::Server::start(options, wall, service->handler());
    ASSERT_TRUE(started);
    server = std::move(*started);
  }
  void TearDown() override {
    server.reset();
    ApiTest::TearDown();
  }
  std::unique_ptr<api::Client> client() {
    api::ClientOptions o;
    o.url = "http://127.0.0.1:" + std::to_string(server->port());
    return std::move(*api::Client::open(o));
  }
  std::string live(const std::string& slug, const std::string& query = "",
                   const std::string& more = "") {
    return "GET /v1/events/live" + query +
           " HTTP/1.1\r\nHost: x\r\nAuthorization: " + token(slug).second + "\r\n" + more + "\r\n";
  }
  std::unique_ptr<api::Server> server;
};

TEST_F(EndToEndTest, WhatIsAppendedIsReadBackAtOnce) {
  const auto c = client();
  const auto appended = c->request("POST", "/v1/events", {{"content-type", "application/sd-jwt"}},
                                   sign("ml1", "case.detected", case_subject(1), detected()));
  ASSERT_TRUE(appended) << to_string(appended.error());
  ASSERT_EQ(appended->status, 201U) << appended->body;
  const std::string location(appended->header("location"));
  const auto event = c->request("GET", location, {token("ml1")});
  EXPECT_EQ(event->status, 200U);
  EXPECT_EQ(event->header("content-type"), "application/cloudevents+json");
  const auto state = c->request("GET", "/v1/cases/" + test_uuid(1), {token("ml1")});
  EXPECT_EQ(state->status, 200U);
  EXPECT_EQ(state->header("etag"), "\"1\"");
  EXPECT_EQ(c->request("GET", "/v1/cases/" + test_uuid(1), {token("ml2")})->status, 404U);
}

TEST_F(EndToEndTest, ManyClientsWriteAndReadAtTheSameTime) {
  constexpr std::uint64_t kClients = 8;
  constexpr std::uint64_t kEach = 10;
  std::vector<std::string> statements;
  for (std::uint64_t n = 0; n < kClients * kEach; ++n)
    statements.push_back(sign("ml1", "case.detected", case_subject(n), detected()));
  const auto reading = token("ml1");
  std::atomic<std::uint64_t> good{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kClients; ++t)
    threads.emplace_back([&, t] {
      const auto c = client();
      for (std::uint64_t i = 0; i < kEach; ++i) {
        const std::uint64_t n = t * kEach + i;
        const auto w = c->request("POST", "/v1/events", {{"content-type", "application/sd-jwt"}},
                                  statements[n]);
        const auto r = c->request("GET", "/v1/cases/" + test_uuid(n), {reading});
        if (w && w->status == 201 && r && r->status == 200) ++good;
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, kClients * kEach);
}

TEST_F(EndToEndTest, LiveEventsComeAsTheyAreCommitted) {
  RawSocket socket(server->port());
  socket.send(live("ml1", "?type=case.*"));
  EXPECT_NE(socket.read_until("retry: 2000\n\n").find("content-type: text/event-stream"),
            std::string::npos);
  accept("ml2", "case.detected", case_subject(2), detected());
  const auto mine = accept("ml1", "case.detected", case_subject(1), detected());
  const std::string piece = socket.read_until("}\n\n");
  const std::string index = std::to_string(mine.index.value);
  EXPECT_NE(
      piece.find("id: " + index + "\nevent: relais.case.detected.v1\ndata: {\"index\":" + index),
      std::string::npos)
      << piece;
  EXPECT_EQ(piece.find(test_uuid(2)), std::string::npos) << "not a case of this reader";
  socket.read_until(":\n\n");  // a heartbeat
}

TEST_F(EndToEndTest, LiveEventsGoOnBehindTheLastOne) {
  const std::uint64_t size = play();
  RawSocket socket(server->port());
  socket.send(live("ml1", "", "Last-Event-ID: " + std::to_string(size - 4) + "\r\n"));
  const std::string first = socket.read_until("referral.requested.v1");
  EXPECT_NE(first.find("id: " + std::to_string(size - 3)), std::string::npos);
  EXPECT_EQ(first.find("id: " + std::to_string(size - 4) + "\n"), std::string::npos);
  RawSocket from(server->port());
  from.send(live("analyst", "?from=0&type=convention.*"));
  EXPECT_NE(from.read_until("id: 6\n").find("id: 0\n"), std::string::npos);
  EXPECT_EQ(rule(get("ml1", "/v1/events/live", {{"last-event-id", "x"}})), "last-event-id-form");
}

TEST_F(EndToEndTest, StreamsHaveALimitAndGiveTheirPlaceBack) {
  {
    RawSocket a(server->port());
    RawSocket b(server->port());
    a.send(live("ml1"));
    b.send(live("ml1"));
    a.read_until("retry: ");
    b.read_until("retry: ");
    RawSocket c(server->port());
    c.send(live("ml1"));
    EXPECT_NE(c.read_until("\r\n\r\n").find("429 Too Many Requests\r\n"), std::string::npos);
  }
  // Heartbeats find out that the two have gone.
  std::string head;
  for (int i = 0; i < 200 && head.find("200 OK") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    RawSocket again(server->port());
    again.send(live("ml1"));
    head = again.read_until("\r\n\r\n");
  }
  EXPECT_NE(head.find("200 OK"), std::string::npos);
}

TEST_F(EndToEndTest, AStreamEndsWithItsToken) {
  RawSocket socket(server->port());
  socket.send(live("ml1"));
  socket.read_until("retry: 2000\n\n");
  wall.advance_ms(301'000);
  EXPECT_TRUE(socket.read_all().ends_with("0\r\n\r\n"));
}

}  // namespace
}  // namespace relais::tests
