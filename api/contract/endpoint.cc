#include "api/contract/endpoint.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "api/contract/rows.h"
#include "ledger/base/check.h"
#include "projections/read.h"

namespace relais::api {
namespace contract {

const std::string_view kSdJwtExample =
    "eyJhbGciOiJFZERTQSIsInR5cCI6ImNsb3VkZXZlbnRzK3NkLWp3dCIsImtpZCI6ImV4ZW1wbGUifQ.e30."
    "c2lnbmF0dXJl~";
const std::string_view kReceiptExample =
    "c2sp.org/tlog-proof@v1\nextra AAABnLXrwAA\nindex 41\n"
    "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\n\nrelais.example/rhone-2023\n42\n"
    "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\n\n"
    "\u2014 relais.example/rhone-2023 ZXhlbXBsZSBpbnZlbnTDqQ==\n";

constexpr std::string_view kLinesExample =
    "{\"example\":\"invented\"}\n{\"example\":\"invented as well\"}\n";

Parameter cursor() {
  return {"cursor", cursor_form(),
          "Where to go on: the member `next` of a page before, of the same list and reader."};
}

Parameter limit() {
  return {"limit", limit_form(), "How many a page has at most."};
}

std::vector<Parameter> in_pages(std::vector<Parameter> filters) {
  filters.push_back(cursor());
  filters.push_back(limit());
  return filters;
}

std::vector<Parameter> event_filters(bool live) {
  Form axis = text_form("detection");
  axis.schema = shape::named("Axis");
  std::vector<Parameter> all = {
      {"stream", stream_form(), "Events of this stream."},
      {"type", text_form("relais.referral.*.v1"),
       "Events of this type, in full or without `relais.` and `.v1`; * stands for any characters."},
      {"signatory", signatory_form(), "Events that this signatory has signed."},
      {"axis", std::move(axis), "Events of this axis of the convention."},
      {"from", position_form(), "From this index on, or from the first received at this time."}};
  if (live) return all;
  all.push_back({"to", position_form(), "Before this index, or before this time."});
  all.push_back({"order", choice_form({"asc", "desc"}, "order-form", "an unknown order"),
                 "In the order of the log, or the newest first."});
  return in_pages(std::move(all));
}

Given if_none_match() {
  return {"If-None-Match", shape::text("\"3\""),
          "Tags of what is there already: 304 where one of them is still right."};
}

Reply page_of(std::string_view shape, std::string_view meaning) {
  return {200, {{kJson, shape}, {kLines, {}, kLinesExample}}, meaning, {"Link"}};
}

Reply document_of(std::string_view shape, std::string_view meaning,
                  std::vector<std::string_view> headers) {
  return {200, {{kJson, shape}}, meaning, std::move(headers)};
}

Reply unchanged() {
  return {304, {}, "It is what the tag says.", {"ETag"}};
}

}  // namespace contract

std::span<const Endpoint> endpoints() {
  static const contract::Rows all = [] {
    contract::Rows rows;
    for (contract::Rows (*chapter)() :
         {contract::statement_rows, contract::case_rows, contract::event_rows,
          contract::commission_rows, contract::partnership_rows, contract::look_rows,
          contract::log_rows, contract::operation_rows})
      std::ranges::move(chapter(), std::back_inserter(rows));
    return rows;
  }();
  return all;
}

const Endpoint& endpoint(Method method, std::string_view pattern) {
  const auto all = endpoints();
  const auto found = std::ranges::find_if(
      all, [&](const Endpoint& e) { return e.method == method && e.pattern == pattern; });
  if (found == all.end())
    check(false, "a route is a row of the table of endpoints: " + std::string(pattern));
  return *found;
}

std::size_t largest_page() {
  return projections::kMaxPage;
}

Status check_media_type(const Endpoint& e, const Request& request) {
  const std::string_view type = media_type(request.header("content-type"));
  std::string accepted;
  for (const Body& body : e.takes) {
    if (equals_ignoring_case(type, body.media_type)) return {};
    accepted.append(accepted.empty() ? "" : ", ").append(body.media_type);
  }
  return fail(error(Errc::unsupported, "media-type", "the body is not taken in this form")
                  .at("content-type")
                  .accepts(std::move(accepted)));
}

}  // namespace relais::api
