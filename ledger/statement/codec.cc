#include "ledger/statement/codec.h"

#include <utility>

#include "ledger/base/check.h"
#include "ledger/statement/names.h"
#include "schemas/text.h"

namespace relais::statement {
namespace {

using capnp::DynamicEnum;
using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;

/// The value of anything but a structure. The text must outlive the reader.
DynamicValue::Reader scalar(const Field& f, const json::value& value) {
  switch (f.kind) {
    case Field::Kind::text: {
      const boost::json::string& text = value.get_string();
      return capnp::Text::Reader(text.c_str(), text.size());
    }
    case Field::Kind::enumeration: {
      const boost::json::string& text = value.get_string();
      const int ordinal = parse_wire(f.enumeration, {text.data(), text.size()});
      return DynamicEnum(f.enumeration, static_cast<std::uint16_t>(ordinal));
    }
    case Field::Kind::boolean:
      return value.get_bool();
    case Field::Kind::integer:
      return static_cast<std::uint64_t>(value.get_int64());
    case Field::Kind::structure:
      break;
  }
  check(false, "a structure is not a scalar");
  return {};
}

void write_list(const Field& f, const json::array& array, DynamicList::Builder out) {
  for (unsigned i = 0; i < array.size(); ++i) {
    if (f.kind == Field::Kind::structure)
      write_payload(*f.structure, array[i].get_object(), out[i].as<DynamicStruct>());
    else
      out.set(i, scalar(f, array[i]));
  }
}

json::value to_json(const Field& f, const DynamicValue::Reader& value) {
  switch (f.kind) {
    case Field::Kind::text:
      return json::value(schema::text(value.as<capnp::Text>()));
    case Field::Kind::enumeration:
      return json::value(wire_name(f.enumeration, value.as<DynamicEnum>().getRaw()));
    case Field::Kind::boolean:
      return json::value(value.as<bool>());
    case Field::Kind::integer:
      return json::value(static_cast<std::int64_t>(value.as<std::uint64_t>()));
    case Field::Kind::structure:
      break;
  }
  return json::value(read_payload(*f.structure, value.as<DynamicStruct>()));
}

/// An enumerant that stands for "absent" is not a pointer that could be null.
bool is_absent(const Field& f, const DynamicStruct::Reader& in) {
  if (f.list || f.kind != Field::Kind::enumeration) return !in.has(f.schema);
  return enum_names(f.enumeration).unspecified && in.get(f.schema).as<DynamicEnum>().getRaw() == 0;
}

}  // namespace

void write_payload(const Struct& type, const json::object& data, DynamicStruct::Builder out) {
  for (const auto& member : data) {
    const Field* f = type.find({member.key().data(), member.key().size()});
    check(f != nullptr, "a payload that was not checked is written");
    if (f->sensitive) continue;
    const json::value& value = member.value();
    if (f->list) {
      const json::array& array = value.get_array();
      auto list = out.init(f->schema, static_cast<unsigned>(array.size()));
      write_list(*f, array, list.as<DynamicList>());
    } else if (f->kind == Field::Kind::structure) {
      write_payload(*f->structure, value.get_object(), out.init(f->schema).as<DynamicStruct>());
    } else {
      out.set(f->schema, scalar(*f, value));
    }
  }
}

json::object read_payload(const Struct& type, DynamicStruct::Reader in) {
  json::object out;
  for (const Field& f : type.fields) {
    if (f.sensitive || is_absent(f, in)) continue;
    const DynamicValue::Reader value = in.get(f.schema);
    if (!f.list) {
      out.emplace(f.name, to_json(f, value));
      continue;
    }
    json::array array;
    for (const auto element : value.as<DynamicList>()) array.push_back(to_json(f, element));
    out.emplace(f.name, std::move(array));
  }
  return out;
}

}  // namespace relais::statement
