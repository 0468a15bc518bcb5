// Receipts as a signatory may rely on them. What a server answers is a receipt only once it is
// checked against the log's key and the statement that was sent
// (docs/decisions/0018-receipts-of-a-client.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/history.h"
#include "cli/receipt_times.h"
#include "cli/remote.h"
#include "cli/vkeys.h"
#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/path_lock.h"
#include "ledger/merkle/log_keys.h"
#include "replay/verify/fork.h"

namespace relais::cli {

/// What a statement is called, by its own bytes and not by what a server says of it.
struct Identity {
  std::string source;
  std::string id;
};
Result<Identity> identity_of(const std::string& statement);
/// The same, where an answer speaks of this statement and no other. Rule "answer-differs".
Result<Identity> identity_of(const std::string& statement, const Submitted& answer);

/// Checks that an answer is of this statement, and its receipt against the log's key. Rules
/// "answer-differs", "receipt-unverified", "receipt-backdated".
Result<replay::ReceiptReport> verify_answer(const std::string& statement, const Submitted& answer,
                                            const merkle::LogKeys& log);
/// The same; where the receipt is by a key that is not known, the log's keys are followed once.
Result<replay::ReceiptReport> verify_answer(const std::string& statement, const Submitted& answer,
                                            merkle::LogKeys& log, const replay::Fetch& fetch,
                                            std::vector<replay::KeyLink>& followed);

/// What a server can have written of one statement: pieces of evidence that contradict, as many
/// that are not proven (kMaxEvidence each), and bytes of an answer.
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{256} * 1024;

/// What the log's own rules exclude: a statement that was received more than five minutes before
/// its own time ("receipt-backdated"). Whoever has both has the proof.
Status check_backdated(const replay::ReceiptReport& receipt);
/// How far the time of a receipt is ahead of this machine's clock, in seconds; nothing within five
/// minutes. One of the two clocks is wrong, and the receipt alone does not tell which.
std::optional<std::int64_t> seconds_ahead(const replay::ReceiptReport& receipt, Timestamp now);

/// A folder with the receipts of one log: its keys (log.vkey), the newest checkpoint that was seen
/// of it (log.checkpoint) and the receipt of the highest index (log.newest), as docs/FORMATS.md has
/// it.
class ReceiptFolder {
 public:
  /// `vkey` may be empty where the folder has one, and must go with it where it has. Makes the
  /// folder; waits ten seconds for another program that works in it. Rules "vkey-missing",
  /// "vkey-differs", "checkpoint-kept", "path-in-ledger", "folder-locked".
  static Result<ReceiptFolder> open(const std::string& path, const std::string& vkey);

  const merkle::LogKeys& log() const { return log_; }

  /// Keeps the receipt of a statement that was accepted, once it is verified and its checkpoint is
  /// consistent with the newest that was seen; `fetch` reads the log's tiles where that takes a
  /// proof. Whatever the log's key has signed in an answer that is not kept as its statement's
  /// receipt, and that contradicts what was seen or is not proven to go with it, is kept as
  /// evidence, <id>.<digest>.unconfirmed: whatever answers come before or after, none takes its
  /// place; of one statement at most kMaxEvidence. An answer of more than kMaxAnswerBytes is not
  /// kept beside its receipt ("answer-size"). Where the receipt is by a key that is not known, GET
  /// /log/keys must lead to it from those that are, and to a tree that goes on from the newest that
  /// was seen; log.vkey has them all then, and take_followed() says so. Rules of verify_answer;
  /// "receipt-exists", "history-differs", "history-unproven"; "receipt-order" where the log says
  /// that it received a statement before, or after, others of this folder that it has placed the
  /// other way round.
  Result<replay::ReceiptReport> keep(const std::string& statement, const Submitted& answer,
                                     const replay::Fetch& fetch);
  std::vector<replay::KeyLink> take_followed() { return std::exchange(followed_, {}); }
  /// The evidence in an answer that is no receipt, whatever is wrong with it: "" where there is
  /// none, else where it is kept, to be said behind the error.
  std::string keep_evidence(const std::string& statement, const Submitted& answer,
                            const replay::Fetch& fetch);

 private:
  ReceiptFolder(std::string path, merkle::LogKeys log)
      : path_(std::move(path)), log_(std::move(log)) {}
  Result<replay::ReceiptReport> verify(const std::string& statement, const Submitted& answer,
                                       const replay::Fetch& fetch);
  Status keep_keys(merkle::LogKeys keys, std::vector<replay::KeyLink> links,
                   const std::filesystem::path& path, const replay::Fetch& fetch);
  Result<std::filesystem::path> path_of(const std::string& statement);
  Status compare(const replay::SignedTree& shown, const replay::Fetch& fetch);
  Status confirm(const replay::SignedTree& shown, const replay::Fetch& fetch);
  Status begin_from_receipts();
  void recall_all();
  void recall(const std::filesystem::path& file);
  Status check_order(const replay::ReceiptReport& receipt);
  Status note_order(const replay::ReceiptReport& receipt, const std::filesystem::path& file,
                    const std::string& text);
  std::string convict(const std::filesystem::path& path, const std::string& receipt,
                      const Error& why) const;

  std::string path_;
  merkle::LogKeys log_;
  std::vector<replay::KeyLink> followed_;
  PathLock lock_;
  std::optional<replay::SignedTree> seen_;   ///< as log.checkpoint has it
  std::map<std::uint64_t, Hash> confirmed_;  ///< roots by size; each is proven once a run
  /// What the last error of compare() or check_order() contradicts, and the fork where it is one.
  std::string against_;
  std::string fork_;
  std::set<std::filesystem::path> made_;  ///< folders of sources, in this run
  ReceiptTimes received_;                 ///< of the newest, or of all that are kept
  bool recalled_ = false;                 ///< all of them
};

}  // namespace relais::cli
