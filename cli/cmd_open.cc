// relais open, relais reseal: what was sealed to a key of one's own.
#include <map>
#include <optional>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/sealing.h"
#include "ledger/base/utf8.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "ledger/statement/sd_jwt.h"

namespace relais::cli {
namespace {

/// What GET /v1/events/{id}?format=submission gives, with every copy that is kept.
constexpr std::size_t kMaxFile = std::size_t{8} * 1024 * 1024;
constexpr std::size_t kMaxKeyFile = std::size_t{16} * 1024;

struct OpenOptions {
  std::string key;
  std::string passphrase_file;
  std::string signer;
  std::string file;
  std::vector<std::string> seal_to;
  bool sd_jwt = false;
};

/// A statement, and what of it the key opens: one disclosure for each digest.
struct Opened {
  statement::Statement statement;
  bool verified = false;  // the signature, by the key that --signer names
  std::vector<const statement::Sealed*> sealed;
  std::vector<std::string> disclosures;  // of `sealed`, by position
  std::size_t closed = 0;                // members that are sealed to others
};

Status verify(const OpenOptions& o, Opened& out) {
  if (o.signer.empty()) return {};
  RELAIS_ASSIGN(const std::string text, read_file(o.signer, kMaxKeyFile));
  RELAIS_ASSIGN(const auto key, crypto::parse_public_jwk(text));
  if (crypto::thumbprint(key) != out.statement.kid)
    return fail(error(Errc::unauthenticated, "signer-differs", "another key signed the statement")
                    .at("kid")
                    .accepts(crypto::to_text(crypto::thumbprint(key))));
  RELAIS_TRY(statement::verify_signature(out.statement, key));
  out.verified = true;
  return {};
}

/// Several copies of one disclosure may be sealed to the key: the first that holds is enough.
Status open_all(const crypto::OpeningKey& key, Opened& out) {
  std::map<std::string, std::optional<Error>> failed;  // by digest; nothing where it opened
  for (const statement::Sealed& sealed : out.statement.sealed) {
    if (const auto known = failed.find(sealed.digest); known != failed.end() && !known->second)
      continue;
    auto text = statement::open_sealed(sealed, key);
    if (!text) {
      const bool not_ours = text.error().rule == "jwe-recipient";
      if (!not_ours || !failed.contains(sealed.digest)) failed[sealed.digest] = text.error();
      continue;
    }
    failed[sealed.digest].reset();
    out.sealed.push_back(&sealed);
    out.disclosures.push_back(std::move(*text));
  }
  for (const auto& [digest, why] : failed) {
    if (!why) continue;
    if (why->rule != "jwe-recipient") return fail(*why);
    ++out.closed;
  }
  return {};
}

Result<Opened> open_file(Context& context, const OpenOptions& o) {
  RELAIS_ASSIGN(const std::string passphrase, read_passphrase(o.passphrase_file));
  RELAIS_ASSIGN(const auto key, crypto::load_opening_key(o.key, passphrase));
  RELAIS_ASSIGN(const std::string text, read_file_or(o.file, context.in, kMaxFile));
  Opened out;
  RELAIS_ASSIGN(out.statement, read_submission(text));
  RELAIS_TRY(verify(o, out));
  RELAIS_TRY(open_all(key, out));
  if (out.disclosures.empty())
    return fail(
        error(Errc::not_found, "nothing-sealed", "nothing in the file is sealed to this key")
            .accepts("what GET /v1/events/{id}?format=submission gives, or `relais sign "
                     "--seal-to` made"));
  return out;
}

/// The value in a disclosure that was opened.
json::value value_of(const std::string& disclosure) {
  const auto text = crypto::base64url_decode(disclosure);
  auto parts = json::parse(text.value_or("[]"));
  return parts && parts->is_array() && parts->get_array().size() == 3 ? parts->get_array()[2]
                                                                      : json::value();
}

int open(Context& context, const OpenOptions& o) {
  const auto opened = open_file(context, o);
  if (!opened) return report(context, opened.error());
  std::string human;
  json::array members;
  for (std::size_t i = 0; i < opened->disclosures.size(); ++i) {
    const std::string& member = opened->sealed[i]->member;
    json::value value = value_of(opened->disclosures[i]);
    human += printable(member) + ": " + printable(json::serialize(value)) + "\n";
    members.push_back(json::object(
        {{"member", member}, {"value", std::move(value)}, {"disclosure", opened->disclosures[i]}}));
  }
  std::vector<std::string> all = opened->statement.disclosures;
  all.insert(all.end(), opened->disclosures.begin(), opened->disclosures.end());
  const std::string sd_jwt = statement::join_sd_jwt(opened->statement.jwt, all);
  human += opened->verified ? "signed by " + crypto::to_text(opened->statement.kid)
                            : "whose statement it is was not checked: --signer KEY";
  if (opened->closed > 0)
    human += "\n" + std::to_string(opened->closed) + " sealed to others alone";
  print(context,
        {{"id", opened->statement.id},
         {"source", opened->statement.source},
         {"verified", opened->verified},
         {"opened", std::move(members)},
         {"closed", opened->closed},
         {"sd_jwt", sd_jwt}},
        o.sd_jwt ? sd_jwt : human);
  return kOk;
}

int reseal(Context& context, const OpenOptions& o) {
  const auto opened = open_file(context, o);
  if (!opened) return report(context, opened.error());
  const auto to = sealing_keys(o.seal_to);
  if (!to) return report(context, to.error());
  std::vector<std::string> sealed;
  json::array jwes;
  for (std::size_t i = 0; i < opened->disclosures.size(); ++i) {
    const auto again =
        statement::seal_again(*opened->sealed[i], opened->disclosures[i], *to, context.random);
    if (!again) return report(context, again.error());
    sealed.push_back(*again);
    jwes.push_back(json::parse(*again).value());
  }
  const std::string jwt = opened->statement.jwt + "~";
  print(context, {{"statement", jwt}, {"sealed", std::move(jwes)}},
        statement::submission_json(jwt, sealed));
  return kOk;
}

void add_common(Command c, const std::shared_ptr<OpenOptions>& o) {
  c.option("--key", o->key, "Private sealing key (relais key new --seal)")
      .required()
      .existing_file();
  c.option("--passphrase-file", o->passphrase_file, "File with the key's passphrase")
      .existing_file();
  c.option("--signer", o->signer, "Public key (JWK) that must have signed the statement")
      .existing_file();
  c.option("file", o->file, "File with the statement and what is sealed beside it, or -")
      .required();
}

}  // namespace

void add_open(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<OpenOptions>();
  Command c = add_command(
      app, context, "open", "Open what a statement has sealed to a key of yours.",
      "  curl -H \"Authorization: Bearer $TOKEN\" "
      "http://127.0.0.1:8400/v1/events/ID?format=submission > event.json\n"
      "  relais open --key keys/prefecture.seal.jwk --signer keys/amicale.public.jwk event.json\n"
      "What is shown is what the statement commits to, by its digest; --signer checks who signed.");
  add_common(c, o);
  c.flag("--sd-jwt", o->sd_jwt, "Print the SD-JWT with what was opened among its disclosures");
  c.callback([&context, &run, o] { run = [&context, o] { return open(context, *o); }; });
}

void add_reseal(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<OpenOptions>();
  Command c = add_command(
      app, context, "reseal", "Seal what you can open for another reader, a new holder perhaps.",
      "  relais reseal --key keys/amicale.seal.jwk --seal-to mouvement.seal.public.jwk event.json "
      "> again.json\n"
      "  relais submit --url http://127.0.0.1:8400 --token \"$TOKEN\" again.json\n"
      "The statement stays as it is; the ledger keeps the new copy beside the others.");
  add_common(c, o);
  c.option("--seal-to", o->seal_to, "Sealing key of who shall read it (JWK file, or x); repeatable")
      .required();
  c.callback([&context, &run, o] { run = [&context, o] { return reseal(context, *o); }; });
}

}  // namespace relais::cli
