// case.emergency_access_*: who may look in immediate danger, for how long, and what comes of it.
#include <gmock/gmock.h>

#include "tests/unit/rules/payloads.h"

namespace relais::tests {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

json::object emergency(const Scene& scene, std::uint64_t id, std::int64_t hours = 4) {
  json::object d = an_emergency(id);
  d["until"] = to_rfc3339(Timestamp{scene.clock.now().value + hours * kHourMs});
  return d;
}

json::object review(std::uint64_t id, std::string_view outcome) {
  json::object d = on_access(id);
  d["outcome"] = outcome;
  return d;
}

bool reads(Scene& scene, const std::string& who) {
  return rules::emergency_access(*scene.find(1), scene.ordinal_of(who), scene.clock.now());
}

TEST(EmergencyAccess, OpensTheCaseForAWhileAndMakesNobodyAParticipant) {
  Scene scene;
  scene.detect("ml1", 1);
  const auto before = scene.find(1)->participants;
  scene.expect("pref", "case.emergency_access_opened", case_subject(1), emergency(scene, 1));
  EXPECT_EQ(scene.find(1)->participants, before);
  EXPECT_TRUE(reads(scene, "pref"));
  EXPECT_FALSE(reads(scene, "aa1"));
  EXPECT_EQ(scene
                .refused("pref", "contribution.committed", case_subject(1),
                         on_contribution(1, R"({"kind":"expertise"})"))
                .rule,
            "stream-unknown")
      << "to read is not to write";
  scene.clock.advance_ms(4 * kHourMs - 1);
  EXPECT_TRUE(reads(scene, "pref"));
  scene.clock.advance_ms(1);
  EXPECT_FALSE(reads(scene, "pref"));
  EXPECT_EQ(scene.find(1)->accesses.size(), 1U) << "it stays in the case";
}

/// Whatever is wrong with the statement, the answer is the same whether or not there is a case.
TEST(EmergencyAccess, NoRefusalTellsThatThereIsACase) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("ml1", "case.dismissed", case_subject(1), data(R"({"reason":"duplicate"})"));
  scene.expect("ml1", "case.data_erased", case_subject(1), data(R"({"basis":"art17"})"));
  scene.detect("ml1", 2);
  const auto refused = [&](std::uint64_t n, json::object payload) {
    return to_string(
        scene.refused("aa1", "case.emergency_access_opened", case_subject(n), std::move(payload)));
  };
  EXPECT_EQ(refused(2, emergency(scene, 1, 25)), refused(99, emergency(scene, 1, 25)));
  EXPECT_EQ(refused(2, emergency(scene, 1, 0)), refused(99, emergency(scene, 1, 0)));
  EXPECT_EQ(refused(1, emergency(scene, 1)), refused(99, emergency(scene, 1)))
      << "one that is erased is not there";
  EXPECT_THAT(refused(99, emergency(scene, 1)), testing::HasSubstr("stream-unknown"));
}

TEST(EmergencyAccess, OneThatWasNotJustifiedEndsAndIsTheLast) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.detect("ml1", 2);
  scene.expect("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, 1));
  scene.expect("aa2", "case.emergency_access_opened", case_subject(1), emergency(scene, 2));
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1),
               review(1, "not_justified"));
  EXPECT_FALSE(reads(scene, "aa1"));
  EXPECT_TRUE(reads(scene, "aa2"));
  scene.clock.advance_ms(5 * kHourMs);
  EXPECT_EQ(
      scene.refused("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, 3))
          .rule,
      "emergency-barred");
  scene.expect("aa1", "case.emergency_access_opened", case_subject(2), emergency(scene, 1));
  scene.expect("aa2", "case.emergency_access_opened", case_subject(1), emergency(scene, 3));
}

TEST(EmergencyAccess, ThreeWaitForTheirReviewAndNoMore) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.detect("ml1", 2);
  const auto opened = [&](const std::string& who, std::uint64_t id) {
    scene.clock.advance_ms(1);
    scene.expect(who, "case.emergency_access_opened", case_subject(1), emergency(scene, id, 1));
    scene.clock.advance_ms(kHourMs);
  };
  for (const std::uint64_t id : {1, 2, 3}) opened("aa1", id);
  const Error e =
      scene.refused("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, 4));
  EXPECT_EQ(e.rule, "emergency-unreviewed");
  EXPECT_EQ(e.code, Errc::conflict);
  scene.expect("aa1", "case.emergency_access_opened", case_subject(2), emergency(scene, 4));
  opened("aa2", 4);
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1), review(2, "justified"));
  opened("aa1", 5);
}

