#include "schemas/doc/catalogue_doc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "ledger/statement/catalogue.h"
#include "schemas/doc/fields_doc.h"

namespace relais::schema::doc {
namespace {

TEST(CatalogueDoc, IsCurrent) {
  std::ifstream in(std::filesystem::path(RELAIS_SOURCE_DIR) / "docs" / "EVENTS.md");
  const std::string stored{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(stored, catalogue_markdown()) << "run: relais rules --markdown > docs/EVENTS.md";
}

TEST(FieldsDoc, IsCurrent) {
  std::ifstream in(std::filesystem::path(RELAIS_SOURCE_DIR) / "docs" / "FIELDS.md");
  const std::string stored{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(stored, fields_markdown()) << "run: relais rules --fields > docs/FIELDS.md";
}

TEST(FieldsDoc, SaysOfEveryMemberWhatItIsAndWhy) {
  const std::string text = fields_markdown();
  for (const auto& type : statement::catalogue().all())
    for (const auto& f : type->payload.fields) {
      const auto row = text.find("| `" + type->name + ": " + f.name + "` |");
      ASSERT_NE(row, std::string::npos) << type->name << "." << f.name;
      const std::string line = text.substr(row, text.find('\n', row) - row);
      EXPECT_EQ(line.find("**[S]**") != std::string::npos, f.sensitive) << line;
      EXPECT_EQ(line.find("|  |"), std::string::npos) << line << ": no reason";
    }
}

TEST(CatalogueDoc, EveryFormNamesEveryEventType) {
  const std::string text = catalogue_text();
  const std::string markdown = catalogue_markdown();
  const std::string machine = json::serialize(json::value(catalogue_json()));
  ASSERT_GT(statement::catalogue().all().size(), 80U);
  for (const auto& type : statement::catalogue().all()) {
    EXPECT_NE(text.find("\n" + type->name + "\n"), std::string::npos) << type->name;
    EXPECT_NE(markdown.find("### `" + type->name + "`"), std::string::npos) << type->name;
    EXPECT_NE(machine.find("\"" + type->wire_type + "\""), std::string::npos) << type->name;
  }
}

TEST(CatalogueDoc, TheGraphIsBalancedAndHasAClusterAMachine) {
  const std::string dot = machines_dot();
  EXPECT_EQ(std::count(dot.begin(), dot.end(), '{'), std::count(dot.begin(), dot.end(), '}'));
  for (const char* machine : {"case", "referral", "parcours", "accreditation"})
    EXPECT_NE(dot.find(std::string("cluster_") + machine), std::string::npos) << machine;
  EXPECT_NE(dot.find("\"case.CLOSED\" -> \"case.ASSESSED\""), std::string::npos);
}

}  // namespace
}  // namespace relais::schema::doc
