// The departmental commission: parcours, sessions, accreditations.
#include "api/contract/choices.h"
#include "api/contract/rows.h"

namespace relais::api::contract {
namespace {

Rows sessions() {
  Rows rows;
  rows.push_back({.pattern = "/v1/sessions",
                  .id = "listSessions",
                  .tag = "Commission",
                  .summary = "The sessions of the commission",
                  .description = "The latest day first.",
                  .kinds = {Kind::sessions},
                  .parameters = in_pages({{"phase",
                                           choice_form(names_of(session_phases()), "phase-unknown",
                                                       "no session is ever in this state"),
                                           "Sessions in this state."},
                                          {"from", day_form(), "On this day or later."},
                                          {"to", day_form(), "On this day or before."}}),
                  .replies = {page_of("SessionList", "A page of them.")},
                  .gives = Gives::no_case_data,
                  .looks_at_many = true});
  rows.push_back(
      {.pattern = "/v1/sessions/{name}",
       .id = "getSession",
       .tag = "Commission",
       .summary = "One session, with its files",
       .description =
           "Files by case, in pages. Of each, where it stands and what this session said "
           "of it are for who sees its parcours.",
       .kinds = {Kind::sessions, Kind::parcours, Kind::debates},
       .segments = {{"name", shape::text("commission-2026-11"), "The session."}},
       .parameters = in_pages({}),
       .headers = {if_none_match()},
       .replies = {{200, {{kJson, "SessionWithFiles"}}, "The session.", {"ETag", "Link"}},
                   unchanged()},
       .refusals = {404},
       .gives = Gives::case_data,
       .looks_at_many = true});
  return rows;
}

}  // namespace

Rows commission_rows() {
  Rows rows;
  rows.push_back(
      {.pattern = "/v1/psp",
       .id = "listParcours",
       .tag = "Commission",
       .summary = "The parcours that were applied for",
       .description =
           "By case. Never who the person is. What was said in a session is for who hears "
           "the debates; for others an application is APPLIED until it is decided on.",
       .kinds = {Kind::parcours, Kind::debates},
       .parameters =
           in_pages({{"phase",
                      choice_form(names_of(parcours_phases()), "phase-unknown",
                                  "no parcours is ever in this state"),
                      "Parcours in this state."},
                     {"session", text_form("commission-2026-11"),
                      "The files of this session, and those it spoke of."},
                     {"applicant", signatory_form(), "Those that this association has presented."},
                     {"overdue", flag_form(), "Those alone of which something is overdue."}}),
       .replies = {page_of("ParcoursList", "A page of them.")},
       .refusals = {422},
       .gives = Gives::case_data,
       .looks_at_many = true});
  for (Endpoint& e : sessions()) rows.push_back(std::move(e));
  rows.push_back(
      {.pattern = "/v1/accreditations",
       .id = "listAccreditations",
       .tag = "Commission",
       .summary = "Which associations may present applications",
       .description = "In the order of their admission (CASF R121-12-1 and following).",
       .kinds = {Kind::shared},
       .parameters = in_pages({{"phase",
                                choice_form(names_of(accreditation_phases()), "phase-unknown",
                                            "no agrément is ever in this state"),
                                "Those whose agrément, or its renewal, is in this state."},
                               {"valid", flag_form(), "Those alone that are valid today."}}),
       .replies = {page_of("AccreditationList", "A page of them.")},
       .gives = Gives::no_case_data,
       .looks_at_many = true});
  return rows;
}

}  // namespace relais::api::contract
