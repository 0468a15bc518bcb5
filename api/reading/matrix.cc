#include "api/reading/matrix.h"

#include <array>
#include <initializer_list>
#include <iterator>

#include "api/reading/matrix_rows.h"
#include "ledger/base/check.h"

namespace relais::api {
namespace {

using rules::Relation;
using Index = std::uint16_t;

constexpr std::size_t kRelations = static_cast<std::size_t>(rules::kLastRelation) + 1;
constexpr std::size_t kKinds = static_cast<std::size_t>(kLastKind) + 1;
constexpr Index kNoRow = 0xffff;

constexpr std::size_t place(unsigned role, Relation relation, Kind kind) {
  return (role * kRelations + static_cast<std::size_t>(relation)) * kKinds +
         static_cast<std::size_t>(kind);
}

using Expanded = std::array<Index, kRoles * kRelations * kKinds>;

/// The row of each cell. A second row for one cell ends the compilation: so does a cell that can be
/// and has none.
consteval Expanded expand() {
  Expanded cells{};
  cells.fill(kNoRow);
  for (Index n = 0; n < std::size(kRows); ++n) {
    const Row& row = kRows[n];
    for (unsigned role = 0; role < kRoles; ++role) {
      if (!row.roles.has(role)) continue;
      for (std::size_t r = 0; r < kRelations; ++r) {
        const auto relation = static_cast<Relation>(r);
        if (!row.relations.has(relation) || !can_be(role, relation)) continue;
        for (std::size_t k = 0; k < kKinds; ++k) {
          if (!row.kinds.has(static_cast<Kind>(k))) continue;
          Index& cell = cells[place(role, relation, static_cast<Kind>(k))];
          if (cell != kNoRow) throw "two rows say what one cell is";
          cell = n;
        }
      }
    }
  }
  for (unsigned role = 0; role < kRoles; ++role)
    for (std::size_t r = 0; r < kRelations; ++r)
      for (std::size_t k = 0; k < kKinds; ++k) {
        const auto relation = static_cast<Relation>(r);
        const bool asked = of_case(static_cast<Kind>(k)) || relation == Relation::none;
        if (can_be(role, relation) && asked &&
            cells[place(role, relation, static_cast<Kind>(k))] == kNoRow)
          throw "no row says what this cell is";
      }
  return cells;
}
constexpr Expanded kCells = expand();

constexpr Cell kNever{Verdict::absent, When::always, Purpose::evidence, "cannot be"};

constexpr std::string_view kKindNames[] = {
    "case state",      "timeline",      "support acts", "commission acts", "debates",
    "own acts",        "receipts",      "confided",     "referral",        "identity",
    "commission file", "referral list", "deadlines",    "looks",           "parcours",
    "sessions",        "shared",        "own looks",    "indicators",      "log hashes",
    "log entries",     "figures"};
static_assert(std::size(kKindNames) == kKinds);

}  // namespace

std::string_view to_string(Kind k) {
  return kKindNames[static_cast<std::size_t>(k)];
}

std::string_view to_string(Verdict v) {
  constexpr std::string_view kNames[] = {"absent", "without disclosures", "allowed"};
  return kNames[static_cast<std::size_t>(v)];
}

std::string_view to_string(When w) {
  constexpr std::string_view kNames[] = {
      "",
      "what came before its part ended",
      "what came while the ground of its referral held, until it was completed",
      "of its own referral, while the ground held, until it was completed",
      "what came before the parcours ended",
      "while the person's consent to a parcours covers the reader",
      "of sessions to which it is convened, or that have a file in which it takes part",
      "what came before the parcours ended, while a consent of the person to it is in force"};
  return kNames[static_cast<std::size_t>(w)];
}

std::string_view to_string(Purpose p) {
  constexpr std::string_view kNames[] = {"support",    "decision", "evidence", "partnership",
                                         "statistics", "danger",   "proof",    "operation"};
  return kNames[static_cast<std::size_t>(p)];
}

std::string_view role_name(unsigned role) {
  constexpr std::string_view kNames[] = {"pref",   "ml",      "udml",   "aa",       "sec",
                                         "member", "analyst", "system", "operator", "anyone"};
  return kNames[role];
}

const Cell& cell(schema::Role role, Relation relation, Kind kind) {
  const Index row = kCells[place(static_cast<unsigned>(role), relation, kind)];
  return row == kNoRow ? kNever : kRows[row].cell;
}

bool possible(schema::Role role, Relation relation) {
  return can_be(static_cast<unsigned>(role), relation);
}

Kind group_of(const statement::EventType& type, std::string_view member) {
  if (type.name == "psp.applied" && member == "identity") return Kind::identity;
  if (type.axis == schema::Axis::COMMISSION) return Kind::commission_file;
  return type.name.starts_with("referral.") ? Kind::referral : Kind::confided;
}

Kind kind_of(const statement::EventType& type) {
  if (rules::of_debates(type.ordinal)) return Kind::debates;
  return type.axis == schema::Axis::COMMISSION ? Kind::commission_acts : Kind::support_acts;
}

}  // namespace relais::api
