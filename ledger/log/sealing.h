// What is kept of a statement beside its JWT, and what the ledger can check of a disclosure that it
// cannot read: who it is sealed to, that it must be sealed, who may seal it again.
//
// The record of an entry is a list of texts: a disclosure is base64url, a sealed one is JSON and
// begins with a brace.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/rules/registry.h"
#include "ledger/statement/sealed.h"
#include "ledger/statement/statement.h"

namespace relais::log {

/// Bytes of what is kept of one statement beside its JWT.
inline constexpr std::size_t kMaxKeptBytes = 4u << 20;

inline bool is_sealed(std::string_view text) {
  return text.starts_with('{');
}
/// The disclosures and the sealed ones, as they are stored.
std::vector<std::string> kept_texts(const statement::Statement& s);

/// Whether a new statement's sealed disclosures are sealed to keys that are in use at `at`, those
/// that must be to the roles that the schema names, and whether what must be sealed is. A member
/// must be once each of these roles has a sealing key: before, it could not be confided at all.
/// Errors: "sealing-key-…", "sealed-recipient-missing", "must-be-sealed" (Errc::invalid).
Status check_seals(const rules::Registry& registry, const statement::Statement& s, Timestamp at);

/// Up to how many copies of one disclosure, and bytes beside one statement, who brings a sealed
/// disclosure may add to what is kept. Nobody can tell a copy from rubbish but its readers: the
/// last places are the holder's, those before them the signer's, whatever other readers bring.
struct SealShare {
  std::size_t copies = 0;  ///< 0: none, it has nothing to do with the statement
  std::size_t bytes = 0;
};
inline constexpr SealShare kShareOfReader{statement::kMaxSealedCopies / 2, kMaxKeptBytes / 2};
inline constexpr SealShare kShareOfSigner{statement::kMaxSealedCopies * 3 / 4,
                                          kMaxKeptBytes / 4 * 3};
inline constexpr SealShare kShareOfHolder{statement::kMaxSealedCopies, kMaxKeptBytes};
/// `copies` are those of the same digest.
using MaySeal = std::function<SealShare(const std::vector<statement::Sealed>& copies)>;

/// The texts of a statement that is in the log already which `kept` does not have. A disclosure
/// belongs to its statement by its digest, whoever brings it; of a sealed one nobody but its
/// readers can tell, so it is taken from those that have to do with it. Errors: those of
/// check_seals, "disclosure-sealed", "sealed-and-clear", "sealed-stranger", "limit-sealed".
Result<std::vector<std::string>> missing_texts(const rules::Registry& registry,
                                               const statement::Statement& s,
                                               const std::vector<std::string>& kept, Timestamp at,
                                               const MaySeal& may_seal);

}  // namespace relais::log
