// Runs every target over the files of its corpus, where libFuzzer is not linked in: run_corpus
// FOLDER, which has one folder for each target.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/all_targets.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int inputs = 0;
  bool complete = true;
  for (const auto& target : relais::fuzz::all_targets()) {
    const auto folder = std::filesystem::path(argv[1]) / target.name;
    const int before = inputs;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      target.run(bytes);
      ++inputs;
    }
    if (inputs > before) continue;
    std::printf("no corpus in %s\n", folder.c_str());
    complete = false;
  }
  std::printf("%d inputs\n", inputs);
  return complete ? 0 : 1;
}
