// The reading matrix, cell by cell, and its page in the docs.
#include "api/reading/matrix.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace relais::api {
namespace {

using rules::Relation;
using schema::Role;

constexpr Kind kOfCase[] = {Kind::state,           Kind::timeline,        Kind::support_acts,
                            Kind::commission_acts, Kind::debates,         Kind::own_acts,
                            Kind::receipts,        Kind::confided,        Kind::referral,
                            Kind::identity,        Kind::commission_file, Kind::referrals,
                            Kind::deadlines,       Kind::looks,           Kind::parcours};
constexpr Kind kOfNone[] = {Kind::sessions,   Kind::shared,      Kind::own_looks, Kind::indicators,
                            Kind::log_hashes, Kind::log_entries, Kind::figures};

struct Line {
  std::initializer_list<Role> roles;
  Relation relation;
  std::string_view cells;  // in the order of the kinds; A allowed, w without disclosures, - absent
};

// clang-format off
const Line kLines[] = {
    //                                                  st tl su co de ow re cf rf id fi ls dl lk pc
    {{Role::ML}, Relation::holder,                     "A  A  A  A  -  A  A  A  A  -  A  A  A  A  A"},
    {{Role::AA}, Relation::holder,                     "A  A  A  A  w  A  A  A  A  -  A  A  A  A  A"},
    {{Role::ML}, Relation::invited,                    "A  A  w  w  -  A  A  -  -  -  -  A  A  -  A"},
    {{Role::AA}, Relation::invited,                    "A  A  w  w  w  A  A  -  -  -  -  A  A  -  A"},
    {{Role::ML}, Relation::waiting,                    "A  A  A  A  -  A  A  -  A3 -  -  A  A  -  A"},
    {{Role::AA}, Relation::waiting,                    "A  A  A  A  w  A  A  -  A3 -  -  A  A  -  A"},
    {{Role::ML}, Relation::accepted,                   "A  A  A  A  -  A  A  A2 A3 -  A2 A  A  -  A"},
    {{Role::AA}, Relation::accepted,                   "A  A  A  A  w  A  A  A2 A3 -  A2 A  A  -  A"},
    {{Role::ML}, Relation::completed,                  "-  A1 A1 A1 -  A  A  A2 A3 -  A2 A  A  -  -"},
    {{Role::AA}, Relation::completed,                  "-  A1 A1 A1 w1 A  A  A2 A3 -  A2 A  A  -  -"},
    {{Role::ML, Role::AA}, Relation::unanswered,       "-  -  -  -  -  A  A  -  -  -  -  A  A  -  -"},
    {{Role::ML, Role::AA}, Relation::former_holder,    "-  -  -  -  -  A  A  -  -  -  -  A  A  -  -"},
    {{Role::ML}, Relation::partner,                    "A  A  w  w  -  A  A  -  -  -  -  A  A  -  A"},
    {{Role::AA}, Relation::partner,                    "A  A  w  w  w  A  A  -  -  -  -  A  A  -  A"},
    {{Role::AA}, Relation::applicant,                  "A  A  A  A  w  A  A  A7 -  -  A  A  A  -  A"},
    {{Role::AA}, Relation::former_applicant,           "-  A1 A1 A  w  A  A  A7 -  -  A4 A  A  -  A"},
    {{Role::PREF, Role::SEC}, Relation::prefecture,    "A  A  w  A  w  A  A  -  -  A5 A  -  A  A  A"},
    {{Role::PREF, Role::SEC, Role::MEMBER},
     Relation::member,                                 "-  -  -  w  w  -  A  -  -  -  -  -  -  A  w"},
    {{Role::AA}, Relation::member,                     "-  -  -  w  w  -  A  -  -  -  -  -  -  -  w"},
    {{Role::PREF, Role::SEC, Role::MEMBER, Role::AA},
     Relation::stepped_back,                           "-  -  -  -  -  -  -  -  -  -  -  -  -  -  -"},
    {{Role::ML, Role::AA, Role::PREF}, Relation::emergency,        "A  A  A  A  -  A  A  A  A  -  -  A  A  -  A"},
    {{Role::PREF, Role::ML, Role::UDML, Role::AA, Role::SEC, Role::MEMBER, Role::ANALYST,
      Role::SYSTEM, kOperator, kAnyone}, Relation::none,
                                                       "-  -  -  -  -  -  -  -  -  -  -  -  -  -  -"},
    {{Role::ANALYST}, Relation::analyst,               "-  -  w  w  w  -  -  -  -  -  -  -  -  -  -"},
};
const Line kRolesAlone[] = {
    //                                                      se sh ol in ha en fi
    {{Role::PREF, Role::SEC}, Relation::none,                         "w  A  A  A  A  -  -"},
    {{Role::MEMBER, Role::AA}, Relation::none,                        "w6 A  A  A  A  -  -"},
    {{Role::ML, Role::UDML, Role::SYSTEM}, Relation::none,            "-  A  A  A  A  -  -"},
    {{Role::ANALYST}, Relation::none,                                 "w  A  A  A  A  w  -"},
    {{kOperator}, Relation::none,                                     "-  -  -  -  A  -  A"},
    {{kAnyone}, Relation::none,                                       "-  -  -  -  A  -  -"},
};
// clang-format on

std::string mark(const Cell& c) {
  std::string out(1, "-wA"[static_cast<std::size_t>(c.verdict)]);
  if (c.when != When::always) out += std::to_string(static_cast<unsigned>(c.when));
  return out;
}

std::size_t expect_line(const Line& line, std::span<const Kind> kinds) {
  std::size_t looked = 0;
  for (const Role role : line.roles) {
    EXPECT_TRUE(possible(role, line.relation));
    std::istringstream cells{std::string(line.cells)};
    for (const Kind kind : kinds) {
      std::string expected;
      cells >> expected;
      const Cell& c = cell(role, line.relation, kind);
      EXPECT_EQ(mark(c), expected) << role_name(static_cast<unsigned>(role)) << ", "
                                   << to_string(line.relation) << ", " << to_string(kind);
      EXPECT_FALSE(c.source.empty());
      ++looked;
    }
  }
  return looked;
}

TEST(ReadingMatrix, SaysOfEachCellWhatItMust) {
  std::size_t looked = 0;
  for (const Line& line : kLines) looked += expect_line(line, kOfCase);
  for (const Line& line : kRolesAlone) looked += expect_line(line, kOfNone);
  std::size_t all = 0;
  for (unsigned role = 0; role < kRoles; ++role)
    for (std::size_t r = 0; r <= static_cast<std::size_t>(rules::kLastRelation); ++r)
      if (possible(static_cast<Role>(role), static_cast<Relation>(r)))
        all += std::size(kOfCase) +
               (static_cast<Relation>(r) == Relation::none ? std::size(kOfNone) : 0);
  EXPECT_EQ(looked, all) << "a cell that this test does not know";
}

TEST(ReadingMatrix, OpensNothingOfAnActThatItShowsWithoutDisclosures) {
  for (unsigned role = 0; role < kRoles; ++role)
    for (std::size_t r = 0; r <= static_cast<std::size_t>(rules::kLastRelation); ++r) {
      const auto of = [&](Kind kind) {
        return cell(static_cast<Role>(role), static_cast<Relation>(r), kind).verdict;
      };
      const std::string who =
          std::string(role_name(role)) + ", " + std::string(to_string(static_cast<Relation>(r)));
      if (of(Kind::support_acts) != Verdict::allowed)
        EXPECT_TRUE(of(Kind::confided) == Verdict::absent && of(Kind::referral) == Verdict::absent)
            << who;
      if (of(Kind::commission_acts) != Verdict::allowed)
        EXPECT_TRUE(of(Kind::identity) == Verdict::absent &&
                    of(Kind::commission_file) == Verdict::absent)
            << who;
      EXPECT_NE(of(Kind::debates), Verdict::allowed) << who << ": a debate has no disclosures";
    }
}

TEST(ReadingMatrix, HasAGroupForEachSensitiveMember) {
  std::size_t sensitive = 0, identities = 0;
  for (const auto& type : statement::catalogue().all())
    for (const statement::Field& f : type->payload.fields) {
      if (!f.sensitive) continue;
      ++sensitive;
      const Kind group = group_of(*type, f.name);
      EXPECT_TRUE(of_disclosures(group)) << type->name << " " << f.name;
      identities += group == Kind::identity ? 1 : 0;
      EXPECT_EQ(type->stream, schema::StreamKind::CASE)
          << "no other stream has disclosures that are judged";
    }
  EXPECT_GT(sensitive, 25U);
  EXPECT_EQ(identities, 1U);
  const auto group = [](std::string_view type, std::string_view member) {
    return group_of(*statement::catalogue().find(type), member);
  };
  EXPECT_EQ(group("relais.referral.requested.v1", "payload"), Kind::referral);
  EXPECT_EQ(group("relais.psp.applied.v1", "identity"), Kind::identity);
  EXPECT_EQ(group("relais.psp.review_filed.v1", "progress"), Kind::commission_file);
  EXPECT_EQ(group("relais.case.detected.v1", "note"), Kind::confided);
}

TEST(ReadingMatrix, IsThePageOfTheDocs) {
  std::ifstream file(std::filesystem::path(RELAIS_SOURCE_DIR) / "docs" / "READING.md");
  std::ostringstream stored;
  stored << file.rdbuf();
  EXPECT_EQ(stored.str(), matrix_markdown()) << "run: relais rules --reading > docs/READING.md";
}

}  // namespace
}  // namespace relais::api
