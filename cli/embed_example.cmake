# Writes one C++ file with the bytes of FILE, which is what relais::cli::example_convention() returns.
file(READ "${FILE}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
string(LENGTH "${bytes}" length)
set(lines "")
set(offset 0)
while(offset LESS length)
  string(SUBSTRING "${bytes}" ${offset} 256 line)
  string(APPEND lines "\n    \"${line}\"")
  math(EXPR offset "${offset} + 256")
endwhile()
file(WRITE "${OUT}" "// Generated from examples/conventions/rhone-2023.toml; do not edit.
#include \"cli/convention_file.h\"

namespace relais::cli {

std::string_view example_convention() {
  static constexpr char kText[] =${lines};
  return {kText, sizeof kText - 1};
}

}  // namespace relais::cli
")
