// The salts of disclosures, as they come in: what a digest hides is safe only as long as its salt
// cannot be guessed (RFC 9901, section 9.3). The log's own verification asks for none of this: what
// was accepted stays so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/base/error.h"

namespace relais::statement {

/// A salt and the disclosure it was made for, as numbers to remember them by.
struct SaltUse {
  std::uint64_t salt = 0;
  std::uint64_t disclosure = 0;
};

/// Each salt has room for 128 bits, is not made of a few characters only, and stands in one
/// disclosure. `disclosures` have their form. Rules "sd-salt", "sd-salt-repeated"
/// (Errc::malformed), with the disclosure's place.
Result<std::vector<SaltUse>> check_salts(const std::vector<std::string>& disclosures);

}  // namespace relais::statement
