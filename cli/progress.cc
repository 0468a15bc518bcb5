#include "cli/progress.h"

#include <fmt/core.h>

#include <algorithm>

namespace relais::cli {
namespace {

constexpr std::int64_t kEveryMs = 200;
constexpr std::size_t kWidth = 24;

}  // namespace

void Progress::operator()(std::uint64_t done, std::uint64_t total) {
  if (!context_.shows_progress()) return;
  const Timestamp now = context_.clock.now();
  if (now.value - last_.value < kEveryMs) return;
  last_ = now;
  const double part =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(part * kWidth);
  const auto ms = std::max<std::int64_t>(1, now.value - start_.value);
  context_.err << fmt::format("\r{} [{}{}] {:3.0f} %  {} of {}, {}/s   ", label_,
                              std::string(filled, '='), std::string(kWidth - filled, ' '),
                              part * 100, done, total, done * 1000 / static_cast<std::uint64_t>(ms))
               << std::flush;
  shown_ = true;
}

void Progress::clear() {
  if (shown_) context_.err << "\r\033[K" << std::flush;
  shown_ = false;
}

}  // namespace relais::cli
