// The reading matrix: who may read what, in one table (docs/READING.md, printed by
// `relais rules --reading`).
//
//   role × relation to the case × kind of data → allowed, without disclosures, or absent
//
// A reader has the roles of its signatory, and the relations that follow from the ledger's state
// (ledger/rules/relation.h); it may what any of them may. What no cell allows answers as what does
// not exist. The table is a constant; visibility.h evaluates it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/rules/relation.h"

namespace relais::api {

/// Kinds of data.
enum class Kind : std::uint8_t {
  state,            ///< the case as it stands: GET /v1/cases, /v1/cases/{id}
  timeline,         ///< GET /v1/cases/{id}/timeline, as far as its acts are seen
  support_acts,     ///< acts of axes other than the commission's: in lists, one by one, their audit
  commission_acts,  ///< acts of the commission's axis, but its debates
  debates,          ///< opinions, with their tallies
  own_acts,         ///< what the reader has signed, with all that it disclosed
  receipts,         ///< proofs of acts that are seen
  confided,         ///< disclosures: what is said of the person
  referral,         ///< disclosures: what a referral says, and its answers
  identity,         ///< disclosures: the identity in an application
  commission_file,  ///< disclosures: what the parcours is judged on
  referrals,        ///< GET /v1/referrals: lines of which the reader is a side
  deadlines,        ///< GET /v1/deadlines: those that it has to meet, or waits for
  looks,            ///< who looked at it: GET /v1/audit/reads, and beside the case
  parcours,         ///< GET /v1/psp: where the parcours stands, by the commission's acts on it
  sessions,         ///< sessions of the commission and recusals, which are no case's
  shared,           ///< convention, keys, knowledge, competences, networks: of no case
  own_looks,        ///< what the reader has looked at itself: GET /v1/audit/reads
  indicators,       ///< tables, with small counts hidden
  log_hashes,       ///< checkpoint, key and tiles of the log
  log_entries,      ///< its entries, all of them
  figures,          ///< counters of the service
};
inline constexpr auto kLastKind = Kind::figures;
std::string_view to_string(Kind k);
/// Whether the kind depends on what the reader is to a case.
constexpr bool of_case(Kind k) {
  return k < Kind::sessions;
}
/// Whether the kind is a group of disclosures.
constexpr bool of_disclosures(Kind k) {
  return k >= Kind::confided && k <= Kind::commission_file;
}

enum class Verdict : std::uint8_t { absent, without_disclosures, allowed };
std::string_view to_string(Verdict v);

/// What must be so of the one act, where a cell allows.
enum class When : std::uint8_t {
  always,
  until_its_end,   ///< it came before the reader's part ended
  while_grounded,  ///< it came while the ground of the reader's referral held, and before its end
  own_referral,    ///< the same, and it is about that referral
  in_parcours,     ///< it came before the parcours ended
  consent_psp,     ///< the person's consent to a parcours covers the reader today
  convened,        ///< it is of a session that the reader sits on, or that has a file of its
  agreed,          ///< as in_parcours, while a consent of the person to a parcours is in force
};
std::string_view to_string(When w);

/// What the reading is for. A reading right is never wider than its purpose (RGPD art. 5(1)(b)).
enum class Purpose : std::uint8_t {
  support,      ///< of the person, by who does it or is asked to
  decision,     ///< on an application, a term, an agrément
  evidence,     ///< of what one has done oneself
  partnership,  ///< the convention's axes 2 to 4
  statistics,
  danger,     ///< immediate, to the person
  proof,      ///< that the log is what it was
  operation,  ///< of the machine
};
std::string_view to_string(Purpose p);

/// Who reads without being a signatory counts as a role too.
inline constexpr auto kOperator = static_cast<schema::Role>(8);
inline constexpr auto kAnyone = static_cast<schema::Role>(9);  ///< without a token
inline constexpr unsigned kRoles = 10;
std::string_view role_name(unsigned role);

struct Cell {
  Verdict verdict = Verdict::absent;
  When when = When::always;
  Purpose purpose{};
  std::string_view source;  ///< law, convention or decision
};

/// The one answer. Kinds that are of no case are asked with Relation::none.
const Cell& cell(schema::Role role, rules::Relation relation, Kind kind);
/// Whether a signatory of this role can be in this relation at all.
bool possible(schema::Role role, rules::Relation relation);

/// Group of a sensitive member: "psp.applied", "identity" → Kind::identity.
Kind group_of(const statement::EventType& type, std::string_view member);
/// Of an act of a case, by its type.
Kind kind_of(const statement::EventType& type);

/// docs/READING.md.
std::string matrix_markdown();

}  // namespace relais::api
