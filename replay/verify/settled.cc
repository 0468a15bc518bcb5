#include "replay/verify/settled.h"

#include <set>

namespace relais::replay {
namespace {

namespace fs = std::filesystem;

/// Name, size and time: a file that goes while it is looked at is not there.
void add(const fs::path& file, std::set<std::string>& lines) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  if (ec) return;
  const auto time = fs::last_write_time(file, ec);
  if (ec) return;
  lines.insert(file.string() + ' ' + std::to_string(size) + ' ' +
               std::to_string(time.time_since_epoch().count()));
}

}  // namespace

std::string written_state(const fs::path& data, const fs::path& beside) {
  std::set<std::string> lines;
  std::error_code ec;
  fs::recursive_directory_iterator it(data, fs::directory_options::skip_permission_denied, ec);
  for (; !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    std::error_code why;
    if (it->is_regular_file(why)) add(it->path(), lines);
  }
  if (!beside.empty()) add(beside, lines);
  std::string state;
  for (const std::string& line : lines) state += line + '\n';
  return state;
}

}  // namespace relais::replay
