// Inside the room: the chapters of the table, and what their rows have in common.
#pragma once

#include <string_view>
#include <vector>

#include "api/contract/endpoint.h"

namespace relais::api::contract {

using Rows = std::vector<Endpoint>;
Rows statement_rows();
Rows case_rows();
Rows event_rows();
Rows commission_rows();
Rows partnership_rows();
Rows look_rows();
Rows log_rows();
Rows operation_rows();

inline constexpr std::string_view kSdJwt = "application/sd-jwt";
inline constexpr std::string_view kEventStream = "text/event-stream";
inline constexpr std::string_view kCloudEventJson = "application/cloudevents+json";
inline constexpr std::string_view kOctetStream = "application/octet-stream";
inline constexpr std::string_view kFigures = "text/plain; version=0.0.4; charset=utf-8";

/// What a list has beside its filters.
Parameter cursor();
Parameter limit();
/// Adds both.
std::vector<Parameter> in_pages(std::vector<Parameter> filters);
/// What lists of events, the audit and the live stream are narrowed by.
std::vector<Parameter> event_filters(bool live);

Given if_none_match();
/// The answer to a list, of this shape.
Reply page_of(std::string_view shape, std::string_view meaning);
/// One JSON document of this shape.
Reply document_of(std::string_view shape, std::string_view meaning,
                  std::vector<std::string_view> headers = {});
/// 304.
Reply unchanged();

/// A receipt, invented.
extern const std::string_view kReceiptExample;
extern const std::string_view kSdJwtExample;

}  // namespace relais::api::contract
