// The document of what is served, and the table it is made of.
#include "api/openapi.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/contract/endpoint.h"
#include "tests/unit/api/fixture.h"

namespace relais::tests {
namespace {

TEST(OpenApi, IsTheFileOfTheDocs) {
  std::ifstream file(std::filesystem::path(RELAIS_SOURCE_DIR) / "docs" / "openapi.json");
  std::ostringstream stored;
  stored << file.rdbuf();
  EXPECT_TRUE(stored.str() == api::openapi_document())
      << "run: relais rules --openapi > docs/openapi.json";
}

TEST(OpenApi, EachFormRefusesWhatItDoesNotSay) {
  std::size_t looked = 0;
  for (const api::Endpoint& e : api::endpoints())
    for (const api::Parameter& p : e.parameters) {
      if (!p.form.holds) continue;
      api::Request request;
      request.query = {{std::string(p.name), "no such value"}};
      const Status refused = api::check_parameters(e.parameters, request);
      ASSERT_FALSE(refused) << e.id << " " << p.name;
      EXPECT_EQ(refused.error().rule, p.form.rule) << e.id;
      EXPECT_EQ(refused.error().field, p.name) << e.id;
      EXPECT_FALSE(refused.error().accepted.empty()) << e.id << " " << p.name;
      ++looked;
    }
  EXPECT_GT(looked, 30U);
}

TEST(OpenApi, WhatMustBeThereIsAskedFor) {
  const auto& parameters = api::endpoint(api::Method::get, "/v1/capabilities").parameters;
  api::Request request;
  const Status missing = api::check_parameters(parameters, request);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().rule, "query-missing");
  EXPECT_EQ(missing.error().field, "need");
  request.query = {{"need", "shelter"}};
  EXPECT_TRUE(api::check_parameters(parameters, request));
  request.query.push_back({"besoin", "shelter"});
  EXPECT_EQ(api::check_parameters(parameters, request).error().rule, "query-unknown");
}

class OpenApiServed : public ApiTest {};

TEST_F(OpenApiServed, ToEverybodyUnderATag) {
  const auto answer = send(api::Method::get, "/openapi.json");
  ASSERT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.body == api::openapi_document());
  EXPECT_EQ(answer.cache_control, "public, max-age=3600");
  const std::string tag = header(answer, "etag");
  const auto again = send(api::Method::get, "/openapi.json", {{"if-none-match", tag}});
  EXPECT_EQ(again.status, 304U);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(header(again, "etag"), tag);
}

}  // namespace
}  // namespace relais::tests
