#include "ledger/log/ledger.h"

#include <gmock/gmock.h>

#include <future>
#include <set>

#include "ledger/merkle/receipt.h"
#include "ledger/statement/sd_jwt.h"
#include "projections/read.h"
#include "replay/verify/verify.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

std::string rule_of(const log::Outcome& outcome) {
  return outcome ? "accepted" : outcome.error().rule;
}

TEST_F(LedgerTest, AnAnswerIsOnDiskUnderASignedCheckpointAndProvable) {
  const auto text = sign("ml1", "case.detected", case_subject(1), detected());
  const auto outcome = submit(text);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->index.value, 7U);
  EXPECT_EQ(outcome->version.value, 1U);
  const auto report =
      replay::verify_receipt(merkle::to_text(outcome->receipt), text, ledger->vkey());
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_EQ(report->index, 7U);
  EXPECT_EQ(report->received_at, clock.now());
  EXPECT_EQ(ledger->head()->checkpoint.root, report->checkpoint.root);
  const auto tampered = replay::verify_receipt(
      merkle::to_text(outcome->receipt), sign("ml1", "case.detected", case_subject(2), detected()),
      ledger->vkey());
  EXPECT_FALSE(tampered);
}

TEST_F(LedgerTest, AReceiptHoldsForTheDisclosuresThatTheStatementSignsAndForNoOther) {
  auto data = detected();
  data["note"] = "said to nobody else";
  const auto text = sign("ml1", "case.detected", case_subject(1), std::move(data));
  const auto outcome = submit(text);
  ASSERT_TRUE(outcome);
  const auto verify = [&](const std::string& statement) {
    return replay::verify_receipt(merkle::to_text(outcome->receipt), statement, ledger->vkey());
  };
  const auto whole = verify(text);
  ASSERT_TRUE(whole) << to_string(whole.error());
  EXPECT_EQ(whole->disclosures, 1U);
  EXPECT_EQ(whole->withheld, 0U);
  const std::string jwt = text.substr(0, text.find('~'));
  for (const std::string& bare : {jwt, jwt + "~"}) {
    const auto report = verify(bare);
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->disclosures, 0U);
    EXPECT_EQ(report->withheld, 1U);
  }
  const auto rule = [&](const std::string& statement) { return verify(statement).error().rule; };
  const std::string forged = statement::make_disclosure("note", "forged", random) + "~";
  EXPECT_EQ(rule(text + forged), "sd-disclosure-unreferenced");
  EXPECT_EQ(rule(jwt + "~" + forged), "sd-disclosure-unreferenced");
  EXPECT_EQ(rule(text + text.substr(jwt.size() + 1)), "sd-disclosure-repeated");
  EXPECT_EQ(rule(text.substr(0, text.size() - 1)), "key-binding-unsupported");
}

json::object emergency() {
  return data(R"({"access_id":"01890a5d-ac96-774b-bcce-b302099a8057","reason":"medical",
                  "until":"2026-03-02T18:00:00Z","note":"Brought to hospital, unconscious."})");
}

TEST_F(LedgerTest, WhatMustBeDisclosedComesWithWhatIsNewAndNotAgain) {
  accept("ml1", "case.detected", case_subject(1), detected());
  const auto text = sign("aa1", "case.emergency_access_opened", case_subject(1), emergency());
  const std::string bare = text.substr(0, text.find('~') + 1);
  EXPECT_EQ(rule_of(submit(bare)), "disclosure-missing");
  EXPECT_EQ(rule_of(submit(text)), "accepted");
  const auto again = submit(bare);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_TRUE(again->duplicate);
  EXPECT_TRUE(replay::verify(*ledger, {}, [](std::uint64_t, std::uint64_t) {}))
      << "in the log only the digest can be seen";
}

