#include "ledger/statement/salts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string_view>

#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"

namespace relais::statement {
namespace {

constexpr double kLeastBits = 128;
constexpr std::string_view kSaltSource = "RFC 9901, section 9.3";
/// Of sixteen random bytes at least so many differ, but for once in 10^10; what was typed, or
/// counts up from zeros, often has fewer.
constexpr std::ptrdiff_t kLeastDifferent = 8;

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

/// Bits that a text of this length can have, by the characters it is made of: who writes salts in
/// hexadecimal has four a character.
double most_bits(std::string_view salt) {
  const bool decimal = std::ranges::all_of(salt, is_decimal);
  const auto hexadecimal = [&](char first, char last) {
    return std::ranges::all_of(salt,
                               [=](char c) { return is_decimal(c) || (c >= first && c <= last); });
  };
  const double each = decimal                                          ? std::log2(10)
                      : hexadecimal('a', 'f') || hexadecimal('A', 'F') ? 4.0
                                                                       : 6.0;
  return each * static_cast<double>(salt.size());
}

std::ptrdiff_t different(std::string_view bytes) {
  std::array<bool, 256> seen{};
  for (const char c : bytes) seen[static_cast<unsigned char>(c)] = true;
  return std::ranges::count(seen, true);
}

}  // namespace

Result<std::vector<SaltUse>> check_salts(const std::vector<std::string>& disclosures) {
  std::vector<SaltUse> uses;
  uses.reserve(disclosures.size());
  const std::hash<std::string_view> number;
  for (std::size_t i = 0; i < disclosures.size(); ++i) {
    const std::string field = "disclosures[" + std::to_string(i) + "]";
    const auto text = crypto::base64url_decode(disclosures[i]);
    check(text.has_value(), "a disclosure that was parsed has its form");
    RELAIS_ASSIGN(const json::value parts, json::parse(*text));
    const auto& first = parts.as_array().at(0).as_string();
    const std::string_view salt(first.data(), first.size());
    const auto bytes = crypto::base64url_decode(salt);
    if (!bytes || most_bits(salt) < kLeastBits || different(*bytes) < kLeastDifferent)
      return fail(error(Errc::malformed, "sd-salt", "the salt of a disclosure can be guessed")
                      .at(field)
                      .accepts("base64url of at least 16 random bytes")
                      .from(std::string(kSaltSource)));
    const SaltUse use{number(salt), number(disclosures[i])};
    if (std::ranges::any_of(uses, [&](const SaltUse& u) { return u.salt == use.salt; }))
      return fail(error(Errc::malformed, "sd-salt-repeated", "a salt stands in two disclosures")
                      .at(field)
                      .accepts("a salt of its own for each disclosure")
                      .from(std::string(kSaltSource)));
    uses.push_back(use);
  }
  return uses;
}

}  // namespace relais::statement
