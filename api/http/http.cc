#include "api/http/http.h"

#include <algorithm>
#include <array>

namespace relais::api {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct Reason {
  unsigned status;
  std::string_view phrase;
};

constexpr std::array<Reason, 27> kReasons = {{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {207, "Multi-Status"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
}};

}  // namespace

std::string_view to_string(Method m) {
  switch (m) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      break;
  }
  return {};
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

OwnRequest::OwnRequest(Request&& from) : peer_(*from.peer) {
  std::size_t size = from.target.size();
  for (const HeaderView& h : from.headers) size += h.name.size() + h.value.size();
  text_.reserve(size);  // views into it must stay valid
  const auto kept = [this](std::string_view text) {
    const std::size_t at = text_.size();
    text_.append(text);
    return std::string_view(text_).substr(at);
  };
  request_.method = from.method;
  request_.target = kept(from.target);
  request_.path = std::move(from.path);
  request_.query = std::move(from.query);
  request_.headers.reserve(from.headers.size());
  for (const HeaderView& h : from.headers)
    request_.headers.push_back({kept(h.name), kept(h.value)});
  request_.peer = &peer_;
}

std::string_view Request::header(std::string_view name) const {
  for (const HeaderView& h : headers)
    if (equals_ignoring_case(h.name, name)) return h.value;
  return {};
}

std::optional<std::string_view> Request::param(std::string_view name) const {
  for (const Param& p : query)
    if (p.name == name) return p.value;
  return std::nullopt;
}

std::string_view reason_phrase(unsigned status) {
  const auto* const found = std::ranges::find(kReasons, status, &Reason::status);
  return found == kReasons.end() ? std::string_view("Unknown") : found->phrase;
}

std::string_view media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  while (!type.empty() && (type.front() == ' ' || type.front() == '\t')) type.remove_prefix(1);
  return type;
}

}  // namespace relais::api
