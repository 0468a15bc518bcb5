// relais rebuild: projections from event 0, side by side, then switched.
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "ledger/log/ledger.h"

namespace relais::cli {
namespace {

/// Where nobody has the store open.
Result<std::uint64_t> rebuild_here(Context& context, const std::string& data) {
  log::Options options;
  options.data = data;
  options.ignore_projections = true;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, context.clock, models()));
  Progress progress(context, "rebuilding");
  RELAIS_TRY(
      ledger->rebuild([&](std::uint64_t done, std::uint64_t total) { progress(done, total); }));
  return ledger->head()->size().value;
}

/// A running server has the store: it is asked to (docs/decisions/0006-local-administration.md).
Status ask_server(const std::string& data) {
  RELAIS_ASSIGN(const auto remote, Remote::open_control(data));
  RELAIS_TRY(remote->post("/admin/rebuild", "application/json", "{}"));
  return {};
}

int rebuild(Context& context, const std::string& data) {
  const Timestamp start = context.clock.now();
  const auto events = rebuild_here(context, data);
  if (events) {
    print(context, {{"events", *events}, {"seconds", seconds_since(context, start)}},
          "projections rebuilt from " + std::to_string(*events) + " events");
    return kOk;
  }
  if (events.error().rule != "store-locked") return report(context, events.error());
  if (const Status asked = ask_server(data); !asked) return report(context, asked.error());
  print(context, {{"by", "server"}, {"seconds", seconds_since(context, start)}},
        "projections rebuilt by the running server");
  return kOk;
}

}  // namespace

void add_rebuild(CLI::App& app, Context& context, Run& run) {
  const auto data = std::make_shared<std::string>();
  CLI::App* c =
      add_command(app, context, "rebuild",
                  "Make the projections anew from event 0 beside the live ones, then switch.",
                  "  relais rebuild --data data\n"
                  "Works beside a running server, which then does it itself.");
  c->add_option("--data", *data, "Folder of the ledger")->required()->check(CLI::ExistingDirectory);
  c->callback(
      [&context, &run, data] { run = [&context, data] { return rebuild(context, *data); }; });
}

}  // namespace relais::cli
