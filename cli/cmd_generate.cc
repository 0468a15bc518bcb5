// relais generate: a workload of any size.
#include <algorithm>

#include "cli/cast.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "replay/workload/generate.h"

namespace relais::cli {
namespace {

/// 2023-06-12T08:30:00Z, the Monday after the convention was signed.
constexpr Timestamp kStart{1'686'558'600'000};

struct GenerateOptions {
  CastOptions cast;
  replay::WorkloadOptions workload;
  std::string data;
  std::string out;
};

Result<replay::GenerateReport> write_statements(const GenerateOptions& o, const Played& played,
                                                Progress& progress) {
  RELAIS_ASSIGN(NewFile out, NewFile::open(o.out, "--out"));
  RELAIS_ASSIGN(const auto made,
                replay::generate_statements(
                    played.cast, o.workload,
                    [&](const std::string& statement) { return out.append(statement + "\n"); },
                    [&](std::uint64_t done, std::uint64_t total) { progress(done, total); }));
  RELAIS_TRY(out.finish());
  return made;
}

int generate(Context& context, const GenerateOptions& o) {
  const Timestamp start = context.clock.now();
  Progress progress(context, "generating cases");
  const auto made = [&]() -> Result<replay::GenerateReport> {
    // Before keys are made, and the work is done.
    if (!o.out.empty()) RELAIS_TRY(check_new_file(o.out, "--out"));
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

void add_generate(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<GenerateOptions>();
  o->workload.start = kStart;
  Command c = add_command(
      app, context, "generate",
      "Make a workload with realistic proportions and timings, the same for the same seed.",
      "  relais generate --data big --cases 10000 --seed 1\n"
      "  relais generate --data empty --cases 0 --seed 1 --save-keys keys\n"
      "  relais generate --out load.ndjson --cases 1000 --seed 1\n"
      "The third writes statements that a ledger made by the second accepts in their order.");
  Command where = c.option_group("where", "One of these");
  where.option("--data", o->data, "Folder of the ledger to make");
  where.option("--out", o->out, "File to make, for the signed statements alone, one SD-JWT a line");
  where.require_option(1);
  c.option("--cases", o->workload.cases, "Number of cases")
      .required()
      .range(std::uint64_t{0}, std::uint64_t{100'000'000});
  c.option("--seed", o->workload.seed, "Seed of everything, keys included (1)");
  c.option("--days", o->workload.days, "Period in days (730)").range(1, 36'500);
  c.option("--convention", o->cast.convention, "Convention file (the built-in example)")
      .existing_file();
  c.option("--keys", o->cast.keys, "Folder with <signatory>.jwk (keys from the seed)")
      .existing_directory();
  c.option("--save-keys", o->cast.save_keys, "Folder to write the keys to, for tokens");
  c.option("--threads", o->workload.threads, "Threads that sign (all cores)")
      .default_value(context.cores)
      .range(1, 256);
  c.callback([&context, &run, o] {
    o->cast.seed = o->workload.seed;
    run = [&context, o] { return generate(context, *o); };
  });
}

}  // namespace relais::cli
