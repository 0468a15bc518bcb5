// What is fuzzed: a function for each kind of bytes that come from outside, or from a disk. One
// program holds all of them, so that it is linked once; a target's corpus stands in corpus/NAME,
// its words in NAME.dict.
#pragma once

#include <span>
#include <string_view>

namespace relais::fuzz {

struct Target {
  std::string_view name;
  /// Ends the process where a property does not hold.
  void (*run)(std::string_view input);
};

// Each file's own.
std::span<const Target> text_targets();
std::span<const Target> statement_targets();
std::span<const Target> log_targets();
std::span<const Target> http_targets();
std::span<const Target> record_targets();
std::span<const Target> store_targets();

}  // namespace relais::fuzz
