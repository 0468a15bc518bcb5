// A payload against its type. Nothing here builds a text unless there is an error to report.
#include <algorithm>
#include <bitset>
#include <utility>

#include "ledger/statement/codec.h"
#include "ledger/statement/formats.h"
#include "ledger/statement/names.h"

namespace relais::statement {
namespace {

/// Vocabularies of up to this many values are listed in an error, larger ones described.
constexpr std::size_t kMaxListed = 12;

/// Where a check stands: the names from the payload down, linked on the stack.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;
  std::size_t index = 0;  ///< of an element, where there is no name

  std::string path() const {
    if (parent == nullptr) return std::string(name);
    if (name.empty()) return parent->path() + "[" + std::to_string(index) + "]";
    return parent->path() + "." + std::string(name);
  }
};

std::unexpected<Error> refuse(const Place& place, std::string rule, std::string message,
                              std::string accepted) {
  return fail(error(Errc::invalid, std::move(rule), std::move(message))
                  .at(place.path())
                  .accepts(std::move(accepted)));
}

template <class Range>
std::string join(const Range& values) {
  std::string out;
  for (const auto& value : values) {
    if (!out.empty()) out.append(", ");
    out.append(value);
  }
  return out;
}

std::string values_of(std::string_view name) {
  const auto& values = vocabulary(name);
  if (values.size() <= kMaxListed) return join(values);
  return "one of the " + std::to_string(values.size()) + " values of the vocabulary " +
         std::string(name) + ", as " + *values.begin();
}

std::string values_of(capnp::EnumSchema type) {
  const EnumNames& table = enum_names(type);
  std::vector<std::string_view> names(table.names.begin() + (table.unspecified ? 1 : 0),
                                      table.names.end());
  return join(names);
}

std::string members_of(const Struct& type) {
  std::vector<std::string_view> names;
  names.reserve(type.fields.size());
  for (const Field& f : type.fields) names.push_back(f.name);
  return join(names);
}

std::string_view kind_of(const Field& f) {
  switch (f.kind) {
    case Field::Kind::text:
    case Field::Kind::enumeration:
      return "a string";
    case Field::Kind::boolean:
      return "true or false";
    case Field::Kind::integer:
      return "an integer";
    case Field::Kind::structure:
      break;
  }
  return "an object";
}

std::unexpected<Error> wrong_type(const Field& f, const Place& place, bool element) {
  std::string accepted(kind_of(f));
  if (f.list && !element) accepted = "an array, each element " + accepted;
  return refuse(place, "member-type", "the value is of another type", std::move(accepted));
}

Status check_struct(const Struct& type, const json::object& object, const Place& place,
                    const std::vector<Disclosed>* disclosed);

/// Letters and digits, of any alphabet: a character beyond ASCII counts, by its first byte.
std::size_t letters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xc0 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
  }));
}

Status check_text(const Field& f, std::string_view text, const Place& place) {
  const std::size_t limit = f.list ? kDefaultMaxText : f.max_length;
  if (text.size() > limit)
    return refuse(place, "too-long", "the text is too long",
                  "at most " + std::to_string(limit) + " bytes");
  if (!f.vocabulary.empty()) {
    if (!vocabulary(f.vocabulary).contains(text))
      return refuse(place, "vocabulary", "the value is not of the vocabulary",
                    values_of(f.vocabulary));
    return {};
  }
  if (!f.format.empty()) {
    const Format* format = find_format(f.format);
    if (!has_format(*format, text))
      return refuse(place, "format-" + f.format, "the text does not have the form it must have",
                    std::string(format->accepts));
    return {};
  }
  if (text.empty())
    return refuse(place, "member-empty", "the text is empty",
                  "a text; leave out what is not known");
  if (text.find('\0') != std::string_view::npos)
    return refuse(place, "text-control", "the text holds the character U+0000", "text without it");
  if (letters(text) < f.min_letters)
    return refuse(place, "too-short", "the text says too little",
                  "at least " + std::to_string(f.min_letters) + " letters or digits");
  return {};
}

Status check_integer(const Field& f, const json::value& value, const Place& place) {
  const std::int64_t* i = value.if_int64();
  if (i == nullptr) return wrong_type(f, place, true);
  if (*i < 0 || static_cast<std::uint64_t>(*i) > f.max_value)
    return refuse(place, "number-range", "the number is out of range",
                  "an integer from 0 to " + std::to_string(f.max_value));
  return {};
}

