#include "api/http/target.h"

#include <algorithm>
#include <optional>

#include "ledger/base/utf8.h"

namespace relais::api {
namespace {

std::unexpected<Error> bad_target(std::string message) {
  return fail(error(Errc::malformed, "target-form", std::move(message))
                  .accepts("an absolute path with an optional query, percent-encoded UTF-8")
                  .from("RFC 9112, section 3.2; RFC 3986, section 2.1"));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Decodes one segment, name or value; nothing where it is not encoded well.
std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    out.push_back(c);
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!is_utf8(out) || std::ranges::any_of(out, is_control)) return std::nullopt;
  return out;
}

Status parse_path(std::string_view path, Target& out) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    auto segment = decode(path.substr(0, end), false);
    if (!segment) return bad_target("the path is not encoded well");
    if (out.path.size() == kMaxSegments) return bad_target("the path has too many segments");
    out.path.push_back(std::move(*segment));
    path.remove_prefix(end);
  }
  return {};
}

Status parse_query(std::string_view query, Target& out) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return bad_target("the query is not encoded well");
    if (std::ranges::find(out.query, *name, &Param::name) != out.query.end())
      return fail(error(Errc::malformed, "query-repeated", "a query parameter is given twice")
                      .at(*name)
                      .accepts("each parameter once"));
    if (out.query.size() == kMaxParams) return bad_target("the query has too many parameters");
    out.query.push_back({std::move(*name), std::move(*value)});
  }
  return {};
}

/// "http://example.org/a?b" without its origin, as a proxy is asked; "/" where it has no path
/// (RFC 9110, section 4.2.3). Nothing where the origin has another form.
std::optional<std::string_view> behind_origin(std::string_view target) {
  const std::size_t colon = target.find(':');
  if (colon == target.npos) return std::nullopt;
  const std::string_view scheme = target.substr(0, colon);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https"))
    return std::nullopt;
  target.remove_prefix(scheme.size() + 1);
  if (!target.starts_with("//")) return std::nullopt;
  target.remove_prefix(2);
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  const std::string_view authority = target.substr(0, end);
  if (authority.empty() || authority.front() == ':' || !is_authority(authority))
    return std::nullopt;
  return target.substr(end);
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  Target out;
  if (target == "*") return out;
  if (!target.starts_with('/')) {
    const auto rest = behind_origin(target);
    if (!rest) return bad_target("the target is neither an absolute path nor a URL of http");
    target = *rest;
    if (!target.starts_with('/')) {  // no path: that of the root
      out.path.emplace_back();
      RELAIS_TRY(parse_query(target.substr(std::min<std::size_t>(1, target.size())), out));
      return out;
    }
  }
  if (target.find('#') != std::string_view::npos)
    return bad_target("a fragment stays with the client");
  out.path.reserve(4);
  const std::size_t question = std::min(target.find('?'), target.size());
  RELAIS_TRY(parse_path(target.substr(0, question), out));
  RELAIS_TRY(parse_query(target.substr(std::min(question + 1, target.size())), out));
  return out;
}

bool is_authority(std::string_view text) {
  const auto made_of = [](std::string_view part, std::string_view more) {
    return std::ranges::all_of(part, [&](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             more.find(c) != std::string_view::npos;
    });
  };
  std::size_t end = std::min(text.find(':'), text.size());
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !made_of(text.substr(1, close - 1), ":.")) return false;
    end = close + 1;
  } else if (!made_of(text.substr(0, end), "-._~%!$&'()*+,;=")) {
    return false;
  }
  const std::string_view port = text.substr(end);
  return port.empty() || (port.front() == ':' && std::ranges::all_of(port.substr(1), [](char c) {
                            return c >= '0' && c <= '9';
                          }));
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                            (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace relais::api
