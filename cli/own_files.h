// The files of a ledger's folder that are read at its start alone, and missed at the next.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>

namespace relais::cli {

/// Tells who runs a server, while it runs, that one of them is gone: it can be put back then.
class OwnFilesWatch {
 public:
  OwnFilesWatch(std::filesystem::path data, std::function<void(const std::string&)> tell)
      : data_(std::move(data)), tell_(std::move(tell)) {}
  /// Cheap enough for once a second. Each file is told of when it goes, and not again until it was
  /// there.
  void look();

 private:
  const std::filesystem::path data_;
  const std::function<void(const std::string&)> tell_;
  std::set<std::string> gone_;
};

}  // namespace relais::cli
