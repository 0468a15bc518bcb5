#include "cli/cast.h"

#include "cli/convention_file.h"
#include "cli/files.h"
#include "ledger/crypto/jwk.h"

namespace relais::cli {

Result<Played> load_cast(const CastOptions& options) {
  const replay::KeyOf key_of =
      options.keys.empty() ? replay::seeded_keys(options.seed) : replay::folder_keys(options.keys);
  std::string text(example_convention());
  const std::string name = options.convention.empty() ? "the example" : options.convention;
  if (!options.convention.empty()) {
    RELAIS_ASSIGN(text, read_file(options.convention, kMaxConventionBytes));
  }
  RELAIS_ASSIGN(text, replay::fill_keys(text, key_of));
  RELAIS_ASSIGN(log::Genesis genesis, parse_convention(text, name));
  RELAIS_ASSIGN(replay::Cast cast, replay::Cast::of(genesis, key_of));
  if (!options.save_keys.empty()) {
    RELAIS_TRY(make_folder(options.save_keys));
    for (const replay::Actor& actor : cast.all())
      RELAIS_TRY(crypto::save_private_key(
          std::filesystem::path(options.save_keys) / (actor.slug + ".jwk"), actor.key, {}));
  }
  return Played{std::move(genesis), std::move(cast)};
}

}  // namespace relais::cli
