#include "api/http/problem.h"

#include <string>

namespace relais::api {
namespace {

/// "emitter-forbidden" -> "Emitter forbidden": the same for each occurrence of a type (RFC 9457,
/// section 3.1.3).
std::string title_of(std::string_view rule) {
  std::string title(rule);
  for (char& c : title)
    if (c == '-') c = ' ';
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

}  // namespace

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::malformed:
      return 400;
    case Errc::unauthenticated:
      return 401;
    case Errc::forbidden:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::conflict:
      return 409;
    case Errc::stale:
      return 412;
    case Errc::too_large:
      return 413;
    case Errc::unsupported:
      return 415;
    case Errc::invalid:
      return 422;
    case Errc::limited:
      return 429;
    case Errc::unavailable:
      return 503;
    case Errc::storage_full:
      return 507;  // RFC 4918, section 11.5
    case Errc::corrupt:
    case Errc::io:
    case Errc::internal:
      break;
  }
  return 500;
}

bool is_failure(const Error& e) {
  return e.code == Errc::corrupt || e.code == Errc::io || e.code == Errc::internal;
}

namespace {

/// Of what the server cannot do, its rule and what helps are for everybody. What happened, and with
/// which path or option of whom, is for who runs it.
std::string_view detail_of(const Error& e) {
  if (is_failure(e)) return "the server could not answer; its own log says why";
  if (is_outage(e)) return "the server cannot do this now; its own log says more";
  return e.message;
}

}  // namespace

bool is_outage(const Error& e) {
  return e.code == Errc::unavailable || e.code == Errc::storage_full;
}

void write_problem(JsonWriter& json, const Error& e, unsigned status) {
  json.member("type", std::string(kProblemBase) + e.rule);
  json.member("title", title_of(e.rule));
  json.member("status", status);
  json.member("detail", detail_of(e));
  json.member("rule", e.rule);
  const bool ours = is_failure(e) || is_outage(e);
  if (!e.field.empty() && !ours) json.member("field", e.field);
  if (!e.accepted.empty() && !is_failure(e)) json.member("accepted", e.accepted);
  if (!e.source.empty()) json.member("source", e.source);
  if (!e.state.empty()) json.member("state", e.state);
}

Response problem(const Error& e) {
  return problem(e, status_of(e.code));
}

Response problem(const Refused& e) {
  Response response = problem(static_cast<const Error&>(e));
  for (auto& [name, value] : response.headers)
    if (name == "retry-after") value = std::to_string(e.retry_after.count());
  return response;
}

Response problem(const Error& e, unsigned status) {
  Response response;
  response.status = status;
  response.content_type = kProblemJson;
  JsonWriter json(response.body);
  json.begin_object();
  write_problem(json, e, status);
  json.end_object();
  if (status == 401) response.headers.emplace_back("www-authenticate", "Bearer realm=\"relais\"");
  if (status == 429 || status == 503) response.headers.emplace_back("retry-after", "1");
  return response;
}

Error absent() {
  return error(Errc::not_found, "not-found",
               "there is no such thing, or it is not for this reader");
}

}  // namespace relais::api
