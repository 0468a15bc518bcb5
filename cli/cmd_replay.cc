// relais replay: the log folded anew from event 0.
#include <algorithm>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/until.h"
#include "ledger/base/utf8.h"
#include "ledger/log/ledger.h"
#include "replay/history/state.h"
#include "replay/verify/scratch.h"

namespace relais::cli {
namespace {

struct ReplayOptions {
  std::string data;
  std::string until;
  std::string projection;
  bool diff = false;
};

int compare(Context& context, const log::Head& head, const replay::Scratch& scratch) {
  std::uint64_t equal = 0;
  const auto difference = replay::first_difference(*head.records, scratch.records(), equal);
  if (!difference) {
    print(context, {{"equal", true}, {"records", equal}},
          std::to_string(equal) + " records, all as the events say");
    return kOk;
  }
  const char* what = !difference->in_left    ? "missing from the live projections"
                     : !difference->in_right ? "in the live projections only"
                                             : "different in the live projections";
  return report(context, error(Errc::corrupt, "replay-difference",
                               std::string("a record is ") + what + ", behind " +
                                   std::to_string(equal) + " equal ones")
                             .at("record " + to_hex(difference->key))
                             .accepts("relais rebuild, which makes the projections anew"));
}

Status fold(Context& context, const ReplayOptions& o, std::optional<int>& exit) {
  log::Options options;
  options.data = o.data;
  options.read_only = true;
  options.ignore_projections = true;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, context.clock, models()));
  const auto head = ledger->head();
  RELAIS_ASSIGN(const TreeSize until, size_until(*ledger, o.until));
  RELAIS_ASSIGN(const auto scratch, replay::Scratch::make(models()));
  const Timestamp start = context.clock.now();
  {
    Progress progress(context, "folding");
    RELAIS_TRY(replay::fold_until(
        *ledger, until, *scratch,
        [&](std::uint64_t done, std::uint64_t total) { progress(done, total); }));
  }
  const double seconds = seconds_since(context, start);
  if (o.diff) {
    exit = compare(context, *head, *scratch);
  } else if (!o.projection.empty()) {
    RELAIS_TRY(replay::dump(scratch->records(), o.projection, [&](const std::string& line) {
      context.out << printable_json(line) << '\n';
    }));
    context.out << std::flush;
  } else {
    const double rate = static_cast<double>(until.value) / std::max(seconds, 0.001);
    print(context, {{"events", until.value}, {"seconds", seconds}, {"events_per_second", rate}},
          std::to_string(until.value) + " events folded in " + std::to_string(seconds) + " s (" +
              std::to_string(static_cast<std::uint64_t>(rate)) + " a second)");
  }
  return {};
}

int run_replay(Context& context, const ReplayOptions& o) {
  std::optional<int> exit;
  if (const Status done = fold(context, o, exit); !done) return report(context, done.error());
  return exit.value_or(kOk);
}

}  // namespace

void add_replay(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<ReplayOptions>();
  Command c = add_command(
      app, context, "replay", "Fold the log anew from event 0 and print a state, or differences.",
      "  relais replay --data data\n"
      "  relais replay --data data --projection cases\n"
      "  relais replay --data data --projection referrals --until 2026-01-31T12:00:00Z\n"
      "  relais replay --data data --diff");
  c.option("--data", o->data, "Folder of the ledger").required().existing_directory();
  Option until = c.option("--until", o->until, kUntilHelp);
  Option projection =
      c.option("--projection", o->projection, "Read model to print, one JSON object a line")
          .one_of(replay::state_names());
  c.flag("--diff", o->diff, "Compare the live projections, which stand for the whole log")
      .excludes(projection)
      .excludes(until);
  c.callback([&context, &run, o] { run = [&context, o] { return run_replay(context, *o); }; });
}

}  // namespace relais::cli
