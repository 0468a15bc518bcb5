// Verifying beside a server that goes on: what it rewrites meanwhile is no damage.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "ledger/base/error.h"

namespace relais::replay {

/// Of the files of a ledger's folder, and of one beside it (the wrapping key; may be none): another
/// whenever one was written, made or removed.
std::string written_state(const std::filesystem::path& data, const std::filesystem::path& beside);

/// What is wrong twice, one time after the other, is wrong.
inline constexpr int kMostVerifications = 4;

/// Does `once`, and again from a fresh opening while it fails, `state` is another than before, and
/// what failed is not what failed the time before: a purge replaces files and keys under who reads
/// them. `again` is told of each failure that is not believed yet.
template <class Report>
Result<Report> verify_settled(const std::function<std::string()>& state,
                              const std::function<Result<Report>()>& once,
                              const std::function<void(const Error&)>& again) {
  std::string failed;
  for (int tried = 1;; ++tried) {
    const std::string before = state();
    auto verified = once();
    if (verified) return verified;
    const Error& e = verified.error();
    std::string now = e.rule + "\n" + e.field;
    if (tried == kMostVerifications || now == failed || state() == before) return verified;
    failed = std::move(now);
    again(e);
  }
}

}  // namespace relais::replay
