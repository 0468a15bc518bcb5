// relais sign: from a plain CloudEvent to a signed statement.
#include "cli/command.h"
#include "cli/files.h"
#include "cli/sealing.h"
#include "ledger/crypto/jwk.h"
#include "ledger/statement/statement.h"

namespace relais::cli {
namespace {

struct SignOptions {
  std::string key;
  std::string passphrase_file;
  std::string source;
  std::string event;
  std::vector<std::string> seal_to;
  std::vector<std::string> seal;
};

/// What a ledger may refuse, and must not learn by refusing it.
void warn_of_clear(Context& context, const std::string& sd_jwt) {
  const auto parsed = statement::parse_statement(sd_jwt);
  if (!parsed) return;
  for (const statement::Field* field : parsed->disclosed)
    if (!field->seal_to.empty())
      context.err << "relais: " << field->name << " is not sealed, and whoever runs the ledger "
                  << "will read it: --seal-to KEY (of " << statement::to_string(field->seal_to)
                  << ", and your own)" << std::endl;
}

Result<statement::SealedStatement> make(Context& context, const SignOptions& o) {
  RELAIS_ASSIGN(const std::string passphrase, read_passphrase(o.passphrase_file));
  RELAIS_ASSIGN(const auto key, crypto::load_private_key(o.key, passphrase));
  RELAIS_ASSIGN(const std::string event,
                read_file_or(o.event, context.in, statement::kMaxStatementBytes));
  statement::SealedStatement out;
  RELAIS_ASSIGN(out.sd_jwt,
                statement::sign_event(event, key, context.clock, context.random, o.source));
  if (!o.seal_to.empty()) {
    RELAIS_ASSIGN(const auto to, sealing_keys(o.seal_to));
    RELAIS_ASSIGN(out, statement::seal_disclosures(out.sd_jwt, o.seal, to, context.random));
  }
  warn_of_clear(context, out.sd_jwt);
  return out;
}

int sign(Context& context, const SignOptions& o) {
  const auto statement = make(context, o);
  if (!statement) return report(context, statement.error());
  if (statement->sealed.empty()) {
    print(context, {{"statement", statement->sd_jwt}}, statement->sd_jwt);
  } else {  // JSON either way: what POST /v1/events takes
    context.out << statement::submission_json(statement->sd_jwt, statement->sealed) << std::endl;
  }
  return kOk;
}

}  // namespace

void add_sign(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<SignOptions>();
  Command c = add_command(
      app, context, "sign",
      "Sign a CloudEvent; its sensitive members become disclosures. Prints an SD-JWT; or, where "
      "some are sealed, JSON with it.",
      "  relais sign --key keys/udml.jwk event.json > event.sd-jwt\n"
      "  echo '{\"type\":…}' | relais sign --key keys/udml.jwk --source urn:relais:rhone-2023:udml "
      "-\n"
      "  relais sign --key keys/amicale.jwk --seal-to pref.seal.jwk --seal-to own.seal.jwk e.json\n"
      "What is sealed, nobody reads but the holders of those keys; who runs the ledger least of "
      "all.\n"
      "A key to seal to comes from its owner, or from a log that was verified, never from a server "
      "alone.\n"
      "What is absent is filled in: specversion, id (a UUIDv7), time (now), source (--source).");
  c.option("--key", o->key, "Private key (JWK)").required().existing_file();
  c.option("--passphrase-file", o->passphrase_file, "File with the key's passphrase")
      .existing_file();
  c.option("--source", o->source,
           "Source of the event where it has none: urn:relais:<convention>:<signatory>");
  Option seal_to =
      c.option("--seal-to", o->seal_to, "Sealing key of a reader (JWK file, or x); repeatable");
  c.option("--seal", o->seal, "Member to seal; repeatable. Without it, all sensitive ones")
      .needs(seal_to);
  c.option("event", o->event, "File with a CloudEvent (JSON), or - for standard input").required();
  c.callback([&context, &run, o] { run = [&context, o] { return sign(context, *o); }; });
}

}  // namespace relais::cli
