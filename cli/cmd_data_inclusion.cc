// relais data-inclusion: partners and capabilities in the form of the directory of social services.
#include <filesystem>

#include "cli/command.h"
#include "cli/files.h"
#include "ledger/log/ledger.h"
#include "replay/exchange/data_inclusion.h"

namespace relais::cli {
namespace {

inline constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;

struct DataInclusionOptions {
  std::string data;
  std::string file;
  std::string network = "partenaires";
  std::string out;
};

constexpr const char* kStructures = "structures.json";
constexpr const char* kServices = "services.json";

int export_all(Context& context, const DataInclusionOptions& o) {
  log::Options options;
  options.data = o.data;
  options.read_only = true;
  const std::filesystem::path out(o.out);
  for (const char* name : {kStructures, kServices})
    if (const Status fresh = check_new_file(out / name, "--out"); !fresh)
      return report(context, fresh.error());
  const auto ledger = log::Ledger::open(options, context.clock, models());
  if (!ledger) return report(context, ledger.error());
  auto exported = replay::export_data_inclusion(**ledger);
  if (!exported) return report(context, exported.error());
  const std::size_t structures = exported->structures.size();
  const std::size_t services = exported->services.size();
  if (const Status made = make_folder(out); !made) return report(context, made.error());
  for (const auto& [name, list] :
       {std::pair{kStructures, &exported->structures}, std::pair{kServices, &exported->services}})
    if (const Status written =
            make_file(out / name, json::serialize(json::value(*list)) + "\n", "--out");
        !written)
      return report(context, written.error());
  print(context,
        {{"structures", structures}, {"services", services}, {"left_out", exported->left_out}},
        std::to_string(structures) + " structures and " + std::to_string(services) +
            " services; left out: " + std::to_string(exported->left_out));
  return kOk;
}

int import_file(Context& context, const DataInclusionOptions& o) {
  const auto text = read_file(o.file, kMaxFileBytes);
  if (!text) return report(context, text.error());
  const auto imported = replay::import_structures(*text, o.network);
  if (!imported) return report(context, imported.error());
  for (const Error& e : imported->errors) report(context, e);
  if (!imported->errors.empty()) return kFailed;
  if (const Status made = make_folder(o.out); !made) return report(context, made.error());
  std::size_t number = 0;
  for (const json::object& event : imported->events) {
    const auto name = "partner-" + std::to_string(++number) + ".json";
    if (const Status written = make_file(std::filesystem::path(o.out) / name,
                                         json::serialize(json::value(event)) + "\n", "--out");
        !written)
      return report(context, written.error());
  }
  print(context, {{"events", number}}, std::to_string(number) + " events to be signed");
  return kOk;
}

}  // namespace

void add_data_inclusion(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<DataInclusionOptions>();
  Command group = app.subcommand("data-inclusion",
                                 "Exchange partners and capabilities in the data·inclusion form.");
  group.require_subcommand(1);
  Command out =
      add_command(group, context, "export",
                  "Write structures.json and services.json, valid by the published schemas.",
                  "  relais data-inclusion export --data data --out exchange");
  out.option("--data", o->data, "Folder of the ledger; may be in use")
      .required()
      .existing_directory();
  out.option("--out", o->out, "Folder for the files").required();
  out.callback([&context, &run, o] { run = [&context, o] { return export_all(context, *o); }; });
  Command in = add_command(
      group, context, "import", "Make an unsigned partner.introduced event of each structure.",
      "  relais data-inclusion import structures.json --out events\n"
      "  relais sign --key keys/udml.jwk --source urn:relais:… events/partner-1.json");
  in.option("file", o->file, "JSON array of structures").required().existing_file();
  in.option("--network", o->network, "Name of the stream network/… (partenaires)");
  in.option("--out", o->out, "Folder for the events").required();
  in.callback([&context, &run, o] { run = [&context, o] { return import_file(context, *o); }; });
}

}  // namespace relais::cli
