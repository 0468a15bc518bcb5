#include "replay/export/xes_writer.h"

#include "ledger/base/clock.h"
#include "ledger/base/utf8.h"
#include "replay/export/output.h"

namespace relais::replay::exports {
namespace {

constexpr std::string_view kHead =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="2.0" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<global scope="trace">
<string key="concept:name" value=""/>
</global>
<global scope="event">
<string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
<string key="org:resource" value=""/>
<string key="lifecycle:transition" value="complete"/>
</global>
<classifier name="Activity" scope="event" keys="concept:name"/>
)";

std::string_view xes_type(ValueType type) {
  switch (type) {
    case ValueType::integer:
      return "int";
    case ValueType::boolean:
      return "boolean";
    case ValueType::moment:
      return "date";
    case ValueType::text:
      break;
  }
  return "string";
}

void append_attribute(std::string& out, std::string_view type, std::string_view key,
                      std::string_view value) {
  out.append("<").append(type).append(" key=\"").append(key).append("\" value=\"");
  append_xml(out, value);
  out.append("\"/>\n");
}

void append_event(std::string& out, const Row& row) {
  out.append("<event>\n");
  append_attribute(out, "string", "concept:name", row.type->name);
  append_attribute(out, "date", "time:timestamp", to_rfc3339(row.received_at));
  append_attribute(out, "string", "org:resource", row.by);
  append_attribute(out, "string", "lifecycle:transition", "complete");
  append_attribute(out, "int", "index", std::to_string(row.index.value));
  append_attribute(out, "string", "leaf", to_hex(view(row.leaf)));
  append_attribute(out, "date", "author_time", to_rfc3339(row.author_time));
  if (!row.psp.empty()) append_attribute(out, "string", "psp", row.psp);
  for (const Value& value : row.values)
    append_attribute(out, xes_type(value.column.type), value.column.name, value.text);
  out.append("</event>\n");
}

class XesWriter final : public Writer {
 public:
  explicit XesWriter(Output out) : out_(std::move(out)) {}

  Status begin(const std::vector<Object>&) override {
    text_ = kHead;
    return out_.take(text_);
  }

  Status row(const Row& row) override {
    if (row.case_id != case_) {
      end_trace();
      case_ = row.case_id;
      text_.append("<trace>\n");
      append_attribute(text_, "string", "concept:name", case_);
    }
    append_event(text_, row);
    return out_.take(text_);
  }

  Status end() override {
    end_trace();
    text_.append("</log>\n");
    RELAIS_TRY(out_.take(text_));
    return out_.finish();
  }

 private:
  void end_trace() {
    if (!case_.empty()) text_.append("</trace>\n");
  }
  Output out_;
  std::string case_;  // whose trace is open
  std::string text_;
};

/// Char of XML 1.0 (fifth edition, production 2).
bool is_xml(char32_t c) {
  return c >= 0x20 ? c != 0xfffe && c != 0xffff : c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

void append_xml(std::string& out, std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  while (!text.empty()) {
    const std::string_view before = text;
    const auto point = take_code_point(text);
    if (!point) text = before.substr(1);
    const std::string_view bytes = before.substr(0, before.size() - text.size());
    if (!point || !is_xml(*point)) {
      out.append(kReplacement);
    } else if (*point == '&') {
      out.append("&amp;");
    } else if (*point == '<') {
      out.append("&lt;");
    } else if (*point == '>') {
      out.append("&gt;");
    } else if (*point == '"') {
      out.append("&quot;");
    } else if (*point < 0x20) {  // or a parser makes a blank of it (3.3.3)
      out.append("&#").append(std::to_string(static_cast<unsigned>(*point))).append(";");
    } else {
      out.append(bytes);
    }
  }
}

Result<std::unique_ptr<Writer>> make_xes_writer(const std::filesystem::path& folder) {
  RELAIS_ASSIGN(Output out, Output::open(folder / kXesFile));
  return std::make_unique<XesWriter>(std::move(out));
}

}  // namespace relais::replay::exports
