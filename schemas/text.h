// Text of a typed event as the rest of the program holds it.
#pragma once

#include <capnp/blob.h>

#include <string>

namespace relais::schema {

inline std::string text(capnp::Text::Reader t) {
  return {t.begin(), t.size()};
}

}  // namespace relais::schema