/// Whatever is asked beside the statement, nothing is told of a case without a trace in it.
TEST_F(LedgerTest, AnEmergencyDependsOnNothingThatIsTakenBack) {
  accept("ml1", "case.detected", case_subject(1), detected());
  const auto size = ledger->head()->size();
  for (const std::uint64_t n : {1U, 9U}) {
    const auto text = sign("aa1", "case.emergency_access_opened", case_subject(n), emergency());
    std::vector<log::Submission> one;
    one.push_back(submission(text));
    one[0].expected = StreamVersion{7};
    EXPECT_EQ(rule_of(ledger->submit_and_wait(std::move(one), false)[0]), "precondition-not-taken");
    std::vector<log::Submission> group;
    group.push_back(submission(sign("aa1", "case.detected", case_subject(8), detected())));
    group.push_back(submission(text));
    const auto outcomes = ledger->submit_and_wait(std::move(group), true);
    EXPECT_EQ(rule_of(outcomes[0]), "group-refused");
    EXPECT_EQ(rule_of(outcomes[1]), "not-in-a-group");
  }
  EXPECT_EQ(ledger->head()->size(), size);
}

TEST_F(LedgerTest, TheSameBytesGetTheFirstReceiptAndOtherBytesAreRefused) {
  const auto text = sign("ml1", "case.detected", case_subject(1), detected(), "an-id");
  const auto first = submit(text);
  fill(5, 10);
  const auto again = submit(text);
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(again->duplicate);
  EXPECT_FALSE(first->duplicate);
  EXPECT_EQ(merkle::to_text(again->receipt), merkle::to_text(first->receipt));
  EXPECT_EQ(again->version, first->version);
  EXPECT_EQ(rule_of(submit(sign("ml1", "case.detected", case_subject(2), detected(), "an-id"))),
            "id-reused");
  // Another source may use the same id.
  EXPECT_TRUE(submit(sign("ml2", "case.detected", case_subject(3), detected(), "an-id")));
  EXPECT_EQ(ledger->find("an-id")->size(), 2U);
}

TEST_F(LedgerTest, TwoDuplicatesInOneGroupAreOneEntry) {
  const auto text = sign("ml1", "case.detected", case_subject(1), detected());
  std::vector<log::Submission> group;
  group.push_back(submission(text));
  group.push_back(submission(text));
  const auto size = ledger->head()->size().value;
  const auto outcomes = ledger->submit_and_wait(std::move(group), false);
  ASSERT_TRUE(outcomes[0] && outcomes[1]);
  EXPECT_EQ(outcomes[0]->index, outcomes[1]->index);
  EXPECT_TRUE(outcomes[1]->duplicate);
  EXPECT_EQ(ledger->head()->size().value, size + 1);
}

TEST_F(LedgerTest, ConflictingStatementsOfOneGroupAreJudgedInOrder) {
  accept("ml1", "case.detected", case_subject(1), detected());
  const auto dismissed = tests::data(R"({"reason":"duplicate"})");
  std::vector<log::Submission> group;
  group.push_back(submission(sign("ml1", "case.dismissed", case_subject(1), dismissed)));
  group.push_back(submission(sign("ml1", "case.risk_assessed", case_subject(1), assessed())));
  const auto outcomes = ledger->submit_and_wait(std::move(group), false);
  EXPECT_TRUE(outcomes[0]);
  ASSERT_FALSE(outcomes[1]);
  EXPECT_EQ(outcomes[1].error().rule, "case-transition");
  EXPECT_EQ(outcomes[1].error().state, "DISMISSED");
}

TEST_F(LedgerTest, AnAtomicGroupIsTakenWholeOrNotAtAll) {
  const auto group_of = [&](std::string_view third) {
    std::vector<log::Submission> group;
    group.push_back(submission(sign("ml1", "case.detected", case_subject(1), detected())));
    group.push_back(submission(sign("ml1", "case.risk_assessed", case_subject(1), assessed())));
    group.push_back(
        submission(sign("ml1", third, case_subject(1), tests::data(R"({"reason":"duplicate"})"))));
    return group;
  };
  const auto head = ledger->head();
  const auto refused = ledger->submit_and_wait(group_of("case.dismissed"), true);
  EXPECT_EQ(rule_of(refused[0]), "group-refused");
  EXPECT_EQ(rule_of(refused[1]), "group-refused");
  EXPECT_EQ(rule_of(refused[2]), "case-transition");
  EXPECT_EQ(ledger->head()->checkpoint.root, head->checkpoint.root);
  EXPECT_FALSE(projections::find_case(*ledger->head()->records, *parse_uuid(test_uuid(1))));

  std::vector<log::Submission> good;
  good.push_back(submission(sign("ml1", "case.detected", case_subject(1), detected())));
  good.push_back(submission(sign("ml1", "case.risk_assessed", case_subject(1), assessed())));
  const auto taken = ledger->submit_and_wait(std::move(good), true);
  EXPECT_TRUE(taken[0] && taken[1]);
  EXPECT_EQ(taken[0]->receipt.checkpoint, taken[1]->receipt.checkpoint);
}

