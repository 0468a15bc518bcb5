// One format of an export: rows come in, files come out.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "replay/export/row.h"

namespace relais::replay::exports {

/// Writes into a folder that is there. One thread; memory does not grow with the rows.
class Writer {
 public:
  virtual ~Writer() = default;
  /// First, and once: those that rows refer to without a birth.
  virtual Status begin(const std::vector<Object>& signatories) = 0;
  virtual Status row(const Row& row) = 0;
  /// Last, and once: all of it is on disk when this returns.
  virtual Status end() = 0;
};

struct Format {
  std::string_view name;
  std::vector<std::string> files;    ///< that it makes
  std::vector<std::string> scratch;  ///< that it makes and removes
  bool by_case = false;              ///< rows of cases alone, and those of one behind each other
  std::function<Result<std::unique_ptr<Writer>>(const std::filesystem::path& folder)> make;
};
/// ndjson, csv, ocel-json, ocel-sqlite, xes.
const std::vector<Format>& formats();
/// Null where there is none of this name.
const Format* find_format(std::string_view name);

}  // namespace relais::replay::exports
