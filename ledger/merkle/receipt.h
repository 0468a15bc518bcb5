// c2sp.org/tlog-proof@v1: the receipt that proves, offline and years later, that an entry is in the
// log.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/log_keys.h"
#include "ledger/merkle/tree.h"

namespace relais::merkle {

struct Receipt {
  std::uint64_t index = 0;
  std::string extra;  ///< opaque bytes of the optional extra data line; Relais puts the entry's
                      ///< first eight bytes there
  std::vector<Hash> proof;  ///< inclusion proof, lowest first
  std::string checkpoint;   ///< signed note
};

std::string to_text(const Receipt& r);
Result<Receipt> parse_receipt(std::string_view text);

/// Checks the checkpoint's signature by the key of its size, and the proof for `entry` (the entry's
/// bytes). Gives the checkpoint.
Result<Checkpoint> verify_receipt(const Receipt& r, std::string_view entry, const LogKeys& log);

}  // namespace relais::merkle
