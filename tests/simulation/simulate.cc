// Simulates a ledger, its clients, its clock and its disk from a seed, and checks after each step
// that every promise is kept (docs/CONTRIBUTING.md, "Simulation").
//
//   simulate [--seed S] [--seeds K] [--steps N]   K seeds from S on, N steps each
//            [--twice]                            each seed two times: the same calls come of it
//            [--break sync|row]                   succeeds where what is broken is found
//            [--story]                            says what happens
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/base/check.h"
#include "tests/simulation/run.h"

namespace {

using namespace relais::simulation;
namespace fs = std::filesystem;

struct Arguments {
  std::uint64_t seed = 1, seeds = 1, steps = 60;
  bool twice = false, story = false;
  Sabotage sabotage = Sabotage::none;
};

int usage() {
  std::fputs("simulate [--seed S] [--seeds K] [--steps N] [--twice] [--break sync|row] [--story]\n",
             stderr);
  return 2;
}

bool read_number(const char* text, std::uint64_t& number) {
  const char* end = text + std::strlen(text);
  const auto [stop, ec] = std::from_chars(text, end, number);
  return ec == std::errc() && stop == end && stop != text;
}

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--twice") {
      a.twice = true;
      continue;
    }
    if (name == "--story") {
      a.story = true;
      continue;
    }
    ++i;
    if (name == "--break") {
      a.sabotage = std::string_view(value) == "row" ? Sabotage::row : Sabotage::sync;
      if (a.sabotage == Sabotage::sync && std::string_view(value) != "sync") return std::nullopt;
      continue;
    }
    std::uint64_t* number = name == "--seed"    ? &a.seed
                            : name == "--seeds" ? &a.seeds
                            : name == "--steps" ? &a.steps
                                                : nullptr;
    if (number == nullptr || !read_number(value, *number)) return std::nullopt;
  }
  return a;
}

/// In memory where the system has such a folder: the simulated disk is never synced.
std::string make_folder() {
  const fs::path memory = "/dev/shm";
  std::error_code ec;
  const fs::path base = fs::is_directory(memory, ec) ? memory : fs::temp_directory_path();
  std::string pattern = (base / "relais-simulate-XXXXXX").string();
  relais::check(::mkdtemp(pattern.data()) != nullptr, "no folder for the simulated disk");
  return pattern;
}

/// One seed; what is broken, or nothing.
std::optional<std::string> simulate(Disk& disk, const Script& script, const Files& files,
                                    std::uint64_t seed, const Arguments& a, Totals& totals) {
  std::unique_ptr<Run> run;
  std::optional<std::string> broken;
  try {
    run = std::make_unique<Run>(disk, script, files, seed, a.sabotage);
    run->steps(a.steps);
  } catch (const std::exception& e) {
    broken = e.what();
  }
  if (run == nullptr) return broken;
  if (a.story || (broken && a.sabotage == Sabotage::none))
    for (const std::string& line : run->story()) std::printf("  %s\n", line.c_str());
  run->add_to(totals);
  return broken;
}

void print(const Totals& t, double seconds) {
  const auto n = [](std::uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf(
      "%llu seeds, %llu steps in %.1f s (%.0f seeds a minute): %llu events and %llu reads "
      "acknowledged, %llu refused, %llu erased, %llu by the clock; %llu ends (%llu of power), %llu "
      "calls failed of %llu, %llu openings, %llu rebuilds, %llu purges, %llu verified in full; "
      "trace %016llx\n",
      n(t.seeds), n(t.steps), seconds, 60 * static_cast<double>(t.seeds) / seconds,
      n(t.acknowledged), n(t.reads), n(t.refused), n(t.erased), n(t.by_clock), n(t.cuts),
      n(t.power_losses), n(t.faults), n(t.calls), n(t.openings), n(t.rebuilds), n(t.purges),
      n(t.verified), n(t.trace));
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = parse(argc, argv);
  if (!parsed) return usage();
  const Arguments& a = *parsed;
  const std::string folder = make_folder();
  int found = 0;
  {
    Disk disk(folder);
    seed_sodium(0);
    const Script script = make_script();
    const Files files = make_template(disk, script);
    Totals totals;
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t seed = a.seed; seed < a.seed + a.seeds; ++seed) {
      auto broken = simulate(disk, script, files, seed, a, totals);
      if (a.twice && !broken) {
        const std::uint64_t trace = disk.trace();
        Totals again;
        broken = simulate(disk, script, files, seed, a, again);
        if (!broken && disk.trace() != trace) broken = "the same seed makes other calls";
      }
      if (broken) {
        ++found;
        std::printf("seed %llu: %s\n  again: simulate --seed %llu --steps %llu --story\n",
                    static_cast<unsigned long long>(seed), broken->c_str(),
                    static_cast<unsigned long long>(seed),
                    static_cast<unsigned long long>(a.steps));
        std::fflush(stdout);
      }
    }
    print(totals, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::error_code ec;
  fs::remove_all(folder, ec);
  if (a.sabotage == Sabotage::none) return found == 0 ? 0 : 1;
  if (found == 0) std::fputs("what was broken on purpose was not found\n", stderr);
  return found > 0 ? 0 : 1;
}