TEST_F(LedgerTest, AStaleVersionIsRefusedWithoutTheCurrentOne) {
  accept("ml1", "case.detected", case_subject(1), detected());
  auto s = submission(sign("ml1", "case.risk_assessed", case_subject(1), assessed()));
  s.expected = StreamVersion{7};
  std::vector<log::Submission> group;
  group.push_back(std::move(s));
  const auto outcome = std::move(ledger->submit_and_wait(std::move(group), false)[0]);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::stale);
  EXPECT_TRUE(outcome.error().state.empty()) << "where the stream stands is read, and not refused";
}

TEST_F(LedgerTest, AStrangerLearnsNothingOfACaseByItsVersion) {
  accept("ml1", "case.detected", case_subject(1), detected());
  const auto probe = [&](std::uint64_t n) {
    auto s = submission(sign("ml2", "case.risk_assessed", case_subject(n), assessed()));
    s.expected = StreamVersion{7};
    std::vector<log::Submission> group;
    group.push_back(std::move(s));
    return std::move(ledger->submit_and_wait(std::move(group), false)[0]);
  };
  const auto there = probe(1);
  const auto nowhere = probe(2);
  ASSERT_FALSE(there || nowhere);
  EXPECT_EQ(to_string(there.error()), to_string(nowhere.error()));
}

TEST_F(LedgerTest, NorByARefusalThatComesFirst) {
  accept("ml1", "case.detected", case_subject(1), detected());
  auto s = submission(sign("ml2", "case.detected", case_subject(1), detected()));
  s.expected = StreamVersion{7};
  std::vector<log::Submission> group;
  group.push_back(std::move(s));
  EXPECT_EQ(rule_of(ledger->submit_and_wait(std::move(group), false)[0]), "stream-exists");
}

/// Nor does who takes part, by acts that are refused whatever the version is (RFC 9110, 13.2.1).
TEST_F(LedgerTest, NobodyTriesAVersionOnWhatIsRefused) {
  accept("ml1", "case.detected", case_subject(1), detected());
  std::set<std::string> told;
  for (const std::uint32_t version : {0U, 1U, 2U, 7U}) {
    auto s = submission(
        sign("ml1", "case.closed", case_subject(1), tests::data(R"({"reason":"lost_contact"})")));
    s.expected = StreamVersion{version};
    std::vector<log::Submission> group;
    group.push_back(std::move(s));
    told.insert(rule_of(ledger->submit_and_wait(std::move(group), false)[0]));
  }
  EXPECT_EQ(told, std::set<std::string>{"case-transition"});
}

TEST_F(LedgerTest, AForgedSignatureIsRefusedBeforeAnythingIsStored) {
  auto text = sign("ml1", "case.detected", case_subject(1), detected());
  const std::size_t at = text.find('~') - 10;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  const auto size = ledger->head()->size();
  EXPECT_EQ(rule_of(submit(text)), "signature-invalid");
  EXPECT_EQ(ledger->head()->size(), size);
}

TEST_F(LedgerTest, AnotherSignatorysSourceIsRefused) {
  json::object o;
  o["type"] = "relais.case.detected.v1";
  o["source"] = "urn:relais:" + std::string(kConvention) + ":ml2";
  o["subject"] = case_subject(1);
  o["data"] = detected();
  const auto text = statement::sign_event(json::serialize(o), test_key("ml1"), clock, random);
  EXPECT_EQ(rule_of(submit(*text)), "source-not-of-key");
}

