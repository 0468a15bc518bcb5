#include "replay/export/ocel_json_writer.h"

#include <set>

#include "ledger/base/clock.h"
#include "ledger/base/file.h"
#include "ledger/base/json_writer.h"
#include "replay/export/ocel.h"
#include "replay/export/output.h"

namespace relais::replay::exports {
namespace {

std::string_view ocel_type(ValueType type) {
  switch (type) {
    case ValueType::integer:
      return "integer";
    case ValueType::boolean:
      return "boolean";
    case ValueType::moment:
      return "time";
    case ValueType::text:
      break;
  }
  return "string";
}

void write_type(JsonWriter& json, std::string_view name, const std::vector<Column>& columns) {
  json.begin_object().member("name", name).key("attributes").begin_array();
  for (const Column& c : columns)
    json.begin_object().member("name", c.name).member("type", ocel_type(c.type)).end_object();
  json.end_array().end_object();
}

/// The published schema has each value as a string; its type is in the declaration.
void write_attribute(JsonWriter& json, std::string_view name, std::string_view value) {
  json.begin_object().member("name", name).member("value", value).end_object();
}

void write_links(JsonWriter& json, const std::vector<Link>& links) {
  json.key("relationships").begin_array();
  for (const Link& link : links)
    json.begin_object()
        .member("objectId", link.object)
        .member("qualifier", link.qualifier)
        .end_object();
  json.end_array();
}

void write_event(JsonWriter& json, const Row& row) {
  json.begin_object().member("id", row.id()).member("type", row.type->name);
  json.member("time", row.received_at).key("attributes").begin_array();
  const auto fixed = ocel_row_values(row);
  for (std::size_t i = 0; i < fixed.size(); ++i)
    write_attribute(json, ocel_row_columns()[i].name, fixed[i]);
  for (const Value& value : row.values) write_attribute(json, value.column.name, value.text);
  json.end_array();
  write_links(json, row.links);
  json.end_object();
}

void write_object(JsonWriter& json, const Object& object) {
  json.begin_object().member("id", object.id).member("type", object.kind->name);
  json.key("attributes").begin_array();
  for (const Value& value : object.values)
    json.begin_object()
        .member("name", value.column.name)
        .member("time", object.born)
        .member("value", value.text)
        .end_object();
  json.end_array();
  write_links(json, object.links);
  json.end_object();
}

/// Events go to the file as they come. Objects begin between them, and are kept apart on disk until
/// the events have ended.
class OcelJsonWriter final : public Writer {
 public:
  OcelJsonWriter(Output events, Output objects)
      : events_(std::move(events)), objects_(std::move(objects)) {}

  Status begin(const std::vector<Object>& signatories) override {
    line_ = "{\"events\":[";
    RELAIS_TRY(events_.take(line_));
    for (const Object& s : signatories) RELAIS_TRY(add(s));
    return {};
  }

  Status row(const Row& row) override {
    types_.insert(row.type->ordinal);
    next(any_event_);
    JsonWriter json(line_);
    write_event(json, row);
    RELAIS_TRY(events_.take(line_));
    for (const Object& object : row.born) RELAIS_TRY(add(object));
    return {};
  }

  Status end() override {
    RELAIS_TRY(objects_.finish());
    line_ = "\n],\"objects\":[";
    RELAIS_TRY(events_.take(line_));
    RELAIS_TRY(append_objects());
    line_ = "\n],\"eventTypes\":[";
    bool any = false;
    for (const statement::EventOrdinal ordinal : types_) {
      const statement::EventType& type = statement::catalogue().at(ordinal);
      next(any);
      JsonWriter json(line_);
      write_type(json, type.name, ocel_columns(type));
    }
    line_ += "\n],\"objectTypes\":[";
    any = false;
    for (const ObjectKind& kind : object_kinds()) {
      next(any);
      JsonWriter json(line_);
      write_type(json, kind.name, kind.columns);
    }
    line_ += "\n]}\n";
    RELAIS_TRY(events_.take(line_));
    return events_.finish();
  }

 private:
  void next(bool& any) {
    line_ += any ? ",\n" : "\n";
    any = true;
  }
  Status add(const Object& object) {
    next(any_object_);
    JsonWriter json(line_);
    write_object(json, object);
    return objects_.take(line_);
  }
  Status append_objects() {
    RELAIS_TRY(read_pieces(objects_.file(), [&](std::string_view bytes) {
      line_ = bytes;
      return events_.take(line_);
    }));
    std::error_code ec;
    std::filesystem::remove(objects_.file(), ec);
    return {};
  }

  Output events_;
  Output objects_;
  std::set<statement::EventOrdinal> types_;  // that occur
  bool any_event_ = false;
  bool any_object_ = false;
  std::string line_;
};

}  // namespace

Result<std::unique_ptr<Writer>> make_ocel_json_writer(const std::filesystem::path& folder) {
  RELAIS_ASSIGN(Output events, Output::open(folder / kOcelJsonFile));
  RELAIS_ASSIGN(Output objects, Output::open(folder / kOcelObjects));
  return std::make_unique<OcelJsonWriter>(std::move(events), std::move(objects));
}

}  // namespace relais::replay::exports
