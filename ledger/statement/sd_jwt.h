// SD-JWT (RFC 9901): the compact form without key binding, and the processing of disclosures.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/json.h"

namespace relais::statement {

/// Most disclosures of one SD-JWT, and most bytes of one disclosure's text.
inline constexpr std::size_t kMaxDisclosures = 200;
inline constexpr std::size_t kMaxDisclosureBytes = 64 * 1024;

/// `<jwt>~<disclosure>~…~`, taken apart but not processed. Views point into the text.
struct SdJwt {
  std::string_view jwt;
  std::vector<std::string_view> disclosures;
};
/// A text with no tilde at all is a JWT without disclosures and is accepted. Rules "sd-jwt-form",
/// "key-binding-unsupported".
Result<SdJwt> split_sd_jwt(std::string_view text);
std::string join_sd_jwt(std::string_view jwt, const std::vector<std::string>& disclosures);

/// A disclosure that was put into its place.
struct Disclosed {
  std::string path;  ///< dotted path of the member in the processed payload, e.g. "data.note";
                     ///< array elements "data.x[0]"
  std::string text;  ///< base64url text, as received
};

struct Processed {
  json::object payload;  ///< with every disclosed value in place; no `_sd`, `_sd_alg`, `...`
  std::vector<Disclosed> disclosed;  ///< in order of the given disclosures
  std::size_t withheld = 0;          ///< digests without a disclosure (erased, withheld or decoy)
  std::size_t digests = 0;           ///< all digests found, in the payload and in disclosures
  std::vector<std::string>
      digest_paths;  ///< path of the object or array that holds each digest found in the signed
                     ///< payload itself (not in disclosures): "data", "data.x", "" for the top
};

/// RFC 9901 section 7.1, steps 3 and on: finds every digest, puts each disclosed value in its
/// place, refuses what the RFC and docs/FORMATS.md refuse: `_sd_alg` other than sha-256, `_sd` not
/// an array of strings, a digest repeated, a disclosure that no digest refers to or that has the
/// wrong arity, names `_sd` and `...`, a name that stands there already, a salt under 128 bits.
/// Rules "sd-…", Errc::malformed.
Result<Processed> process_sd_jwt(json::object payload,
                                 const std::vector<std::string_view>& disclosures);

/// A disclosure's text for an object member (or, with an empty `name`, an array element), with a
/// fresh 128-bit salt.
std::string make_disclosure(std::string_view name, const json::value& value, Random& random);
/// Name of the member that a disclosure's text reveals; nothing where it is of no member.
std::optional<std::string> disclosed_name(std::string_view text);
/// The same of a multiple of kPadding bytes, by white space in its JSON: sealed, it tells less of
/// how long the value is.
std::string make_padded_disclosure(std::string_view name, const json::value& value, Random& random);
inline constexpr std::size_t kPadding = 256;
/// base64url(SHA-256(ASCII text)).
std::string disclosure_digest(std::string_view text);

}  // namespace relais::statement
