// docs/READING.md: the matrix as tables, and where each cell comes from.
#include <algorithm>
#include <map>
#include <vector>

#include "api/reading/matrix_rows.h"

namespace relais::api {
namespace {

using rules::Relation;

constexpr std::string_view kHead = R"(# Who reads what

Printed by `relais rules --reading`; a test compares. One table (`api/reading/matrix_rows.h`)
answers for every endpoint: a reader has the roles of its signatory and the relations to the
case that follow from the ledger's state (`ledger/rules/relation.h`), and may what any of them
may. What no cell allows answers as what does not exist: the same status, headers and body, and
as late. `stepped back` takes the place of what one was on the commission; what one is by
supporting the person stays.

**A** allowed, **w** without disclosures, **–** absent. A number is a condition on the act.

)";

constexpr When kConditions[] = {When::until_its_end, When::while_grounded, When::own_referral,
                                When::in_parcours,   When::consent_psp,    When::convened,
                                When::agreed};

std::string mark(const Cell& c) {
  constexpr std::string_view kMarks[] = {"–", "w", "A"};
  std::string out(kMarks[static_cast<std::size_t>(c.verdict)]);
  if (c.when != When::always) out += std::to_string(static_cast<unsigned>(c.when));
  return out;
}

std::vector<Kind> kinds(bool of_cases) {
  std::vector<Kind> out;
  for (std::size_t k = 0; k <= static_cast<std::size_t>(kLastKind); ++k)
    if (of_case(static_cast<Kind>(k)) == of_cases) out.push_back(static_cast<Kind>(k));
  return out;
}

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  std::string out;
  for (const std::string& t : texts) out.append(out.empty() ? "" : between).append(t);
  return out;
}

/// "| a | b |" and the line below it.
std::string table_head(std::string_view first, const std::vector<Kind>& columns) {
  std::string out = "| " + std::string(first) + " |";
  std::string line = "|---|";
  for (const Kind k : columns) {
    out.append(" ").append(to_string(k)).append(" |");
    line.append("---|");
  }
  return out + "\n" + line + "\n";
}

std::string line_of(unsigned role, Relation relation, const std::vector<Kind>& columns) {
  std::string out;
  for (const Kind k : columns)
    out.append(" ").append(mark(cell(static_cast<schema::Role>(role), relation, k))).append(" |");
  return out + "\n";
}

/// A line a relation; roles that read alike share it.
std::string relation_table() {
  const auto columns = kinds(true);
  std::string out = table_head("relation, roles", columns);
  for (std::size_t r = 0; r <= static_cast<std::size_t>(rules::kLastRelation); ++r) {
    const auto relation = static_cast<Relation>(r);
    std::vector<std::pair<std::string, std::vector<std::string>>> lines;
    for (unsigned role = 0; role < kRoles; ++role) {
      if (!can_be(role, relation)) continue;
      const std::string line = line_of(role, relation, columns);
      auto it = std::ranges::find(lines, line, [](const auto& l) { return l.first; });
      if (it == lines.end()) it = lines.insert(it, {line, {}});
      it->second.emplace_back(role_name(role));
    }
    for (const auto& [line, roles] : lines)
      out.append("| **")
          .append(rules::to_string(relation))
          .append("** (" + joined(roles, ", ") + ") |" + line);
  }
  return out;
}

std::string role_table() {
  const auto columns = kinds(false);
  std::string out = table_head("role", columns);
  for (unsigned role = 0; role < kRoles; ++role)
    out.append("| ").append(role_name(role)).append(" |" + line_of(role, Relation::none, columns));
  return out;
}

std::string conditions() {
  std::string out;
  for (const When w : kConditions)
    out.append("- ")
        .append(std::to_string(static_cast<unsigned>(w)))
        .append(": ")
        .append(to_string(w))
        .append("\n");
  return out;
}

std::string groups() {
  std::map<std::string, std::vector<std::string>> members;
  for (const auto& type : statement::catalogue().all())
    for (const statement::Field& f : type->payload.fields)
      if (f.sensitive)
        members[std::string(to_string(group_of(*type, f.name)))].push_back("`" + type->name + "` " +
                                                                           f.name);
  std::string out = "| group | members |\n|---|---|\n";
  for (const auto& [group, names] : members)
    out.append("| ").append(group).append(" | " + joined(names, ", ") + " |\n");
  return out;
}

std::string sources() {
  std::string out =
      "| relations | roles | kinds | verdict | purpose | source |\n|---|---|---|---|---|---|\n";
  for (const Row& row : kRows) {
    std::vector<std::string> relations, roles, of;
    for (std::size_t r = 0; r <= static_cast<std::size_t>(rules::kLastRelation); ++r)
      if (row.relations.has(static_cast<Relation>(r)))
        relations.emplace_back(rules::to_string(static_cast<Relation>(r)));
    for (unsigned role = 0; role < kRoles; ++role)
      if (row.roles.has(role)) roles.emplace_back(role_name(role));
    for (std::size_t k = 0; k <= static_cast<std::size_t>(kLastKind); ++k)
      if (row.kinds.has(static_cast<Kind>(k))) of.emplace_back(to_string(static_cast<Kind>(k)));
    out.append("| " + joined(relations, "; ") + " | " + joined(roles, ", ") + " | " +
               joined(of, ", ") + " | ");
    out.append(to_string(row.cell.verdict));
    if (row.cell.when != When::always) out.append(", ").append(to_string(row.cell.when));
    out.append(" | ")
        .append(to_string(row.cell.purpose))
        .append(" | ")
        .append(row.cell.source)
        .append(" |\n");
  }
  return out;
}

}  // namespace

std::string matrix_markdown() {
  std::string out(kHead);
  out.append("## Of a case\n\n").append(relation_table());
  out.append("\nConditions:\n\n").append(conditions());
  out.append("\n## Of no case\n\n").append(role_table());
  out.append(
      "\n`log entries` answer 403 to who is no analyst: that there is a log is known to all.\n");
  out.append("\n## Groups of disclosures\n\n").append(groups());
  out.append("\n## Where each cell comes from\n\n").append(sources());
  return out;
}

}  // namespace relais::api
