#include "ledger/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace relais {

void check_failed(std::string_view what, std::source_location where) {
  std::fprintf(stderr, "relais: broken invariant: %.*s (%s:%u)\n", static_cast<int>(what.size()),
               what.data(), where.file_name(), static_cast<unsigned>(where.line()));
  std::abort();
}

}  // namespace relais
