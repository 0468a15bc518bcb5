#include <gtest/gtest.h>

#include "api/http/request_parser.h"
#include "api/http/response_head.h"

namespace relais::api {
namespace {

using State = RequestParser::State;

class ParserTest : public ::testing::Test {
 protected:
  ParserTest() {
    limits.max_header_bytes = 1024;
    limits.max_target_bytes = 256;
    limits.max_body_bytes = 100;
  }
  State head(std::string_view bytes) {
    parser.reset();
    return parser.parse_head(bytes, used);
  }
  unsigned refused(std::string_view bytes) {
    return head(bytes) == State::refused ? parser.refusal().status : 0;
  }
  Limits limits;
  RequestParser parser{limits};
  std::size_t used = 0;
};

TEST_F(ParserTest, ARequestWithoutABodyIsDoneAtItsEmptyLine) {
  const std::string one = "GET /v1/cases?limit=2 HTTP/1.1\r\nHost: x\r\nX-A: b\r\n\r\n";
  EXPECT_EQ(head(one.substr(0, one.size() - 1)), State::need_more);
  const std::size_t taken = used;
  EXPECT_EQ(parser.parse_head((one + one).substr(taken), used), State::done);
  EXPECT_EQ(taken + used, one.size()) << "the next request is left";
  Request request;
  ASSERT_TRUE(parser.fill(request));
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.path, (std::vector<std::string>{"v1", "cases"}));
  EXPECT_EQ(request.param("limit"), "2");
  EXPECT_EQ(request.header("x-a"), "b");
  EXPECT_TRUE(parser.keep_alive());
}

TEST_F(ParserTest, ABodyIsTakenInPieces) {
  ASSERT_EQ(head("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"), State::head);
  EXPECT_EQ(parser.parse_body("", used), State::need_more);
  EXPECT_EQ(parser.parse_body("ab", used), State::need_more);
  EXPECT_EQ(used, 2U);
  EXPECT_EQ(parser.parse_body("cdeGET", used), State::done);
  EXPECT_EQ(used, 3U);
  EXPECT_EQ(parser.body(), "abcde");
}

TEST_F(ParserTest, ChunksAreABody) {
  ASSERT_EQ(head("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), State::head);
  const std::string body = "3\r\nabc\r\n0\r\n\r\n";
  std::size_t at = 0;
  State state = State::head;
  for (int i = 0; i < 5 && state != State::done; ++i) {
    state = parser.parse_body(std::string_view(body).substr(at), used);
    at += used;
  }
  ASSERT_EQ(state, State::done);
  EXPECT_EQ(parser.body(), "abc");
}

TEST_F(ParserTest, LimitsHaveTheirStatus) {
  const std::string start = "GET /" + std::string(300, 'a');
  EXPECT_EQ(refused(start + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414U);
  EXPECT_EQ(refused(start), 414U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(1100, 'a')), 431U);
  ASSERT_EQ(head("GET / HTTP/1.1\r\nHost: x\r\nX: "), State::need_more);
  EXPECT_EQ(parser.parse_head(std::string(1100, 'a'), used), State::refused);
  EXPECT_EQ(parser.refusal().status, 431U) << "a long header is no long target";
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n"), 413U);
  ASSERT_EQ(head("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), State::head);
  const std::string chunk = "65\r\n" + std::string(101, 'x') + "\r\n";
  EXPECT_EQ(parser.parse_body(chunk, used), State::refused);
  EXPECT_EQ(parser.refusal().status, 413U);
}

TEST_F(ParserTest, AHeaderThatComesLineByLineHasTheSameLimit) {
  ASSERT_EQ(head("GET / HTTP/1.1\r\nHost: x\r\n"), State::need_more);
  State state = State::need_more;
  std::string unread;
  std::size_t sent = 0;
  for (; state == State::need_more && sent < 4'000; sent += 6) {
    unread += "a: b\r\n";
    state = parser.parse_head(unread, used);
    unread.erase(0, used);
  }
  EXPECT_EQ(state, State::refused);
  EXPECT_EQ(parser.refusal().status, 431U);
  EXPECT_LT(sent, 1'100U);
  // A body is no header.
  limits.max_body_bytes = 4'000;
  RequestParser fresh{limits};
  ASSERT_EQ(fresh.parse_head("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n", used),
            State::head);
  for (int i = 0; i < 29; ++i)
    ASSERT_EQ(fresh.parse_body(std::string(100, 'b'), used), State::need_more) << i;
  EXPECT_EQ(fresh.parse_body(std::string(100, 'b'), used), State::done);
  EXPECT_EQ(fresh.body().size(), 3'000U);
}

TEST_F(ParserTest, WhatIsNotHttpIsRefused) {
  EXPECT_EQ(refused("\x16\x03\x01 hello\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400U) << "no host";
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/2.7\r\nHost: x\r\n\r\n"), 505U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            400U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n"),
            400U)
      << "two lengths are how requests are smuggled";
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n"), 417U);
}

TEST_F(ParserTest, ATargetWithoutFormIsRefused) {
  ASSERT_EQ(head("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"), State::done);
  Request request;
  EXPECT_FALSE(parser.fill(request));
  EXPECT_EQ(parser.refusal().status, 400U);
}

TEST_F(ParserTest, Http10NeedsNoHostAndEndsWithItsResponse) {
  ASSERT_EQ(head("GET / HTTP/1.0\r\n\r\n"), State::done);
  EXPECT_TRUE(parser.http10());
  EXPECT_FALSE(parser.keep_alive());
}

TEST(ResponseHead, HasTheHeadersOfEveryResponse) {
  Response r;
  r.content_type = kJson;
  r.body = "{}";
  r.headers.emplace_back("etag", "\"1\"");
  std::string out;
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  write_head(out, r, {Timestamp{1'795'536'000'000}, trace, false, false, false});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\ndate: Tue, 24 Nov 2026 16:00:00 GMT\r\n"
            "content-type: application/json\r\ncontent-length: 2\r\ncache-control: no-store\r\n"
            "x-content-type-options: nosniff\r\netag: \"1\"\r\ntraceparent: " +
                trace + "\r\n\r\n");
}

TEST(ResponseHead, NoLengthWhereThereIsNoBody) {
  for (const unsigned status : {204U, 304U}) {
    Response r;
    r.status = status;
    std::string out;
    write_head(out, r, {});
    EXPECT_EQ(out.find("content-length"), std::string::npos);
  }
}

TEST(ResponseHead, OnlyAWellFormedTraceparentIsEchoed) {
  EXPECT_TRUE(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  for (const char* bad : {"", "00-x", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\n",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736+00f067aa0ba902b7-01",
                          "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    EXPECT_FALSE(is_traceparent(bad)) << bad;
}

TEST(ResponseHead, DatesAreThoseOfTheCalendar) {
  EXPECT_EQ(http_date(Timestamp{0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(Timestamp{951'782'400'999}), "Tue, 29 Feb 2000 00:00:00 GMT");
}

}  // namespace
}  // namespace relais::api
