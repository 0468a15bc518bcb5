// What all signatories read of the partnership: accreditations, library, network, convention; and
// the commission's lists in their filters.
#include <gmock/gmock.h>

#include "tests/unit/api/fixture.h"
#include "tests/unit/api/story.h"

namespace relais::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Partnership : public ApiTest {
 protected:
  /// Members of a list, each by one of its own members.
  std::vector<std::string> names(const std::string& slug, const std::string& path, const char* list,
                                 const char* member) {
    std::vector<std::string> out;
    const auto answer = get(slug, path);
    EXPECT_EQ(answer.status, 200U) << path << answer.body;
    const json::object o = body(answer);
    for (const auto& item : items(o, list)) out.push_back(text(item.as_object(), member));
    return out;
  }
  void expect_refused(const std::string& path, const std::string& expected, const char* field) {
    const auto answer = get("ml1", path);
    EXPECT_EQ(rule(answer), expected) << path << answer.body;
    EXPECT_EQ(text(body(answer), "field"), field) << path;
    EXPECT_NE(text(body(answer), "accepted"), "<none>") << path;
  }
  void publish(const std::string& slug, const std::string& tool, const std::string& version) {
    json::object o = tests::data(R"({"title":"grid","media_type":"application/pdf"})");
    o["version"] = version;
    o["content_hash"] = std::string(43, 'A');
    accept(slug, "tool.published", "library/" + tool, o);
  }
  void observe(const std::string& slug, std::string_view need, std::string_view territory) {
    json::object o = tests::data(R"({"audience":"femmes","summary":"s"})");
    o["need"] = need;
    o["territory"] = territory;
    accept(slug, "need.observed", "library/needs", o);
  }
  void introduce(const std::string& slug, std::string_view id, std::string_view more = "{}") {
    json::object o = tests::data(R"({"nom":"N","date_maj":"2026-01-02"})");
    o["partner_id"] = id;
    for (const auto& m : tests::data(more)) o[m.key()] = m.value();
    accept(slug, "partner.introduced", "network/lyon", o);
  }
  std::vector<std::int64_t> acts(const std::string& path, const char* list) {
    std::vector<std::int64_t> out;
    std::string next = path;
    while (!next.empty()) {
      const auto answer = get("udml", next);
      EXPECT_EQ(answer.status, 200U) << next << answer.body;
      const json::object o = body(answer);
      for (const auto& item : items(o, list))
        out.push_back(number(item.as_object().at("act").as_object(), "index") -
                      static_cast<std::int64_t>(first_));
      const std::string link = header(answer, "link");
      next = link == "<none>" ? "" : link.substr(1, link.find('>') - 1);
    }
    return out;
  }
  std::uint64_t first_ = 0;
  void begin() { first_ = ledger->head()->size().value; }
};

