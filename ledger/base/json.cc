#include "ledger/base/json.h"

#include "ledger/base/json_memory.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

namespace relais::json {
namespace {

constexpr std::int64_t kMaxInteger = std::int64_t{1} << 53;

/// Builds the value and watches for what Boost.JSON lets pass: infinite numbers, big integers and,
/// where `names` says so, duplicate names. It stops the parser by returning false; `problem` then
/// says why.
class Handler {
 public:
  Handler(const boost::json::storage_ptr& memory, bool names) : watch_names_(names) {
    stack_.reset(memory);
  }

  constexpr static std::size_t max_object_size = 1'000;
  constexpr static std::size_t max_array_size = 100'000;
  constexpr static std::size_t max_key_size = 65'536;
  constexpr static std::size_t max_string_size = 16 * 1024 * 1024;

  using error_code = boost::system::error_code;

  Error problem;
  value take() { return stack_.release(); }
  /// Names read, those of duplicates too.
  std::size_t names() const { return count_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) {
    if (watch_names_) names_.emplace_back();
    return one_more(ec);
  }
  bool on_object_end(std::size_t n, error_code&) {
    if (watch_names_) names_.pop_back();
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(error_code& ec) { return one_more(ec); }
  bool on_array_end(std::size_t n, error_code&) {
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(std::string_view s, std::size_t, error_code&) {
    if (watch_names_) key_.append(s);
    stack_.push_chars(s);
    return true;
  }
  bool on_key(std::string_view s, std::size_t, error_code& ec) {
    ++count_;
    stack_.push_key(s);
    return !watch_names_ || is_fresh(s, ec);
  }
  bool on_string_part(std::string_view s, std::size_t, error_code&) {
    stack_.push_chars(s);
    return true;
  }
  bool on_string(std::string_view s, std::size_t, error_code& ec) {
    stack_.push_string(s);
    return one_more(ec);
  }
  bool on_number_part(std::string_view s, error_code&) {
    number_.append(s);
    return true;
  }
  bool on_int64(std::int64_t i, std::string_view, error_code& ec) {
    number_.clear();
    if (i > kMaxInteger || i < -kMaxInteger) return big(ec);
    stack_.push_int64(i);
    return one_more(ec);
  }
  bool on_uint64(std::uint64_t, std::string_view, error_code& ec) { return big(ec); }
  bool on_double(double d, std::string_view s, error_code& ec) {
    number_.append(s);
    const bool integer = number_.find_first_of(".eE") == std::string::npos;
    number_.clear();
    if (integer) return big(ec);
    if (!std::isfinite(d))
      return stop(ec, error(Errc::malformed, "json-number-range", "a number is out of range")
                          .accepts("numbers that are finite as an IEEE 754 double"));
    stack_.push_double(d);
    return one_more(ec);
  }
  bool on_bool(bool b, error_code& ec) {
    stack_.push_bool(b);
    return one_more(ec);
  }
  bool on_null(error_code& ec) {
    stack_.push_null();
    return one_more(ec);
  }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

 private:
  /// `s` is the last part of the name.
  bool is_fresh(std::string_view s, error_code& ec) {
    key_.append(s);
    if (names_.back().insert(std::exchange(key_, {})).second) return true;
    return stop(ec, error(Errc::malformed, "json-duplicate-member",
                          "a member name appears twice in one object")
                        .at(std::string(s)));
  }
  bool big(error_code& ec) {
    return stop(ec, error(Errc::malformed, "json-number-range", "an integer is past 2^53")
                        .accepts("integers from -2^53 to 2^53"));
  }
  /// What is read takes many times the memory of its text where the values are small.
  bool one_more(error_code& ec) {
    if (++values_ <= kMaxValues) return true;
    return stop(ec, error(Errc::too_large, "json-size", "the text holds too many values")
                        .accepts("at most " + std::to_string(kMaxValues) + " values"));
  }
  bool stop(error_code& ec, Error e) {
    problem = std::move(e);
    ec = boost::json::error::incomplete;
    return false;
  }

  Room<2'048> room_;  // enough for a statement
  boost::json::value_stack stack_{{}, room_.bytes.data(), room_.bytes.size()};
  const bool watch_names_;
  // In order, and not by a hash: names that collide are easily made.
  std::vector<std::set<std::string>> names_;
  std::size_t count_ = 0;
  std::size_t values_ = 0;
  std::string key_;
  std::string number_;
};

Error describe(const boost::system::error_code& ec) {
  if (ec == boost::json::error::too_deep)
    return error(Errc::malformed, "json-depth", "arrays and objects are nested too deep")
        .accepts("at most 32 levels");
  return error(Errc::malformed, "json-syntax", "not one well-formed JSON text: " + ec.message())
      .accepts("one JSON text in UTF-8 (RFC 8259)");
}

/// Members of all objects in the value, at any depth.
std::size_t members_in(const value& v) {
  std::size_t members = 0;
  if (const object* o = v.if_object()) {
    members = o->size();
    for (const auto& member : *o) members += members_in(member.value());
  } else if (const array* a = v.if_array()) {
    for (const value& element : *a) members += members_in(element);
  }
  return members;
}

Result<value> parse(std::string_view text, const boost::json::storage_ptr& memory, bool watch_names,
                    std::size_t& names) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<Handler> parser(options, memory, watch_names);
  boost::system::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (ec || !parser.done()) {
    if (!parser.handler().problem.rule.empty()) return fail(std::move(parser.handler().problem));
    return fail(describe(ec ? ec : make_error_code(boost::json::error::incomplete)));
  }
  if (used < text.size() && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
    return fail(describe(make_error_code(boost::json::error::extra_data)));
  names = parser.handler().names();
  return parser.handler().take();
}

}  // namespace

/// An object keeps one member a name: where a text has as many names as its value has members, no
/// name appears twice. Else, and where it is refused for whatever comes first, it is read once more
/// with an eye on each name.
Result<value> parse(std::string_view text, const boost::json::storage_ptr& memory) {
  std::size_t names = 0;
  Result<value> read = parse(text, memory, false, names);
  if (read && members_in(*read) == names) return read;
  return parse(text, memory, true, names);
}

Result<value> parse(std::string_view text) {
  return parse(text, {});
}

std::string serialize(const value& v) {
  return boost::json::serialize(v);
}

const boost::json::string* find_string(const object& o, std::string_view name) {
  const value* v = o.if_contains(name);
  return v != nullptr ? v->if_string() : nullptr;
}

}  // namespace relais::json
