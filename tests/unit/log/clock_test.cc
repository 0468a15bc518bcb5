// The clock on a real ledger: what time brings, once, in order, also after a long stop.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "ledger/clock/clock_job.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/calendar.h"
#include "projections/read.h"
#include "replay/verify/verify.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

constexpr std::int64_t kDay = 86'400'000;

class ClockTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    system = *crypto::load_private_key(data() / "keys" / "system.jwk", {});
  }

  clock::ClockRun tick() {
    const auto run = clock::run_clock(*ledger, *system, projections::due_for_clock);
    EXPECT_TRUE(run) << to_string(run.error());
    return run.value_or(clock::ClockRun{});
  }

  void referred(std::uint64_t n, std::uint64_t referral) {
    accept("ml1", "case.detected", case_subject(n), detected());
    accept("ml1", "case.risk_assessed", case_subject(n), assessed());
    accept("ml1", "case.consent_given", case_subject(n), Scene::consent_data());
    accept("ml1", "referral.requested", case_subject(n), Scene::referral_data(referral, "aa1"));
  }

  rules::ReferralPhase phase(std::uint64_t n, std::uint64_t referral) {
    const auto state = projections::find_case(*ledger->head()->records, *parse_uuid(test_uuid(n)));
    return state->find_referral(*parse_uuid(test_uuid(referral)))->phase;
  }

  void expect_clean() {
    ledger.reset();
    log::Options options;
    options.data = data();
    options.read_only = true;
    options.ignore_projections = true;
    const auto opened = log::Ledger::open(options, clock, model_factory());
    ASSERT_TRUE(opened);
    const auto report = replay::verify(**opened, {}, [](auto, auto) {});
    EXPECT_TRUE(report) << to_string(report.error());
  }

  std::optional<crypto::SigningKey> system;
};

TEST_F(ClockTest, AReferralWithoutAnAnswerExpiresOnceAfterThirtyDays) {
  referred(1, 100);
  clock.advance_ms(29 * kDay);
  EXPECT_EQ(tick().signed_events, 0U);
  clock.advance_ms(2 * kDay);
  EXPECT_EQ(tick().signed_events, 1U);
  EXPECT_EQ(phase(1, 100), rules::ReferralPhase::expired);
  EXPECT_EQ(tick().signed_events, 0U);
  open();
  EXPECT_EQ(tick().signed_events, 0U);
  expect_clean();
}

TEST_F(ClockTest, AnAnswerStopsTheClock) {
  referred(1, 100);
  accept("aa1", "referral.received", case_subject(1), Scene::on_referral(100));
  accept("aa1", "referral.accepted", case_subject(1), Scene::on_referral(100));
  clock.advance_ms(100 * kDay);
  EXPECT_EQ(tick().signed_events, 0U);
}

TEST_F(ClockTest, AfterALongStopItCatchesUpInOrder) {
  referred(1, 100);
  clock.advance_ms(5 * kDay);
  referred(2, 200);
  clock.advance_ms(400 * kDay);
  open();
  const auto before = ledger->head()->size().value;
  EXPECT_EQ(tick().signed_events, 2U);
  EXPECT_EQ(ledger->head()->size().value, before + 2);
  statement::EventView first, second;
  ASSERT_TRUE(first.load(*ledger->event(LogIndex{before})) &&
              second.load(*ledger->event(LogIndex{before + 1})));
  EXPECT_LT(first.get().getTime(), second.get().getTime());
  EXPECT_EQ(first.get().getSignatory(), 0U);
  expect_clean();
}

TEST_F(ClockTest, AClockThatRanTwiceMakesTheSameStatement) {
  referred(1, 100);
  clock.advance_ms(40 * kDay);
  const auto head = ledger->head();
  const auto page = projections::clock_deadlines(*head->records, {}, {}, 10);
  ASSERT_EQ(page.items.size(), 1U);
  const auto once = clock::clock_statement(page.items[0], *head->registry, *system);
  clock.advance_ms(kDay);
  const auto twice = clock::clock_statement(page.items[0], *head->registry, *system);
  ASSERT_TRUE(once && twice);
  EXPECT_EQ(*once, *twice);
}