TEST_F(Partnership, TheLibraryHasTheNewestFirstAndTheLastWordOnATool) {
  begin();
  publish("ml1", "grid", "1");         // 0
  publish("aa1", "leaflet", "1");      // 1
  observe("ml2", "shelter", "69123");  // 2
  publish("ml2", "grid", "2");         // 3
  EXPECT_THAT(acts("/v1/library", "library"), ElementsAre(3, 2, 1));
  EXPECT_THAT(acts("/v1/library?limit=1", "library"), ElementsAre(3, 2, 1));
  EXPECT_THAT(acts("/v1/library?replaced=true&limit=2", "library"), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(acts("/v1/library?kind=tool", "library"), ElementsAre(3, 1));
  EXPECT_THAT(acts("/v1/library?kind=tool&signatory=aa1", "library"), ElementsAre(1));
  EXPECT_THAT(acts("/v1/library?need=shelter", "library"), ElementsAre(2));
  EXPECT_THAT(acts("/v1/library?need=complaint", "library"), IsEmpty());
  EXPECT_THAT(acts("/v1/library?territory=69123", "library"), ElementsAre(2));
  EXPECT_THAT(acts("/v1/library?kind=training", "library"), IsEmpty());
  EXPECT_THAT(acts("/v1/network", "network"), IsEmpty());
  const json::object all = body(get("udml", "/v1/library?replaced=true"));
  EXPECT_EQ(number(items(all, "library")[3].as_object(), "replacedBy"),
            static_cast<std::int64_t>(first_ + 3));
  EXPECT_FALSE(items(all, "library")[0].as_object().contains("replacedBy"));
}

/// What comes while somebody pages is in front of what it has seen.
TEST_F(Partnership, APageNeitherRepeatsNorSkipsWhatWasThere) {
  begin();
  for (int n = 0; n < 5; ++n) observe("ml1", "shelter", "69123");
  const auto page = get("aa1", "/v1/library?limit=2");
  const std::string link = header(page, "link");
  ASSERT_NE(link, "<none>");
  observe("ml1", "shelter", "69123");
  std::vector<std::int64_t> rest;
  const json::object o = body(get("aa1", link.substr(1, link.find('>') - 1)));
  for (const auto& item : items(o, "library"))
    rest.push_back(number(item.as_object().at("act").as_object(), "index") -
                   static_cast<std::int64_t>(first_));
  EXPECT_THAT(rest, ElementsAre(2, 1));
  EXPECT_EQ(rule(get("ml1", link.substr(1, link.find('>') - 1))), "cursor-form")
      << "another's cursor";
}

TEST_F(Partnership, TheNetworkHasEachPartnerOnce) {
  begin();
  introduce("ml1", "p1", R"({"code_insee":"69123"})");  // 0
  introduce("ml1", "p2");                               // 1
  introduce("aa1", "p1", R"({"code_insee":"01004"})");  // 2
  EXPECT_THAT(acts("/v1/network", "network"), ElementsAre(2, 1));
  EXPECT_THAT(acts("/v1/network?territory=01004", "network"), ElementsAre(2));
  EXPECT_THAT(acts("/v1/network?territory=69123", "network"), IsEmpty());
  EXPECT_THAT(acts("/v1/network?territory=69123&replaced=true", "network"), ElementsAre(0));
  EXPECT_THAT(acts("/v1/network?kind=pathway", "network"), IsEmpty());
}

TEST_F(Partnership, AccreditationsWithWhatIsDue) {
  EXPECT_THAT(names("ml1", "/v1/accreditations", "accreditations", "signatory"), IsEmpty());
  json::object dossier;
  dossier["dossier_hash"] = std::string(43, 'A');
  accept("aa1", "accreditation.requested", "signatory/aa1", dossier);
  accept("aa2", "accreditation.requested", "signatory/aa2", dossier);
  accept("pref", "accreditation.completed", "signatory/aa1",
         tests::data(R"({"complete_on":"2026-03-02"})"));
  accept("pref", "accreditation.granted", "signatory/aa1",
         tests::data(R"({"granted_on":"2026-03-02"})"));
  const auto of = [&](const std::string& query) {
    return names("ml1", "/v1/accreditations" + query, "accreditations", "signatory");
  };
  EXPECT_THAT(of(""), ElementsAre("aa1", "aa2"));
  EXPECT_THAT(of("?limit=1"), ElementsAre("aa1"));
  EXPECT_THAT(of("?phase=REQUESTED"), ElementsAre("aa2"));
  EXPECT_THAT(of("?phase=GRANTED"), ElementsAre("aa1"));
  EXPECT_THAT(of("?valid=true"), ElementsAre("aa1"));
  const json::object o = body(get("analyst", "/v1/accreditations"));
  const json::object& first = items(o, "accreditations")[0].as_object();
  EXPECT_EQ(text(first, "grantedOn"), "2026-03-02");
  EXPECT_EQ(text(first, "expiresOn"), "2029-03-01");
  EXPECT_TRUE(first.at("valid").as_bool());
  const json::object& second = items(o, "accreditations")[1].as_object();
  ASSERT_EQ(items(second, "deadlines").size(), 1U);
  EXPECT_EQ(text(items(second, "deadlines")[0].as_object(), "kind"), "accreditation_completeness");
  EXPECT_EQ(text(items(second, "deadlines")[0].as_object(), "who"), "pref");
}

TEST_F(Partnership, TheConventionWithItsNumbersAndWhoHasSigned) {
  const auto before = get("ml1", "/v1/convention");
  const json::object o = body(before);
  EXPECT_EQ(items(o, "numbers").size(), rules::kParameters);
  EXPECT_EQ(items(o, "law").size(), 8U);
  EXPECT_THAT(items(o, "proposals"), IsEmpty());
  EXPECT_TRUE(o.at("inForce").as_bool());
  const std::string tag = header(before, "etag");
  EXPECT_EQ(get("ml1", "/v1/convention", {{"if-none-match", tag}}).status, 304U);
  EXPECT_EQ(header(get("aa1", "/v1/convention"), "etag"), tag);

  json::object proposed = tests::data(
      R"({"proposal_id":"p1","act":"admit_signatory","signatory":"ml9","name":"N",
          "roles":["ml"],"reason":"r"})");
  proposed["public_key"] = crypto::to_text(test_key("ml9").public_key());
  accept("pref", "governance.proposed", "convention/" + std::string(kConvention), proposed);
  const auto answer = get("analyst", "/v1/convention", {{"if-none-match", tag}});
  ASSERT_EQ(answer.status, 200U);
  const json::object now = body(answer);
  ASSERT_EQ(items(now, "proposals").size(), 1U);
  const json::object& p = items(now, "proposals")[0].as_object();
  EXPECT_EQ(text(p, "id"), "p1");
  EXPECT_EQ(text(p, "phase"), "OPEN");
  EXPECT_EQ(json::serialize(p.at("approvals")), R"(["pref"])");
  EXPECT_EQ(json::serialize(p.at("rejections")), "[]");
  EXPECT_EQ(number(p.at("quorum").as_object(), "approvals"), 2);
  EXPECT_EQ(text(p.at("content").as_object(), "signatory"), "ml9");
  EXPECT_EQ(text(p.at("content").as_object(), "publicKey"), text(proposed, "public_key"));
}

