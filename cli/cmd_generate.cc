// relais generate: a workload of any size.
#include <algorithm>
#include <fstream>

#include "cli/cast.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "replay/workload/generate.h"

namespace relais::cli {
namespace {

/// 2023-06-12T08:30:00Z, the Monday after the convention was signed.
constexpr Timestamp kStart{1'686'558'600'000};

struct Options {
  CastOptions cast;
  replay::WorkloadOptions workload;
  std::string data;
  std::string out;
};

Result<replay::GenerateReport> write_statements(const Options& o, const Played& played,
                                                Progress& progress) {
  std::ofstream out(o.out, std::ios::binary | std::ios::trunc);
  RELAIS_ASSIGN(const auto made,
                replay::generate_statements(
                    played.cast, o.workload,
                    [&](const std::string& statement) -> Status {
                      out << statement << '\n';
                      if (out) return {};
                      return fail(Errc::io, "file-write", "cannot write " + o.out);
                    },
                    [&](std::uint64_t done, std::uint64_t total) { progress(done, total); }));
  out.close();
  if (!out) return fail(Errc::io, "file-write", "cannot write " + o.out);
  return made;
}

int generate(Context& context, const Options& o) {
  const Timestamp start = context.clock.now();
  Progress progress(context, "generating cases");
  const auto made = [&]() -> Result<replay::GenerateReport> {
    RELAIS_ASSIGN(const Played played, load_cast(o.cast));
    if (!o.out.empty()) return write_statements(o, played, progress);
    return replay::generate_ledger(
        o.data, played.genesis, played.cast, o.workload, models(),
        [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  }();
  progress.clear();
  if (!made) return report(context, made.error());
  const double seconds = seconds_since(context, start);
  const auto rate =
      static_cast<std::uint64_t>(static_cast<double>(made->events) / std::max(seconds, 0.001));
  print(context,
        {{"cases", made->cases},
         {"events", made->events},
         {"seconds", seconds},
         {"events_per_second", rate},
         {"seed", o.workload.seed}},
        std::to_string(made->events) + " events of " + std::to_string(made->cases) +
            " cases, seed " + std::to_string(o.workload.seed) + ": " + std::to_string(rate) +
            " events/s");
  return kOk;
}

}  // namespace

void add_generate(CLI::App& app, Context& context, Run& run) {
  const auto o = std::make_shared<Options>();
  o->workload.start = kStart;
  CLI::App* c = add_command(
      app, context, "generate",
      "Make a workload with realistic proportions and timings, the same for the same seed.",
      "  relais generate --data big --cases 10000 --seed 1\n"
      "  relais generate --data empty --cases 0 --seed 1 --save-keys keys\n"
      "  relais generate --out load.ndjson --cases 1000 --seed 1\n"
      "The third writes statements that a ledger made by the second accepts in their order.");
  CLI::Option_group* where = c->add_option_group("where", "One of these");
  where->add_option("--data", o->data, "Folder of the ledger to make");
  where->add_option("--out", o->out, "File for the signed statements alone, one SD-JWT a line");
  where->require_option(1);
  c->add_option("--cases", o->workload.cases, "Number of cases")
      ->required()
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{100'000'000}));
  c->add_option("--seed", o->workload.seed, "Seed of everything, keys included (1)");
  c->add_option("--days", o->workload.days, "Period in days (730)")->check(CLI::Range(1, 36'500));
  c->add_option("--convention", o->cast.convention, "Convention file (the built-in example)")
      ->check(CLI::ExistingFile);
  c->add_option("--keys", o->cast.keys, "Folder with <signatory>.jwk (keys from the seed)")
      ->check(CLI::ExistingDirectory);
  c->add_option("--save-keys", o->cast.save_keys, "Folder to write the keys to, for tokens");
  c->add_option("--threads", o->workload.threads, "Threads that sign (all cores)")
      ->default_val(context.cores)
      ->check(CLI::Range(1, 256));
  c->callback([&context, &run, o] {
    o->cast.seed = o->workload.seed;
    run = [&context, o] { return generate(context, *o); };
  });
}

}  // namespace relais::cli
