// relais token: the right to read, for five minutes.
#include "api/reading/auth.h"
#include "cli/command.h"
#include "cli/files.h"
#include "ledger/crypto/jwk.h"
#include "ledger/merkle/note.h"

namespace relais::cli {
namespace {

struct TokenOptions {
  std::string key;
  std::string passphrase_file;
  std::string source;
  std::string audience;
  std::string purpose;
};

Result<std::string> make(Context& context, const TokenOptions& o) {
  if (!o.source.starts_with("urn:relais:"))
    return fail(error(Errc::invalid, "token-source", "this is not the source of a signatory")
                    .at("--source")
                    .accepts("urn:relais:<convention>:<signatory>, as in that signatory's events"));
  if (!merkle::is_note_name(o.audience) || o.audience.starts_with("http"))
    return fail(
        error(Errc::invalid, "token-audience", "this is not the origin of a log")
            .at("--audience")
            .accepts("the first line of GET /log/checkpoint, as relais.example/rhone-2023"));
  RELAIS_ASSIGN(const std::string passphrase, read_passphrase(o.passphrase_file));
  RELAIS_ASSIGN(const auto key, crypto::load_private_key(o.key, passphrase));
  return api::make_token(key, o.source, o.audience, o.purpose, context.clock, context.random);
}

int token(Context& context, const TokenOptions& o) {
  const auto made = make(context, o);
  if (!made) return report(context, made.error());
  print(context, {{"token", *made}, {"expires_in", api::kMaxTokenSeconds}}, *made);
  return kOk;
}

}  // namespace

void add_token(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<TokenOptions>();
  Command c = add_command(
      app, context, "token", "Make a bearer token for reading, signed by an enrolled key.",
      "  relais token --key keys/udml.jwk --source urn:relais:rhone-2023:udml \\\n"
      "               --audience relais.example/rhone-2023 --purpose \"suivi du partenariat\"\n"
      "  curl -H \"Authorization: Bearer $(relais token …)\" http://127.0.0.1:8400/v1/cases\n"
      "The purpose stands in the token, which holds for five minutes.");
  c.option("--key", o->key, "Private key (JWK)").required().existing_file();
  c.option("--passphrase-file", o->passphrase_file, "File with the key's passphrase")
      .existing_file();
  c.option("--source", o->source, "Who reads: urn:relais:<convention>:<signatory>").required();
  c.option("--audience", o->audience, "Origin of the log: the first line of GET /log/checkpoint")
      .required();
  c.option("--purpose", o->purpose, "Why: a short text").required();
  c.callback([&context, &run, o] { run = [&context, o] { return token(context, *o); }; });
}

}  // namespace relais::cli
