// The convention, its signatories, and what they share.
#include "api/contract/choices.h"
#include "api/contract/rows.h"

namespace relais::api::contract {
namespace {

Endpoint shelf(std::string_view path, std::string_view id, std::string_view summary,
               std::vector<std::string> kinds, std::string_view shape) {
  return {
      .pattern = path,
      .id = id,
      .tag = "Partnership",
      .summary = summary,
      .description =
          "The acts by which something is shared, the newest first. Of what is "
          "published again the last act counts.",
      .kinds = {Kind::shared},
      .parameters = in_pages(
          {{"kind",
            choice_form(std::move(kinds), "kind-unknown", "nothing of this kind is shared here"),
            "Of this kind."},
           {"signatory", signatory_form(), "Shared by this signatory."},
           {"need", vocabulary_form("need"), "For this need."},
           {"territory", territory_form(), "Of this territory."},
           {"replaced", flag_form(), "Those too that a later act has replaced."}}),
      .replies = {page_of(shape, "A page of them.")},
      .refusals = {422},
      .gives = Gives::no_case_data,
      .looks_at_many = true};
}

Rows members() {
  Rows rows;
  rows.push_back({.pattern = "/v1/signatories",
                  .id = "listSignatories",
                  .tag = "Convention",
                  .summary = "Who has signed the convention",
                  .description = "All of them, in the order of their admission.",
                  .kinds = {Kind::shared},
                  .replies = {document_of("SignatoryList", "The signatories.")},
                  .gives = Gives::no_case_data});
  rows.push_back(
      {.pattern = "/v1/keys",
       .id = "listKeys",
       .tag = "Convention",
       .summary = "The keys that signatories sign with",
       .description = "All that there ever were, with their times.",
       .kinds = {Kind::shared},
       .parameters = {{"asOf", position_form(),
                       "As they stood behind the entry of this index, or at this time."}},
       .replies = {document_of("KeyList", "The keys.")},
       .refusals = {422},
       .gives = Gives::no_case_data,
       .looks_at_many = true});
  rows.push_back({.pattern = "/v1/convention",
                  .id = "getConvention",
                  .tag = "Convention",
                  .summary = "What the signatories have agreed on",
                  .description =
                      "The text by its hash, the numbers, what the law fixes, the quorums, and the "
                      "proposals that are open or wait for their act.",
                  .kinds = {Kind::shared},
                  .headers = {if_none_match()},
                  .replies = {document_of("Convention", "The convention.", {"ETag"}), unchanged()},
                  .gives = Gives::no_case_data,
                  .looks_at_many = true});
  return rows;
}

Rows figures() {
  Rows rows;
  rows.push_back({.pattern = "/v1/indicators",
                  .id = "listIndicators",
                  .tag = "Partnership",
                  .summary = "Which tables there are",
                  .description = "Each with its dimensions.",
                  .kinds = {Kind::indicators},
                  .replies = {document_of("IndicatorList", "The tables.")},
                  .gives = Gives::no_case_data});
  rows.push_back(
      {.pattern = "/v1/indicators/{name}",
       .id = "getIndicator",
       .tag = "Partnership",
       .summary = "A table of counts",
       .description = "By quarter. Small counts are hidden, and others with them that would tell "
                      "them (docs/decisions/0011-indicators.md).",
       .kinds = {Kind::indicators},
       .segments = {{"name", shape::text("trainings"), "A name of `/v1/indicators`."}},
       .parameters = {{"asOf", day_form(), "Up to the last quarter that was over on this day."},
                      {"by",
                       choice_form(names_of(dimensions()), "dimension-unknown",
                                   "the table has no such dimension"),
                       "With a cell for each value of this dimension."},
                      {"for",
                       choice_form(names_of(readerships()), "readership-unknown",
                                   "not a readership of a table"),
                       "For whom: it decides how small a count may be that is shown."}},
       .replies = {document_of("Indicator", "The table.")},
       .refusals = {404},
       .gives = Gives::no_case_data,
       .looks_at_many = true});
  return rows;
}

}  // namespace

Rows partnership_rows() {
  Rows rows;
  Parameter need{"need", vocabulary_form("need"), "What the person needs.", true};
  rows.push_back(
      {.pattern = "/v1/capabilities",
       .id = "findCapabilities",
       .tag = "Partnership",
       .summary = "Who can help with this need, here, for this public",
       .description =
           "Those with room before those with little, fresh before stale, and then in turns: the "
           "first of each signatory before the second of any.",
       .kinds = {Kind::shared},
       .parameters =
           in_pages({std::move(need),
                     {"territory", territory_form(), "Where: a commune or a named territory."},
                     {"public", vocabulary_form("publics_v1"), "For whom."},
                     {"signatory", signatory_form(), "Offered by this signatory."}}),
       .replies = {page_of("CapabilityList", "A page of who can help.")},
       .refusals = {422},
       .gives = Gives::no_case_data,
       .looks_at_many = true});
  rows.push_back(shelf("/v1/library", "listLibrary", "What the partnership shares of what it knows",
                       names_of(library_kinds()), "Library"));
  rows.push_back(shelf("/v1/network", "listNetwork", "Whom the partnership works with",
                       names_of(network_kinds()), "Network"));
  for (Endpoint& e : figures()) rows.push_back(std::move(e));
  for (Endpoint& e : members()) rows.push_back(std::move(e));
  return rows;
}

}  // namespace relais::api::contract
