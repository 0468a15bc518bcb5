#include "schemas/doc/fields_doc.h"

#include <string_view>

#include "ledger/base/check.h"
#include "ledger/statement/catalogue.h"

namespace relais::schema::doc {
namespace {

using statement::catalogue;
using statement::EventType;
using statement::Field;

/// Why a text of this form cannot describe a person.
struct FormatRow {
  std::string_view format;
  std::string_view why;
};
constexpr FormatRow kFormats[] = {
    {"uuid", "a random identifier"},
    {"date", "a day"},
    {"timestamp", "a moment"},
    {"sha256", "the hash of a document, which only who has it can recognise"},
    {"signatory", "the short name of an organisation"},
    {"slug", "a short name of what the convention knows: an act, a session, an offer"},
    {"territory", "a commune, or a territory that the convention names"},
    {"kid", "the thumbprint of a public key"},
    {"ed25519", "a public key"},
    {"x25519", "a public key"},
    {"jwt", "a proof that somebody has a key"},
    {"email", "a functional mailbox"},
    {"siret", "the number of an organisation"},
    {"link", "an address on the web"},
    {"uri", "an identifier"},
    {"postal_code", "a postal code of an organisation"},
    {"telephone", "a telephone number of an organisation"},
};

std::string_view why_of_format(const std::string& format) {
  for (const FormatRow& row : kFormats)
    if (row.format == format) return row.why;
  check(false, "a format of the schema says nothing of persons");
  return {};
}

std::string why(const Field& f) {
  if (f.sensitive) return "may describe the person, or another";
  switch (f.kind) {
    case Field::Kind::boolean:
      return "yes or no";
    case Field::Kind::integer:
      return "a number";
    case Field::Kind::enumeration:
      return "a closed vocabulary of the schema";
    case Field::Kind::structure:
      return "its members, below";
    case Field::Kind::text:
      break;
  }
  if (!f.vocabulary.empty()) return "the closed vocabulary `" + f.vocabulary + "`";
  return f.format.empty() ? f.in_clear : std::string(why_of_format(f.format));
}

std::string_view form(const Field& f) {
  const bool free = f.kind == Field::Kind::text && f.vocabulary.empty() && f.format.empty();
  return free ? "free text" : "closed";
}

std::string protection(const Field& f) {
  if (!f.sensitive) return "in clear";
  if (f.required_when)
    return "**[S]**, due where `" + f.required_when->member + "` is `" + f.required_when->value +
           "`";
  return f.optional ? "**[S]**" : "**[S]**, due";
}

void append_rows(std::string& out, const statement::Struct& s, const std::string& path) {
  for (const Field& f : s.fields) {
    const std::string name = path + f.name;
    out.append("| `").append(name).append("` | ").append(form(f)).append(" | ");
    out.append(protection(f)).append(" | ").append(why(f)).append(" |\n");
    if (f.structure) append_rows(out, *f.structure, name + ".");
  }
}

void append_type(std::string& out, const EventType& type) {
  if (type.payload.fields.empty()) return;
  append_rows(out, type.payload, type.name + ": ");
}

/// Cases first: what is there is about a person, and can be erased.
void append_streams(std::string& out, std::string_view title, std::string_view says,
                    bool of_cases) {
  out.append("## ").append(title).append("\n\n").append(says);
  out.append("\n\n| member | form | in the log | because it is |\n|---|---|---|---|\n");
  for (const auto& type : catalogue().all())
    if ((type->stream == schema::StreamKind::CASE) == of_cases) append_type(out, *type);
}

}  // namespace

std::string fields_markdown() {
  std::string out =
      "# Members, one by one\n\n"
      "Generated from the schemas by `relais rules --fields`; do not edit. A test checks that it "
      "is "
      "current.\n\n"
      "**[S]**: sensitive, in the log only as a salted digest, disclosed apart, erasable. *Due*: "
      "the statement is refused\nwithout it. *Free text* is what a signatory words itself: where "
      "it "
      "is in clear the schema says why (`$P.inClear`), or\nthe program does not start. *Closed*: a "
      "vocabulary, a format, a number.\n\n";
  append_streams(out, "On cases",
                 "What is in clear here is what rules and counts depend on: it stays in the log "
                 "for ever, under "
                 "a random\nidentifier (docs/SECURITY.md says what that tells).",
                 true);
  out += "\n";
  append_streams(out, "On all other streams",
                 "For all signatories, and never erased: nothing is to be written here about a "
                 "person.",
                 false);
  return out;
}

}  // namespace relais::schema::doc
