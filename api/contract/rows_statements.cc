// How statements come in.
#include "api/contract/rows.h"

namespace relais::api::contract {
namespace {

std::vector<Given> preconditions() {
  return {{"If-Match", shape::text("\"3\""),
           "The stream must be at this version, as the signatory counts; else 412."},
          {"If-None-Match", shape::just("*"), "The stream must have no event yet; else 412."}};
}

std::vector<unsigned> refusals() {
  return {401, 403, 404, 409, 412, 413, 415, 422, 507};
}

Reply taken(unsigned status, std::string_view shape, std::string_view meaning) {
  return {status, {{kJson, shape}}, meaning, {"Location", "ETag"}};
}

}  // namespace

Rows statement_rows() {
  Rows rows;
  rows.push_back(
      {.method = Method::post,
       .pattern = "/v1/events",
       .id = "appendEvents",
       .tag = "Statements",
       .summary = "Append one statement, or a list of them",
       .description =
           "A statement is an SD-JWT (RFC 9901) that its signatory has signed itself "
           "(docs/FORMATS.md, Signed statement): the signature is the right to append. What it "
           "says is a `CloudEvent`. One comes as `application/sd-jwt`, or as JSON where "
           "disclosures of it are sealed; a list of them comes as JSON. The answer comes when "
           "what was taken is on disk, with the receipt that proves it. What is sent again is "
           "answered with its first receipt.",
       .access = Access::open,
       .hears_token = true,
       .parameters = {{"atomic", flag_form(), "Of a list: all of it, or nothing."}},
       .headers = preconditions(),
       .takes = {{kSdJwt, {}, kSdJwtExample}, {kJson, "Submission"}},
       .replies = {taken(200, "AcceptedAnswer",
                         "It was there already: its receipt, where it was sent whole. Of an atomic "
                         "list, all were."),
                   taken(201, "AcceptedAnswer", "It is in the log. Of an atomic list, all are."),
                   {207, {{kJson, "Results"}}, "Of a list: what became of each statement."}},
       .refusals = refusals(),
       .gives = Gives::no_case_data});
  rows.push_back({.method = Method::post,
                  .pattern = "/v1/break-glass",
                  .id = "openEmergencyAccess",
                  .tag = "Statements",
                  .summary = "Open a case in immediate danger",
                  .description =
                      "Takes one `relais.case.emergency_access_opened.v1`, and answers as "
                      "`POST /v1/events` does, which takes it too (docs/HTTP.md, Emergencies). No "
                      "precondition is taken.",
                  .access = Access::open,
                  .takes = {{kSdJwt, {}, kSdJwtExample}},
                  .replies = {taken(200, "Accepted", "It was there already."),
                              taken(201, "Accepted",
                                    "The case is open to the signatory, and its holder is told.")},
                  .refusals = refusals(),
                  .gives = Gives::no_case_data});
  return rows;
}

}  // namespace relais::api::contract
