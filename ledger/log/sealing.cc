#include "ledger/log/sealing.h"

#include <algorithm>

#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/sealed.h"

namespace relais::log {
namespace {

constexpr std::string_view kSource = "docs/decisions/0025-sealed-disclosures.md";

std::string place(std::size_t i, std::string_view member = {}) {
  std::string out = "sealed[" + std::to_string(i) + "]";
  if (!member.empty()) out.append(".").append(member);
  return out;
}

/// Each recipient's key is in use, and each role that the member must be sealed to has one.
Status check_recipients(const rules::Registry& registry, const statement::Statement& s,
                        std::size_t i, Timestamp at) {
  const statement::Sealed& sealed = s.sealed[i];
  statement::RoleSet reached;
  for (std::size_t r = 0; r < sealed.recipients.size(); ++r) {
    const auto key = registry.check_sealing_key(sealed.recipients[r], at);
    if (!key) {
      Error e = key.error();
      return fail(std::move(e.at(place(i, "recipients[" + std::to_string(r) + "].header.kid"))));
    }
    const rules::Signatory* owner = registry.find((*key)->owner);
    reached.bits = static_cast<std::uint16_t>(reached.bits | owner->roles);
  }
  const statement::Field* field = s.type->payload.find(sealed.member);
  statement::RoleSet missing = field->seal_to;
  missing.bits = static_cast<std::uint16_t>(missing.bits & ~reached.bits);
  if (missing.empty()) return {};
  return fail(error(Errc::invalid, "sealed-recipient-missing",
                    "the member is for a signatory that it is not sealed to")
                  .at(place(i, "recipients"))
                  .accepts("a sealing key of " + statement::to_string(missing) + " among them")
                  .from(std::string(kSource)));
}

bool can_be_sealed(const rules::Registry& registry, statement::RoleSet roles, Timestamp at) {
  for (unsigned bit = 0; bit < 16; ++bit) {
    const auto role = static_cast<schema::Role>(bit);
    if (roles.has(role) && !registry.can_seal_to(role, at)) return false;
  }
  return true;
}

Status check_clear(const rules::Registry& registry, const statement::Field& field, Timestamp at) {
  if (field.seal_to.empty() || !can_be_sealed(registry, field.seal_to, at)) return {};
  return fail(error(Errc::invalid, "must-be-sealed",
                    "this member is not for the host to read, and came in clear")
                  .at("data." + field.name)
                  .accepts("it sealed to " + statement::to_string(field.seal_to) +
                           ": relais sign --seal-to KEY")
                  .from(std::string(kSource)));
}

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  return bytes;
}

/// What is kept, by its kind.
struct Kept {
  std::vector<std::string> digests;  // of the disclosures
  std::vector<statement::Sealed> sealed;
};

Result<Kept> read_kept(const std::vector<std::string>& texts) {
  Kept kept;
  for (const std::string& text : texts) {
    if (!is_sealed(text)) {
      kept.digests.push_back(statement::disclosure_digest(text));
      continue;
    }
    auto sealed = statement::parse_sealed(text);
    if (!sealed)
      return fail(Errc::corrupt, "disclosures-form", "a stored sealed disclosure cannot be read");
    kept.sealed.push_back(std::move(*sealed));
  }
  return kept;
}

/// A sealed disclosure that comes to a statement of before, beside those that came already.
/// Gives the bytes up to which it may be kept.
Result<std::size_t> check_copy(const rules::Registry& registry, const statement::Statement& s,
                               std::size_t i, const Kept& kept, Timestamp at,
                               const MaySeal& may_seal) {
  const statement::Sealed& sealed = s.sealed[i];
  std::vector<statement::Sealed> copies;
  std::ranges::copy_if(kept.sealed, std::back_inserter(copies),
                       [&](const auto& other) { return other.digest == sealed.digest; });
  const SealShare share = may_seal(copies);
  if (share.copies == 0)
    return fail(
        error(Errc::forbidden, "sealed-stranger",
              "what a stranger seals to a statement of before is not kept")
            .at(place(i))
            .accepts("a token of who signed the statement, holds the case, or was among the "
                     "recipients")
            .from(std::string(kSource)));
  if (std::ranges::find(kept.digests, sealed.digest) != kept.digests.end())
    return fail(error(Errc::conflict, "sealed-and-clear",
                      "the ledger has this disclosure in clear: a seal hides nothing of it")
                    .at(place(i)));
  if (!copies.empty() && copies[0].member != sealed.member)
    return fail(error(Errc::conflict, "sealed-member", "the digest is that of another member")
                    .at(place(i))
                    .accepts(copies[0].member));
  const auto same = [&](const auto& other) { return other.digest == sealed.digest; };
  const auto before = std::ranges::count_if(
      s.sealed.begin(), s.sealed.begin() + static_cast<std::ptrdiff_t>(i), same);
  if (copies.size() + static_cast<std::size_t>(before) >= share.copies)
    return fail(error(Errc::conflict, "limit-sealed", "a disclosure is sealed so often already")
                    .at(place(i))
                    .accepts("at most " + std::to_string(share.copies) +
                             " copies of who brings it; " + std::to_string(kShareOfSigner.copies) +
                             " of who signed, " + std::to_string(kShareOfHolder.copies) +
                             " of who holds the case")
                    .in_state("FULL"));
  RELAIS_TRY(check_recipients(registry, s, i, at));
  return share.bytes;
}

}  // namespace

