#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "api/client/client.h"
#include "api/resources/event_query.h"
#include "api/resources/paging.h"
#include "api/worker_pool.h"

namespace relais::api {
namespace {

TEST(Glob, AStarStandsForAnyCharacters) {
  EXPECT_TRUE(glob_matches("case.detected", "case.detected"));
  EXPECT_TRUE(glob_matches("case.*", "case.detected"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*.*ed.v1", "relais.case.closed.v1"));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(glob_matches("case.*", "referral.requested"));
  EXPECT_FALSE(glob_matches("", "x"));
  EXPECT_FALSE(glob_matches("a*b", "ac"));
  EXPECT_FALSE(glob_matches("case.detecte", "case.detected"));
  EXPECT_FALSE(glob_matches("case.?losed", "case.closed")) << "only the star is special";
}

TEST(OwnRequest, HoldsAllThatItPointsInto) {
  auto from = std::make_unique<Request>();
  auto peer = std::make_unique<Peer>(Peer{true, "127.0.0.1", "CN=x"});
  auto text = std::make_unique<std::string>("/v1/events?limit=5|If-None-Match|\"7\"|Accept|*/*");
  const std::string_view all = *text;
  from->method = Method::head;
  from->target = all.substr(0, 18);
  from->path = {"v1", "events"};
  from->query = {{"limit", "5"}};
  from->headers = {{all.substr(19, 13), all.substr(33, 3)}, {all.substr(37, 6), all.substr(44)}};
  from->peer = peer.get();
  const std::string_view captured = from->path[1];
  OwnRequest own(std::move(*from));
  from.reset();
  peer.reset();
  text->assign(text->size(), '#');
  text.reset();
  const Request& r = own.request();
  EXPECT_EQ(r.method, Method::head);
  EXPECT_EQ(r.target, "/v1/events?limit=5");
  EXPECT_EQ(r.header("if-none-match"), "\"7\"");
  EXPECT_EQ(r.header("accept"), "*/*");
  EXPECT_EQ(r.param("limit"), "5");
  EXPECT_EQ(captured.data(), r.path[1].data()) << "what a route captured stays valid";
  EXPECT_TRUE(r.peer->local);
  EXPECT_EQ(r.peer->certificate_subject, "CN=x");
}

TEST(IfNoneMatch, ComparesWeaklyInAList) {
  Request request;
  const auto matches = [&](std::string_view value) {
    request.headers = {{"If-None-Match", value}};
    return not_modified(request, "\"7\"");
  };
  EXPECT_TRUE(matches("\"7\""));
  EXPECT_TRUE(matches("\"6\", W/\"7\""));
  EXPECT_TRUE(matches("*"));
  EXPECT_FALSE(matches("\"77\""));
  EXPECT_FALSE(matches("7"));
  EXPECT_FALSE(matches(""));
}

TEST(Headers, NamesAndMediaTypesIgnoreCase) {
  Request request;
  request.headers = {{"Content-TYPE", "Application/JSON ; charset=utf-8"}};
  EXPECT_TRUE(equals_ignoring_case(media_type(request.header("content-type")), kJson));
  EXPECT_FALSE(equals_ignoring_case(media_type("application/jsonx"), kJson));
}

TEST(WorkerPoolTest, RunsWhatWasPostedBeforeItsEnd) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(2, 100);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.post([&ran] { ++ran; }));
  }
  EXPECT_EQ(ran, 100);
}

TEST(WorkerPoolTest, RefusesWhatWouldWaitInTooLongAQueue) {
  std::promise<void> started;
  std::promise<void> release;
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.post([&] {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(pool.post([] {}));
  EXPECT_TRUE(pool.post([] {}));
  EXPECT_FALSE(pool.post([] {}));
  release.set_value();
}

TEST(ClientUrlTest, SchemeHostAndPort) {
  const auto url = [](std::string_view text) {
    const auto u = parse_client_url(text);
    if (!u) return u.error().rule;
    return std::to_string(static_cast<int>(u->scheme)) + " " + u->host + " " + u->port;
  };
  EXPECT_EQ(url("http://localhost:8400"), "0 localhost 8400");
  EXPECT_EQ(url("http://localhost/"), "0 localhost 80");
  EXPECT_EQ(url("https://relais.example"), "1 relais.example 443");
  EXPECT_EQ(url("HTTPS://[::1]:1"), "1 ::1 1");
  EXPECT_EQ(url("unix:/run/relais.sock"), "2 /run/relais.sock ");
  for (const char* bad :
       {"", "localhost", "ftp://x", "http://", "http://x/path", "http://x:", "http://x:abc",
        "http://x:123456", "unix:relative", "http://[::1", "http://user@x"})
    EXPECT_EQ(url(bad), "client-url") << bad;
}

}  // namespace
}  // namespace relais::api
