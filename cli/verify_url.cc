#include "cli/verify_url.h"

#include <filesystem>

#include "cli/files.h"
#include "cli/history.h"
#include "cli/progress.h"
#include "cli/vkeys.h"
#include "replay/verify/verify_remote.h"

namespace relais::cli {
namespace {

std::string every_link(const std::vector<replay::KeyLink>& links) {
  std::string text;
  for (const replay::KeyLink& link : links) text += to_text(link) + "\n";
  return text;
}

Status check_size(const VerifyUrlOptions& o, const merkle::Checkpoint& shown) {
  if (shown.size <= o.max_entries) return {};
  return fail(
      error(Errc::too_large, "verify-size",
            "the signed tree has " + std::to_string(shown.size) +
                " entries, and reading them all may have no end")
          .at("--max-entries")
          .accepts("at most " + std::to_string(o.max_entries) + ", or a number that is not less"));
}

/// A log that shows less than it has shown hides the rest.
Error shrunk(const replay::SignedTree& seen, const merkle::Checkpoint& shown,
             const std::string& file) {
  return error(Errc::conflict, "history-shrunk",
               "the server shows a tree of " + std::to_string(shown.size) + " entries, and " +
                   std::to_string(seen.checkpoint.size) + " were seen")
      .at("--checkpoint")
      .accepts("a tree that goes on from " + file);
}

std::size_t count_forks(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const std::string begin = file.filename().string() + ".";
  std::size_t count = 0;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(".fork")) ++count;
  }
  return count;
}

/// Under a name of its content; of so many that there are, no more.
Status keep_fork(const std::string& evidence, const std::string& fork, const std::string& file) {
  std::error_code ec;
  if (!std::filesystem::exists(evidence, ec) && count_forks(file) >= kMaxEvidence)
    return fail(Errc::too_large, "evidence-full",
                std::to_string(kMaxEvidence) + " such proofs are there already");
  return keep_file(evidence, fork);
}

/// What convicts the log is kept beside the file: the server may hide its tiles.
Status check_seen(const replay::Fetch& fetch, const replay::SignedTree& seen,
                  const replay::SignedTree& shown, const std::string& file) {
  std::string fork;
  Status same = compare_with_seen(fetch, seen, shown, file, fork);
  if (!fork.empty()) {
    const std::string evidence = file + "." + digest_name(fork) + ".fork";
    const Status kept = keep_fork(evidence, fork, file);
    same.error().message += kept ? "; the proof is kept as " + evidence
                                 : "; the proof is not kept: " + kept.error().message;
    return same;
  }
  if (shown.checkpoint.size < seen.checkpoint.size)
    return fail(shrunk(seen, shown.checkpoint, file));
  return same;
}

/// In the place of what was seen. Who does not ask for the lock may have replaced that meanwhile:
/// no tree takes the place of another that it does not go on from.
Status keep_seen(const replay::Fetch& fetch, const std::optional<replay::SignedTree>& before,
                 const replay::SignedTree& shown, const merkle::LogKeys& log,
                 const std::string& file) {
  RELAIS_ASSIGN(const auto there, read_seen(file, log));
  if (there && (!before || there->note != before->note))
    RELAIS_TRY(check_seen(fetch, *there, shown, file));
  return replace_file(file, shown.note);
}

struct Verified {
  replay::RemoteReport report;
  std::vector<replay::KeyLink> links;
  std::optional<std::uint64_t> seen;  // entries that were seen before
  std::size_t keys = 0;
};

Result<Verified> verify_served(Context& context, const VerifyUrlOptions& o) {
  RELAIS_ASSIGN(merkle::LogKeys log, read_vkey(o.vkey));
  PathLock lock;
  if (!o.checkpoint.empty()) {
    RELAIS_TRY(check_outside_ledger(o.checkpoint, "--checkpoint"));
    RELAIS_ASSIGN(lock, lock_seen(o.checkpoint));
  }
  RELAIS_ASSIGN(const auto remote, Remote::open(o.remote));
  const auto fetch = [&](const std::string& path) { return remote->get("/log/" + path, o.token); };
  Verified verified;
  // A server of before serves no chain; what it serves is verified by the key that was given.
  auto links = follow_keys(log, fetch);
  if (!links && links.error().code != Errc::not_found) return fail(std::move(links.error()));
  if (links) verified.links = std::move(*links);
  std::optional<replay::SignedTree> seen;
  if (!o.checkpoint.empty()) {
    RELAIS_ASSIGN(seen, read_seen(o.checkpoint, log));
  }
  replay::SignedTree now;
  const auto first = [&](const merkle::Checkpoint& shown,
                         const std::string& signed_note) -> Status {
    now = replay::signed_tree(shown, signed_note, log);
    if (seen) RELAIS_TRY(check_seen(fetch, *seen, now, o.checkpoint));
    return check_size(o, shown);
  };
  Progress progress(context, "verifying");
  auto report = replay::verify_remote(
      fetch, log, !o.token.empty(),
      [&](std::uint64_t done, std::uint64_t total) { progress(done, total); }, first);
  progress.clear();
  if (!report) return fail(std::move(report.error()));
  if (!o.checkpoint.empty()) RELAIS_TRY(keep_seen(fetch, seen, now, log, o.checkpoint));
  verified.report = std::move(*report);
  if (seen) verified.seen = seen->checkpoint.size;
  verified.keys = log.all().size();
  return verified;
}

std::string history_of(const VerifyUrlOptions& o, const Verified& verified) {
  if (o.checkpoint.empty())
    return "\nwhether it goes on from what was shown before was not asked: --checkpoint FILE";
  if (!verified.seen) return "\nno checkpoint was kept before: " + o.checkpoint + " begins";
  return "\nit goes on from the tree of " + std::to_string(*verified.seen) + " entries in " +
         o.checkpoint;
}

}  // namespace

int verify_url(Context& context, const VerifyUrlOptions& o) {
  const auto verified = verify_served(context, o);
  if (!verified) return report(context, verified.error());
  const replay::RemoteReport& shown = verified->report;
  json::object machine{{"ok", true},
                       {"origin", shown.checkpoint.origin},
                       {"size", shown.checkpoint.size},
                       {"root", to_hex(view(shown.checkpoint.root))},
                       {"entries", shown.entries},
                       {"signatures", shown.signatures},
                       {"tiles", shown.tiles},
                       {"log_keys", verified->keys}};
  if (verified->seen) machine["seen"] = *verified->seen;
  print(
      context, machine,
      every_link(verified->links) + "all holds: tree of " + std::to_string(shown.checkpoint.size) +
          " entries, " + std::to_string(shown.tiles) + " tiles" +
          (o.token.empty() ? "; hashes only: with --token (an analyst's) the entries are judged too"
                           : ", every entry's signature, key and rule") +
          "\nroot " + to_hex(view(shown.checkpoint.root)) + history_of(o, *verified));
  return kOk;
}

}  // namespace relais::cli
