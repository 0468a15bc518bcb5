#include "api/http/problem.h"

#include <gtest/gtest.h>

#include "ledger/base/json.h"

namespace relais::api {
namespace {

std::string member(const Response& r, const char* name) {
  const auto value = json::parse(r.body);
  const auto* text = json::find_string(value.value().as_object(), name);
  return text == nullptr ? "<none>" : std::string(*text);
}

std::string_view header(const Response& r, std::string_view name) {
  for (const auto& [n, value] : r.headers)
    if (n == name) return value;
  return "<none>";
}

TEST(Problem, CarriesEveryMemberThatIsSet) {
  const Response r = problem(error(Errc::conflict, "case-transition", "the case is \"closed\"")
                                 .at("data.reason")
                                 .accepts("case.reopened")
                                 .from("Convention, axis 1")
                                 .in_state("CLOSED"));
  EXPECT_EQ(r.status, 409U);
  EXPECT_EQ(r.content_type, "application/problem+json");
  EXPECT_EQ(
      r.body,
      R"({"type":"https://relais.example/problems/case-transition","title":"Case transition",)"
      R"("status":409,"detail":"the case is \"closed\"","rule":"case-transition",)"
      R"("field":"data.reason","accepted":"case.reopened","source":"Convention, axis 1",)"
      R"("state":"CLOSED"})");
}

TEST(Problem, LeavesOutWhatIsNotSet) {
  const Response r = problem(error(Errc::malformed, "json-form", "no"));
  for (const char* name : {"field", "accepted", "source", "state"})
    EXPECT_EQ(member(r, name), "<none>");
}

TEST(Problem, EveryErrcHasTheStatusThatItsCommentSays) {
  const std::pair<Errc, unsigned> expected[] = {
      {Errc::malformed, 400}, {Errc::unauthenticated, 401}, {Errc::forbidden, 403},
      {Errc::not_found, 404}, {Errc::conflict, 409},        {Errc::stale, 412},
      {Errc::too_large, 413}, {Errc::unsupported, 415},     {Errc::invalid, 422},
      {Errc::limited, 429},   {Errc::unavailable, 503},     {Errc::corrupt, 500},
      {Errc::io, 500},        {Errc::internal, 500}};
  for (const auto& [code, status] : expected)
    EXPECT_EQ(problem(error(code, "r", "m")).status, status);
}

TEST(Problem, FailuresOfOursAreNotToldToTheClient) {
  for (const Errc code :
       {Errc::corrupt, Errc::io, Errc::internal, Errc::unavailable, Errc::storage_full}) {
    const Response r = problem(error(code, "store", "/secret/path is damaged").at("--secret"));
    EXPECT_EQ(r.body.find("secret"), std::string::npos);
    EXPECT_EQ(member(r, "rule"), "store");
  }
  const Response r =
      problem(error(Errc::unavailable, "storage-read-only", "/secret").accepts("a disk for it"));
  EXPECT_EQ(member(r, "accepted"), "a disk for it");
}

TEST(Problem, StatusesCarryTheHeadersTheyNeed) {
  EXPECT_EQ(header(problem(error(Errc::unauthenticated, "r", "m")), "www-authenticate"),
            "Bearer realm=\"relais\"");
  EXPECT_EQ(header(problem(error(Errc::limited, "r", "m")), "retry-after"), "1");
  EXPECT_EQ(header(problem(error(Errc::unavailable, "r", "m")), "retry-after"), "1");
  EXPECT_TRUE(problem(absent()).headers.empty());
  const Refused refused(error(Errc::limited, "r", "m"), std::chrono::seconds(86'400));
  EXPECT_EQ(header(problem(refused), "retry-after"), "86400");
  EXPECT_EQ(problem(refused).body, problem(error(Errc::limited, "r", "m")).body);
}

}  // namespace
}  // namespace relais::api
