// In whose hands the files are that a ledger rests on.
#pragma once

#include "ledger/base/error.h"
#include "ledger/log/ledger.h"

namespace relais::log {

/// Who owns a folder, or may write into it, may put another file for any that is in it, whatever
/// that one's mode; who owns a file may write it. So the data folder, its own folders and what lies
/// in them are the server's or root's, and nobody else may write into them; a wrapping key that is
/// a file is one of these two's as well, in a folder of theirs that is not everybody's to write
/// into. Who may look into the data folder is reported. Errc::forbidden "data-folder-mode",
/// "data-owner", "wrapping-key-folder".
Status check_hands(const Options& options);

}  // namespace relais::log
