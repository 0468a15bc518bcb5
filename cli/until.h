// --until: how much of a log a command takes in.
#pragma once

#include <string>

#include "ledger/log/ledger.h"

namespace relais::cli {

/// What is accepted, for the help of a command.
inline constexpr const char* kUntilHelp =
    "Only the first so many entries, or those received before a day or a time";

/// How many entries: all where `until` is empty. Rule "until-form".
Result<TreeSize> size_until(const log::Ledger& ledger, const std::string& until);

}  // namespace relais::cli
