// For those who run the service, and what says what there is.
#include "api/contract/rows.h"

namespace relais::api::contract {
namespace {

constexpr std::string_view kTag = "Operation";

Endpoint probe(std::string_view path, std::string_view id, std::string_view summary,
               std::string_view description, Reply reply) {
  return {.pattern = path,
          .id = id,
          .tag = kTag,
          .summary = summary,
          .description = description,
          .access = Access::open,
          .replies = {std::move(reply)},
          .gives = Gives::no_case_data};
}

Endpoint order(std::string_view path, std::string_view id, std::string_view summary,
               std::string_view description, Reply reply, std::vector<unsigned> refusals = {}) {
  return {.method = Method::post,
          .pattern = path,
          .id = id,
          .tag = kTag,
          .summary = summary,
          .description = description,
          .access = Access::local,
          .replies = {std::move(reply)},
          .refusals = std::move(refusals),
          .gives = Gives::no_case_data};
}

}  // namespace

Rows operation_rows() {
  Rows rows;
  rows.push_back(
      {.pattern = "/openapi.json",
       .id = "getDescription",
       .tag = "Description",
       .summary = "This document",
       .description = "Of this version of the program; the same as docs/openapi.json.",
       .access = Access::open,
       .headers = {if_none_match()},
       .replies =
           {{200, {{kJson, "Description"}}, "The document.", {"ETag"}, {"public, max-age=3600"}},
            {304, {}, "It is what the tag says.", {"ETag"}, {"public, max-age=3600"}}},
       .gives = Gives::no_case_data});
  rows.push_back(probe("/livez", "getLiveness", "Whether the program runs", "For a supervisor.",
                       {200, {{kText, {}, "alive\n"}}, "It does."}));
  rows.push_back(probe("/readyz", "getReadiness", "Whether statements are taken",
                       "For a balancer: 503 where they are not. What else is amiss stands beside "
                       "(docs/OPERATIONS.md).",
                       document_of("Readiness", "They are.")));
  rows.push_back(
      {.pattern = "/metrics",
       .id = "getMetrics",
       .tag = kTag,
       .summary = "Figures of the service",
       .description = "In Prometheus' text format 0.0.4. On the unix socket without a token.",
       .access = Access::operation,
       .kinds = {Kind::figures},
       .replies = {{200,
                    {{kFigures, {}, "# TYPE relais_live_streams gauge\nrelais_live_streams 3\n"}},
                    "The figures."}},
       .refusals = {401},
       .gives = Gives::no_case_data});
  rows.push_back(order("/admin/confirm-clock", "confirmClock",
                       "Say that the machine's clock is right", "On the unix socket alone.",
                       document_of("ClockConfirmed", "It was heard."), {404}));
  rows.push_back(order("/admin/rebuild", "rebuildProjections", "Fold the read models anew",
                       "On the unix socket alone. Answers when it is done; reads go on meanwhile.",
                       document_of("Rebuilt", "They are new."), {409}));
  rows.push_back(order("/admin/rotate-wrapping-key", "rotateWrappingKey",
                       "Have the vault's keys wrapped anew", "On the unix socket alone.",
                       {202, {{kJson, "RotationOwed"}}, "It is done with the next purge."}));
  return rows;
}

}  // namespace relais::api::contract
