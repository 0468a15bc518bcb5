// The signatories that a scenario or a generated workload plays, with their keys.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/genesis.h"
#include "ledger/statement/catalogue.h"

namespace relais::replay {

struct Actor {
  std::string slug;
  std::string source;  ///< "urn:relais:<convention>:<slug>"
  statement::RoleSet roles;
  crypto::SigningKey key;

  /// Signs the convention (ledger/rules: those who act under it).
  bool founder() const;
};

/// Gives the key of a signatory by its slug.
using KeyOf = std::function<Result<crypto::SigningKey>(const std::string& slug)>;

/// Keys that are a function of the seed and the slug: for examples and tests, never for real use.
KeyOf seeded_keys(std::uint64_t seed);
/// FOLDER/<slug>.jwk, without passphrase.
KeyOf folder_keys(const std::filesystem::path& folder);

/// The text of a convention file with every "@slug@" replaced by the public key of that slug.
Result<std::string> fill_keys(std::string_view convention_file, const KeyOf& key_of);

class Cast {
 public:
  /// Every signatory of the convention. Refuses a key that is not the one in the convention
  /// (rule "actor-key-differs").
  static Result<Cast> of(const log::Genesis& genesis, const KeyOf& key_of);

  const std::vector<Actor>& all() const { return actors_; }
  /// Rule "actor-unknown".
  Result<const Actor*> find(std::string_view slug) const;
  /// Slugs of the signatories with a role, in the convention's order.
  std::vector<std::string> with_role(schema::Role role) const;
  const std::string& convention() const { return convention_; }

 private:
  std::vector<Actor> actors_;
  std::string convention_;
};

/// Signs one statement a founder: convention.signed over the file's hash, at `time`.
Result<std::vector<std::string>> founding_signatures(const Cast& cast, const log::Genesis& genesis,
                                                     Timestamp time, Random& random);

/// Makes the ledger and has every founder sign: from here on the convention is in force.
Status create_in_force(const std::filesystem::path& data, const log::Genesis& genesis,
                       const Cast& cast, const Clock& clock, Random& random,
                       const log::ModelFactory& factory);

}  // namespace relais::replay
