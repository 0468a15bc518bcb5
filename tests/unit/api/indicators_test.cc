// GET /v1/indicators: what is counted, what is hidden, and what no two answers give away.
#include <gmock/gmock.h>

#include "tests/unit/api/fixture.h"

namespace relais::tests {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

class Indicators : public ApiTest {
 protected:
  void train(const std::string& who, std::string_view audience, int headcount) {
    json::object d = tests::data(R"({"theme":"Repérage","hours":6,"held_on":"2026-03-01"})");
    d["audience"] = audience;
    d["headcount"] = headcount;
    accept(who, "training.delivered", "library/course-" + who, d);
  }
  void pass(int days) {
    clock.advance_ms(days * kDayMs);
    wall.advance_ms(days * kDayMs);
  }
  json::object table(const std::string& query, const std::string& slug = "analyst") {
    const auto r = get(slug, "/v1/indicators/trainings" + query);
    EXPECT_EQ(r.status, 200U) << r.body;
    return body(r);
  }
  /// "professionals 24, pupils hidden": the cells of the only period that are not 0.
  static std::string cells(const json::object& table, std::string_view by) {
    std::string out;
    const auto& periods = items(table, "periods");
    EXPECT_EQ(periods.size(), 1U);
    for (const auto& cell : items(periods.at(0).as_object(), "cells")) {
      const auto& c = cell.as_object();
      const bool hidden = c.contains("hidden");
      EXPECT_EQ(hidden, c.at("headcount").is_null());
      EXPECT_EQ(hidden, c.at("trainings").is_null());
      if (!hidden && number(c, "headcount") == 0) continue;
      out += (out.empty() ? "" : ", ") + text(c, by) + " " +
             (hidden ? "hidden" : std::to_string(number(c, "headcount")));
    }
    return out;
  }
};

TEST_F(Indicators, AreListed) {
  const auto all = body(get("udml", "/v1/indicators"));
  ASSERT_EQ(items(all, "indicators").size(), 1U);
  EXPECT_EQ(text(items(all, "indicators")[0].as_object(), "name"), "trainings");
  EXPECT_EQ(send(api::Method::get, "/v1/indicators").status, 401U);
  EXPECT_EQ(send(api::Method::get, "/v1/indicators/trainings").status, 401U);
}

TEST_F(Indicators, TheHeadcountOfTrainingsByAudienceAndBySignatory) {
  train("aa1", "professionals", 24);
  train("aa1", "volunteers", 6);
  train("ml1", "professionals", 10);
  EXPECT_TRUE(items(table(""), "periods").empty()) << "the quarter is not over";
  pass(30);  // 1 April 2026
  const auto total = table("");
  EXPECT_EQ(text(total, "asOf"), "2026-03-31");
  EXPECT_EQ(number(total, "threshold"), 5);
  const auto& period = items(total, "periods").at(0).as_object();
  EXPECT_EQ(text(period, "period"), "2026-Q1");
  EXPECT_EQ(number(period.at("total").as_object(), "headcount"), 40);
  EXPECT_EQ(number(period.at("total").as_object(), "trainings"), 3);
  EXPECT_EQ(cells(table("?by=audience"), "audience"), "professionals 34, volunteers 6");
  EXPECT_EQ(cells(table("?by=signatory", "udml"), "signatory"), "ml1 10, aa1 30");
  EXPECT_TRUE(items(table("?asOf=2026-03-31"), "periods").size() == 1);
  EXPECT_TRUE(items(table("?asOf=2026-03-30"), "periods").empty());
  train("aa1", "professionals", 1);
  EXPECT_EQ(table("?by=audience"), table("?by=audience&asOf=2026-03-31"))
      << "a quarter that is over is counted once and for all";
}

TEST_F(Indicators, SmallCountsAreHiddenAndDoNotFollowFromTheOthers) {
  train("aa1", "professionals", 24);
  train("aa1", "volunteers", 3);
  train("ml1", "young_adults", 9);
  pass(30);
  EXPECT_EQ(cells(table("?by=audience"), "audience"),
            "professionals hidden, young_adults 9, pupils hidden, volunteers hidden, "
            "general_public hidden");
  EXPECT_EQ(number(table("?for=publication"), "threshold"), 11);
  EXPECT_EQ(cells(table("?by=signatory&for=publication"), "signatory"),
            "pref hidden, udml hidden, ml1 hidden, ml2 hidden, aa1 hidden, aa2 hidden, "
            "member hidden");
}

TEST_F(Indicators, ASmallTotalIsHidden) {
  train("aa1", "pupils", 4);
  pass(30);
  const auto t = table("");
  const auto& total = items(t, "periods").at(0).as_object().at("total").as_object();
  EXPECT_TRUE(total.at("headcount").is_null());
  EXPECT_TRUE(total.at("trainings").is_null());
}

TEST_F(Indicators, WhatIsAskedWronglyIsNamed) {
  struct Row {
    const char* path;
    unsigned status;
    const char* rule;
    const char* field;
    const char* accepted;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"/persons", 404, "indicator-unknown", "<none>", "trainings"},
           {"/trainings?by=theme", 400, "dimension-unknown", "by", "audience, signatory"},
           {"/trainings?asOf=2026-03", 400, "day-form", "asOf", "a date, as 2026-09-30"},
           {"/trainings?asOf=2026-03-03", 400, "day-form", "asOf", "2026-03-02 at the latest"},
           {"/trainings?for=press", 400, "readership-unknown", "for", "partners, publication"}}) {
    const auto r = get("analyst", std::string("/v1/indicators") + row.path);
    EXPECT_EQ(r.status, row.status) << r.body;
    EXPECT_EQ(rule(r), row.rule);
    EXPECT_EQ(text(body(r), "field"), row.field);
    EXPECT_THAT(text(body(r), "accepted"), testing::HasSubstr(row.accepted));
  }
}

}  // namespace
}  // namespace relais::tests