/// One value: the member's own, or an element of its list.
Status check_value(const Field& f, const json::value& value, const Place& place) {
  const boost::json::string* text = value.if_string();
  switch (f.kind) {
    case Field::Kind::text:
      if (text == nullptr) return wrong_type(f, place, true);
      return check_text(f, {text->data(), text->size()}, place);
    case Field::Kind::enumeration:
      if (text == nullptr) return wrong_type(f, place, true);
      if (parse_wire(f.enumeration, {text->data(), text->size()}) < 0)
        return refuse(place, "vocabulary", "the value is not of the vocabulary",
                      values_of(f.enumeration));
      return {};
    case Field::Kind::boolean:
      if (!value.is_bool()) return wrong_type(f, place, true);
      return {};
    case Field::Kind::integer:
      return check_integer(f, value, place);
    case Field::Kind::structure:
      break;
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return wrong_type(f, place, true);
  return check_struct(*f.structure, *object, place, nullptr);
}

Status check_member(const Field& f, const json::value& value, const Place& place) {
  if (!f.list) return check_value(f, value, place);
  const json::array* array = value.if_array();
  if (array == nullptr) return wrong_type(f, place, false);
  if (array->size() > f.max_length)
    return refuse(place, "too-long", "the list is too long",
                  "at most " + std::to_string(f.max_length) + " elements");
  for (std::size_t i = 0; i < array->size(); ++i)
    RELAIS_TRY(check_value(f, (*array)[i], Place{&place, {}, i}));
  return {};
}

/// Whether the member `name` of the payload is a disclosed value itself.
bool is_disclosed(const std::vector<Disclosed>& disclosed, std::string_view name) {
  constexpr std::string_view kData = "data.";
  return std::ranges::any_of(disclosed, [&](const Disclosed& d) {
    const std::string_view path = d.path;
    return path.size() == kData.size() + name.size() && path.starts_with(kData) &&
           path.ends_with(name);
  });
}

Status check_sensitivity(const Field& f, const Place& place,
                         const std::vector<Disclosed>& disclosed) {
  const bool hidden = is_disclosed(disclosed, f.name);
  if (f.sensitive && !hidden)
    return fail(error(Errc::invalid, "sensitive-in-clear",
                      "a sensitive member stands in clear in the signed payload")
                    .at(place.path())
                    .accepts("a disclosure of the member, its digest in data._sd")
                    .from("RGPD art. 9 and 17"));
  if (!f.sensitive && hidden)
    return refuse(place, "disclosure-not-sensitive", "a member that must be in clear is disclosed",
                  "the member in the signed payload");
  return {};
}

/// `disclosed` is given for the payload itself, and not for the structures in it.
Status check_struct(const Struct& type, const json::object& object, const Place& place,
                    const std::vector<Disclosed>* disclosed) {
  std::bitset<kMaxFields> present;
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    const Place here{&place, name.empty() ? std::string_view("\"\"") : name};
    const Field* f = type.find(name);
    if (f == nullptr && disclosed != nullptr && is_disclosed(*disclosed, name))
      return refuse(here, "disclosure-not-sensitive",
                    "the type has no sensitive member of this name", members_of(type));
    if (f == nullptr)
      return refuse(here, "member-unknown", "the type has no member of this name",
                    members_of(type));
    if (disclosed != nullptr) RELAIS_TRY(check_sensitivity(*f, here, *disclosed));
    RELAIS_TRY(check_member(*f, member.value(), here));
    present.set(static_cast<std::size_t>(f - type.fields.data()));
  }
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const Field& f = type.fields[i];
    if (!present[i] && !f.optional && !f.sensitive)
      return refuse(Place{&place, f.name}, "member-missing", "a required member is missing",
                    std::string(kind_of(f)));
  }
  return {};
}

bool has_value(const json::object& data, const Condition& wanted) {
  const boost::json::string* value = json::find_string(data, wanted.member);
  return value != nullptr && std::string_view(value->data(), value->size()) == wanted.value;
}

}  // namespace

const Field* undisclosed(const EventType& type, const json::object& data, std::size_t& due) {
  const Field* first = nullptr;
  for (const Field& f : type.payload.fields) {
    if (!f.sensitive) continue;
    if (f.optional && !(f.required_when && has_value(data, *f.required_when))) continue;
    ++due;
    if (first == nullptr && !data.contains(f.name)) first = &f;
  }
  return first;
}

Status check_payload(const EventType& type, const json::object& data,
                     const std::vector<Disclosed>& disclosed) {
  return check_struct(type.payload, data, Place{nullptr, "data"}, &disclosed);
}

}  // namespace relais::statement
