// Events as they stand in the log, and as they come.
#include "api/contract/rows.h"

namespace relais::api::contract {
namespace {

const std::vector<Kind>& acts() {
  static const std::vector<Kind> kAll = {Kind::support_acts, Kind::commission_acts, Kind::debates,
                                         Kind::own_acts,     Kind::sessions,        Kind::shared};
  return kAll;
}

std::vector<Kind> with_disclosures() {
  std::vector<Kind> all = acts();
  all.insert(all.end(), {Kind::confided, Kind::referral, Kind::identity, Kind::commission_file});
  return all;
}

constexpr std::string_view kLiveExample =
    "retry: 2000\n\n"
    "id: 41\nevent: relais.case.dismissed.v1\ndata: {\"index\":41,\"id\":\"exemple\", …}\n\n"
    "id: 57\n\n";

Parameter source() {
  return {"source", text_form("urn:relais:rhone-2023:mission-locale-1"),
          "Whose event it is: ids are a source's own."};
}

Given event_id() {
  return {"id", shape::text("01890a5d-ac96-774b-bcce-b302099a8058"), "The event's own id."};
}

Rows one_event() {
  Rows rows;
  rows.push_back(
      {.pattern = "/v1/events/{id}",
       .id = "getEvent",
       .tag = "Events",
       .summary = "One event, with what the reader may open of it",
       .description =
           "As a CloudEvent; as the SD-JWT that was signed; or as it was submitted, with what is "
           "sealed.",
       .kinds = with_disclosures(),
       .segments = {event_id()},
       .parameters = {source(),
                      {"format",
                       choice_form({"json", "sd-jwt", "submission"}, "format-unknown",
                                   "an unknown format"),
                       "In which form; without it `json`."}},
       .replies = {{200,
                    {{kCloudEventJson, "CloudEvent"},
                     {kSdJwt, {}, kSdJwtExample},
                     {kJson, "SealedStatement"}},
                    "The event.",
                    {"ETag", "Relais-Index", "Relais-Leaf-Hash"}}},
       .refusals = {404, 409},
       .gives = Gives::case_data});
  rows.push_back({.pattern = "/v1/events/{id}/receipt",
                  .id = "getReceipt",
                  .tag = "Events",
                  .summary = "The proof that an event is in the log",
                  .description = "A c2sp.org/tlog-proof, under the newest checkpoint. It verifies "
                                 "offline, against the log's key.",
                  .kinds = {Kind::receipts},
                  .segments = {event_id()},
                  .parameters = {source()},
                  .replies = {{200, {{kText, {}, kReceiptExample}}, "The receipt."}},
                  .refusals = {404, 409},
                  .gives = Gives::case_data});
  return rows;
}

}  // namespace

Rows event_rows() {
  Rows rows;
  rows.push_back(
      {.pattern = "/v1/events/live",
       .id = "followEvents",
       .tag = "Events",
       .summary = "Events as they are committed",
       .description =
           "Server-Sent Events (WHATWG HTML, section 9.2). Each has the index of its entry as "
           "`id`, its type as `event`, and an `Event` as `data`. An `id` without data says how "
           "far was looked. The stream ends with its token; who comes back with the last id as "
           "Last-Event-ID misses nothing and reads nothing twice.",
       .kinds = acts(),
       .parameters = event_filters(true),
       .headers = {{"Last-Event-ID", shape::number(41), "Go on behind this index."}},
       .replies = {{200, {{kEventStream, {}, kLiveExample}}, "The stream, which does not end."}},
       .refusals = {422},
       .gives = Gives::stream_of_cases});
  rows.push_back({.pattern = "/v1/events",
                  .id = "listEvents",
                  .tag = "Events",
                  .summary = "The events that the reader sees",
                  .description = "Without what is sensitive, which one event alone gives.",
                  .kinds = acts(),
                  .parameters = event_filters(false),
                  .replies = {page_of("EventList", "A page of them.")},
                  .refusals = {422},
                  .gives = Gives::case_data,
                  .looks_at_many = true});
  for (Endpoint& e : one_event()) rows.push_back(std::move(e));
  rows.push_back({.pattern = "/v1/audit",
                  .id = "listAudit",
                  .tag = "Events",
                  .summary = "Who has signed what, and when",
                  .description = "The same without data, with the key that signed.",
                  .kinds = acts(),
                  .parameters = event_filters(false),
                  .replies = {page_of("Audit", "A page of it.")},
                  .refusals = {422},
                  .gives = Gives::case_data,
                  .looks_at_many = true});
  return rows;
}

}  // namespace relais::api::contract
