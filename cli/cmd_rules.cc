// relais rules: the catalogue and the state machines, as the program itself has them.
#include "api/openapi.h"
#include "api/reading/matrix.h"
#include "cli/command.h"
#include "schemas/doc/catalogue_doc.h"
#include "schemas/doc/fields_doc.h"

namespace relais::cli {
namespace {

struct RulesOptions {
  bool dot = false;
  bool markdown = false;
  bool reading = false;
  bool fields = false;
  bool openapi = false;
};

int rules(Context& context, const RulesOptions& o) {
  if (o.dot) {
    context.out << schema::doc::machines_dot();
  } else if (o.reading) {
    context.out << api::matrix_markdown();
  } else if (o.openapi) {
    context.out << api::openapi_document();
  } else if (o.markdown) {
    context.out << schema::doc::catalogue_markdown();
  } else if (o.fields) {
    context.out << schema::doc::fields_markdown();
  } else if (context.json) {
    context.out << json::serialize(schema::doc::catalogue_json()) << '\n';
  } else {
    context.out << schema::doc::catalogue_text();
  }
  return kOk;
}

}  // namespace

void add_rules(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<RulesOptions>();
  Command c = add_command(app, context, "rules",
                          "Print every event type with its emitters and preconditions, the state "
                          "machines, who reads what.",
                          "  relais rules\n"
                          "  relais rules --json\n"
                          "  relais rules --dot | dot -Tsvg > machines.svg\n"
                          "  relais rules --markdown > docs/EVENTS.md\n"
                          "  relais rules --fields > docs/FIELDS.md\n"
                          "  relais rules --reading > docs/READING.md\n"
                          "  relais rules --openapi > docs/openapi.json");
  const Option dot = c.flag("--dot", o->dot, "The state machines as a Graphviz graph");
  const Option markdown =
      c.flag("--markdown", o->markdown, "The event catalogue of the docs").excludes(dot);
  const Option fields =
      c.flag("--fields", o->fields, "Each member: whether it is sensitive, and why")
          .excludes(dot)
          .excludes(markdown);
  const Option reading = c.flag("--reading", o->reading, "Who reads what, as a table of the docs")
                             .excludes(fields)
                             .excludes(dot)
                             .excludes(markdown);
  c.flag("--openapi", o->openapi, "What is served, as OpenAPI 3.1")
      .excludes(reading)
      .excludes(fields)
      .excludes(dot)
      .excludes(markdown);
  c.callback([&context, &run, o] { run = [&context, o] { return rules(context, *o); }; });
}

}  // namespace relais::cli