TEST_F(Partnership, FiltersSayWhatTheyAccept) {
  expect_refused("/v1/psp?phase=none", "phase-unknown", "phase");
  expect_refused("/v1/psp?applicant=x", "signatory-unknown", "applicant");
  expect_refused("/v1/psp?overdue=1", "flag-form", "overdue");
  expect_refused("/v1/psp?limit=0", "limit-range", "limit");
  expect_refused("/v1/psp?cursor=AAAA", "cursor-form", "cursor");
  expect_refused("/v1/psp?holder=ml1", "query-unknown", "holder");
  expect_refused("/v1/sessions?phase=held", "phase-unknown", "phase");
  expect_refused("/v1/sessions?from=2026", "day-form", "from");
  expect_refused("/v1/sessions?to=x", "day-form", "to");
  expect_refused("/v1/accreditations?phase=x", "phase-unknown", "phase");
  expect_refused("/v1/library?kind=partner", "kind-unknown", "kind");
  expect_refused("/v1/network?kind=tool", "kind-unknown", "kind");
  expect_refused("/v1/library?need=x", "vocabulary", "need");
  expect_refused("/v1/library?territory=75056", "territory-not-of-convention", "territory");
  expect_refused("/v1/library?signatory=x", "signatory-unknown", "signatory");
  expect_refused("/v1/convention?asOf=1", "query-unknown", "asOf");
}

/// The commission's lists over the story with all event types.
class CommissionLists : public StoryTest {
 protected:
  static std::vector<std::string> cases(const std::string& query) {
    return all("prefecture", "/v1/psp?limit=500" + query, "parcours", "case");
  }
};

TEST_F(CommissionLists, ParcoursByPhaseSessionApplicantAndWhatIsDue) {
  std::map<std::string, std::vector<std::string>> by_phase, by_applicant;
  std::map<std::string, std::vector<std::string>> by_session;
  const json::object page = body(get("prefecture", "/v1/psp?limit=500"));
  std::vector<std::string> overdue;
  for (const auto& item : page.at("parcours").as_array()) {
    const json::object& p = item.as_object();
    const std::string id = json::serialize(p.at("case"));
    by_phase[std::string(p.at("phase").as_string())].push_back(id);
    by_applicant[std::string(p.at("applicant").as_string())].push_back(id);
    if (p.contains("session")) by_session[std::string(p.at("session").as_string())].push_back(id);
    if (std::ranges::any_of(p.at("deadlines").as_array(), [](const json::value& d) {
          return d.as_object().at("overdue").as_bool();
        }))
      overdue.push_back(id);
  }
  ASSERT_GT(by_phase.size(), 1U);
  ASSERT_FALSE(by_session.empty());
  for (const auto& [phase, expected] : by_phase) EXPECT_EQ(cases("&phase=" + phase), expected);
  for (const auto& [slug, expected] : by_applicant)
    EXPECT_EQ(cases("&applicant=" + slug), expected);
  for (const auto& [name, expected] : by_session)
    EXPECT_TRUE(std::ranges::includes(cases("&session=" + name), expected)) << name;
  EXPECT_EQ(cases("&overdue=true"), overdue);
  EXPECT_THAT(cases("&session=none"), testing::IsEmpty());
  EXPECT_TRUE(get("prefecture", "/v1/psp?session=none").quiet);
}

TEST_F(CommissionLists, SessionsByTheirDayAndWhetherTheyWereHeld) {
  const auto names = [](const std::string& query) {
    return all("prefecture", "/v1/sessions?limit=500" + query, "sessions", "name");
  };
  const auto days = all("prefecture", "/v1/sessions?limit=1", "sessions", "heldOn");
  ASSERT_GT(days.size(), 1U);
  EXPECT_TRUE(std::ranges::is_sorted(days, std::greater<>())) << "the latest first";
  EXPECT_EQ(names("&phase=HELD").size() + names("&phase=CONVENED").size(), days.size());
  ASSERT_FALSE(names("&phase=HELD").empty());
  const std::string last = days.front().substr(1, 10), first = days.back().substr(1, 10);
  EXPECT_EQ(names("&from=" + first + "&to=" + last).size(), days.size());
  EXPECT_EQ(names("&from=" + last).size(),
            static_cast<std::size_t>(std::ranges::count(days, days.front())));
  EXPECT_EQ(names("&to=" + first).size(),
            static_cast<std::size_t>(std::ranges::count(days, days.back())));
  const std::string held = names("&phase=HELD").front();
  const json::object one =
      body(get("prefecture", "/v1/sessions/" + held.substr(1, held.size() - 2)));
  EXPECT_TRUE(one.contains("minutesHash"));
  EXPECT_TRUE(one.contains("heldAt"));
  EXPECT_GE(one.at("present").as_array().size(), one.at("quorum").to_number<std::size_t>());
}

}  // namespace
}  // namespace relais::tests
