// What is erased is gone for good: from the files of the ledger, and from what copies of them that
// were made before can be opened with.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "ledger/crypto/base64.h"
#include "replay/verify/verify.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ForgettingTest : public LedgerTest {
 protected:
  log::Accepted noted(std::uint64_t n, std::string_view event = "case.detected") {
    json::object data = event == "case.detected" ? detected() : assessed();
    data[event == "case.detected" ? "note" : "factors"] = secret(n);
    if (event != "case.detected") data["factors"] = json::array{secret(n)};
    return accept("ml1", event, case_subject(n), data);
  }
  static std::string secret(std::uint64_t n) {
    return "what-was-confided-" + std::to_string(n) + "-and-must-go";
  }
  void erase(std::uint64_t n, const char* what) {
    accept("ml1", "case.data_erased", case_subject(n), tests::data(what));
  }
  void close(std::uint64_t n) {
    accept("ml1", "case.dismissed", case_subject(n), tests::data(R"({"reason":"not_concerned"})"));
  }
  std::string record(log::Accepted of) const {
    const auto stored =
        ledger->store().get(store::Family::disclosures, store::index_key(of.index.value));
    EXPECT_TRUE(stored);
    return stored && *stored ? **stored : std::string();
  }
  std::string wrapped_key(std::uint64_t n) const {
    statement::StreamId stream;
    stream.kind = schema::StreamKind::CASE;
    stream.uuid = *parse_uuid(case_subject(n).substr(5));
    const auto stored =
        ledger->store().get(store::Family::keystore, "D" + statement::stream_key(stream));
    EXPECT_TRUE(stored);
    return stored && *stored ? **stored : std::string();
  }
  /// In any file of the folder and in the wrapping key.
  bool on_disk(const std::string& part) const {
    if (bytes_of(folder.path / "data.wrapping-key").find(part) != std::string::npos) return true;
    for (const auto& file : fs::recursive_directory_iterator(data()))
      if (file.is_regular_file() && bytes_of(file.path()).find(part) != std::string::npos)
        return true;
    return false;
  }
  std::vector<std::string> texts(log::Accepted of) const {
    auto opened = ledger->disclosures(of.index);
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened.value_or(std::vector<std::string>{"?"});
  }
  void verify() {
    ledger.reset();
    log::Options options;
    options.data = data();
    options.read_only = true;
    options.ignore_projections = true;
    options.strict = true;
    const auto opened = log::Ledger::open(options, clock, model_factory());
    ASSERT_TRUE(opened) << to_string(opened.error());
    const auto report = replay::verify(**opened, {}, [](std::uint64_t, std::uint64_t) {});
    EXPECT_TRUE(report) << to_string(report.error());
  }
};

TEST_F(ForgettingTest, NothingThatIsDisclosedIsOnTheDiskInClear) {
  const auto accepted = noted(1);
  const std::string text = texts(accepted).at(0);
  EXPECT_NE(crypto::base64url_decode(text)->find(secret(1)), std::string::npos);
  ledger->stop();
  EXPECT_FALSE(on_disk(secret(1)));
  EXPECT_FALSE(on_disk(text.substr(10, 24)));
}

TEST_F(ForgettingTest, APartThatIsErasedTakesTheKeyOfTheRestWithIt) {
  const auto first = noted(1);
  const auto second = noted(1, "case.risk_assessed");
  const auto kept = texts(second);
  const std::string old_first = record(first);
  const std::string old_second = record(second);
  const std::string old_key = wrapped_key(1);
  erase(1, R"({"basis":"art17","targets":[1]})");
  EXPECT_TRUE(texts(first).empty());
  EXPECT_EQ(texts(second), kept);
  EXPECT_NE(wrapped_key(1), old_key);
  ASSERT_TRUE(*ledger->purge_erased());
  EXPECT_EQ(texts(second), kept);
  for (const std::string& gone : {old_first, old_second, old_key})
    EXPECT_FALSE(on_disk(gone.substr(gone.size() - 40)));
  verify();
}

TEST_F(ForgettingTest, ACopyOfBeforeOpensNothingWithTheKeysOfToday) {
  const auto gone = noted(1);
  const auto other = noted(2);
  const auto kept = texts(other);
  close(1);
  ledger->stop();
  ledger.reset();
  fs::copy(data(), folder.path / "backup", fs::copy_options::recursive);
  const std::string key_of_then = bytes_of(folder.path / "data.wrapping-key");
  open();
  erase(1, R"({"basis":"art17"})");
  ASSERT_TRUE(*ledger->purge_erased());
  EXPECT_TRUE(wrapped_key(1).empty());
  EXPECT_EQ(texts(other), kept);

  log::Options options;
  options.data = folder.path / "backup";
  options.read_only = true;
  options.wrapping_key = (folder.path / "data.wrapping-key").string();
  auto backup = log::Ledger::open(options, clock, model_factory());
  ASSERT_TRUE(backup) << to_string(backup.error());
  ASSERT_TRUE((*backup)->locked());
  EXPECT_EQ((*backup)->locked()->rule, "wrapping-key-other");
  EXPECT_EQ((*backup)->disclosures(gone.index).error().rule, "wrapping-key-other");
  // What is not promised: who kept a copy of both, opens the copy.
  const std::string stolen = (folder.path / "stolen").string();
  {
    std::ofstream(stolen, std::ios::binary) << key_of_then;
  }
  fs::permissions(stolen, fs::perms::owner_read | fs::perms::owner_write);
  options.wrapping_key = stolen;
  backup = log::Ledger::open(options, clock, model_factory());
  ASSERT_TRUE(backup);
  EXPECT_FALSE((*backup)->disclosures(gone.index)->empty());
  backup->reset();
  verify();
}

