// A page of a list that is read in parts.
#pragma once

#include <string>
#include <vector>

namespace relais {

/// Items and where to go on: `next` is an opaque key (bytes, not text), empty at the end.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next;
};

}  // namespace relais
