#include "cli/command.h"

#include <algorithm>

#include "ledger/base/utf8.h"
#include "projections/model.h"

namespace relais::cli {

Command add_command(Command parent, Context& context, const std::string& name,
                    const std::string& purpose, const std::string& examples) {
  Command command = parent.subcommand(name, purpose);
  command.flag("--json", context.json, "Answer with JSON, for machines");
  command.footer("Examples:\n" + examples);
  return command;
}

void add_wrapping_key(Command command, std::string& place) {
  command.option("--wrapping-key", place,
                 "Key that wraps those of what is disclosed: a file, or pkcs11:… "
                 "(DATA.wrapping-key)");
}

json::object to_json(const Error& e) {
  json::object o;
  const std::pair<const char*, const std::string*> members[] = {
      {"rule", &e.rule},         {"message", &e.message}, {"field", &e.field},
      {"accepted", &e.accepted}, {"source", &e.source},   {"state", &e.state}};
  for (const auto& [name, value] : members)
    if (!value->empty()) o[name] = *value;
  return o;
}

int exit_code(const Error& e) {
  switch (e.code) {
    case Errc::io:
    case Errc::unavailable:
    case Errc::storage_full:
    case Errc::limited:
      return kUnavailable;
    default:
      return kFailed;
  }
}

int report(Context& context, const Error& e) {
  if (context.json) {
    context.err << printable_json(json::serialize(json::object{{"error", to_json(e)}}))
                << std::endl;
  } else {
    context.err << "relais: " << printable(to_string(e)) << std::endl;
  }
  return exit_code(e);
}

void print(Context& context, const json::object& machine, const std::string& human) {
  if (context.json) {
    context.out << printable_json(json::serialize(machine)) << std::endl;
    return;
  }
  for (std::size_t at = 0; at <= human.size();) {
    const std::size_t end = std::min(human.find('\n', at), human.size());
    context.out << printable(std::string_view(human).substr(at, end - at)) << '\n';
    at = end + 1;
  }
  context.out << std::flush;
}

log::ModelFactory models() {
  return [](const RecordSource& base) { return projections::make_model(base); };
}

double seconds_since(const Context& context, Timestamp start) {
  return static_cast<double>(context.clock.now().value - start.value) / 1000.0;
}

}  // namespace relais::cli