TEST_F(ForgettingTest, OneGroupThatDisclosesAndErasesLeavesNothing) {
  accept("ml1", "case.detected", case_subject(1), detected());
  json::object data = assessed();
  data["factors"] = json::array{secret(1)};
  std::vector<log::Submission> group;
  group.push_back(submission(sign("ml1", "case.risk_assessed", case_subject(1), data)));
  data["factors"] = json::array{secret(2)};
  group.push_back(submission(sign("ml1", "case.risk_assessed", case_subject(1), data)));
  group.push_back(submission(sign("ml1", "case.data_erased", case_subject(1),
                                  tests::data(R"({"basis":"art17","targets":[2]})"))));
  const auto outcomes = ledger->submit_and_wait(std::move(group), true);
  for (const auto& outcome : outcomes) ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_TRUE(texts(*outcomes[0]).empty());
  EXPECT_EQ(texts(*outcomes[1]).size(), 1U);
  open();
  EXPECT_EQ(texts(*outcomes[1]).size(), 1U);
  verify();
}

// A batch knows more than the store: what it has erased itself, and the key that it has put in the
// place of the one that went.
TEST_F(ForgettingTest, TwoErasuresOfOneBatchLeaveNothing) {
  const auto first = noted(1);
  const auto second = noted(1, "case.risk_assessed");
  const auto third = noted(1, "case.risk_assessed");
  const auto kept = texts(third);
  std::vector<log::Submission> group;
  for (const char* what :
       {R"({"basis":"art17","targets":[1]})", R"({"basis":"art17","targets":[2]})"})
    group.push_back(
        submission(sign("ml1", "case.data_erased", case_subject(1), tests::data(what))));
  for (const auto& outcome : ledger->submit_and_wait(std::move(group), false))
    ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_TRUE(texts(first).empty());
  EXPECT_TRUE(texts(second).empty());
  EXPECT_EQ(texts(third), kept);
  verify();
}

TEST_F(ForgettingTest, WhatIsDisclosedBehindAnErasureInOneBatchStays) {
  const auto first = noted(1);
  for (const bool atomic : {false, true}) {
    json::object data = assessed();
    data["factors"] = json::array{secret(atomic ? 3 : 2)};
    std::vector<log::Submission> group;
    const std::string targets = std::to_string(atomic ? 3 : 1);
    group.push_back(
        submission(sign("ml1", "case.data_erased", case_subject(1),
                        tests::data(R"({"basis":"art17","targets":[)" + targets + "]}"))));
    group.push_back(submission(sign("ml1", "case.risk_assessed", case_subject(1), data)));
    const auto outcomes = ledger->submit_and_wait(std::move(group), atomic);
    for (const auto& outcome : outcomes) ASSERT_TRUE(outcome) << to_string(outcome.error());
    EXPECT_EQ(texts(*outcomes[1]).size(), 1U);
    const auto later = noted(1, "case.risk_assessed");
    EXPECT_EQ(texts(later).size(), 1U);
    EXPECT_EQ(texts(*outcomes[1]).size(), 1U);
    ASSERT_TRUE(*ledger->purge_erased());
    EXPECT_EQ(texts(*outcomes[1]).size(), 1U);
  }
  EXPECT_TRUE(texts(first).empty());
  verify();
}

// A record that was damaged is lost; the erasure of another, and everybody's writing, are not.
TEST_F(ForgettingTest, ADamagedRecordStopsNobody) {
  const auto first = noted(1);
  const auto second = noted(1, "case.risk_assessed");
  ledger.reset();
  {
    store::Options options;
    options.path = data() / "store";
    auto store = store::Store::open(options);
    ASSERT_TRUE(store);
    store::Batch batch;
    batch.put(store::Family::disclosures, store::index_key(second.index.value), "damaged");
    ASSERT_TRUE((*store)->write(batch, true));
  }
  open();
  erase(1, R"({"basis":"art17","targets":[1]})");
  EXPECT_TRUE(texts(first).empty());
  EXPECT_EQ(ledger->disclosures(second.index).error().code, Errc::corrupt);
  EXPECT_EQ(texts(noted(2)).size(), 1U);
  EXPECT_FALSE(ledger->failure());
}

TEST_F(ForgettingTest, WithoutItsKeyALedgerDoesNotServe) {
  noted(1);
  ledger.reset();
  fs::rename(folder.path / "data.wrapping-key", folder.path / "elsewhere");
  log::Options options;
  options.data = data();
  const auto opened = log::Ledger::open(options, clock, model_factory());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().rule, "key-file");
  verify();  // says what it did not open
  options.wrapping_key = (folder.path / "elsewhere").string();
  EXPECT_TRUE(log::Ledger::open(options, clock, model_factory()));
}

}  // namespace
}  // namespace relais::tests
