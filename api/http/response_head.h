// The bytes before a body: status line and header fields (RFC 9112, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/http.h"
#include "ledger/base/id.h"

namespace relais::api {

/// What the connection adds to a response.
struct HeadOptions {
  Timestamp now;
  std::string_view traceparent;  ///< of the request; ignored unless it is well formed
  bool http10 = false;
  bool close = false;
  bool chunked = false;  ///< a stream in HTTP/1.1; otherwise the body's size is given
};

/// Appends the head of `response` to `out`, with its last empty line.
void write_head(std::string& out, const Response& response, const HeadOptions& options);

/// "Tue, 24 Nov 2026 16:00:00 GMT" (RFC 9110, section 5.6.7).
std::string http_date(Timestamp t);

/// Whether the text is a traceparent of version 00 (W3C Trace Context, section 3.2).
bool is_traceparent(std::string_view text);

}  // namespace relais::api
