// Sealed disclosures: what even the host cannot read. The text of a disclosure is the plaintext of
// a JWE (ledger/crypto/jwe.h); its digest stands in the statement as ever, so that the signature
// covers it. The JWE's protected header says which digest and which member it stands for, and so a
// sealed disclosure is of one statement and one member.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/json.h"
#include "ledger/crypto/x25519.h"
#include "ledger/statement/statement.h"

namespace relais::statement {

/// Most sealed disclosures that come with one statement, and most copies of one that are kept: the
/// author's, and those for whom it was sealed again.
inline constexpr std::size_t kMaxSealed = 64;
inline constexpr std::size_t kMaxSealedCopies = 8;

/// The form of a JWE and of its two members `relais_digest` and `relais_member`. Errors: rules
/// "jwe-…", "sealed-digest", "sealed-member" (Errc::malformed, Errc::too_large).
Result<Sealed> parse_sealed(const json::value& jwe);
/// The same of its stored text.
Result<Sealed> parse_sealed(std::string_view text);

/// Puts `jwes`, a JSON array, beside a statement that was parsed. Each is for a digest of its
/// `data._sd` that no disclosure beside it has, and for a sensitive member of its type that is not
/// disclosed otherwise. Errors: those of parse_sealed, "sealed-unreferenced", "sealed-and-clear",
/// "sealed-repeated", "sealed-member", "statement-too-large", with the place in `field`.
Status add_sealed(Statement& s, const json::value& jwes);
/// What must hold of a JWE that is stored beside a statement.
Status check_sealed(const Statement& s, const Sealed& sealed);

/// An SD-JWT, or `{"statement":"<SD-JWT>","sealed":[<JWE>,…]}`: what a list of statements has as an
/// element, what `relais sign --seal-to` makes. Errors: "submission-form" and those above.
Result<Statement> parse_submission(const json::value& submission);
/// The latter form of what a reader gets; the JWEs are texts.
std::string submission_json(std::string_view sd_jwt, const std::vector<std::string>& sealed);

/// An SD-JWT, some of whose disclosures were taken out and sealed.
struct SealedStatement {
  std::string sd_jwt;
  std::vector<std::string> sealed;
};
/// Seals the disclosures of `members` (all, where it is empty) to `to`: 1 to kMaxJweRecipients keys
/// that differ. Errors: "seal-member" where there is no disclosure of a member, "seal-recipients".
Result<SealedStatement> seal_disclosures(std::string_view sd_jwt,
                                         std::span<const std::string> members,
                                         std::span<const crypto::SealingKey> to, Random& random);

/// The disclosure in a sealed one. It is the one that the statement's digest commits to, and of the
/// member that the seal names; what the ledger cannot check is checked here. Errors: "jwe-…",
/// "sealed-differs" (Errc::unauthenticated).
Result<std::string> open_sealed(const Sealed& sealed, const crypto::OpeningKey& key);
/// Seals a disclosure again that open_sealed() gave, for another reader.
Result<std::string> seal_again(const Sealed& sealed, std::string_view disclosure,
                               std::span<const crypto::SealingKey> to, Random& random);

}  // namespace relais::statement
