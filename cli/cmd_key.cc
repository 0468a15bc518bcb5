// relais key: a signatory's keys on disk, Ed25519 to sign and X25519 to be sealed to.
#include "cli/command.h"
#include "cli/files.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/x25519.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxKeyBytes = std::size_t{64} * 1024;

struct KeyOptions {
  std::string out;
  std::string file;
  std::string passphrase_file;
  std::string field;
  bool public_only = false;
  bool seal = false;
};

/// The public part of either kind of key.
struct Shown {
  std::string kid, x, jwk;
};
template <class Key>
Shown shown(const Key& key) {
  return {crypto::to_text(crypto::thumbprint(key)), crypto::to_text(key), crypto::public_jwk(key)};
}

Result<Shown> make_key_file(Context& context, const KeyOptions& o) {
  RELAIS_ASSIGN(const std::string passphrase, read_passphrase(o.passphrase_file));
  if (o.seal) {
    const auto key = crypto::OpeningKey::generate(context.random);
    RELAIS_TRY(crypto::save_opening_key(o.out, key, passphrase));
    return shown(key.public_key());
  }
  const auto key = crypto::SigningKey::generate(context.random);
  RELAIS_TRY(crypto::save_private_key(o.out, key, passphrase));
  return shown(key.public_key());
}

int make(Context& context, const KeyOptions& o) {
  const auto key = make_key_file(context, o);
  if (!key) return report(context, key.error());
  print(context, {{"file", o.out}, {"kid", key->kid}, {"x", key->x}},
        "private key in " + o.out + " (keep it to yourself)\nkid " + key->kid + "\nx   " + key->x);
  return kOk;
}

/// The public part needs no passphrase, unless the file is encrypted.
Result<Shown> load_public(const KeyOptions& o) {
  RELAIS_ASSIGN(const std::string text, read_file(o.file, kMaxKeyBytes));
  if (const auto key = crypto::parse_public_jwk(text)) return shown(*key);
  if (const auto key = crypto::parse_sealing_jwk(text)) return shown(*key);
  RELAIS_ASSIGN(const std::string passphrase, read_passphrase(o.passphrase_file));
  if (const auto key = crypto::load_opening_key(o.file, passphrase))
    return shown(key->public_key());
  RELAIS_ASSIGN(const auto key, crypto::load_private_key(o.file, passphrase));
  return shown(key.public_key());
}

int show(Context& context, const KeyOptions& o) {
  const auto key = load_public(o);
  if (!key) return report(context, key.error());
  const auto& [kid, x, jwk] = *key;
  if (!o.field.empty()) {
    print(context, {{o.field, o.field == "x" ? x : kid}}, o.field == "x" ? x : kid);
  } else if (o.public_only) {
    context.out << jwk << std::endl;
  } else {
    print(context, {{"kid", kid}, {"x", x}}, "kid " + kid + "\nx   " + x);
  }
  return kOk;
}

Option add_file(Command c, const std::shared_ptr<KeyOptions>& o) {
  c.option("--passphrase-file", o->passphrase_file, "File with the key's passphrase")
      .existing_file();
  return c.option("--file,file", o->file, "Key file (JWK)").required().existing_file();
}

}  // namespace

void add_key(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<KeyOptions>();
  Command key =
      app.subcommand("key", "Make and show keys (JWK): Ed25519 to sign, X25519 to be sealed to.");
  key.require_subcommand(1);
  key.footer("relais key new --help, relais key show --help, relais key thumbprint --help");

  Command c = add_command(key, context, "new", "Make a key pair in a new file of mode 0600.",
                          "  relais key new --out keys/udml.jwk\n"
                          "  relais key new --out keys/udml.jwk --passphrase-file secret.txt\n"
                          "  relais key new --seal --out keys/udml.seal.jwk");
  c.flag("--seal", o->seal, "A key that disclosures are sealed to, and that opens them");
  c.option("--out", o->out, "File to make; one that exists is never replaced").required();
  c.option("--passphrase-file", o->passphrase_file,
           "Encrypt the file with the passphrase in the first line of this one")
      .existing_file();
  c.callback([&context, &run, o] { run = [&context, o] { return make(context, *o); }; });

  c = add_command(key, context, "show", "Show the public part of a key.",
                  "  relais key show --file keys/udml.jwk\n"
                  "  relais key show --file keys/udml.jwk --public > udml.public.jwk\n"
                  "  relais key show --file keys/udml.jwk --field x");
  add_file(c, o);
  c.flag("--public", o->public_only, "Print the public JWK");
  c.option("--field", o->field, "Print one member only: x (public key) or kid (thumbprint)")
      .one_of({"x", "kid"});
  c.callback([&context, &run, o] { run = [&context, o] { return show(context, *o); }; });

  c = add_command(key, context, "thumbprint", "Print the RFC 7638 thumbprint of a key (its kid).",
                  "  relais key thumbprint --file keys/udml.jwk");
  add_file(c, o);
  c.callback([&context, &run, o] {
    o->field = "kid";
    run = [&context, o] { return show(context, *o); };
  });
}

}  // namespace relais::cli
