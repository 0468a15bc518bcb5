// The server over real sockets, with a handler of the test's own: limits, timeouts, the order of
// answers, the end.
#include "api/http/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "api/client/client.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/api/raw_socket.h"

namespace relais::api {
namespace {

using tests::RawSocket;

/// Says what it was asked.
Response echo(const Request& request) {
  Response r;
  r.content_type = kText;
  r.body = std::string(to_string(request.method)) + " " + std::string(request.target) + " " +
           std::to_string(request.body.size());
  return r;
}

/// Three pieces: one at once, one when it is woken, and the end.
class ThreePieces final : public BodyStream {
 public:
  void start(std::function<void()> wake) override { wake_ = std::move(wake); }
  Piece pull() override {
    const int call = calls_++;
    if (call == 0) {
      later_ = std::thread([this] { wake_(); });
      return {"one", false, false};
    }
    if (call < 100) return woken(call);
    return {{}, false, true};
  }
  std::string heartbeat() override { return "beat"; }
  ~ThreePieces() override {
    if (later_.joinable()) later_.join();
  }

 private:
  Piece woken(int) {
    if (later_.joinable()) {
      later_.join();
      return {"two", true, false};
    }
    calls_ = 100;
    return {"three", false, true};
  }
  std::function<void()> wake_;
  std::thread later_;
  int calls_ = 0;
};

/// Never has anything to say.
class Silence final : public BodyStream {
 public:
  void start(std::function<void()>) override {}
  Piece pull() override { return {}; }
  std::string heartbeat() override { return "beat\n"; }
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options.port = 0;
    options.threads = 2;
    handler = [](Request& request, const Respond& respond) { respond(echo(request)); };
  }
  void start() {
    auto started = Server::start(options, clock, [this](Request& request, const Respond& respond) {
      handler(request, respond);
    });
    ASSERT_TRUE(started) << to_string(started.error());
    server = std::move(*started);
  }
  std::unique_ptr<Client> client(const std::string& scheme = "http", const std::string& ca = {}) {
    ClientOptions o;
    o.url = scheme + "://localhost:" + std::to_string(server->port());
    o.ca_file = ca;
    auto opened = Client::open(o);
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  /// What the server answers to these bytes, to the end of the connection.
  std::string answer(std::string_view bytes) {
    RawSocket socket(server->port());
    socket.send(bytes);
    return socket.read_all();
  }
  static std::string get(const std::string& target, const std::string& more = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
  }

  SystemClock clock;
  ServerOptions options;
  std::function<void(Request&, const Respond&)> handler;
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, AClientGetsItsAnswersOnOneConnection) {
  start();
  const auto c = client();
  for (int i = 0; i < 3; ++i) {
    const auto r = c->request("POST", "/x?i=" + std::to_string(i), {{"content-type", "text/plain"}},
                              std::string(1000, 'b'));
    ASSERT_TRUE(r) << to_string(r.error());
    EXPECT_EQ(r->status, 200U);
    EXPECT_EQ(r->body, "POST /x?i=" + std::to_string(i) + " 1000");
    EXPECT_EQ(r->header("x-content-type-options"), "nosniff");
    EXPECT_EQ(r->header("cache-control"), "no-store");
  }
}

TEST_F(ServerTest, LargeBodiesGoBothWays) {
  handler = [](Request& request, const Respond& respond) {
    Response r;
    r.content_type = kText;
    r.body = std::move(request.body);
    respond(std::move(r));
  };
  start();
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i);
  const auto r = client()->request("POST", "/", {}, body);
  ASSERT_TRUE(r) << to_string(r.error());
  EXPECT_EQ(r->body, body);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  handler = [](Request& request, const Respond& respond) {  // the first takes longest
    std::thread([respond, response = echo(request), slow = request.target == "/1"] {
      if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      respond(response);
    }).detach();
  };
  start();
  const std::string all = answer(get("/1") + get("/2") + get("/3", "Connection: close\r\n"));
  const auto one = all.find("GET /1 0");
  const auto two = all.find("GET /2 0");
  const auto three = all.find("GET /3 0");
  ASSERT_NE(three, std::string::npos) << all;
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(all.find("connection: close"), std::string::npos);
}

TEST_F(ServerTest, HeadHasTheHeadersWithoutTheBody) {
  start();
  const std::string all = answer("HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(all.find("content-length: 11\r\n"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
}

TEST_F(ServerTest, Http10IsAnsweredAndClosed) {
  start();
  EXPECT_TRUE(answer("GET /abc HTTP/1.0\r\n\r\n").ends_with("GET /abc 0"));
  RawSocket kept(server->port());
  kept.send("GET /abc HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(kept.read_until("GET /abc 0").find("connection: keep-alive"), std::string::npos);
}

TEST_F(ServerTest, TraceparentIsPassedBack) {
  start();
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto c = client();
  EXPECT_EQ(c->request("GET", "/", {{"traceparent", trace}})->header("traceparent"), trace);
  EXPECT_EQ(c->request("GET", "/", {{"traceparent", "x"}})->header("traceparent"), "");
}

TEST_F(ServerTest, LimitsAreAnsweredAndTheConnectionEnds) {
  options.limits.max_header_bytes = 2048;
  options.limits.max_target_bytes = 512;
  options.limits.max_body_bytes = 1000;
  start();
  const auto status = [&](const std::string& bytes) { return answer(bytes).substr(9, 3); };
  EXPECT_EQ(status(get("/" + std::string(600, 'a'))), "414");
  EXPECT_EQ(status(get("/", "X: " + std::string(3000, 'a') + "\r\n")), "431");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"), "413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n" +
                   std::string(200'000, 'x')),
            "413")
      << "also when the client goes on sending";
  EXPECT_EQ(status("\r\n\r\nnonsense\r\n\r\n"), "400");
  EXPECT_EQ(status(get("/%zz")), "400");
  const std::string problem = answer(get("/" + std::string(600, 'a')));
  EXPECT_NE(problem.find("content-type: application/problem+json"), std::string::npos);
  EXPECT_NE(problem.find("\"rule\":\"target-too-long\""), std::string::npos);
  EXPECT_NE(problem.find("connection: close"), std::string::npos);
}

TEST_F(ServerTest, SlowRequestsAreAnsweredWith408) {
  options.limits.header_timeout = std::chrono::milliseconds(60);
  options.limits.body_timeout = std::chrono::milliseconds(60);
  start();
  EXPECT_EQ(answer("GET / HTTP/1.1\r\nHost:").substr(9, 3), "408");
  const std::string body = answer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(body.substr(9, 3), "408");
  EXPECT_NE(body.find("request-timeout"), std::string::npos);
  EXPECT_EQ(answer(""), "") << "who sends nothing is owed nothing";
}

TEST_F(ServerTest, IdleConnectionsEndQuietly) {
  options.limits.idle_timeout = std::chrono::milliseconds(60);
  start();
  RawSocket socket(server->port());
  socket.send(get("/"));
  EXPECT_TRUE(socket.read_all().ends_with("GET / 0"));
}

TEST_F(ServerTest, AHandlerMayTakeLongerThanAnyTimeout) {
  options.limits.header_timeout = options.limits.idle_timeout = options.limits.body_timeout =
      options.limits.write_timeout = std::chrono::milliseconds(40);
  handler = [](Request& request, const Respond& respond) {
    std::thread([respond, response = echo(request)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      respond(response);
    }).detach();
  };
  start();
  EXPECT_TRUE(answer(get("/", "Connection: close\r\n")).ends_with("GET / 0"));
}

TEST_F(ServerTest, ContinueIsSentToWhoWaitsForIt) {
  start();
  RawSocket socket(server->port());
  socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("ab");
  EXPECT_TRUE(socket.read_until("POST / 2").ends_with("POST / 2"));
}

TEST_F(ServerTest, BodiesTogetherHaveALimit) {
  constexpr std::size_t kSize = 200'000;
  options.limits.max_bodies_bytes = 4 * (2 * kSize);  // an address has a quarter
  std::promise<Respond> held;
  handler = [&held](Request& request, const Respond& respond) {
    if (request.target == "/held") return held.set_value(respond);
    respond(echo(request));
  };
  start();
  RawSocket first(server->port());
  first.send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" +
             std::string(kSize, 'x'));
  const Respond respond = held.get_future().get();
  const auto second = client()->request("POST", "/", {}, std::string(kSize, 'x'));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 503U);
  EXPECT_EQ(client()->request("POST", "/", {}, "small")->status, 200U) << "small ones are free";
  RawSocket pieces(server->port());
  pieces.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  pieces.read_until("\r\n\r\n");
  pieces.send("sm");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  pieces.send("all");
  EXPECT_TRUE(pieces.read_until("POST / 5").starts_with("HTTP/1.1 200")) << "in pieces too";
  respond(Response());
  first.read_until("\r\n\r\n");
  EXPECT_EQ(client()->request("POST", "/", {}, std::string(kSize, 'x'))->status, 200U);
}

TEST_F(ServerTest, ConnectionsOverTheLimitAreToldSo) {
  options.limits.max_connections = 1;
  std::promise<Respond> held;
  handler = [&held](Request& request, const Respond& respond) {
    if (request.target == "/held") return held.set_value(respond);
    respond(echo(request));
  };
  start();
  RawSocket first(server->port());
  first.send(get("/held"));
  const Respond respond = held.get_future().get();
  const std::string refused = answer("");
  EXPECT_EQ(refused.substr(9, 3), "503");
  EXPECT_NE(refused.find("retry-after: 1"), std::string::npos) << refused;
  respond(Response());
  first.read_until("\r\n\r\n");
  first.send(get("/again"));
  EXPECT_TRUE(first.read_until("GET /again 0").ends_with("GET /again 0"));
}

TEST_F(ServerTest, WhoDoesNotFinishItsRequestGivesWay) {
  options.limits.max_connections = 1;
  start();
  RawSocket first(server->port());
  first.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(client()->request("GET", "/")->status, 200U);
}

TEST_F(ServerTest, AnAddressHasItsShareOfTheConnections) {
  options.limits.max_connections_per_address = 1;
  std::promise<Respond> held;
  handler = [&held](Request& request, const Respond& respond) {
    if (request.target == "/held") return held.set_value(respond);
    respond(echo(request));
  };
  start();
  RawSocket first(server->port());
  first.send(get("/held"));
  const Respond respond = held.get_future().get();
  const std::string refused = answer("");
  EXPECT_EQ(refused.substr(9, 3), "429");
  EXPECT_NE(refused.find("too-many-connections-of-address"), std::string::npos) << refused;
  respond(Response());
}

/// Who holds connections without a request keeps nobody out.
TEST_F(ServerTest, TheOldestIdleConnectionGivesWay) {
  options.limits.max_connections = 2;
  start();
  RawSocket oldest(server->port());
  oldest.send(get("/1"));
  oldest.read_until("GET /1 0");
  RawSocket younger(server->port());
  younger.send(get("/2"));
  younger.read_until("GET /2 0");
  RawSocket third(server->port());
  third.send(get("/3"));
  EXPECT_TRUE(third.read_until("GET /3 0").ends_with("GET /3 0"));
  EXPECT_EQ(oldest.read_all(), "");
  younger.send(get("/4"));
  EXPECT_TRUE(younger.read_until("GET /4 0").ends_with("GET /4 0"));
}

TEST_F(ServerTest, AHandlerThatThrowsEndsItsRequestOnly) {
  handler = [](Request& request, const Respond& respond) {
    if (request.target == "/throw") throw std::runtime_error("no");
    if (request.target == "/later") {
      Response r;
      r.later = []() -> Response { throw std::runtime_error("no"); };
      return respond(r);
    }
    respond(echo(request));
  };
  start();
  const auto c = client();
  EXPECT_EQ(c->request("GET", "/throw")->status, 500U);
  EXPECT_EQ(c->request("GET", "/later")->status, 500U);
  EXPECT_EQ(c->request("GET", "/")->status, 200U);
}

TEST_F(ServerTest, StreamsAreSentInChunksToTheirEnd) {
  handler = [](Request&, const Respond& respond) {
    Response r;
    r.content_type = "text/event-stream";
    r.stream = std::make_shared<ThreePieces>();
    respond(r);
  };
  start();
  const std::string all = answer(get("/"));
  EXPECT_NE(all.find("transfer-encoding: chunked\r\n"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n")) << all;
  EXPECT_TRUE(answer("GET / HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nonetwothree"));
}

TEST_F(ServerTest, SilentStreamsBeatAndEndWithTheServer) {
  options.limits.heartbeat = std::chrono::milliseconds(20);
  handler = [](Request&, const Respond& respond) {
    Response r;
    r.stream = std::make_shared<Silence>();
    respond(r);
  };
  start();
  RawSocket socket(server->port());
  socket.send(get("/"));
  socket.read_until("beat\n");
  socket.read_until("beat\n");
  server->stop();
  socket.read_all();
}

TEST_F(ServerTest, StopLetsRequestsInFlightFinish) {
  std::promise<Respond> held;
  handler = [&held](Request&, const Respond& respond) { held.set_value(respond); };
  start();
  RawSocket busy(server->port());
  RawSocket idle(server->port());
  busy.send(get("/"));
  const Respond respond = held.get_future().get();
  auto stopping = std::async(std::launch::async, [this] { server->stop(); });
  EXPECT_EQ(idle.read_all(), "") << "idle connections end first";
  Response r;
  r.body = "at last";
  respond(r);
  const std::string all = busy.read_all();
  EXPECT_TRUE(all.ends_with("at last")) << all;
  EXPECT_NE(all.find("connection: close"), std::string::npos);
  stopping.get();
}

TEST_F(ServerTest, StopEndsWhatDoesNotFinishInTime) {
  options.limits.stop_timeout = std::chrono::milliseconds(50);
  std::promise<Respond> held;
  handler = [&held](Request&, const Respond& respond) { held.set_value(respond); };
  start();
  RawSocket busy(server->port());
  busy.send(get("/"));
  const Respond respond = held.get_future().get();
  server->stop();
  EXPECT_EQ(busy.read_all(), "");
  server.reset();
  respond(Response());  // after everything has gone
}

TEST_F(ServerTest, TheUnixSocketIsLocalAndForItsOwnerOnly) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("relais-test-" + std::to_string(::getpid()) + ".sock");
  options.unix_socket = path;
  handler = [](Request& request, const Respond& respond) {
    Response r;
    r.body = request.peer->local ? "local" : "remote";
    respond(r);
  };
  start();
  ClientOptions o;
  o.url = "unix:" + path.string();
  EXPECT_EQ((*Client::open(o))->request("GET", "/")->body, "local");
  EXPECT_EQ(client()->request("GET", "/")->body, "remote");
  struct stat file{};
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  const auto second = Server::start(options, clock, [](Request&, const Respond&) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().rule, "unix-socket");
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ServerTest, AStaleUnixSocketIsReplaced) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("relais-stale-" + std::to_string(::getpid()) + ".sock");
  options.unix_socket = path;
  start();
  const auto copy = path.string() + ".kept";
  std::filesystem::create_hard_link(path, copy);  // outlives the server as after a crash
  server.reset();
  std::filesystem::rename(copy, path);
  start();
  ClientOptions o;
  o.url = "unix:" + path.string();
  EXPECT_EQ((*Client::open(o))->request("GET", "/")->status, 200U);
}

TEST_F(ServerTest, AnAddressInUseIsAnError) {
  start();
  ServerOptions again = options;
  again.port = server->port();
  const auto second = Server::start(again, clock, [](Request&, const Respond&) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().rule, "listen");
  again.address = "nonsense";
  EXPECT_EQ(Server::start(again, clock, [](Request&, const Respond&) {}).error().rule, "listen");
}

class TlsTest : public ServerTest {
 protected:
  TlsTest() {
    options.tls_cert = folder + "server.pem";
    options.tls_key = (private_folder.path / "server.key").string();
    std::filesystem::copy_file(folder + "server.key", options.tls_key);
    std::filesystem::permissions(options.tls_key, std::filesystem::perms::owner_read);
  }
  const std::string folder = std::string(RELAIS_SOURCE_DIR) + "/tests/data/tls/";
  tests::TempFolder private_folder;
};

TEST_F(TlsTest, TheServerIsKnownByItsCertificate) {
  start();
  const auto c = client("https", folder + "ca.pem");
  for (int i = 0; i < 2; ++i) {
    const auto r = c->request("GET", "/a");
    ASSERT_TRUE(r) << to_string(r.error());
    EXPECT_EQ(r->body, "GET /a 0");
  }
  EXPECT_EQ(client("https")->request("GET", "/").error().rule, "connect") << "an unknown issuer";
  EXPECT_FALSE(client("http")->request("GET", "/"));
}

TEST_F(TlsTest, LargeBodiesAndRefusalsGoThroughTls) {
  options.limits.max_body_bytes = 1'000'000;
  start();
  const auto c = client("https", folder + "ca.pem");
  EXPECT_EQ(c->request("POST", "/", {}, std::string(900'000, 'x'))->body, "POST / 900000");
  const auto refused = c->request("POST", "/", {}, std::string(1'000'001, 'x'));
  ASSERT_TRUE(refused) << to_string(refused.error());
  EXPECT_EQ(refused->status, 413U);
}

TEST_F(TlsTest, ClientsNeedACertificateWhereACaIsGiven) {
  options.client_ca = folder + "ca.pem";
  handler = [](Request& request, const Respond& respond) {
    Response r;
    r.body = request.peer->certificate_subject;
    respond(r);
  };
  start();
  EXPECT_FALSE(client("https", folder + "ca.pem")->request("GET", "/"));
  ClientOptions o;
  o.url = "https://localhost:" + std::to_string(server->port());
  o.ca_file = folder + "ca.pem";
  o.client_cert = folder + "client.pem";
  o.client_key = folder + "client.key";
  const auto r = (*Client::open(o))->request("GET", "/");
  ASSERT_TRUE(r) << to_string(r.error());
  EXPECT_EQ(r->body, "/CN=ml1");
}

TEST_F(TlsTest, FilesThatAreNotThereAreAnError) {
  options.tls_key = folder + "none.key";
  EXPECT_EQ(Server::start(options, clock, [](Request&, const Respond&) {}).error().rule,
            "file-missing");
  options.tls_key.clear();
  EXPECT_EQ(Server::start(options, clock, [](Request&, const Respond&) {}).error().rule,
            "tls-files");
}

TEST(ClientTest, ErrorsSayWhatFailed) {
  ClientOptions o;
  o.url = "http://localhost:1";
  EXPECT_EQ((*Client::open(o))->request("GET", "/").error().rule, "connect");
  o.url = "unix:/nonexistent.sock";
  EXPECT_EQ((*Client::open(o))->request("GET", "/").error().rule, "connect");
}

TEST_F(ServerTest, AClientWaitsNoLongerThanItsTimeout) {
  std::promise<Respond> held;
  handler = [&held](Request&, const Respond& respond) { held.set_value(respond); };
  start();
  ClientOptions o;
  o.url = "http://127.0.0.1:" + std::to_string(server->port());
  o.read_timeout = std::chrono::milliseconds(50);
  const auto r = (*Client::open(o))->request("GET", "/");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().rule, "timeout");
  held.get_future().get()(Response());
}

TEST_F(ServerTest, AClientComesBackWhenItsConnectionHasEnded) {
  start();
  const auto c = client();
  EXPECT_EQ(c->request("GET", "/1")->status, 200U);
  options.port = server->port();
  server.reset();
  start();
  const auto r = c->request("GET", "/2");
  ASSERT_TRUE(r) << to_string(r.error());
  EXPECT_EQ(r->body, "GET /2 0");
}

}  // namespace
}  // namespace relais::api
