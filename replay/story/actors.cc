#include "replay/story/actors.h"

#include <algorithm>

#include "ledger/base/json.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/sha256.h"
#include "ledger/log/ledger.h"
#include "ledger/statement/statement.h"

namespace relais::replay {

using schema::Role;

bool Actor::founder() const {
  return roles.has(Role::PREF) || roles.has(Role::ML) || roles.has(Role::UDML) ||
         roles.has(Role::AA);
}

KeyOf seeded_keys(std::uint64_t seed) {
  return [seed](const std::string& slug) -> Result<crypto::SigningKey> {
    std::string number;
    append_be(number, seed);
    return crypto::SigningKey::from_seed(crypto::sha256({"relais example key ", number, slug}));
  };
}

KeyOf folder_keys(const std::filesystem::path& folder) {
  return [folder](const std::string& slug) -> Result<crypto::SigningKey> {
    return crypto::load_private_key(folder / (slug + ".jwk"), {});
  };
}

Result<std::string> fill_keys(std::string_view convention_file, const KeyOf& key_of) {
  std::string out;
  while (!convention_file.empty()) {
    const std::size_t open = convention_file.find("\"@");
    const std::size_t close =
        open == std::string_view::npos ? open : convention_file.find("@\"", open + 2);
    if (close == std::string_view::npos) break;
    const std::string slug(convention_file.substr(open + 2, close - open - 2));
    out.append(convention_file.substr(0, open + 1));
    convention_file.remove_prefix(close + 1);
    RELAIS_ASSIGN(const crypto::SigningKey key, key_of(slug));
    out.append(crypto::to_text(key.public_key()));
  }
  return out.append(convention_file);
}

Result<Cast> Cast::of(const log::Genesis& genesis, const KeyOf& key_of) {
  RELAIS_ASSIGN(const json::value data, json::parse(genesis.data_json));
  Cast cast;
  cast.convention_ = genesis.slug;
  for (const json::value& v : data.as_object().at("signatories").as_array()) {
    const json::object& o = v.as_object();
    std::string slug(*json::find_string(o, "id"));
    RELAIS_ASSIGN(const crypto::SigningKey key, key_of(slug));
    const std::string x = crypto::to_text(key.public_key());
    if (x != std::string_view(*json::find_string(o, "public_key")))
      return fail(error(Errc::invalid, "actor-key-differs",
                        "the key of " + slug + " is not the one the convention names")
                      .at("public_key")
                      .accepts("a convention file with the public key " + x));
    Actor actor{slug, "urn:relais:" + genesis.slug + ":" + slug, {}, key};
    for (const json::value& role : o.at("roles").as_array()) {
      const int ordinal =
          statement::parse_wire(capnp::Schema::from<Role>(), std::string_view(role.as_string()));
      if (ordinal >= 0) actor.roles.add(static_cast<Role>(ordinal));
    }
    cast.actors_.push_back(std::move(actor));
  }
  return cast;
}

Result<const Actor*> Cast::find(std::string_view slug) const {
  for (const Actor& a : actors_)
    if (a.slug == slug) return &a;
  return fail(error(Errc::not_found, "actor-unknown",
                    "the convention has no signatory " + std::string(slug))
                  .accepts("the convention examples/conventions/rhone-2023.toml, or one with the "
                           "same short names"));
}

std::vector<std::string> Cast::with_role(Role role) const {
  std::vector<std::string> slugs;
  for (const Actor& a : actors_)
    if (a.roles.has(role)) slugs.push_back(a.slug);
  return slugs;
}

Result<std::vector<std::string>> founding_signatures(const Cast& cast, const log::Genesis& genesis,
                                                     Timestamp time, Random& random) {
  const ManualClock clock(time);
  std::vector<std::string> statements;
  for (const Actor& actor : cast.all()) {
    if (!actor.founder()) continue;
    const json::object event{
        {"source", actor.source},
        {"type", "relais.convention.signed.v1"},
        {"subject", "convention/" + genesis.slug},
        {"data", json::object{{"document_hash", log::document_hash(genesis.convention_file)}}}};
    RELAIS_ASSIGN(std::string statement,
                  statement::sign_event(json::serialize(event), actor.key, clock, random));
    statements.push_back(std::move(statement));
  }
  return statements;
}

Status create_in_force(const std::filesystem::path& data, const log::Genesis& genesis,
                       const Cast& cast, const Clock& clock, Random& random,
                       const log::ModelFactory& factory) {
  RELAIS_TRY(log::create_ledger(data, genesis, clock, random, factory));
  log::Options options;
  options.data = data;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, clock, factory));
  RELAIS_ASSIGN(const auto statements, founding_signatures(cast, genesis, clock.now(), random));
  std::vector<log::Submission> group(statements.size());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    RELAIS_ASSIGN(group[i].statement, statement::parse_statement(statements[i]));
  }
  for (const auto& outcome : ledger->submit_and_wait(std::move(group), true))
    if (!outcome) return fail(outcome.error());
  return {};
}

}  // namespace relais::replay
