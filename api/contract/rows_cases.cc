// Cases, and what is asked of whom about them.
#include "api/contract/choices.h"
#include "api/contract/rows.h"

namespace relais::api::contract {
namespace {

Given case_id() {
  return {"id", shape::uuid(), "The case."};
}

Rows one_case() {
  Rows rows;
  rows.push_back(
      {.pattern = "/v1/cases/{id}",
       .id = "getCase",
       .tag = "Cases",
       .summary = "A case as it stands, or stood",
       .description =
           "For who supports the person, or is asked to. What may not be seen answers as "
           "what does not exist.",
       .kinds = {Kind::state, Kind::looks},
       .segments = {case_id()},
       .parameters =
           {{"asOf", position_form(),
             "As it stood behind the entry of this index, or with all entries received up "
             "to this time."}},
       .headers = {if_none_match()},
       .replies = {document_of("Case", "The case; its tag is its version.", {"ETag"}), unchanged()},
       .refusals = {404, 422},
       .gives = Gives::case_data,
       .many_with = "asOf"});
  rows.push_back({.pattern = "/v1/cases/{id}/timeline",
                  .id = "getTimeline",
                  .tag = "Cases",
                  .summary = "The acts of a case, in their order",
                  .description = "Each as far as the reader sees it, without what was disclosed.",
                  .kinds = {Kind::timeline, Kind::looks},
                  .segments = {case_id()},
                  .parameters = in_pages({}),
                  .headers = {if_none_match()},
                  .replies = {{200,
                               {{kJson, "Timeline"}},
                               "A page of it; its tag is the version of the case.",
                               {"ETag", "Link"}},
                              unchanged()},
                  .refusals = {404},
                  .gives = Gives::case_data,
                  .looks_at_many = true});
  return rows;
}

}  // namespace

Rows case_rows() {
  Rows rows = one_case();
  rows.push_back({.pattern = "/v1/cases",
                  .id = "listCases",
                  .tag = "Cases",
                  .summary = "The cases in which the reader has a part",
                  .description = "In the order of their identifiers.",
                  .kinds = {Kind::state},
                  .parameters = in_pages({{"phase",
                                           choice_form(names_of(case_phases()), "phase-unknown",
                                                       "no case is ever in this state"),
                                           "Cases in this state."}}),
                  .replies = {page_of("CaseList", "A page of them.")},
                  .gives = Gives::case_data,
                  .looks_at_many = true});
  rows.push_back(
      {.pattern = "/v1/referrals",
       .id = "listReferrals",
       .tag = "Cases",
       .summary = "What others ask of the reader, and what it asks of others",
       .description = "The newest first.",
       .kinds = {Kind::referrals},
       .parameters =
           in_pages({{"box", choice_form(names_of(boxes()), "box-unknown", "an unknown box"),
                      "Referrals that are addressed to the reader (as without it), or made by it."},
                     {"open", flag_form(), "Those alone that are not at their end."}}),
       .replies = {page_of("ReferralList", "A page of them.")},
       .gives = Gives::case_data,
       .looks_at_many = true});
  rows.push_back(
      {.pattern = "/v1/deadlines",
       .id = "listDeadlines",
       .tag = "Cases",
       .summary = "What is due, for whom, since when",
       .description =
           "The reader's own: those it has to meet, and those it waits for as the holder "
           "of a case. The first due first.",
       .kinds = {Kind::deadlines},
       .parameters = in_pages(
           {{"kind",
             choice_form(names_of(deadline_kinds()), "kind-unknown", "an unknown kind of deadline"),
             "Deadlines of this kind."},
            {"from", time_form(), "Due at this time or later."},
            {"until", time_form(), "Due before this time."},
            {"overdue", flag_form(), "Those alone that have passed."}}),
       .replies = {page_of("DeadlineList", "A page of them.")},
       .gives = Gives::case_data,
       .looks_at_many = true});
  return rows;
}

}  // namespace relais::api::contract
