// relais rebuild: projections from event 0, side by side, then switched.
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/reads.h"
#include "cli/remote.h"
#include "ledger/log/ledger.h"

namespace relais::cli {
namespace {

struct RebuildOptions {
  std::string data;
  std::string head;
  std::string wrapping_key;
  std::string reads_head;
  std::optional<std::uint64_t> reads_anew;
};

/// Where nobody has the store open.
Result<std::uint64_t> rebuild_here(Context& context, const RebuildOptions& o) {
  log::Options options;
  options.data = o.data;
  options.wrapping_key = o.wrapping_key;
  options.ignore_projections = true;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, context.clock, models()));
  Progress progress(context, "rebuilding");
  RELAIS_TRY(
      ledger->rebuild([&](std::uint64_t done, std::uint64_t total) { progress(done, total); }));
  return ledger->head()->size().value;
}

/// DIR/head anew, where it was lost.
int accept_head(Context& context, const RebuildOptions& o) {
  log::Options options;
  options.data = o.data;
  options.wrapping_key = o.wrapping_key;
  options.ignore_projections = true;
  options.accept_head = o.head;
  const auto ledger = log::Ledger::open(options, context.clock, models());
  if (!ledger) return report(context, ledger.error());
  const std::string note = (*ledger)->head()->note;
  print(
      context, {{"head", o.head}, {"checkpoint", note}},
      "head made anew. Given up: that an end of the log, or what came to its entries later, which "
      "is missing from the store would be noticed here. Whoever has a receipt or a checkpoint of "
      "more entries than this one, or of "
      "another root, has the proof that the log was cut or forked:\n" +
          note);
  return kOk;
}

/// DIR/reads/head anew, where it was lost; or the whole log of reads.
int accept_reads(Context& context, const RebuildOptions& o) {
  log::Options options;
  options.data = o.data;
  options.wrapping_key = o.wrapping_key;
  options.ignore_projections = true;
  const auto ledger = log::Ledger::open(options, context.clock, models());
  if (!ledger) return report(context, ledger.error());
  OpenReads how;
  if (!o.reads_head.empty()) how.accept_head = o.reads_head;
  how.anew = o.reads_anew;
  const auto reads = open_reads(o.data, **ledger, context.clock, how);
  if (!reads) return report(context, reads.error());
  const std::string note = (*reads)->head()->note;
  const std::string given_up =
      o.reads_anew ? "log of reads begun anew. Given up: the traces until now, of " +
                         std::to_string(*o.reads_anew) +
                         " answers at least. Whoever has a checkpoint or a receipt of the log of "
                         "before has the proof that it was another:\n"
                   : "head of the log of reads made anew. Given up: that traces which are missing "
                     "from its end would be noticed here:\n";
  json::object machine{{"checkpoint", note}};
  if (!o.reads_anew) machine["head"] = o.reads_head;
  print(context, machine, given_up + note);
  return kOk;
}

/// What was lost, one after the other: the log of reads opens with the ledger alone.
int accept_lost(Context& context, const RebuildOptions& o) {
  if (!o.reads_head.empty() && o.reads_anew) {
    report(context, error(Errc::invalid, "reads-anew-head",
                          "a log of reads that is begun anew has no head of before")
                        .at("--reads-head")
                        .accepts("--reads-head or --reads-anew, not both"));
    return kUsage;
  }
  const int head = o.head.empty() ? int{kOk} : accept_head(context, o);
  const bool reads = !o.reads_head.empty() || o.reads_anew;
  return head == kOk && reads ? accept_reads(context, o) : head;
}

int rebuild(Context& context, const RebuildOptions& o) {
  if (!o.head.empty() || !o.reads_head.empty() || o.reads_anew) return accept_lost(context, o);
  const Timestamp start = context.clock.now();
  const auto events = rebuild_here(context, o);
  if (events) {
    print(context, {{"events", *events}, {"seconds", seconds_since(context, start)}},
          "projections rebuilt from " + std::to_string(*events) + " events");
    return kOk;
  }
  const Status asked = ask_server(o.data, "/admin/rebuild", events.error());
  if (!asked) return report(context, asked.error());
  print(context, {{"by", "server"}, {"seconds", seconds_since(context, start)}},
        "projections rebuilt by the running server");
  return kOk;
}

}  // namespace

void add_rebuild(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<RebuildOptions>();
  Command c =
      add_command(app, context, "rebuild",
                  "Make the projections anew from event 0 beside the live ones, then switch.",
                  "  relais rebuild --data data\n"
                  "Works beside a running server, which then does it itself.\n"
                  "  relais rebuild --data data --head SIZE:ROOT\n"
                  "Makes the file head anew instead, where it was lost; no server may run.");
  c.option("--data", o->data, "Folder of the ledger").required().existing_directory();
  c.option("--head", o->head,
           "The store's last checkpoint, as the refused start named it: it is taken for the "
           "last one that was handed out");
  c.option("--reads-head", o->reads_head, "The same of the log of reads");
  c.option("--reads-anew", o->reads_anew,
           "Begin the log of reads anew where it is lost: the entries that it had, as the refused "
           "start named them");
  add_wrapping_key(c, o->wrapping_key);
  c.callback([&context, &run, o] { run = [&context, o] { return rebuild(context, *o); }; });
}

}  // namespace relais::cli
