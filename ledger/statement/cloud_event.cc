#include "ledger/statement/cloud_event.h"

#include <algorithm>
#include <string_view>

#include "ledger/base/clock.h"
#include "ledger/crypto/base64.h"
#include "ledger/statement/uri.h"

namespace relais::statement {
namespace {

std::unexpected<Error> bad(std::string_view attribute, std::string_view message,
                           std::string_view accepted) {
  return fail(error(Errc::malformed, "cloudevents-" + std::string(attribute), std::string(message))
                  .at(std::string(attribute))
                  .accepts(std::string(accepted))
                  .from("CloudEvents 1.0.2"));
}

/// Lower-case letters and digits (section 3.1, naming conventions).
bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

/// A String of section 3.2 holds no control characters: C0, DEL, and C1 (in UTF-8 C2 80 to C2 9F).
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return true;
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return true;
  }
  return false;
}

bool is_token(std::string_view text) {
  static constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && kSpecials.find(c) == std::string_view::npos;
  });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// Length of the quoted string in front of `text`, or 0 where its end is missing.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return 0;
}

/// type "/" subtype *(";" attribute "=" value) (RFC 2045, section 5.1).
bool is_media_type(std::string_view text) {
  const std::string_view essence = trim(text.substr(0, text.find(';')));
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos || !is_token(essence.substr(0, slash)) ||
      !is_token(essence.substr(slash + 1)))
    return false;
  text.remove_prefix(std::min(text.find(';'), text.size()));
  while (!text.empty()) {
    text = trim(text.substr(1));
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !is_token(text.substr(0, equals))) return false;
    text.remove_prefix(equals + 1);
    const bool quoted = text.starts_with('"');
    const std::size_t end = quoted ? quoted_length(text) : std::min(text.find(';'), text.size());
    if (end == 0 || (!quoted && !is_token(trim(text.substr(0, end))))) return false;
    text = trim(text.substr(end));
    if (!text.empty() && text.front() != ';') return false;
  }
  return true;
}

struct Rule {
  std::string_view name;
  bool required;
  bool (*holds)(std::string_view text);
  std::string_view accepts;
};

bool any_text(std::string_view) {
  return true;
}

// Section 3.1: the context attributes of the core specification.
constexpr Rule kRules[] = {
    {"specversion", true, [](std::string_view t) { return t == "1.0"; }, "\"1.0\""},
    {"id", true, any_text, "a non-empty string"},
    {"source", true, is_uri_reference, "a non-empty URI-reference (RFC 3986)"},
    {"type", true, any_text, "a non-empty string"},
    {"datacontenttype", false, is_media_type, "a media type (RFC 2046)"},
    {"dataschema", false, is_uri, "an absolute URI (RFC 3986)"},
    {"subject", false, any_text, "a non-empty string"},
    {"time", false, [](std::string_view t) { return parse_rfc3339(t).has_value(); },
     "an RFC 3339 date-time, as 2026-11-24T16:00:00Z"},
};

Status check_core(const Rule& rule, const json::value* value) {
  // The JSON format, section 2.2, lets a null stand for an attribute that is absent.
  if (value == nullptr || value->is_null()) {
    if (rule.required) return bad(rule.name, "a required attribute is missing", rule.accepts);
    return {};
  }
  const boost::json::string* text = value->if_string();
  if (text == nullptr) return bad(rule.name, "the attribute is not a string", rule.accepts);
  const std::string_view t(text->data(), text->size());
  if (t.empty()) return bad(rule.name, "the attribute is empty", rule.accepts);
  if (has_control(t)) return bad(rule.name, "the attribute has control characters", rule.accepts);
  if (!rule.holds(t)) return bad(rule.name, "the attribute does not have its form", rule.accepts);
  return {};
}

/// Boolean, Integer (32 bits, signed) or a string form of the other types (section 3.2).
bool is_extension_value(const json::value& value) {
  if (value.is_bool() || value.is_null()) return true;
  if (const auto* i = value.if_int64()) return *i >= INT32_MIN && *i <= INT32_MAX;
  const boost::json::string* text = value.if_string();
  return text != nullptr && !has_control({text->data(), text->size()});
}

Status check_member(std::string_view name, const json::value& value) {
  if (name == "data") return {};
  if (name == "data_base64") {
    const boost::json::string* text = value.if_string();
    if (text != nullptr && crypto::base64_decode({text->data(), text->size()})) return {};
    return bad("data_base64", "the binary data is not base64", "base64 with padding (RFC 4648)");
  }
  if (!is_name(name))
    return fail(error(Errc::malformed, "cloudevents-attribute-name",
                      "an attribute's name is not one of CloudEvents")
                    .at(std::string(name))
                    .accepts("lower-case letters and digits")
                    .from("CloudEvents 1.0.2, section 3.1"));
  if (std::ranges::find(kRules, name, &Rule::name) != std::end(kRules)) return {};
  if (is_extension_value(value)) return {};
  return fail(error(Errc::malformed, "cloudevents-attribute-value",
                    "an extension attribute is of a type that CloudEvents does not have")
                  .at(std::string(name))
                  .accepts("a boolean, a 32-bit integer or a string without control characters")
                  .from("CloudEvents 1.0.2, section 3.2"));
}

}  // namespace

Status check_cloud_event(const json::object& event) {
  for (const Rule& rule : kRules) RELAIS_TRY(check_core(rule, event.if_contains(rule.name)));
  for (const auto& member : event) {
    const std::string_view name(member.key().data(), member.key().size());
    RELAIS_TRY(check_member(name, member.value()));
  }
  if (event.contains("data") && event.contains("data_base64"))
    return bad("data", "an event has both data and data_base64", "one of the two");
  return {};
}

}  // namespace relais::statement
