#include "ledger/statement/formats.h"

#include <algorithm>
#include <array>
#include <string>

#include "ledger/base/clock.h"
#include "ledger/base/id.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/x25519.h"
#include "ledger/statement/uri.h"

namespace relais::statement {
namespace {

bool lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hash(std::string_view text) {
  return text.size() == 43 && crypto::base64url_decode(text).has_value();
}

bool is_jwt(std::string_view text) {
  for (int part = 0; part < 3; ++part) {
    const std::size_t end = part < 2 ? text.find('.') : text.size();
    if (end == std::string_view::npos || end == 0) return false;
    if (!crypto::base64url_decode(text.substr(0, end))) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

/// A commune by its INSEE code ("69123", "2A004"), or a named territory ("metropole").
bool is_territory(std::string_view text) {
  if (text.empty()) return false;
  if (lower(text[0])) return is_slug(text);
  if (text.size() != 5 || !digit(text[0])) return false;
  const bool corsica = text[0] == '2' && (text[1] == 'A' || text[1] == 'B');
  return (digit(text[1]) || corsica) && std::ranges::all_of(text.substr(2), digit);
}

bool is_domain(std::string_view text) {
  bool dot = false;
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(text.find('.', at), text.size());
    const std::string_view label = text.substr(at, end - at);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::ranges::all_of(label, [](char c) {
          return lower(c) || digit(c) || (c >= 'A' && c <= 'Z') || c == '-';
        }))
      return false;
    if (end == text.size()) return dot;
    dot = true;
    at = end + 1;
  }
}

bool is_digits(std::string_view text, std::size_t count) {
  return text.size() == count && std::ranges::all_of(text, digit);
}

/// A mailbox in the dot-atom form of RFC 5322, section 3.4.1, at a domain with a dot.
bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
  const std::string_view local = text.substr(0, at);
  static constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~.";
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos)
    return false;
  return std::ranges::all_of(local,
                             [&](char c) {
                               return lower(c) || digit(c) || (c >= 'A' && c <= 'Z') ||
                                      kMarks.find(c) != std::string_view::npos;
                             }) &&
         is_domain(text.substr(at + 1));
}

int digit_sum(std::string_view digits, bool luhn) {
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i-- > 0; twice = luhn && !twice) {
    const int d = (digits[i] - '0') * (twice ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return sum;
}

/// SIREN and SIRET are checked by Luhn's formula (ISO/IEC 7812-1, as INSEE has it). The
/// establishments of La Poste, SIREN 356000000, are not, but for its seat: their digits add up to a
/// multiple of five.
bool is_siret(std::string_view text) {
  if (!is_digits(text, 14) || text.starts_with("000000000")) return false;
  if (digit_sum(text.substr(0, 9), true) % 10 != 0) return false;
  if (digit_sum(text, true) % 10 == 0) return true;
  return text.starts_with("356000000") && digit_sum(text, false) % 5 == 0;
}

/// A number of two to four digits that is dialled as it stands, and in France alone: the emergency
/// services (15, 17, 18, 112, 114, 115, 119, 191, 196, 197) and services of general interest (10xx,
/// 3xxx, as 3919 for women who suffer violence), by the French numbering plan (ARCEP, decision
/// 2018-0881, annex 1). 116xxx and 118xxx have six digits anyway.
bool is_short_number(std::string_view digits) {
  switch (digits.size()) {
    case 2:
      return digits == "15" || digits == "17" || digits == "18";
    case 3:
      return digits.starts_with("11") || digits.starts_with("19");
    case 4:
      return digits.starts_with("10") || digits.starts_with('3');
    default:
      return false;
  }
}

/// A telephone number as people write it. ITU-T E.164 has at most 15 digits, of which none is a 0
/// behind the plus; what stands between them helps to read, and a program that dials leaves it out
/// (RFC 3966, section 5.1.1, visual separators).
bool is_telephone(std::string_view text) {
  const bool international = text.starts_with('+');
  if (international) text.remove_prefix(1);
  if (text.empty() || !(digit(text.front()) || text.front() == '(') || !digit(text.back()))
    return false;
  std::string digits;
  bool inside = false;  // of parentheses, which hold one digit at least
  char last = 0;
  for (const char c : text) {
    if (digit(c)) {
      if (international && digits.empty() && c == '0') return false;
      digits.push_back(c);
    } else if (c == '(' || c == ')') {
      if (inside != (c == ')') || (inside && !digit(last))) return false;
      inside = !inside;
    } else if (c != ' ' && c != '.' && c != '-') {
      return false;
    }
    last = c;
  }
  if (inside) return false;
  if (!international && is_short_number(digits)) return true;
  return digits.size() >= 6 && digits.size() <= 15;
}

constexpr std::array<Format, 17> kFormats = {{
    {"uuid", "a UUID: 36 characters with dashes",
     [](std::string_view t) { return parse_uuid(t).has_value(); }},
    {"date", "a day as 2026-11-24", [](std::string_view t) { return parse_date(t).has_value(); }},
    {"timestamp", "an RFC 3339 date-time with seconds, as 2026-11-24T16:00:00Z",
     [](std::string_view t) { return parse_rfc3339(t).has_value(); }},
    {"sha256", "a SHA-256 digest in base64url: 43 characters", is_hash},
    {"uri", "an absolute URI (RFC 3986)", is_uri},
    {"signatory", "a signatory's short name: 1 to 64 of a-z, 0-9, -", is_slug},
    {"kid", "an RFC 7638 thumbprint: base64url of 32 bytes",
     [](std::string_view t) { return crypto::parse_key_id(t).has_value(); }},
    {"ed25519", "an Ed25519 public key: base64url of 32 bytes",
     [](std::string_view t) { return crypto::parse_public_key(t).has_value(); }},
    {"x25519", "an X25519 public key: base64url of 32 bytes, not of low order",
     [](std::string_view t) { return crypto::parse_sealing_key(t).has_value(); }},
    {"jwt", "a compact JWS: header.payload.signature, each in unpadded base64url", is_jwt},
    {"territory", "an INSEE commune code of 5 characters, or a named territory (a-z, 0-9, -)",
     is_territory},
    {"slug", "1 to 64 of a-z, 0-9, -", is_slug},
    {"email", "a mailbox as service@example.org", is_email},
    {"siret", "a SIRET number: 14 digits, of which the last is right", is_siret},
    {"link",
     "a link that a reader can open: http:// or https:// and a host, accents in it as the "
     "Punycode of small letters (xn--prfecture-b4a.example)",
     is_link},
    {"postal_code", "a postal code: 5 digits", [](std::string_view t) { return is_digits(t, 5); }},
    {"telephone",
     "a telephone number: an optional + and 6 to 15 digits, or a French short number (15, 17, 18, "
     "11x, 19x, 10xx, 3xxx), with spaces, dots, hyphens and parentheses between",
     is_telephone},
}};

}  // namespace

const Format* find_format(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name, &Format::name);
  return found == kFormats.end() ? nullptr : &*found;
}

bool has_format(const Format& format, std::string_view text) {
  return is_ascii(text) && format.holds(text);
}

bool is_ascii(std::string_view text) {
  unsigned char bits = 0;  // of all of them, whatever comes first: a vector of characters at once
  for (const char c : text) bits |= static_cast<unsigned char>(c);
  return bits < 0x80;
}

bool is_slug(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return lower(c) || digit(c) || c == '-'; });
}

}  // namespace relais::statement
