// The public keys of a log, as a command is given them, and as a server proves that they go on.
#pragma once

#include <string>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/merkle/log_keys.h"
#include "replay/verify/key_chain.h"
#include "replay/verify/verify_remote.h"

namespace relais::cli {

/// What is accepted for one.
inline constexpr const char* kVkeyAccepted =
    "the file log.vkey of the ledger's folder, or its text, from somebody you trust";

/// The log's key, and those of before where they are named: a file (log.vkey), or the text itself.
/// `where`: what an error is about.
Result<merkle::LogKeys> read_vkey(const std::string& file_or_text,
                                  const std::string& where = "--vkey");

/// The keys that a server proves to go on from those that are known (GET /log/keys), which are
/// replaced. Gives the links that are new; none where nothing is. Rules of replay::follow().
Result<std::vector<replay::KeyLink>> follow_keys(merkle::LogKeys& known,
                                                 const replay::Fetch& fetch);
/// "the log's key was replaced …", for people.
std::string to_text(const replay::KeyLink& link);

}  // namespace relais::cli
