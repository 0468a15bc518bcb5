#include "ledger/statement/uri.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "ledger/statement/punycode.h"

namespace relais::statement {
namespace {

bool alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// unreserved, sub-delims and percent-encoding (section 2), and the characters of `more`.
bool made_of(std::string_view text, std::string_view more) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !hex(text[i + 1]) || !hex(text[i + 2])) return false;
      i += 2;
    } else if (!alpha(c) && !is_digit(c) && kMarks.find(c) == std::string_view::npos &&
               more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// Length of the scheme in front of its colon, or 0 where there is none (section 3.1).
std::size_t scheme_length(std::string_view text) {
  if (text.empty() || !alpha(text[0])) return 0;
  const std::size_t end = static_cast<std::size_t>(
      std::ranges::find_if_not(
          text,
          [](char c) { return alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; }) -
      text.begin());
  return end < text.size() && text[end] == ':' ? end : 0;
}

/// [ userinfo "@" ] host [ ":" port ] (section 3.2).
bool is_authority(std::string_view text) {
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (!made_of(text.substr(0, at), ":")) return false;
    text.remove_prefix(at + 1);
  }
  std::size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    if (!made_of(text.substr(1, close - 1), ":")) return false;
    host_end = close + 1;
    if (host_end < text.size() && text[host_end] != ':') return false;
  } else if (!made_of(text.substr(0, host_end), "")) {
    return false;
  }
  return host_end >= text.size() || std::ranges::all_of(text.substr(host_end + 1), is_digit);
}

/// What stands behind the scheme: "//" authority, path, query and fragment. Without a scheme the
/// first segment of a path holds no colon (section 4.2).
bool is_rest(std::string_view text, bool scheme) {
  const std::size_t hash = text.find('#');
  if (hash != std::string_view::npos && !made_of(text.substr(hash + 1), ":@/?")) return false;
  text = text.substr(0, hash);
  const std::size_t question = text.find('?');
  if (question != std::string_view::npos && !made_of(text.substr(question + 1), ":@/?"))
    return false;
  text = text.substr(0, question);
  if (text.starts_with("//")) {
    const std::size_t path = std::min(text.find('/', 2), text.size());
    return is_authority(text.substr(2, path - 2)) && made_of(text.substr(path), ":@/");
  }
  if (!scheme && text.substr(0, text.find('/')).find(':') != std::string_view::npos) return false;
  return made_of(text, ":@/");
}

/// Whether browsers take the host for an address of version 4 and others for a name: its last label
/// is a number, also in base sixteen, also before a dot (WHATWG URL, section 3.5).
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return false;
  if (last.starts_with("0x") || last.starts_with("0X"))
    return std::ranges::all_of(last.substr(2), hex);
  return std::ranges::all_of(last, is_digit);
}

/// Labels in the form that other letters than ASCII's travel in are read, or what one program takes
/// for a name another does not.
bool has_sound_labels(std::string_view host) {
  constexpr std::string_view kAce = "xn--";
  while (!host.empty()) {
    const std::string_view label = host.substr(0, host.find('.'));
    const bool ace = label.size() >= kAce.size() &&
                     std::ranges::equal(label.substr(0, kAce.size()), kAce, {},
                                        [](char c) { return alpha(c) ? char(c | 0x20) : c; });
    if (ace && !is_idn_label(label)) return false;
    host.remove_prefix(std::min(label.size() + 1, host.size()));
  }
  return true;
}

/// An address of version 6 in brackets, one of version 4, or a name of letters, digits, dashes and
/// dots (other letters as IDNA has them); with a port or without. What browsers take (WHATWG URL,
/// section 3.5), and no more.
bool is_web_host(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = std::min(text.find(']'), text.size() - 1);
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    in6_addr address{};
    if (::inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1) return false;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    port = text.substr(colon);
    if (host.empty() || host.front() == '.' || host.find("..") != std::string_view::npos ||
        !std::ranges::all_of(
            host, [](char c) { return alpha(c) || is_digit(c) || c == '-' || c == '.'; }))
      return false;
    if (!has_sound_labels(host)) return false;
    in_addr address{};
    if (ends_in_number(host) && ::inet_pton(AF_INET, std::string(host).c_str(), &address) != 1)
      return false;
  }
  if (port.empty()) return true;
  port.remove_prefix(1);
  return text[text.size() - port.size() - 1] == ':' && port.size() <= 5 &&
         std::ranges::all_of(port, is_digit) &&
         (port.empty() || std::stoul(std::string(port)) < 65'536);
}

}  // namespace

bool is_uri(std::string_view text) {
  const std::size_t scheme = scheme_length(text);
  return scheme > 0 && is_rest(text.substr(scheme + 1), true);
}

bool is_link(std::string_view text) {
  if (!is_uri(text)) return false;
  const std::size_t colon = scheme_length(text);
  const auto is = [&](std::string_view scheme) {
    return std::ranges::equal(text.substr(0, colon), scheme, {},
                              [](char c) { return static_cast<char>(c | 0x20); });
  };
  if ((!is("http") && !is("https")) || !text.substr(colon + 1).starts_with("//")) return false;
  const std::string_view rest = text.substr(colon + 3);
  return is_web_host(rest.substr(0, rest.find_first_of("/?#")));
}

bool is_uri_reference(std::string_view text) {
  return is_uri(text) || is_rest(text, false);
}

}  // namespace relais::statement
