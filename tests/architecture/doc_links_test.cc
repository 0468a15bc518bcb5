// Documents that are named exist: paths of Markdown files in sources and documents, and the
// relative links of Markdown files.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = RELAIS_SOURCE_DIR;

struct Text {
  fs::path path;
  std::string content;
};

void add_file(std::vector<Text>& out, const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  out.push_back({path, text.str()});
}

/// Sources and documents; not tests/data, which holds other people's files.
std::vector<Text> texts() {
  std::vector<Text> out;
  add_file(out, kRoot / "README.md");
  for (const char* top : {"schemas", "ledger", "projections", "replay", "api", "cli", "docs",
                          "scripts", "tests", "cmake"}) {
    for (auto it = fs::recursive_directory_iterator(kRoot / top);
         it != fs::recursive_directory_iterator(); ++it) {
      if (it->path() == kRoot / "tests/data" || it->path().filename() == "node_modules")
        it.disable_recursion_pending();
      else if (it->is_regular_file())
        add_file(out, it->path());
    }
  }
  return out;
}

/// From the top, from docs/, or from the folder of the file that names it.
bool exists(const Text& from, const std::string& named) {
  return fs::exists(kRoot / named) || fs::exists(kRoot / "docs" / named) ||
         fs::exists(from.path.parent_path() / named);
}

TEST(DocLinks, EveryDocumentThatIsNamedExists) {
  static const std::regex kDocument(R"re([A-Za-z0-9_./-]*[A-Za-z0-9_-]\.md\b)re");
  const auto all = texts();
  ASSERT_GT(all.size(), 200U) << "the sources were not found";
  for (const Text& t : all)
    for (std::sregex_iterator it(t.content.begin(), t.content.end(), kDocument), end; it != end;
         ++it)
      EXPECT_TRUE(exists(t, it->str())) << t.path << " names " << it->str();
}

TEST(DocLinks, EveryRelativeLinkLeadsSomewhere) {
  static const std::regex kLink(R"re(\]\(([^)#\s]+)[^)]*\))re");
  for (const Text& t : texts()) {
    if (t.path.extension() != ".md") continue;
    for (std::sregex_iterator it(t.content.begin(), t.content.end(), kLink), end; it != end; ++it) {
      const std::string target = (*it)[1];
      if (target.find("://") != std::string::npos || target.starts_with("mailto:")) continue;
      EXPECT_TRUE(fs::exists(t.path.parent_path() / target)) << t.path << " links to " << target;
    }
  }
}

}  // namespace
