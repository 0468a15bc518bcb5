// A folder that is there as long as the object.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ledger/base/check.h"

namespace relais::tests {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "relais-test-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr, "cannot make a folder for a test");
    path = pattern;
  }
  ~TempFolder() {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::filesystem::path path;
};

}  // namespace relais::tests
