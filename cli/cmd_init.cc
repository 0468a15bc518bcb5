// relais init: the birth of a ledger.
#include "cli/command.h"
#include "cli/convention_file.h"
#include "cli/reads.h"
#include "ledger/log/genesis.h"
#include "ledger/rules/rules.h"

namespace relais::cli {
namespace {

struct InitOptions {
  std::string convention;
  std::string data;
  std::string wrapping_key;
};

/// Opens the ledger once, with its log of reads; gives what the founders should know of it.
Result<std::vector<rules::LoneRole>> make_reads(const Context& context, const InitOptions& o) {
  log::Options options;
  options.data = o.data;
  options.wrapping_key = o.wrapping_key;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, context.clock, models()));
  RELAIS_TRY(open_reads(o.data, *ledger, context.clock, {}));
  return rules::lone_roles(*ledger->head()->registry);
}

/// A convention that rests on one signatory's key is possible, and must be known.
std::string told(const rules::LoneRole& lone) {
  return "note: the quorum of " + lone.act + " names a role that " + lone.signatory +
         " alone has; where the act concerns " + lone.signatory + ", " +
         std::to_string(lone.approvals) + " of the " + std::to_string(lone.others) +
         " others decide";
}

int init(Context& context, const InitOptions& o) {
  const auto genesis = load_convention(o.convention);
  if (!genesis) return report(context, genesis.error());
  if (const Status made = log::create_ledger(o.data, *genesis, context.clock, context.random,
                                             models(), o.wrapping_key);
      !made)
    return report(context, made.error());
  const auto lone = make_reads(context, o);
  if (!lone) return report(context, lone.error());
  const auto vkey = log::load_vkey(o.data);
  if (!vkey) return report(context, vkey.error());
  const std::string hash = log::document_hash(genesis->convention_file);
  json::array notes;
  std::string lines;
  for (const rules::LoneRole& role : *lone) {
    notes.emplace_back(told(role));
    lines.append("\n").append(told(role));
  }
  print(context,
        {{"data", o.data},
         {"convention", genesis->slug},
         {"origin", genesis->origin},
         {"document_hash", hash},
         {"vkey", merkle::to_vkey(*vkey)},
         {"notes", std::move(notes)}},
        "ledger " + genesis->origin + " made in " + o.data +
            "\nlog key: " + merkle::to_vkey(*vkey) +
            "\nto be signed by each founder (document_hash): " + hash + lines);
  return kOk;
}

}  // namespace

void add_init(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<InitOptions>();
  Command c =
      add_command(app, context, "init", "Make a new ledger from a convention file.",
                  "  relais init --convention examples/conventions/rhone-2023.toml --data data");
  c.option("--convention", o->convention, "Convention file (TOML), public keys filled in")
      .required()
      .existing_file();
  c.option("--data", o->data, "Folder to make; must not exist or be empty").required();
  add_wrapping_key(c, o->wrapping_key);
  c.callback([&context, &run, o] { run = [&context, o] { return init(context, *o); }; });
}

}  // namespace relais::cli
