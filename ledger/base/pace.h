// Whom the next batch of a writer waits for: of the ledger's, and of the log of reads'. One writer;
// not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace relais {

/// Who is answered sends the next statement at once, if at all, and would miss the batch that
/// gathered meanwhile: of clients that each wait for an answer, every sync would serve half. So the
/// next batch waits for as many groups as are known to be about, and no longer than a sync takes. A
/// client that is alone is never waited for, nor is anybody for a while once they did not come.
class Pace {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// A batch of so many groups was synced in `took`, while `waiting` others came.
  void synced(std::size_t groups, std::size_t waiting, Duration took) {
    about_ = groups + waiting;
    most_ = took;
  }
  struct Wait {
    std::size_t groups = 0;
    Duration most{};
  };
  /// What to wait for where so many groups are here; nothing: do not.
  std::optional<Wait> wait(std::size_t here) {
    if (here >= about_) return std::nullopt;
    if (alone_ > 0) {
      --alone_;
      return std::nullopt;
    }
    return Wait{about_, most_};
  }
  /// Where a wait began with `before` groups and ended with `here`.
  void waited(std::size_t before, std::size_t here) {
    if (2 * (here - before) < about_ - before) alone_ = kAlone;
  }

 private:
  static constexpr std::size_t kAlone = 16;  // batches without a wait, after one that was in vain
  std::size_t about_ = 0;
  std::size_t alone_ = 0;
  Duration most_{};
};

}  // namespace relais
