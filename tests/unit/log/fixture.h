// A real ledger in a temporary folder, with the convention of tests/support/acts.h in force.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"
#include "projections/model.h"
#include "tests/support/acts.h"
#include "tests/support/temp_folder.h"

namespace relais::tests {

inline log::ModelFactory model_factory() {
  return [](const RecordSource& base) { return projections::make_model(base, 50); };
}

/// The convention of the scenes, to be opened.
inline log::Genesis scene_genesis() {
  log::Genesis genesis;
  genesis.convention_file = "a convention\n";
  genesis.slug = kConvention;
  genesis.origin = kOrigin;
  json::object opened = opening(scene_members());
  for (const char* filled_in : {"document_hash", "log_key", "system_key", "origin"})
    opened.erase(filled_in);
  genesis.data_json = json::serialize(opened);
  return genesis;
}

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const log::Genesis genesis = scene_genesis();
    ASSERT_TRUE(log::create_ledger(data(), genesis, clock, random, model_factory()));
    open();
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"}) {
      json::object signature;
      signature["document_hash"] = log::document_hash(genesis.convention_file);
      accept(founder, "convention.signed", "convention/" + std::string(kConvention), signature);
    }
  }

  std::filesystem::path data() const { return folder.path / "data"; }

  void open(const log::ModelFactory& factory = model_factory()) {
    ledger.reset();
    log::Options options;
    options.data = data();
    auto opened = log::Ledger::open(options, clock, factory);
    ASSERT_TRUE(opened) << to_string(opened.error());
    ledger = std::move(*opened);
  }

  std::string sign(const std::string& slug, std::string_view event, std::string_view subject,
                   json::object payload, std::string_view id = {}) {
    json::object o;
    o["type"] = "relais." + std::string(event) + ".v1";
    o["source"] = "urn:relais:" + std::string(kConvention) + ":" + slug;
    o["subject"] = subject;
    if (!id.empty()) o["id"] = id;
    o["data"] = std::move(payload);
    auto text = statement::sign_event(json::serialize(o), test_key(slug), clock, random);
    EXPECT_TRUE(text) << to_string(text.error());
    return text.value_or("");
  }

  log::Submission submission(std::string_view text) {
    auto parsed = statement::parse_statement(text);
    EXPECT_TRUE(parsed) << to_string(parsed.error());
    log::Submission s;
    s.statement = std::move(*parsed);
    return s;
  }

  log::Outcome submit(std::string_view text) {
    std::vector<log::Submission> group;
    group.push_back(submission(text));
    return std::move(ledger->submit_and_wait(std::move(group), false)[0]);
  }

  log::Accepted accept(const std::string& slug, std::string_view event, std::string_view subject,
                       json::object payload) {
    auto outcome = submit(sign(slug, event, subject, std::move(payload)));
    EXPECT_TRUE(outcome) << event << ": " << to_string(outcome.error());
    return outcome.value_or(log::Accepted{});
  }

  static json::object detected() {
    return tests::data(
        R"({"channel":"outreach","age_band":"16_17","territory":"69381","risk":"high"})");
  }
  static json::object assessed() {
    return tests::data(R"({"risk":"high","grid_version":"2026-1"})");
  }

  /// n cases of two events each.
  void fill(std::uint64_t n, std::uint64_t first = 1) {
    for (std::uint64_t i = first; i < first + n; ++i) {
      accept("ml1", "case.detected", case_subject(i), detected());
      accept("ml1", "case.risk_assessed", case_subject(i), assessed());
    }
  }

  TempFolder folder;
  ManualClock clock{kSceneStart};
  crypto::SeededRandom random{42};
  std::unique_ptr<log::Ledger> ledger;
};

}  // namespace relais::tests
