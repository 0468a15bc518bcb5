#include "ledger/base/json_writer.h"

#include <algorithm>
#include <charconv>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/base/time_range.h"
#include "ledger/base/utf8.h"

namespace relais {
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

/// Most names and values are short: they are put together here and appended at once.
constexpr std::size_t kShort = 64;
constexpr std::size_t kKey = kShort + 4;  // with comma, quotes and colon

/// Writes `value` in quotes to `to`; gives the end, or nothing where something needs escaping.
char* quote_plain(char* to, std::string_view value) {
  *to++ = '"';
  for (const char c : value) {
    if (!is_plain(c)) return nullptr;
    *to++ = c;
  }
  *to++ = '"';
  return to;
}

char* two_digits(char* to, unsigned value) {
  *to++ = static_cast<char>('0' + value / 10);
  *to++ = static_cast<char>('0' + value % 10);
  return to;
}

/// The calendar day of a number of days since 1970-01-01 (H. Hinnant, "days_from_civil" backwards:
/// years of 365 days from March on, in eras of 400 years).
char* write_day(char* to, std::int64_t day) {
  const std::int64_t shifted = day + 719'468;  // since 0000-03-01
  const std::int64_t era = shifted / 146'097;
  const auto of_era = static_cast<unsigned>(shifted % 146'097);
  const unsigned year_of_era = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned from_march = (5 * of_year + 2) / 153;
  const unsigned month = from_march < 10 ? from_march + 3 : from_march - 9;
  const auto year = static_cast<unsigned>(era) * 400 + year_of_era + (month <= 2 ? 1 : 0);
  to = two_digits(two_digits(to, year / 100), year % 100);
  *to++ = '-';
  to = two_digits(to, month);
  *to++ = '-';
  return two_digits(to, of_year - (153 * from_march + 2) / 5 + 1);
}

/// What to_rfc3339 gives, straight into place: a timeline has two times a line. Years 1970 to 9999.
char* write_time(char* to, Timestamp t) {
  const std::int64_t day = t.value / 86'400'000;
  const auto of_day = static_cast<unsigned>(t.value % 86'400'000);
  to = write_day(to, day);
  *to++ = 'T';
  to = two_digits(to, of_day / 3'600'000);
  *to++ = ':';
  to = two_digits(to, of_day / 60'000 % 60);
  *to++ = ':';
  to = two_digits(to, of_day / 1'000 % 60);
  if (const unsigned ms = of_day % 1'000; ms != 0) {
    *to++ = '.';
    *to++ = static_cast<char>('0' + ms / 100);
    to = two_digits(to, ms % 100);
  }
  *to++ = 'Z';
  return to;
}

char* write_hex(char* to, std::uint64_t value, int from_bit, int to_bit) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (int bit = from_bit; bit >= to_bit; bit -= 4) *to++ = kHex[(value >> bit) & 15];
  return to;
}

/// What to_string(Uuid) gives.
char* write_uuid(char* to, const Uuid& id) {
  to = write_hex(to, id.high, 60, 32);
  *to++ = '-';
  to = write_hex(to, id.high, 28, 16);
  *to++ = '-';
  to = write_hex(to, id.high, 12, 0);
  *to++ = '-';
  to = write_hex(to, id.low, 60, 48);
  *to++ = '-';
  return write_hex(to, id.low, 44, 0);
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

/// Writes the name with what stands before and behind it; at most kKey bytes. A value is to follow.
char* JsonWriter::write_key(char* to, std::string_view name) {
  check(name.size() <= kShort, "a member's name is short");
  if (comma_) *to++ = ',';
  comma_ = false;
  *to++ = '"';
  to = std::copy(name.begin(), name.end(), to);
  *to++ = '"';
  *to++ = ':';
  return to;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  char buffer[kKey];
  return append(buffer, write_key(buffer, name));
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  out_.push_back('"');
  append_text(out_, value);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::member(std::string_view name, std::string_view value) {
  char buffer[kKey + kShort + 2];
  char* to = write_key(buffer, name);
  if (value.size() <= kShort) {
    if (const char* end = quote_plain(to, value)) {
      comma_ = true;
      return append(buffer, end);
    }
  }
  return append(buffer, to).text(value);
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

JsonWriter& JsonWriter::number_member(std::string_view name, std::uint64_t value) {
  char buffer[kKey + 20];
  char* const to = write_key(buffer, name);
  comma_ = true;
  return append(buffer, std::to_chars(to, buffer + sizeof(buffer), value).ptr);
}

JsonWriter& JsonWriter::member(std::string_view name, Timestamp value) {
  if (!in_time_range(value)) return member(name, to_rfc3339(value));
  char buffer[kKey + 32];
  char* to = write_key(buffer, name);
  *to++ = '"';
  to = write_time(to, value);
  *to++ = '"';
  comma_ = true;
  return append(buffer, to);
}

JsonWriter& JsonWriter::member(std::string_view name, const Uuid& value) {
  char buffer[kKey + 38];
  char* to = write_key(buffer, name);
  *to++ = '"';
  to = write_uuid(to, value);
  *to++ = '"';
  comma_ = true;
  return append(buffer, to);
}

}  // namespace relais
