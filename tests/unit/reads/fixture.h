// A log of reads in a temporary folder.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/sha256.h"
#include "ledger/reads/read_log.h"
#include "tests/support/temp_folder.h"

namespace relais::tests {

inline constexpr Timestamp kReadsStart{1'795'000'000'000};

inline Uuid case_number(std::uint64_t n) {
  return {0x01890a5dac967000ULL, 0x8000000000000000ULL + n};
}

inline reads::CaseLook look_at(std::uint64_t n, std::vector<LogIndex> events = {}) {
  return {case_number(n), std::move(events), {}, 1, {}};
}

class ReadsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status made = reads::create_log(path(), ledger_vkey(), key);
    ASSERT_TRUE(made) << to_string(made.error());
    ASSERT_EQ(start(), "");
  }

  std::filesystem::path path() const { return folder.path / "reads"; }
  merkle::NoteKey ledger_vkey() const { return {"relais.example/test", key.public_key()}; }
  reads::Options options() const {
    reads::Options o;
    o.path = path();
    o.ledger = ledger_vkey();
    o.key = key;
    return o;
  }
  /// Opens, for writing where nothing else is asked; "" or the error.
  std::string start(const reads::Options& o) {
    log.reset();
    auto opened = reads::ReadLog::open(o, clock);
    if (!opened) return to_string(opened.error());
    log = std::move(*opened);
    return "";
  }
  std::string start() { return start(options()); }

  reads::Reader reader(const std::string& slug, const std::string& purpose = "support") const {
    return {KeyId{crypto::sha256(slug)}, slug, "token-1", purpose, "GET /v1/cases/{id}", 200};
  }
  reads::Record record(const std::string& slug, std::vector<reads::CaseLook> cases,
                       const std::string& purpose = "support") {
    auto made = reads::make_record(reader(slug, purpose), std::move(cases), random);
    EXPECT_TRUE(made) << to_string(made.error());
    return made.value_or(reads::Record{});
  }
  LogIndex keep(const std::string& slug, std::vector<reads::CaseLook> cases,
                const std::string& purpose = "support") {
    const auto kept = log->keep_and_wait(record(slug, std::move(cases), purpose));
    EXPECT_TRUE(kept) << to_string(kept.error());
    return kept.value_or(LogIndex{~std::uint64_t{0}});
  }
  std::uint64_t size() const { return log->head()->size().value; }

  TempFolder folder;
  ManualClock clock{kReadsStart};
  crypto::SeededRandom random{7};
  crypto::SigningKey key = crypto::SigningKey::from_seed(crypto::sha256("log"));
  std::unique_ptr<reads::ReadLog> log;
};

}  // namespace relais::tests
