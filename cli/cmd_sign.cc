// relais sign: from a plain CloudEvent to a signed statement.
#include "cli/command.h"
#include "cli/files.h"
#include "ledger/crypto/jwk.h"
#include "ledger/statement/statement.h"

namespace relais::cli {
namespace {

struct Options {
  std::string key;
  std::string passphrase_file;
  std::string source;
  std::string event;
};

Result<std::string> make(Context& context, const Options& o) {
  RELAIS_ASSIGN(const std::string passphrase, read_passphrase(o.passphrase_file));
  RELAIS_ASSIGN(const auto key, crypto::load_private_key(o.key, passphrase));
  RELAIS_ASSIGN(const std::string event,
                read_file_or(o.event, context.in, statement::kMaxStatementBytes));
  return statement::sign_event(event, key, context.clock, context.random, o.source);
}

int sign(Context& context, const Options& o) {
  const auto statement = make(context, o);
  if (!statement) return report(context, statement.error());
  print(context, {{"statement", *statement}}, *statement);
  return kOk;
}

}  // namespace

void add_sign(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<Options>();
  Command c = add_command(
      app, context, "sign",
      "Sign a CloudEvent; its sensitive members become disclosures. Prints an SD-JWT.",
      "  relais sign --key keys/udml.jwk event.json > event.sd-jwt\n"
      "  echo '{\"type\":…}' | relais sign --key keys/udml.jwk --source urn:relais:rhone-2023:udml "
      "-\n"
      "What is absent is filled in: specversion, id (a UUIDv7), time (now), source (--source).");
  c.option("--key", o->key, "Private key (JWK)").required().existing_file();
  c.option("--passphrase-file", o->passphrase_file, "File with the key's passphrase")
      .existing_file();
  c.option("--source", o->source,
           "Source of the event where it has none: urn:relais:<convention>:<signatory>");
  c.option("event", o->event, "File with a CloudEvent (JSON), or - for standard input").required();
  c.callback([&context, &run, o] { run = [&context, o] { return sign(context, *o); }; });
}

}  // namespace relais::cli