TEST(EmergencyAccess, IsReviewedByTheHolderAloneAndAReviewCanBeTakenBack) {
  Scene scene;
  scene.detect("ml1", 1);
  scene.expect("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, 1));
  EXPECT_EQ(
      scene
          .refused("aa1", "case.emergency_access_reviewed", case_subject(1), review(1, "justified"))
          .rule,
      "stream-unknown");
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1),
               review(1, "not_justified"));
  scene.expect("ml1", "case.annulled", case_subject(1),
               data(R"({"target_version":3,"reason":"entered_by_mistake"})"));
  EXPECT_FALSE(scene.find(1)->accesses[0].reviewed());
  EXPECT_TRUE(reads(scene, "aa1"));
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1), review(1, "justified"));
  EXPECT_EQ(scene.find(1)->accesses[0].review, schema::AccessReview::JUSTIFIED);
}

/// The case can be handed to who has looked only once that was judged.
TEST(EmergencyAccess, NobodyJudgesItsOwn) {
  Scene scene;
  scene.detect("ml1", 1);
  const json::object transfer = data(R"({"to":"aa1","reason":"moved","kind":"permanent"})");
  scene.expect("ml1", "case.transfer_requested", case_subject(1), transfer);
  scene.expect("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, 1));
  EXPECT_EQ(scene.refused("aa1", "case.transfer_accepted", case_subject(1)).rule,
            "emergency-review-first");
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1), review(1, "justified"));
  scene.expect("aa1", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(scene.refused("ml1", "case.annulled", case_subject(1), on_target(4)).rule, "not-author")
      << "it holds the case no more";
  EXPECT_EQ(scene.refused("aa1", "case.annulled", case_subject(1), on_target(4)).rule,
            "annul-not-possible")
      << "it would be for the new holder to judge";
  // One to whom a case passes on is not asked beforehand.
  scene.world().mutable_case(*parse_uuid(test_uuid(1)))->accesses[0].review = {};
  EXPECT_EQ(
      scene
          .refused("aa1", "case.emergency_access_reviewed", case_subject(1), review(1, "justified"))
          .rule,
      "access-own");
}

TEST(EmergencyAccess, IsNoContactWithThePerson) {
  Scene scene;
  scene.detect("ml1", 1);
  const Timestamp last = scene.find(1)->last_act_at;
  scene.clock.advance_ms(kHourMs);
  scene.expect("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, 1));
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1), review(1, "justified"));
  EXPECT_EQ(scene.find(1)->last_act_at, last);
}

TEST(EmergencyAccess, IsTakenByAFullCaseButNotWithoutEnd) {
  Scene scene;
  scene.detect("ml1", 1);
  rules::CaseState& c = *scene.world().mutable_case(*parse_uuid(test_uuid(1)));
  c.acts.resize(50'000);
  for (std::uint64_t id = 1; id <= 100; ++id) {
    scene.expect("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, id, 1));
    scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1), review(id, "justified"));
    scene.clock.advance_ms(kHourMs);
  }
  EXPECT_EQ(
      scene
          .refused("aa1", "case.emergency_access_opened", case_subject(1), emergency(scene, 101, 1))
          .rule,
      "limit-accesses");
  scene.expect("aa2", "case.emergency_access_opened", case_subject(1), emergency(scene, 101, 1));
}

TEST(EmergencyAccess, SaysInWordsWhatTheDangerIs) {
  Scene scene;
  scene.detect("ml1", 1);
  const auto sign = [&](json::object payload) {
    const auto s =
        scene.statement("aa1", "case.emergency_access_opened", case_subject(1), std::move(payload));
    return s ? std::string() : s.error().rule;
  };
  json::object silent = emergency(scene, 1);
  silent.erase("note");
  EXPECT_EQ(sign(std::move(silent)), "disclosure-missing");
  json::object blank = emergency(scene, 1);
  blank["note"] = std::string(200, ' ') + "help!" + std::string(200, '.');
  EXPECT_EQ(sign(std::move(blank)), "too-short");
  EXPECT_EQ(sign(emergency(scene, 1)), "");
}

}  // namespace
}  // namespace relais::tests
