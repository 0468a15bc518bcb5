// The bytes that must never change (docs/FORMATS.md), pinned by files in tests/data/golden. Where a
// change is meant, the format's version changes with it; run with RELAIS_WRITE_GOLDEN=1 to write
// the files anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ledger/base/bytes.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

class Golden : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    json::object noted = detected();
    noted["note"] = "invented";
    statement = sign("ml1", "case.detected", case_subject(1), noted, "golden-event");
    const auto outcome = submit(statement);
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    accepted = *outcome;
  }

  static void expect(const std::string& name, const std::string& bytes) {
    const auto file = std::filesystem::path(RELAIS_SOURCE_DIR) / "tests" / "data" / "golden" / name;
    if (std::getenv("RELAIS_WRITE_GOLDEN") != nullptr) {
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file, std::ios::binary) << bytes << "\n";
    }
    std::ifstream in(file, std::ios::binary);
    const std::string stored{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes + "\n", stored) << name;
  }

  std::string statement;
  log::Accepted accepted;
};

TEST_F(Golden, Statement) {
  expect("statement.sd-jwt", statement);
}
TEST_F(Golden, Entry) {
  expect("entry.hex", to_hex(*ledger->entry(accepted.index)));
}
TEST_F(Golden, TypedEvent) {
  expect("event.hex", to_hex(*ledger->event(accepted.index)));
}
TEST_F(Golden, LeafHash) {
  expect("leaf.hex", to_hex(view(accepted.leaf)));
}
TEST_F(Golden, Receipt) {
  expect("receipt.tlog-proof", merkle::to_text(accepted.receipt));
}
TEST_F(Golden, Checkpoint) {
  expect("checkpoint.note", ledger->head()->note);
}
TEST_F(Golden, LogKey) {
  expect("log.vkey", merkle::to_vkey(ledger->vkey()));
}
TEST_F(Golden, Tile) {
  expect("tile-0-0.hex", to_hex(*ledger->tile(0, 0)));
}
TEST_F(Golden, Bundle) {
  expect("bundle-0.hex", to_hex(*ledger->bundle(0, 8)));
}

TEST_F(Golden, EveryRecordOfTheStore) {
  std::string text;
  for (const auto& [name, family] :
       {std::pair{"ids", store::Family::ids}, std::pair{"streams", store::Family::streams},
        std::pair{"meta", store::Family::meta}})
    ASSERT_TRUE(ledger->store().scan(
        family, {}, [&, label = name](std::string_view key, std::string_view value) {
          text.append(label)
              .append(" ")
              .append(to_hex(key))
              .append(" ")
              .append(to_hex(value))
              .append("\n");
          return true;
        }));
  // What is sealed is so by other random numbers each time.
  for (std::uint64_t i = 0; i < ledger->head()->checkpoint.size; ++i)
    for (const std::string& disclosure : *ledger->disclosures(LogIndex{i}))
      text.append("disclosure ")
          .append(to_hex(store::index_key(i)))
          .append(" ")
          .append(disclosure)
          .append("\n");
  ledger->head()->records->scan({}, {}, [&](std::string_view key, std::string_view value) {
    text.append("projections ").append(to_hex(key)).append(" ").append(to_hex(value)).append("\n");
    return true;
  });
  expect("store.txt", text);
}

}  // namespace
}  // namespace relais::tests
