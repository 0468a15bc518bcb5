// What is written of an answer: one form only, and a part for each case that shows nothing of the
// others.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "ledger/crypto/base64.h"
#include "tests/unit/reads/fixture.h"

namespace relais::tests {
namespace {

class ReadRecord : public ReadsTest {
 protected:
  reads::Record full() {
    reads::CaseLook first = look_at(1, {LogIndex{4}, LogIndex{9}});
    first.disclosed = {LogIndex{9}};
    first.emergency = LogIndex{8};
    return record("ml1", {{std::nullopt, {LogIndex{2}}, {}, 1, {}}, first, look_at(2)});
  }
};

TEST_F(ReadRecord, IsReadBackAsItWasWritten) {
  const reads::Record made = full();
  const auto read = reads::parse_record(made.text, made.looks, made.details);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->reader, made.reader);
  EXPECT_EQ(read->cases, made.cases);
  EXPECT_EQ(read->text, made.text);
  const auto entry = reads::entry_bytes(kReadsStart, made.text);
  const auto view = reads::parse_entry(entry);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->received_at, kReadsStart);
  EXPECT_EQ(view->text, made.text);
  EXPECT_FALSE(reads::parse_entry(entry.substr(0, 8)));
}

TEST_F(ReadRecord, APartIsCommittedToAndSaysNothingOfOthers) {
  const reads::Record made = full();
  ASSERT_EQ(made.looks.size(), 3);
  ASSERT_EQ(made.details.size(), 3);
  const auto committed = [&](const std::string& part) {
    return made.text.find(crypto::base64url_encode(view(crypto::sha256(part)))) !=
           std::string::npos;
  };
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(committed(made.looks[i])) << i;
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(committed(made.details[i])) << i;
  const std::string id = to_string(case_number(1));
  EXPECT_EQ(made.text.find(id), std::string::npos);
  EXPECT_NE(made.looks[1].find(id), std::string::npos);
  EXPECT_EQ(made.looks[2].find(id), std::string::npos);
  for (const std::string& detail : made.details) EXPECT_EQ(detail.find("case"), std::string::npos);
  EXPECT_EQ(made.looks[1].find("events"), std::string::npos);
  // The same look twice has other digests: neither can be guessed from the other.
  EXPECT_NE(full().looks[1], made.looks[1]);
  EXPECT_NE(full().details[1], made.details[1]);
}

TEST_F(ReadRecord, AnythingElseIsRefused) {
  const reads::Record made = full();
  using Texts = std::vector<std::string>;
  const auto refused = [&](const std::string& text, Texts looks, Texts details) {
    const auto read = reads::parse_record(text, std::move(looks), std::move(details));
    return read ? std::string("taken") : read.error().rule;
  };
  const auto of_text = [&](const std::string& text) {
    return refused(text, made.looks, made.details);
  };
  EXPECT_EQ(of_text(made.text + " "), "read-form");
  EXPECT_EQ(of_text("{}"), "read-form");
  EXPECT_EQ(of_text("[]"), "read-form");
  std::string other = made.text;
  other.replace(other.find("\"status\":200"), 12, "\"status\":304");
  EXPECT_EQ(of_text(other), "taken") << "the tree, not the form, holds what it says";
  other.replace(other.find("\"status\":304"), 12, "\"status\":\"3\"");
  EXPECT_EQ(of_text(other), "read-form");
  const auto [a, b, c] = std::array{made.looks[0], made.looks[1], made.looks[2]};
  EXPECT_EQ(refused(made.text, {a, b}, made.details), "read-part-digest");
  EXPECT_EQ(refused(made.text, {b, a, c}, made.details), "read-part-digest");
  EXPECT_EQ(refused(made.text, made.details, made.looks), "read-part-digest");
  std::string swapped = c;
  swapped.replace(swapped.find(to_string(case_number(2))), 36, to_string(case_number(3)));
  EXPECT_EQ(refused(made.text, {a, b, swapped}, made.details), "read-part-digest");
  EXPECT_FALSE(reads::decode_parts("\x01\x01x")) << "an odd number of parts";
}

TEST_F(ReadRecord, WhatIsTooLargeIsRefused) {
  std::vector<reads::CaseLook> cases(reads::kMaxCases + 1, look_at(1));
  EXPECT_EQ(reads::make_record(reader("ml1"), cases, random).error().rule, "read-record-size");
  std::vector<LogIndex> events(reads::kMaxEvents + 1);
  EXPECT_EQ(reads::make_record(reader("ml1"), {look_at(1, events)}, random).error().rule,
            "read-record-size");
  EXPECT_EQ(reads::make_record(reader("ml1", std::string(70'000, 'p')), {}, random).error().rule,
            "read-record-size");
}

/// A purpose is any text that a token may have.
TEST_F(ReadRecord, TextsOfReadersAreEscaped) {
  const std::string purpose = "\"},\\\n\x01 é";
  const reads::Record made = record("ml1", {look_at(1)}, purpose);
  const auto read = reads::parse_record(made.text, made.looks, made.details);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->reader.purpose, purpose);
}

/// The bytes of docs/FORMATS.md, as the golden files of the ledger's own log are.
TEST_F(ReadRecord, GoldenReads) {
  const reads::Record made = full();
  std::string text = to_hex(reads::entry_bytes(kReadsStart, made.text)) + "\n" + made.text + "\n";
  for (std::size_t i = 0; i < 3; ++i) text += made.looks[i] + "\n" + made.details[i] + "\n";
  const auto file = std::filesystem::path(RELAIS_SOURCE_DIR) / "tests/data/golden/read.txt";
  if (std::getenv("RELAIS_WRITE_GOLDEN") != nullptr) std::ofstream(file, std::ios::binary) << text;
  std::ifstream in(file, std::ios::binary);
  const std::string stored{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(text, stored);
}

}  // namespace
}  // namespace relais::tests
