// The direction of the house: every include of the sources against one table
// (tests/architecture/modules.json).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "ledger/base/json.h"

namespace {

namespace fs = std::filesystem;
using Edges = std::map<std::string, std::set<std::string>>;

const fs::path kSources = RELAIS_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Edges table(const char* name) {
  const auto parsed = relais::json::parse(read(kSources / "tests/architecture/modules.json"));
  Edges edges;
  for (const auto& [key, list] : parsed.value().as_object().at(name).as_object())
    for (auto& to = edges[key]; const auto& e : list.as_array()) to.emplace(e.as_string());
  return edges;
}

struct Include {
  std::string file, module, target;
};

std::string module_of(const fs::path& relative) {
  return relative.parent_path().generic_string();
}

std::vector<Include> all_includes() {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  std::vector<Include> found;
  for (const char* top : {"schemas", "ledger", "projections", "replay", "api", "cli"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kSources / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      const fs::path relative = fs::relative(entry.path(), kSources);
      std::istringstream lines(read(entry.path()));
      std::smatch match;
      for (std::string line; std::getline(lines, line);)
        if (std::regex_search(line, match, kInclude))
          found.push_back({relative.generic_string(), module_of(relative), match[1]});
    }
  }
  return found;
}

/// The module a path include belongs to, or nothing for a library's header.
std::string target_module(const std::string& include) {
  for (const char* top :
       {"schemas/", "ledger/", "projections/", "replay/", "api/", "cli/", "tests/"})
    if (include.starts_with(top)) return module_of(include);
  return {};
}

TEST(IncludeEdges, EveryIncludeIsAllowedByTheTable) {
  const Edges modules = table("modules");
  const auto includes = all_includes();
  ASSERT_GT(includes.size(), 200U) << "the sources were not found";
  for (const Include& i : includes) {
    ASSERT_TRUE(modules.contains(i.module)) << i.file << ": its folder has no entry in the table";
    const std::string target = target_module(i.target);
    if (target.empty() || target == i.module) continue;
    EXPECT_TRUE(modules.at(i.module).contains(target))
        << i.file << " includes " << i.target << ": " << i.module << " may not know of " << target;
  }
}

TEST(IncludeEdges, LibrariesStayBehindTheirModule) {
  const Edges externals = table("externals");
  for (const Include& i : all_includes())
    for (const auto& [prefix, allowed] : externals)
      if (i.target.starts_with(prefix))
        EXPECT_TRUE(allowed.contains(i.module))
            << i.file << " includes <" << i.target << ">, which belongs to another module";
}

TEST(IncludeEdges, QuotedIncludesArePathsFromTheTop) {
  for (const Include& i : all_includes()) {
    const bool library = i.target.find('/') == std::string::npos || target_module(i.target).empty();
    EXPECT_TRUE(library || fs::exists(kSources / i.target) || i.target.ends_with(".capnp.h"))
        << i.file << " includes " << i.target << ", which is not there";
  }
}

TEST(IncludeEdges, TheTableHasNoCycle) {
  const Edges modules = table("modules");
  std::map<std::string, int> state;  // 1: on the path, 2: done
  const std::function<void(const std::string&)> visit = [&](const std::string& m) {
    ASSERT_NE(state[m], 1) << "a cycle through " << m;
    if (state[m] == 2) return;
    state[m] = 1;
    ASSERT_TRUE(modules.contains(m)) << m << " is named but has no entry";
    for (const auto& to : modules.at(m)) visit(to);
    state[m] = 2;
  };
  for (const auto& [m, to] : modules) visit(m);
}

}  // namespace
