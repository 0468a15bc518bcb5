// Reading rights: short-lived bearer tokens signed by an enrolled key (docs/FORMATS.md, "Access
// token"). No password, no account.
//
//   header  {"alg":"EdDSA","typ":"relais-access+jwt","kid":…}
//   payload {"iss":source of the signatory,"aud":origin of the log,"iat":s,"exp":s,"jti":…,
//            "purpose":…}; further members are ignored (RFC 7519, section 4)
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/rules/registry.h"

namespace relais::api {

inline constexpr std::string_view kAccessTyp = "relais-access+jwt";
inline constexpr std::int64_t kMaxTokenSeconds = 300;
inline constexpr std::int64_t kMaxTokenAheadSeconds = 60;  ///< a reader's clock before ours
inline constexpr std::size_t kMaxPurposeBytes = 200;
inline constexpr std::size_t kMaxJtiBytes = 128;
inline constexpr std::size_t kMaxTokenBytes = 4096;
inline constexpr std::size_t kMaxCachedTokens = 10'000;

/// A token whose signature holds.
struct Token {
  KeyId kid;
  std::string issuer;
  std::int64_t expires_at = 0;  ///< seconds since the epoch
  std::string id;
  std::string purpose;
};

/// Who reads.
struct Reader {
  SignatoryId id;
  SignatoryId account;  ///< whose share of what is limited it has (rules::Registry::account_of)
  statement::RoleSet roles;
  std::shared_ptr<const Token> token;
  /// Sees events without their disclosures, never a case.
  bool analyst() const { return roles.has(schema::Role::ANALYST); }
};

/// Thread-safe.
class Authenticator {
 public:
  explicit Authenticator(std::string origin) : origin_(std::move(origin)) {}

  /// The reader that an Authorization value names. What is cached is the token's own truth
  /// (signature, form, times); its key and its signatory are judged by `registry` at each use, as
  /// of `now` or of the log's last entry, whichever is later: a clock that was put back does not
  /// bring a revoked key back. Errors: Errc::unauthenticated, rules "token-…" and those of
  /// Registry::check_key.
  Result<Reader> authenticate(std::string_view authorization, const rules::Registry& registry,
                              Timestamp now, Timestamp last_received);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  Result<std::shared_ptr<const Token>> verified(std::string_view text,
                                                const rules::Registry& registry, Timestamp now,
                                                Timestamp key_time);
  void remember(std::string_view text, std::shared_ptr<const Token> token, std::int64_t now);

  std::string origin_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Token>, TextHash, std::equal_to<>> cache_;
};

/// Whether an answer that goes on for long may go on: until its token ends, or its key. `now` and
/// `last_received` as above. Rules as above.
Status check_still(const Reader& reader, const rules::Registry& registry, Timestamp now,
                   Timestamp last_received);

/// A token of kMaxTokenSeconds for reading the log `origin` as `source`. Refuses a purpose that is
/// empty or too long (Errc::invalid, "token-purpose").
Result<std::string> make_token(const crypto::SigningKey& key, std::string_view source,
                               std::string_view origin, std::string_view purpose,
                               const Clock& clock, Random& random);

}  // namespace relais::api