std::vector<std::string> kept_texts(const statement::Statement& s) {
  std::vector<std::string> texts = s.disclosures;
  for (const statement::Sealed& sealed : s.sealed) texts.push_back(sealed.text);
  return texts;
}

Status check_seals(const rules::Registry& registry, const statement::Statement& s, Timestamp at) {
  for (const statement::Field* field : s.disclosed) RELAIS_TRY(check_clear(registry, *field, at));
  for (std::size_t i = 0; i < s.sealed.size(); ++i)
    RELAIS_TRY(check_recipients(registry, s, i, at));
  return {};
}

Result<std::vector<std::string>> missing_texts(const rules::Registry& registry,
                                               const statement::Statement& s,
                                               const std::vector<std::string>& kept, Timestamp at,
                                               const MaySeal& may_seal) {
  RELAIS_ASSIGN(const Kept parsed, read_kept(kept));
  std::vector<std::string> missing;
  std::size_t most = kMaxKeptBytes;
  const auto known = [&](const std::string& text) {
    return std::ranges::find(kept, text) != kept.end();
  };
  for (std::size_t i = 0; i < s.disclosures.size(); ++i) {
    if (known(s.disclosures[i])) continue;
    const std::string digest = statement::disclosure_digest(s.disclosures[i]);
    if (std::ranges::find(parsed.sealed, digest, &statement::Sealed::digest) != parsed.sealed.end())
      return fail(error(Errc::conflict, "disclosure-sealed",
                        "what was sealed is not taken in clear: the host is not to read it")
                      .at("data." + s.disclosed[i]->name)
                      .accepts("the sealed disclosure")
                      .from(std::string(kSource)));
    RELAIS_TRY(check_clear(registry, *s.disclosed[i], at));
    missing.push_back(s.disclosures[i]);
  }
  for (std::size_t i = 0; i < s.sealed.size(); ++i) {
    if (known(s.sealed[i].text)) continue;
    RELAIS_ASSIGN(const std::size_t bytes, check_copy(registry, s, i, parsed, at, may_seal));
    most = std::min(most, bytes);
    missing.push_back(s.sealed[i].text);
  }
  if (!missing.empty() && bytes_of(kept) + bytes_of(missing) > most)
    return fail(error(Errc::too_large, "limit-sealed", "too much is sealed beside one statement")
                    .accepts("at most " + std::to_string(most) + " bytes"));
  return missing;
}

}  // namespace relais::log
