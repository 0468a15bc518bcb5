#include "ledger/rules/relation.h"

#include <algorithm>

#include "ledger/base/stored.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

using statement::RoleSet;

constexpr std::string_view kNames[] = {"holder",
                                       "asked to be the holder",
                                       "addressee, waiting",
                                       "addressee, accepted",
                                       "addressee, completed",
                                       "declined or never answered",
                                       "former holder",
                                       "partner with a promise",
                                       "applicant",
                                       "former applicant",
                                       "préfecture with an application",
                                       "member with the file",
                                       "stepped back",
                                       "emergency access",
                                       "none",
                                       "analyst"};
static_assert(std::size(kNames) == static_cast<std::size_t>(kLastRelation) + 1);

constexpr auto kDebates =
    static_cast<statement::EventOrdinal>(schema::Event::Data::PSP_OPINION_GIVEN);
constexpr auto kDetected = static_cast<statement::EventOrdinal>(schema::Event::Data::CASE_DETECTED);
constexpr auto kTaken =
    static_cast<statement::EventOrdinal>(schema::Event::Data::CASE_TRANSFER_ACCEPTED);
constexpr auto kPassedOn =
    static_cast<statement::EventOrdinal>(schema::Event::Data::CASE_PASSED_ON);

/// Who detects holds the case, and who accepts a transfer, or gets it from one that has left, does
/// from then on.
bool has_held(const CaseState& c, SignatoryId who) {
  return std::ranges::any_of(c.acts, [who](const ActMark& a) {
    if (a.type == kPassedOn) return a.ref == who.value;
    return a.by == who && (a.type == kDetected || a.type == kTaken);
  });
}

Relation of_referral(const CaseState& c, const Referral& r, Day on) {
  switch (r.phase) {
    case ReferralPhase::requested:
    case ReferralPhase::received:
    case ReferralPhase::held:
      return basis_holds(c, r, on) ? Relation::waiting : Relation::unanswered;
    case ReferralPhase::accepted:
      return Relation::accepted;
    case ReferralPhase::completed:
    case ReferralPhase::failed:
      return Relation::completed;
    case ReferralPhase::declined:
    case ReferralPhase::expired:
    case ReferralPhase::cancelled:
      break;
  }
  return Relation::unanswered;
}

/// Whether it holds the case, has accepted a referral that is open, or is a party to the parcours.
bool part_of(const CaseState& c, SignatoryId who, RoleSet roles) {
  if (holder_or_accepted(c, who)) return true;
  const PspPhase phase = c.psp.phase;
  if (phase == PspPhase::none || phase == PspPhase::ended || phase == PspPhase::final_refusal)
    return false;
  return c.psp.applicant == who || roles.has(schema::Role::PREF) || roles.has(schema::Role::SEC);
}

}  // namespace

std::string_view to_string(Relation r) {
  return kNames[static_cast<std::size_t>(r)];
}

Relations relations_of(const CaseState& c, SignatoryId who, RoleSet roles, Timestamp at) {
  const Day on = legal_day(at);
  Relations out;
  if (emergency_access(c, who, at)) out.add(Relation::emergency);
  if (!c.participants.contains(who)) return out;
  if (c.holder == who)
    out.add(Relation::holder);
  else if (has_held(c, who))
    out.add(Relation::former_holder);
  if (c.transfer && c.transfer->to == who) out.add(Relation::invited);
  for (const Referral& r : c.referrals)
    if (r.to == who) out.add(of_referral(c, r, on));
  // A promise gives no part of its own: nobody reads on by what it has said itself.
  if (std::ranges::any_of(
          c.contributions,
          [who](const Contribution& k) { return k.by == who && !k.delivered && !k.lapsed; }) &&
      part_of(c, who, roles))
    out.add(Relation::partner);
  if (c.psp.phase != PspPhase::none) {
    if (c.psp.applicant == who)
      out.add(c.psp.ended == 0 ? Relation::applicant : Relation::former_applicant);
    if (roles.has(schema::Role::PREF) || roles.has(schema::Role::SEC))
      out.add(c.stepped_back.contains(who) ? Relation::stepped_back : Relation::prefecture);
  }
  if (out.empty()) out.add(Relation::unanswered);  // it was asked to take the case over
  return out;
}

bool has_a_part(const CaseState& c, const Signatory& who) {
  return part_of(c, who.id, who.role_set());
}

bool takes_part_now(Relations relations) {
  using enum Relation;
  for (const Relation r :
       {holder, invited, waiting, accepted, partner, applicant, prefecture, emergency})
    if (relations.has(r)) return true;
  return false;
}

std::uint32_t known_until(const CaseState& c, SignatoryId who) {
  std::uint32_t version = c.psp.applicant == who ? c.psp.ended : 0;
  for (const Referral& r : c.referrals)
    if (r.to == who) version = std::max(version, r.completed);
  return version;
}

bool deliberates(RoleSet roles) {
  return roles.has(schema::Role::PREF) || roles.has(schema::Role::SEC) ||
         roles.has(schema::Role::MEMBER) || roles.has(schema::Role::AA) ||
         roles.has(schema::Role::ANALYST) || roles.has(schema::Role::SYSTEM);
}

bool of_debates(statement::EventOrdinal type) {
  return type == kDebates;
}

std::uint32_t count_of(const CaseState& c, RoleSet roles, std::uint32_t version) {
  require_stored(version <= c.acts.size(), "a stored case has a version that it has no act of");
  if (deliberates(roles)) return version;
  const auto hidden = std::count_if(c.acts.begin(), c.acts.begin() + version,
                                    [](const ActMark& a) { return of_debates(a.type); });
  return version - static_cast<std::uint32_t>(hidden);
}

std::optional<std::uint32_t> version_at(const CaseState& c, RoleSet roles, std::uint32_t count) {
  if (count == 0 || count > c.acts.size()) return std::nullopt;
  if (deliberates(roles)) return count;
  std::uint32_t left = count;
  for (std::uint32_t version = 1; version <= c.acts.size(); ++version)
    if (!of_debates(c.acts[version - 1].type) && --left == 0) return version;
  return std::nullopt;
}

}  // namespace relais::rules
