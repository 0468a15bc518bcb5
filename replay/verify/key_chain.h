// From one key of a log to every other by proof alone: the entries that rotated it, each with the
// receipt that was handed out, whose checkpoint both keys have signed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/merkle/log_keys.h"

namespace relais::replay {

/// One key in the place of another.
struct KeyLink {
  LogIndex index;
  merkle::NoteKey old_key;
  merkle::NoteKey new_key;
  std::string proposal;           ///< by which the signatories decided on it
  merkle::Checkpoint checkpoint;  ///< of index + 1 entries
  std::string receipt;            ///< tlog-proof text
};

struct KeyChain {
  merkle::LogKeys keys;
  std::vector<KeyLink> links;  ///< of keys.all()[i + 1], oldest first
};

/// What GET /log/keys answers (docs/FORMATS.md), each link verified: a statement log.key_rotated
/// that names both keys is in the log, under a checkpoint that both have signed. So whoever trusts
/// one of the keys, for the trees that it signs, may trust the one beside it. Rules "key-chain",
/// and those of receipts.
Result<KeyChain> read_key_chain(std::string_view json);

/// The chain's keys, where it goes on from what is known, at either end; else Errc::conflict,
/// "log-keys-differ".
Result<merkle::LogKeys> follow(const merkle::LogKeys& known, const KeyChain& chain);

}  // namespace relais::replay
