#include "ledger/rules/law.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace relais::rules {
namespace {

TEST(Law, TheTableOfTheDocumentIsTheOneOfTheRules) {
  std::ifstream in(std::filesystem::path(RELAIS_SOURCE_DIR) / "docs" / "DOMAIN.md");
  const std::string stored{std::istreambuf_iterator<char>(in), {}};
  std::string table;
  for (const LegalPeriod& p : law::kAll)
    table += "| " + std::string(p.article) + " | " + std::to_string(p.number) +
             (p.unit == LegalPeriod::Unit::years ? " years" : " months") + " | " +
             std::string(p.meaning) + " |\n";
  EXPECT_NE(stored.find(table), std::string::npos) << "docs/DOMAIN.md, section 1, should have:\n"
                                                   << table;
}

TEST(Law, AgeBandsReachMajority) {
  EXPECT_EQ(law::months_to_majority(16), 24);
  EXPECT_EQ(law::months_to_majority(13), 60);
  EXPECT_EQ(law::months_to_majority(0), 216);
}

}  // namespace
}  // namespace relais::rules