TEST_F(LedgerTest, TimesOfReceiptNeverGoBack) {
  const auto first = accept("ml1", "case.detected", case_subject(1), detected());
  clock.advance_ms(-60'000);
  const auto second = accept("ml1", "case.detected", case_subject(2), detected());
  EXPECT_EQ(second.received_at, first.received_at);
  EXPECT_EQ(ledger->index_at(first.received_at)->value, 0U);  // the clock stood still until here
  EXPECT_EQ(ledger->index_at(Timestamp{first.received_at.value + 1}),
            LogIndex{ledger->head()->size().value});
}

TEST_F(LedgerTest, ManyThreadsOneOrder) {
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < 200; ++i)
    texts.push_back(sign("ml1", "case.detected", case_subject(i), detected()));
  std::vector<std::future<std::uint64_t>> indices;
  for (std::size_t t = 0; t < 4; ++t)
    indices.push_back(std::async(std::launch::async, [&, t] {
      std::uint64_t good = 0;
      for (std::size_t i = t; i < texts.size(); i += 4) {
        std::vector<log::Submission> group(1);
        group[0].statement = std::move(*statement::parse_statement(texts[i]));
        if (!ledger->preverify(group[0])) continue;
        const auto outcomes = ledger->submit_and_wait(std::move(group), false);
        if (outcomes[0] &&
            replay::verify_receipt(merkle::to_text(outcomes[0]->receipt), texts[i], ledger->vkey()))
          ++good;
      }
      return good;
    }));
  std::uint64_t good = 0;
  for (auto& f : indices) good += f.get();
  EXPECT_EQ(good, texts.size());
  EXPECT_EQ(ledger->head()->size().value, 7 + texts.size());
}

TEST_F(LedgerTest, AfterARestartEverythingIsThereAndTheTreeGoesOn) {
  fill(150);  // past one tile
  const auto checkpoint = ledger->head()->checkpoint;
  const auto note = ledger->head()->note;
  const auto old = ledger->receipt(LogIndex{20});
  open();
  EXPECT_EQ(ledger->head()->note, note);
  fill(3, 1000);
  const auto consistency = ledger->consistency_proof(checkpoint.size, ledger->head()->size().value);
  ASSERT_TRUE(consistency);
  EXPECT_TRUE(merkle::verify_consistency(checkpoint.size, ledger->head()->size().value,
                                         checkpoint.root, ledger->head()->checkpoint.root,
                                         *consistency));
  EXPECT_EQ(merkle::to_text(*ledger->receipt(LogIndex{20})), merkle::to_text(*old));
}

TEST_F(LedgerTest, AStoppedLedgerRefusesAndLosesNothing) {
  std::vector<std::future<bool>> answers;
  std::vector<std::shared_ptr<std::promise<bool>>> promises;
  for (std::uint64_t i = 0; i < 50; ++i) {
    auto promise = std::make_shared<std::promise<bool>>();
    answers.push_back(promise->get_future());
    std::vector<log::Submission> group;
    group.push_back(submission(sign("ml1", "case.detected", case_subject(i), detected())));
    ledger->submit(std::move(group), false,
                   [promise](auto outcomes) { promise->set_value(outcomes[0].has_value()); });
  }
  ledger->stop();
  std::uint64_t accepted = 0;
  for (auto& a : answers) accepted += a.get() ? 1U : 0U;
  EXPECT_EQ(accepted, 50U);
  EXPECT_EQ(rule_of(submit(sign("ml1", "case.detected", case_subject(99), detected()))),
            "shutting-down");
  open();
  EXPECT_EQ(ledger->head()->size().value, 57U);
}

TEST_F(LedgerTest, AnEmptyOrOversizedGroupIsAnsweredAtOnce) {
  EXPECT_TRUE(ledger->submit_and_wait({}, true).empty());
  std::vector<log::Submission> group(log::kMaxGroup + 1);
  const auto outcomes = ledger->submit_and_wait(std::move(group), false);
  EXPECT_EQ(outcomes.size(), log::kMaxGroup + 1);
  EXPECT_EQ(rule_of(outcomes[0]), "group-size");
}

