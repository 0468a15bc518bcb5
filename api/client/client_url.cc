#include <algorithm>

#include "api/client/client.h"
#include "api/http/http.h"

namespace relais::api {
namespace {

std::unexpected<Error> bad_url(std::string_view url) {
  return fail(error(Errc::invalid, "client-url", "not a server: " + std::string(url))
                  .at("url")
                  .accepts("http://host[:port], https://host[:port] or unix:/path"));
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!equals_ignoring_case(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<ClientUrl> parse_client_url(std::string_view url) {
  ClientUrl out;
  std::string_view rest = url;
  if (take_prefix(rest, "unix:")) {
    if (!rest.starts_with('/')) return bad_url(url);
    out.scheme = ClientUrl::Scheme::unix_socket;
    out.host = rest;
    return out;
  }
  if (take_prefix(rest, "https://")) {
    out.scheme = ClientUrl::Scheme::https;
    out.port = "443";
  } else if (take_prefix(rest, "http://")) {
    out.port = "80";
  } else {
    return bad_url(url);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@ ") != std::string_view::npos) return bad_url(url);
  std::string_view host = rest;
  if (rest.starts_with('[')) {  // an IPv6 address (RFC 3986, section 3.2.2)
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad_url(url);
    host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest[0] != ':') return bad_url(url);
  } else {
    host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
  }
  if (!rest.empty()) {
    rest.remove_prefix(1);
    if (!is_port(rest)) return bad_url(url);
    out.port = rest;
  }
  if (host.empty()) return bad_url(url);
  out.host = host;
  return out;
}

}  // namespace relais::api
