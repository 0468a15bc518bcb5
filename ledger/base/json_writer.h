// JSON text written straight behind a string: the answers of the hot paths never become a tree.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "ledger/base/id.h"

namespace relais {

/// The caller keeps the grammar: a key before each value of an object, an end for each begin.
class JsonWriter {
 public:
  /// Appends to `out`, which outlives the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }
  /// `name` needs no escaping: it is one of ours.
  JsonWriter& key(std::string_view name);

  /// Bytes that are not well-formed UTF-8 become U+FFFD, so that the text is always JSON.
  JsonWriter& text(std::string_view value);
  JsonWriter& boolean(bool value);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& signed_number(std::int64_t value);
  JsonWriter& null();
  /// JSON text that is known to be a value.
  JsonWriter& raw(std::string_view json);

  // A key and its value at once.
  JsonWriter& member(std::string_view name, std::string_view value);
  JsonWriter& member(std::string_view name, const char* value) {
    return member(name, std::string_view(value));
  }
  template <std::unsigned_integral T>
  JsonWriter& member(std::string_view name, T value) {
    if constexpr (std::same_as<T, bool>) {
      return key(name).boolean(value);
    } else {
      return number_member(name, value);
    }
  }
  /// RFC 3339, as to_rfc3339 has it.
  JsonWriter& member(std::string_view name, Timestamp value);
  JsonWriter& member(std::string_view name, const Uuid& value);

 private:
  JsonWriter& begin(char bracket) {
    separate();
    out_.push_back(bracket);
    comma_ = false;
    return *this;
  }
  JsonWriter& end(char bracket) {
    out_.push_back(bracket);
    comma_ = true;
    return *this;
  }
  JsonWriter& number_member(std::string_view name, std::uint64_t value);
  char* write_key(char* to, std::string_view name);
  JsonWriter& append(const char* begin, const char* end) {
    out_.append(begin, static_cast<std::size_t>(end - begin));
    return *this;
  }
  void separate() {
    if (comma_) out_.push_back(',');
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;  // the next value or key stands behind another
};

}  // namespace relais
