#include "ledger/base/error.h"

namespace relais {

std::string to_string(const Error& e) {
  std::string out = e.rule + ": " + e.message;
  std::string more;
  const auto add = [&more](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    if (!more.empty()) more += "; ";
    more.append(name).append(" ").append(value);
  };
  add("field", e.field);
  add("accepted:", e.accepted);
  add("source:", e.source);
  add("current state:", e.state);
  if (!more.empty()) out += " (" + more + ")";
  return out;
}

}  // namespace relais
