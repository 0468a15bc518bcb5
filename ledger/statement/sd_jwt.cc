#include "ledger/statement/sd_jwt.h"

#include <array>
#include <utility>

#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/statement/formats.h"

namespace relais::statement {
namespace {

std::unexpected<Error> bad_form(std::string message) {
  return fail(error(Errc::malformed, "sd-jwt-form", std::move(message))
                  .accepts("<jwt>~<disclosure>~…~, or a JWT alone")
                  .from("RFC 9901, section 4"));
}

}  // namespace

Result<SdJwt> split_sd_jwt(std::string_view text) {
  SdJwt out;
  if (!is_ascii(text)) return bad_form("the text is not ASCII");
  const std::size_t first = text.find('~');
  out.jwt = text.substr(0, first);
  if (out.jwt.empty()) return bad_form("there is no JWT in front of the disclosures");
  if (first == std::string_view::npos) return out;
  text.remove_prefix(first + 1);
  for (std::size_t end = 0; !text.empty(); text.remove_prefix(end + 1)) {
    end = text.find('~');
    if (end == std::string_view::npos)
      return fail(error(Errc::malformed, "key-binding-unsupported",
                        "something stands behind the last tilde, where a key binding JWT would")
                      .accepts("an SD-JWT without key binding, which ends with a tilde")
                      .from("RFC 9901, section 4"));
    if (end == 0) return bad_form("a disclosure is empty");
    if (out.disclosures.size() == kMaxDisclosures) return bad_form("too many disclosures");
    out.disclosures.push_back(text.substr(0, end));
  }
  return out;
}

std::string join_sd_jwt(std::string_view jwt, const std::vector<std::string>& disclosures) {
  std::string out(jwt);
  out.push_back('~');
  for (const std::string& d : disclosures) out.append(d).push_back('~');
  return out;
}

namespace {

/// The JSON text of a disclosure.
std::string write_disclosure(std::string_view name, const json::value& value, Random& random) {
  std::array<std::uint8_t, 16> salt{};
  random.fill(salt);
  json::array parts;
  parts.emplace_back(
      crypto::base64url_encode({reinterpret_cast<const char*>(salt.data()), salt.size()}));
  if (!name.empty()) parts.emplace_back(name);
  parts.push_back(value);
  return json::serialize(json::value(std::move(parts)));
}

}  // namespace

std::string make_disclosure(std::string_view name, const json::value& value, Random& random) {
  return crypto::base64url_encode(write_disclosure(name, value, random));
}

std::string make_padded_disclosure(std::string_view name, const json::value& value,
                                   Random& random) {
  std::string text = write_disclosure(name, value, random);
  text.resize((text.size() + kPadding - 1) / kPadding * kPadding, ' ');
  return crypto::base64url_encode(text);
}

std::string disclosure_digest(std::string_view text) {
  return crypto::base64url_encode(view(crypto::sha256(text)));
}

}  // namespace relais::statement