TEST_F(ClockTest, NobodyButTheSystemMakesTimePass) {
  referred(1, 100);
  clock.advance_ms(40 * kDay);
  json::object expired = Scene::on_referral(100);
  expired["cause"] = "referral_expiry";
  const auto outcome = submit(sign("ml1", "referral.expired", case_subject(1), expired));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().rule, "emitter-forbidden");
}

TEST_F(ClockTest, TheSystemCannotHurryTime) {
  referred(1, 100);
  json::object o;
  o["type"] = "relais.referral.expired.v1";
  o["source"] = "urn:relais:" + std::string(kConvention) + ":relais";
  o["subject"] = case_subject(1);
  json::object payload = Scene::on_referral(100);
  payload["cause"] = "referral_expiry";
  o["data"] = payload;
  const auto text = statement::sign_event(json::serialize(json::value(o)), *system, clock, random);
  ASSERT_TRUE(text);
  const auto outcome = submit(*text);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().rule, "referral-not-due");
}

TEST_F(ClockTest, AfterALongStopARenewalIsGrantedBeforeWhatItFollowsEnds) {
  json::object file;
  file["dossier_hash"] = std::string(43, 'A');
  accept("aa1", "accreditation.requested", "signatory/aa1", file);
  accept("pref", "accreditation.completed", "signatory/aa1",
         tests::data(R"({"complete_on":"2026-03-02"})"));
  accept("pref", "accreditation.granted", "signatory/aa1",
         tests::data(R"({"granted_on":"2026-03-02"})"));  // until 2029-03-01
  clock.advance_ms(795 * kDay);
  accept("aa1", "accreditation.requested", "signatory/aa1", file);
  clock.advance_ms(302 * kDay);  // 2029-03-03: two months, four months, and the end have passed
  const auto run = tick();
  EXPECT_EQ(run.signed_events, 2U) << "deemed complete, granted by silence; nothing has ended";
  EXPECT_TRUE(run.refused.empty());
  EXPECT_EQ(tick().signed_events, 0U);
  expect_clean();
}

TEST_F(ClockTest, AtTheEndOfRetentionTheDisclosuresAreDestroyed) {
  json::object noted = detected();
  noted["note"] = "invented";
  const auto accepted = accept("ml1", "case.detected", case_subject(1), noted);
  accept("ml1", "case.risk_assessed", case_subject(1), assessed());
  accept("ml1", "support.step_planned", case_subject(1), Scene::step_data(20));
  accept("ml1", "case.closed", case_subject(1), tests::data(R"({"reason":"goals_met"})"));
  EXPECT_EQ(ledger->disclosures(accepted.index)->size(), 1U);
  clock.advance_ms(729 * kDay);
  EXPECT_EQ(tick().signed_events, 0U);
  clock.advance_ms(4 * kDay);
  EXPECT_EQ(tick().signed_events, 1U);
  EXPECT_TRUE(ledger->disclosures(accepted.index)->empty());
  EXPECT_TRUE(*ledger->purge_erased());
  EXPECT_FALSE(*ledger->purge_erased());
  expect_clean();
}

TEST_F(ClockTest, WhatIsErasedIsGoneFromTheFilesToo) {
  json::object noted = detected();
  const std::string needle = "a-needle-that-nobody-else-would-write";
  noted["note"] = needle;
  const auto text = sign("ml1", "case.detected", case_subject(1), noted);
  const auto disclosure = text.substr(text.find('~') + 1);
  ASSERT_TRUE(submit(text));
  accept("ml1", "case.risk_assessed", case_subject(1), assessed());
  accept("ml1", "support.step_planned", case_subject(1), Scene::step_data(20));
  accept("ml1", "case.closed", case_subject(1), tests::data(R"({"reason":"goals_met"})"));
  accept("ml1", "case.data_erased", case_subject(1), tests::data(R"({"basis":"art17"})"));
  ASSERT_TRUE(*ledger->purge_erased());
  const std::string part = disclosure.substr(10, 40);
  for (const auto& file : std::filesystem::recursive_directory_iterator(data() / "store")) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find(part), std::string::npos) << file.path();
  }
  expect_clean();
}

}  // namespace
}  // namespace relais::tests
