#include "api/router.h"

#include <gtest/gtest.h>

namespace relais::api {
namespace {

Result<Response> nothing(Call&) {
  return Response();
}

class RouterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    router.add(Route::get("/v1/events").answers(nothing));
    router.add(Route::post("/v1/events").answers(nothing));
    router.add(Route::get("/v1/events/live").answers(nothing));
    router.add(Route::get("/v1/events/{id}").answers(nothing));
    router.add(Route::get("/v1/events/{id}/receipt").answers(nothing));
    router.add(Route::get("/log/tile/{*}").answers(nothing));
    router.add(Route::post("/admin/rebuild").answers(nothing));
  }
  std::string find(Method method, std::vector<std::string> path, bool local = false) {
    last_path = std::move(path);
    match = router.match(method, last_path, local);
    return match.route == nullptr ? "-" : std::string(match.route->endpoint->pattern);
  }
  Router router;
  std::vector<std::string> last_path;
  Router::Match match;
};

TEST_F(RouterTest, LiteralsStandBeforeCaptures) {
  EXPECT_EQ(find(Method::get, {"v1", "events", "live"}), "/v1/events/live");
  EXPECT_EQ(find(Method::get, {"v1", "events", "x"}), "/v1/events/{id}");
  EXPECT_EQ(match.captures[0], "x");
  EXPECT_EQ(match.number, 3U);
  EXPECT_EQ(find(Method::get, {"v1", "events", "a/b", "receipt"}), "/v1/events/{id}/receipt");
  EXPECT_EQ(match.captures[0], "a/b");
}

TEST_F(RouterTest, WhatLooksAtManyRecordsIsHeavy) {
  Request plain;
  Request past;
  past.query = {{"asOf", "5"}};
  const Endpoint& list = endpoint(Method::get, "/v1/events");
  const Endpoint& one = endpoint(Method::get, "/v1/cases/{id}");
  const Endpoint& light = endpoint(Method::get, "/v1/signatories");
  EXPECT_TRUE(list.is_heavy(plain));
  EXPECT_FALSE(one.is_heavy(plain));
  EXPECT_TRUE(one.is_heavy(past));
  EXPECT_FALSE(light.is_heavy(past));
}

TEST_F(RouterTest, HeadIsGet) {
  EXPECT_EQ(find(Method::head, {"v1", "events"}), "/v1/events");
  EXPECT_EQ(match.route->endpoint->method, Method::get);
}

TEST_F(RouterTest, MethodsOfAPathAreNamed) {
  EXPECT_EQ(find(Method::other, {"v1", "events"}), "-");
  EXPECT_EQ(match.allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(find(Method::post, {"v1", "events", "x"}), "-");
  EXPECT_EQ(match.allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(match.number, router.size());
}

TEST_F(RouterTest, UnknownPathsAllowNothing) {
  for (const auto& path : std::vector<std::vector<std::string>>{
           {}, {""}, {"v1"}, {"v1", "events", ""}, {"v1", "events", "x", "y"}, {"log", "tile"}}) {
    const std::string found = find(Method::get, path);
    if (path == std::vector<std::string>{"v1", "events", ""}) continue;  // an empty id: its handler
    EXPECT_EQ(found, "-");
    EXPECT_TRUE(match.allow.empty());
  }
}

TEST_F(RouterTest, AnOpenEndTakesOneSegmentOrMore) {
  EXPECT_EQ(find(Method::get, {"log", "tile", "0", "x001", "067"}), "/log/tile/{*}");
  EXPECT_EQ(find(Method::get, {"log", "tile", "0"}), "/log/tile/{*}");
}

TEST_F(RouterTest, LocalRoutesDoNotExistElsewhere) {
  EXPECT_EQ(find(Method::post, {"admin", "rebuild"}, true), "/admin/rebuild");
  EXPECT_EQ(find(Method::post, {"admin", "rebuild"}, false), "-");
  EXPECT_TRUE(match.allow.empty());
}

}  // namespace
}  // namespace relais::api
