// The convention and the keys that `scenario` and `generate` play with.
#pragma once

#include <cstdint>
#include <string>

#include "ledger/base/error.h"
#include "ledger/log/genesis.h"
#include "replay/story/actors.h"

namespace relais::cli {

struct CastOptions {
  std::string convention;  ///< file; empty: the example that is built in
  std::string keys;        ///< folder with <signatory>.jwk; empty: keys from the seed
  std::uint64_t seed = 1;
  std::string save_keys;  ///< folder to write the keys to, as <signatory>.jwk
};

struct Played {
  log::Genesis genesis;
  replay::Cast cast;
};

/// Fills the convention's placeholders with the public keys and finds everybody's private key.
Result<Played> load_cast(const CastOptions& options);

}  // namespace relais::cli
