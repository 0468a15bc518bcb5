#include "cli/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "ledger/base/file.h"
#include "ledger/crypto/sha256.h"

namespace relais::cli {

Result<std::optional<replay::SignedTree>> read_seen(const std::filesystem::path& file,
                                                    const merkle::LogKeys& log) {
  std::error_code ec;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ec)))
    return std::optional<replay::SignedTree>();
  RELAIS_ASSIGN(const std::string note, read_file(file, merkle::kMaxNoteBytes));
  auto opened = merkle::open_checkpoint(note, log);
  if (!opened)
    return fail(error(Errc::corrupt, "checkpoint-kept",
                      file.string() + " does not hold: " + to_string(opened.error()))
                    .at(file.string())
                    .accepts("the newest checkpoint of this log that was seen, or no such file"));
  return std::optional(replay::signed_tree(std::move(*opened), note, log));
}

Result<PathLock> lock_seen(const std::filesystem::path& file) {
  constexpr std::chrono::seconds kWaitForOthers{10};
  std::error_code ec;
  // One file has one lock, by whatever name it is given.
  std::filesystem::path lock =
      std::filesystem::weakly_canonical(std::filesystem::absolute(file), ec);
  if (ec) lock = file;
  lock += ".lock";
  const int made =
      ::open(lock.c_str(), O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (made >= 0) ::close(made);  // where it is not, the lock says why
  return PathLock::take(lock, kWaitForOthers);
}

Status compare_with_seen(const replay::Fetch& fetch, const replay::SignedTree& seen,
                         const replay::SignedTree& shown, const std::filesystem::path& file,
                         std::string& fork) {
  const Status grown = replay::compare_trees(fetch, seen, shown, fork);
  if (grown) return {};
  if (grown.error().rule == "verify-growth")
    return fail(error(Errc::corrupt, "history-differs",
                      "the log shows another history than before: " + grown.error().message)
                    .accepts("a log that goes on from " + file.string()));
  return fail(error(grown.error().code, "history-unproven",
                    "the server does not prove that the log goes on from " + file.string() + ": " +
                        to_string(grown.error()))
                  .accepts("a server that has the tiles of the log"));
}

std::string digest_name(std::string_view text) {
  constexpr std::size_t kDigits = 32;
  return to_hex(view(crypto::sha256(text))).substr(0, kDigits);
}

}  // namespace relais::cli
