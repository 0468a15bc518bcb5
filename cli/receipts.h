// Receipts as a signatory may rely on them. What a server answers is a receipt only once it is
// checked against the log's key and the statement that was sent
// (docs/decisions/0018-receipts-of-a-client.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "cli/remote.h"
#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/path_lock.h"
#include "ledger/merkle/note.h"
#include "replay/verify/verify_remote.h"

namespace relais::cli {

/// The log's key: a file, or the text itself.
Result<merkle::NoteKey> read_vkey(const std::string& file_or_text);

/// What a statement is called, by its own bytes and not by what a server says of it.
struct Identity {
  std::string source;
  std::string id;
};
Result<Identity> identity_of(const std::string& statement);
/// The same, where an answer speaks of this statement and no other. Rule "answer-differs".
Result<Identity> identity_of(const std::string& statement, const Submitted& answer);

/// Checks that an answer is of this statement, and its receipt against the log's key. Rules
/// "answer-differs", "receipt-unverified".
Result<replay::ReceiptReport> verify_answer(const std::string& statement, const Submitted& answer,
                                            const merkle::NoteKey& log);

/// What a server can have written of one statement: pieces of evidence that contradict, as many
/// that are not proven, and bytes of an answer.
inline constexpr std::size_t kMaxEvidence = 16;
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{256} * 1024;

/// How far the time of a receipt is ahead of this machine's clock, in seconds; nothing within five
/// minutes. One of the two clocks is wrong, and the receipt alone does not tell which.
std::optional<std::int64_t> seconds_ahead(const replay::ReceiptReport& receipt, Timestamp now);

/// A folder with the receipts of one log: its key (log.vkey) and the newest checkpoint that was
/// seen of it (log.checkpoint), as docs/FORMATS.md has it.
class ReceiptFolder {
 public:
  /// `vkey` may be empty where the folder has one, and must be that one where it has. Makes the
  /// folder; waits ten seconds for another program that works in it. Rules "vkey-missing",
  /// "vkey-differs", "checkpoint-kept", "path-in-ledger", "folder-locked".
  static Result<ReceiptFolder> open(const std::string& path, const std::string& vkey);

  const merkle::NoteKey& log() const { return log_; }

  /// Keeps the receipt of a statement that was accepted, once it is verified and its checkpoint is
  /// consistent with the newest that was seen; `fetch` reads the log's tiles where that takes a
  /// proof. Whatever the log's key has signed in an answer that is not kept as its statement's
  /// receipt, and that contradicts what was seen or is not proven to go with it, is kept as
  /// evidence, <id>.<digest>.unconfirmed: whatever answers come before or after, none takes its
  /// place; of one statement at most kMaxEvidence. An answer of more than kMaxAnswerBytes is not
  /// kept beside its receipt ("answer-size"). Rules of verify_answer; "receipt-exists",
  /// "history-differs", "history-unproven".
  Result<replay::ReceiptReport> keep(const std::string& statement, const Submitted& answer,
                                     const replay::Fetch& fetch);
  /// The evidence in an answer that is no receipt, whatever is wrong with it: "" where there is
  /// none, else where it is kept, to be said behind the error.
  std::string keep_evidence(const std::string& statement, const Submitted& answer,
                            const replay::Fetch& fetch);

 private:
  ReceiptFolder(std::string path, merkle::NoteKey log)
      : path_(std::move(path)), log_(std::move(log)) {}
  Status read_seen();
  Result<std::filesystem::path> path_of(const std::string& statement) const;
  Status compare(const merkle::Checkpoint& checkpoint, const replay::Fetch& fetch);
  Status confirm(const merkle::Checkpoint& checkpoint, const std::string& note,
                 const replay::Fetch& fetch);
  std::string convict(const std::filesystem::path& path, const std::string& receipt,
                      const Error& why) const;

  std::string path_;
  merkle::NoteKey log_;
  PathLock lock_;
  std::optional<merkle::Checkpoint> seen_;
  std::string seen_note_;                    ///< signed, as log.checkpoint has it
  std::map<std::uint64_t, Hash> confirmed_;  ///< roots by size; each is proven once a run
};

}  // namespace relais::cli