/// What `relais verify` says of a ledger's folder, the comparison of its projections included.
Result<replay::VerifyReport> verified_folder(const std::filesystem::path& data,
                                             const Clock& clock) {
  log::Options options;
  options.data = data;
  options.read_only = true;
  options.ignore_projections = true;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, clock, model_factory()));
  RELAIS_ASSIGN(auto report, replay::verify(*ledger, {}, [](auto, auto) {}));
  check(report.entries == ledger->head()->size().value, "every entry is verified");
  return report;
}

TEST_F(LedgerTest, ARebuildBesideTheWriterGivesTheSameRecords) {
  fill(400);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t i = 5000; !stop && i < 5400; ++i)
      accept("ml1", "case.detected", case_subject(i), detected());
  });
  std::size_t stretches = 0;
  const auto rebuilt = ledger->rebuild([&](auto, auto) { ++stretches; });
  stop = true;
  writer.join();
  ASSERT_TRUE(rebuilt) << to_string(rebuilt.error());
  EXPECT_GT(stretches, 1U) << "some beside the writer, the last one with it";
  EXPECT_EQ(ledger->head()->generation, 2U);
  fill(2, 9000);
  ledger.reset();
  const auto report = verified_folder(data(), clock);
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_GT(report->records, 800U);
}

/// A row of 256 events is one, wherever the ledger was stopped on the way.
TEST_F(LedgerTest, RecordsAreTheSameWhateverTheRestarts) {
  for (const std::uint64_t first : {1U, 101U, 201U, 301U}) {
    fill(first == 1U ? 90 : 25, first);
    open();
  }
  ASSERT_GT(ledger->head()->size().value, log::kRowEvents);
  ledger.reset();
  const auto report = verified_folder(data(), clock);
  ASSERT_TRUE(report) << to_string(report.error());
}

/// A time of receipt is stored for ever.
TEST_F(LedgerTest, ATimeThatNobodyCanWriteIsNotSigned) {
  const std::string text = sign("ml1", "case.detected", case_subject(900), detected());
  for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{253'402'300'800'000}}) {
    const Timestamp before = clock.now();
    clock.set(Timestamp{wrong});
    const auto outcome = submit(text);
    clock.set(before);
    ASSERT_FALSE(outcome) << wrong;
    EXPECT_EQ(outcome.error().rule, "clock-range");
  }
  EXPECT_TRUE(submit(text)) << "once the clock is right, it goes on";
  std::string entry = log::entry_bytes(Timestamp{-1}, "a.b.c");
  EXPECT_EQ(log::parse_entry(entry).error().rule, "entry-time");
  entry = log::entry_bytes(Timestamp{253'402'300'800'000}, "a.b.c");
  EXPECT_EQ(log::parse_entry(entry).error().rule, "entry-time");
}

/// Who finds the writer gone does its work; the end of the writer is waited for once.
TEST_F(LedgerTest, ARebuildAndAStopMayWaitForTheWriterAtOnce) {
  std::promise<void> held, release;
  std::vector<log::Submission> group;
  group.push_back(submission(sign("ml1", "case.detected", case_subject(1), detected())));
  ledger->submit(std::move(group), false, [&](const std::vector<log::Outcome>&) {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();  // the writer is busy
  auto stopping = std::async(std::launch::async, [&] { ledger->stop(); });
  while (!ledger->failure()) std::this_thread::yield();
  auto rebuilding =
      std::async(std::launch::async, [&] { return ledger->rebuild([](auto, auto) {}); });
  rebuilding.wait_for(std::chrono::milliseconds(200));  // that both have come to wait
  release.set_value();
  stopping.get();
  const Status rebuilt = rebuilding.get();
  EXPECT_TRUE(rebuilt) << to_string(rebuilt.error());
  EXPECT_EQ(ledger->head()->generation, 2U);
}

}  // namespace
}  // namespace relais::tests
