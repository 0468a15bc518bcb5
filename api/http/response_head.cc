#include "api/http/response_head.h"

#include <array>
#include <charconv>

#include "ledger/base/clock.h"

namespace relais::api {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  char buffer[20];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out.append(buffer, result.ptr);
}

/// The present second's date, made once a second on each thread.
const std::string& date_of(Timestamp now) {
  thread_local std::int64_t second = -1;
  thread_local std::string text;
  if (now.value / 1000 != second) {
    second = now.value / 1000;
    text = http_date(now);
  }
  return text;
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string http_date(Timestamp t) {
  static constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                            "Mon", "Tue", "Wed"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string rfc3339 = to_rfc3339(Timestamp{t.value / 1000 * 1000});  // 2026-11-24T16:00:00Z
  const std::string_view text = rfc3339;
  const auto month = static_cast<std::size_t>((text[5] - '0') * 10 + (text[6] - '0') - 1);
  std::string out(kDays[static_cast<std::size_t>(t.value / 86'400'000 % 7)]);
  out.append(", ").append(text.substr(8, 2)).append(" ").append(kMonths[month]);
  out.append(" ").append(text.substr(0, 4)).append(" ").append(text.substr(11, 8)).append(" GMT");
  return out;
}

bool is_traceparent(std::string_view text) {
  if (text.size() != 55 || !text.starts_with("00-")) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

void write_head(std::string& out, const Response& response, const HeadOptions& options) {
  out.append("HTTP/1.1 ");
  append_number(out, response.status);
  out.append(" ").append(reason_phrase(response.status)).append("\r\n");
  add(out, "date", date_of(options.now));
  if (!response.content_type.empty()) add(out, "content-type", response.content_type);
  if (options.chunked) {
    add(out, "transfer-encoding", "chunked");
  } else if (!response.stream && response.status != 204 && response.status != 304) {
    out.append("content-length: ");
    append_number(out, response.constant.empty() ? response.body.size() : response.constant.size());
    out.append("\r\n");
  }
  add(out, "cache-control", response.cache_control);
  out.append("x-content-type-options: nosniff\r\n");
  for (const auto& [name, value] : response.headers) add(out, name, value);
  if (is_traceparent(options.traceparent)) add(out, "traceparent", options.traceparent);
  if (options.close) {
    out.append("connection: close\r\n");
  } else if (options.http10) {
    out.append("connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

}  // namespace relais::api
