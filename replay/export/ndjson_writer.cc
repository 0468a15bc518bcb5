#include "replay/export/ndjson_writer.h"

#include "ledger/base/json_writer.h"
#include "replay/export/output.h"

namespace relais::replay::exports {
namespace {

void write_value(JsonWriter& json, const Value& value) {
  json.key(value.column.name);
  if (value.list) {
    json.begin_array();
    for (const std::string& element : value.elements) json.text(element);
    json.end_array();
  } else if (value.column.type == ValueType::integer || value.column.type == ValueType::boolean) {
    json.raw(value.text);
  } else {
    json.text(value.text);
  }
}

/// CloudEvents 1.0 in its JSON format. The attributes of Relais are texts: an Integer of
/// CloudEvents ends at 2^31.
void write_event(JsonWriter& json, const Row& row) {
  json.begin_object();
  json.member("specversion", "1.0").member("id", row.id()).member("source", row.source);
  json.member("type", row.type->wire_type).member("subject", row.subject);
  json.member("time", row.author_time).member("relaisreceived", row.received_at);
  json.member("relaisindex", std::to_string(row.index.value));
  json.member("relaisleaf", to_hex(view(row.leaf)));
  if (!row.psp.empty()) json.member("relaispsp", row.psp);
  json.key("data").begin_object();
  for (const Value& value : row.values) write_value(json, value);
  json.end_object().end_object();
}

class NdjsonWriter final : public Writer {
 public:
  explicit NdjsonWriter(Output out) : out_(std::move(out)) {}
  Status begin(const std::vector<Object>&) override { return {}; }
  Status row(const Row& row) override {
    JsonWriter json(line_);
    write_event(json, row);
    line_.push_back('\n');
    return out_.take(line_);
  }
  Status end() override { return out_.finish(); }

 private:
  Output out_;
  std::string line_;
};

}  // namespace

Result<std::unique_ptr<Writer>> make_ndjson_writer(const std::filesystem::path& folder) {
  RELAIS_ASSIGN(Output out, Output::open(folder / kNdjsonFile));
  return std::make_unique<NdjsonWriter>(std::move(out));
}

}  // namespace relais::replay::exports
