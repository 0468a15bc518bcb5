// Cap'n Proto before 1.0 compares `const char*` with `kj::StringPtr` in a header, and kj/string.h
// hides those operators where the compiler has three-way comparison. This file is force-included
// before any Cap'n Proto header (CMake passes it to every target that links the schemas) and gives
// the operators back.
#pragma once

#include <capnp/common.h>
#include <kj/string.h>

#if CAPNP_VERSION < 1000000
namespace kj {
inline bool operator==(const char* a, const StringPtr& b) {
  return b == StringPtr(a);
}
inline bool operator!=(const char* a, const StringPtr& b) {
  return !(b == StringPtr(a));
}
}  // namespace kj
#endif
