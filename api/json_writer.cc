#include "api/json_writer.h"

#include <charconv>

#include "api/utf8.h"
#include "ledger/base/clock.h"

namespace relais::api {
namespace {

template <class Int>
void append_number(std::string& out, Int value) {
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out.append(buffer, result.ptr);
}

/// RFC 8259, section 7: quotation mark, reverse solidus and control characters.
void append_escaped(std::string& out, char c) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append("\\u00");
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
  }
}

bool is_plain(char c) {
  return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\';  // ASCII, as it stands
}

void append_text(std::string& out, std::string_view value) {
  while (!value.empty()) {
    std::size_t plain = 0;
    while (plain < value.size() && is_plain(value[plain])) ++plain;
    out.append(value.substr(0, plain));
    value.remove_prefix(plain);
    if (value.empty()) return;
    if (static_cast<unsigned char>(value[0]) < 0x80) {
      append_escaped(out, value[0]);
      value.remove_prefix(1);
      continue;
    }
    const std::size_t length = utf8_length(value);
    out.append(length == 0 ? std::string_view("\xef\xbf\xbd") : value.substr(0, length));
    value.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  out_.push_back('"');
  out_.append(name);
  out_.append("\":");
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  out_.push_back('"');
  append_text(out_, value);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::signed_number(std::int64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::null() {
  return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

JsonWriter& JsonWriter::member(std::string_view name, Timestamp value) {
  return key(name).text(to_rfc3339(value));
}

}  // namespace relais::api
