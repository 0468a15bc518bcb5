// Comma-separated values (RFC 4180), as spreadsheets read them. Internal to this module.
#pragma once

#include "replay/export/writer.h"

namespace relais::replay::exports {

inline constexpr const char* kCsvFile = "events.csv";
inline constexpr const char* kCsvSignatories = "signatories.csv";

/// Appends a field; quoted where it has a comma, a quotation mark or a line end, or begins or ends
/// with a blank. What a spreadsheet would take for a formula (=, +, -, @, or a tab or a line end
/// before one) begins with an apostrophe.
void append_csv(std::string& out, std::string_view text);

/// Columns of every row that come before those of the members.
const std::vector<std::string>& csv_row_columns();

Result<std::unique_ptr<Writer>> make_csv_writer(const std::filesystem::path& folder);

}  // namespace relais::replay::exports
