// Sealing keys and sealed statements as the commands name them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "ledger/crypto/x25519.h"
#include "ledger/statement/sealed.h"

namespace relais::cli {

/// Each is a file with a sealing key's JWK, public or private, or the key itself: its member `x`.
Result<std::vector<crypto::SealingKey>> sealing_keys(const std::vector<std::string>& names);

/// A statement as one line: an SD-JWT, or JSON with what is sealed beside it, of which each JWE has
/// its form and stands for a digest of the statement.
Result<statement::Statement> read_submission(std::string_view line);

/// The SD-JWT of such a line, unread where it is one itself.
Result<std::string> sd_jwt_of(const std::string& line);

}  // namespace relais::cli
