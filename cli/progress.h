// One line on standard error that says how far a long work is.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.h"

namespace relais::cli {

class Progress {
 public:
  Progress(Context& context, std::string label)
      : context_(context), label_(std::move(label)), start_(context.clock.now()), last_(start_) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows itself at most five times a second. One thread at a time.
  void operator()(std::uint64_t done, std::uint64_t total);
  void clear();

 private:
  Context& context_;
  std::string label_;
  Timestamp start_;
  Timestamp last_;
  bool shown_ = false;
};

}  // namespace relais::cli
