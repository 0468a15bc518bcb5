// What a signatory is to a case, from the case's state alone; and how it counts the case's events.
// Reading rights rest on it (api/reading/matrix.h), and what a refusal may tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ledger/rules/calendar.h"
#include "ledger/rules/case_state.h"
#include "ledger/statement/catalogue.h"

namespace relais::rules {

/// Who has several has the rights of each; but `stepped_back` stands in the place of what one was
/// on the commission.
enum class Relation : std::uint8_t {
  holder,            ///< responsible for the case now
  invited,           ///< asked to become the holder, and has not answered
  waiting,           ///< addressee of a referral that it has not answered and whose ground holds
  accepted,          ///< addressee that has accepted, until it completes
  completed,         ///< addressee that has come to the end of what it was asked for
  unanswered,        ///< was asked; declined, never answered, was cancelled or lost its ground
  former_holder,     ///< handed the case over
  partner,           ///< has a part, and has promised something that is not delivered yet
  applicant,         ///< association whose parcours is applied for or runs
  former_applicant,  ///< association whose parcours has ended
  prefecture,        ///< préfecture and secretariat, from the application on
  member,            ///< sits on a session that has the case before it, and takes no other part
  stepped_back,      ///< member or official that has stepped back from the file
  emergency,         ///< has opened the case in immediate danger, for a bounded time
  none,              ///< anybody else
  analyst,           ///< reads the pseudonymised log, of whatever case
};
inline constexpr auto kLastRelation = Relation::analyst;
std::string_view to_string(Relation r);  ///< "former holder"

class Relations {
 public:
  constexpr Relations() = default;
  constexpr explicit Relations(Relation r) { add(r); }
  constexpr void add(Relation r) { bits_ |= 1U << static_cast<unsigned>(r); }
  constexpr bool has(Relation r) const { return ((bits_ >> static_cast<unsigned>(r)) & 1U) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  bool operator==(const Relations&) const = default;
  friend constexpr Relations operator|(Relations a, Relations b) {
    a.bits_ |= b.bits_;
    return a;
  }

 private:
  std::uint32_t bits_ = 0;
};

/// What follows from the case's state. `at`: now, since consents expire and persons grow. Empty for
/// who takes no part. `member` and `analyst` do not follow from a case.
Relations relations_of(const CaseState& c, SignatoryId who, statement::RoleSet roles, Timestamp at);

/// Whether the signatory takes part as things stand, and not only did: what the case's state is may
/// be told to it.
bool takes_part_now(Relations relations);

/// Version up to which a part that has ended lets its signatory know the case: of the completed
/// referrals, and of the parcours that has ended. 0: nothing.
std::uint32_t known_until(const CaseState& c, SignatoryId who);

// --- Counting. The debates of the commission stand in the case's stream, and are not for who only
// supports people (docs/DOMAIN.md, section 1): that there was one must not show as a gap. Each
// signatory counts the events as it sees them: in what it reads, in If-Match and in what it signs
// (target_version, targets). For who sits on the commission or presents files to it, and wherever
// there was no debate, that is the position in the stream.

/// Sits on the commission, or presents files to it.
bool deliberates(statement::RoleSet roles);
/// What the commission says among itself, in a case's stream.
bool of_debates(statement::EventOrdinal type);
/// How many of the first `version` events a signatory with these roles counts.
std::uint32_t count_of(const CaseState& c, statement::RoleSet roles, std::uint32_t version);
/// Position of the event that it counts as the n-th; nothing where it counts no so many.
std::optional<std::uint32_t> version_at(const CaseState& c, statement::RoleSet roles,
                                        std::uint32_t count);

}  // namespace relais::rules
