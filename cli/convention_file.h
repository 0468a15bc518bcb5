// The convention file (TOML): who the signatories are, with which keys, quorums and terms. See
// examples/conventions/rhone-2023.toml.
//
//   id, title, signed_on (a TOML date), origin, territories = ["69", …]
//   [terms]         name = whole number
//   [[quorum]]      act, approvals, roles
//   [[signatory]]   id, name, roles, public_key
//
// Members that are not named here are refused, so that a misspelt one is not silently left out.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/log/genesis.h"

namespace relais::cli {

/// Most bytes of a convention file.
inline constexpr std::size_t kMaxConventionBytes = std::size_t{1024} * 1024;

/// Reads the text of a convention file; `name` stands in error messages ("name:line: …").
/// Errors: rules "convention-…", Errc::malformed or invalid. What the rules of the ledger check
/// (keys that stand twice, quorums out of reach) is left to them.
Result<log::Genesis> parse_convention(std::string_view text, const std::string& name);

Result<log::Genesis> load_convention(const std::filesystem::path& file);

/// The example convention of the Rhône that is built into the program, with "@id@" where the public
/// keys belong.
std::string_view example_convention();

}  // namespace relais::cli
