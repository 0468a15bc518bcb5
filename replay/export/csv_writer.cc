#include "replay/export/csv_writer.h"

#include <unordered_map>

#include "ledger/base/clock.h"
#include "replay/export/output.h"

namespace relais::replay::exports {
namespace {

// Without it spreadsheets take the text for that of the machine's old code page.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kLineEnd = "\r\n";

void append_line(std::string& out, const std::vector<std::string_view>& fields) {
  bool first = true;
  for (const std::string_view field : fields) {
    if (!first) out.push_back(',');
    first = false;
    append_csv(out, field);
  }
  out.append(kLineEnd);
}

class CsvWriter final : public Writer {
 public:
  CsvWriter(Output events, Output signatories)
      : events_(std::move(events)), signatories_(std::move(signatories)) {
    for (const auto& type : statement::catalogue().all()) {
      if (!is_exported(*type)) continue;
      for (const Column& column : columns_of(*type))
        if (places_.emplace(column.name, members_.size()).second) members_.push_back(column.name);
    }
  }

  Status begin(const std::vector<Object>& signatories) override {
    line_ = kByteOrderMark;
    append_line(line_, {"signatory", "name", "roles"});
    for (const Object& s : signatories)
      append_line(line_, {std::string_view(s.id).substr(s.kind->name.size() + 1), s.values[0].text,
                          s.values[1].text});
    RELAIS_TRY(signatories_.take(line_));
    RELAIS_TRY(signatories_.finish());
    line_ = kByteOrderMark;
    std::vector<std::string_view> header(csv_row_columns().begin(), csv_row_columns().end());
    header.insert(header.end(), members_.begin(), members_.end());
    append_line(line_, header);
    return events_.take(line_);
  }

  Status row(const Row& row) override {
    const std::string fixed[] = {std::to_string(row.index.value),
                                 to_hex(view(row.leaf)),
                                 to_rfc3339(row.received_at),
                                 to_rfc3339(row.author_time),
                                 row.type->name,
                                 row.by,
                                 row.subject,
                                 row.case_id,
                                 row.referral,
                                 row.psp,
                                 row.session};
    std::vector<std::string_view> fields(std::begin(fixed), std::end(fixed));
    fields.resize(fields.size() + members_.size());
    for (const Value& value : row.values)
      fields[std::size(fixed) + places_.at(value.column.name)] = value.text;
    append_line(line_, fields);
    return events_.take(line_);
  }

  Status end() override { return events_.finish(); }

 private:
  Output events_;
  Output signatories_;
  std::vector<std::string> members_;
  std::unordered_map<std::string, std::size_t> places_;
  std::string line_;
};

}  // namespace

const std::vector<std::string>& csv_row_columns() {
  static const std::vector<std::string> columns = {
      "index",  "leaf",    "received_at", "author_time", "event_type", "by",
      "stream", "case_of", "referral_of", "psp_of",      "session_of"};
  return columns;
}

void append_csv(std::string& out, std::string_view text) {
  const std::size_t first = text.find_first_not_of("\t\r\n ");
  const bool formula =
      first != std::string_view::npos && std::string_view("=+-@").contains(text[first]);
  const bool blank = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!formula && !blank && text.find_first_of(",\"\r\n\t") == std::string_view::npos) {
    out.append(text);
    return;
  }
  out.push_back('"');
  if (formula) out.push_back('\'');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

Result<std::unique_ptr<Writer>> make_csv_writer(const std::filesystem::path& folder) {
  RELAIS_ASSIGN(Output events, Output::open(folder / kCsvFile));
  RELAIS_ASSIGN(Output signatories, Output::open(folder / kCsvSignatories));
  return std::make_unique<CsvWriter>(std::move(events), std::move(signatories));
}

}  // namespace relais::replay::exports
