#include "cli/receipts.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>

#include "cli/files.h"
#include "cli/history.h"
#include "ledger/base/bytes.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/merkle/receipt.h"
#include "ledger/statement/statement.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxReceiptFile = std::size_t{2} * 1024 * 1024;
constexpr std::chrono::seconds kWaitForOthers{10};
constexpr std::int64_t kMaxAheadMs = 5 * 60 * 1'000;  // as the ledger takes of its signatories
constexpr const char* kVkeyFile = "log.vkey";
constexpr const char* kCheckpointFile = "log.checkpoint";
constexpr const char* kNewestFile = "log.newest";

/// Ids and sources are the signatories' own: what is not plain in one is written as %XX, so that
/// two of them never share a file, and one that is too long for a file's name by its digest.
std::string file_name(std::string_view text) {
  constexpr std::size_t kMost = 200;  // of the 255 bytes that file systems take
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == ':' || (c == '.' && !name.empty());
    if (plain) {
      name.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    name.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  if (name.size() <= kMost) return name;
  return "sha256=" + crypto::base64url_encode(view(crypto::sha256(text)));
}

/// A statement's folder is never one of the folder's own files, nor what these are made of.
std::string folder_name(std::string_view source) {
  std::string name = file_name(source);
  if (name.starts_with("log.")) name.replace(0, 1, "%6C");
  return name;
}

constexpr const char* kReceiptSuffix = ".tlog-proof";
constexpr std::string_view kUnconfirmed = ".unconfirmed";
constexpr std::string_view kAgainst = ".against";
constexpr std::string_view kFork = ".fork";

constexpr std::size_t kDigits = 32;        // of digest_name()
constexpr std::size_t kFormerDigits = 16;  // of names of before; they are read, and made no more

std::string evidence_path(const std::filesystem::path& path, const std::string& receipt,
                          std::string_view suffix, std::size_t digits = kDigits) {
  return (path.string() + "." + digest_name(receipt).substr(0, digits)).append(suffix);
}

/// Where it is kept already; nothing where it is not.
std::optional<std::string> find_evidence(const std::filesystem::path& path,
                                         const std::string& receipt, std::string_view suffix) {
  for (const std::size_t digits : {kDigits, kFormerDigits}) {
    std::string file = evidence_path(path, receipt, suffix, digits);
    std::error_code ec;
    if (std::filesystem::exists(file, ec)) return file;
  }
  return std::nullopt;
}

/// How many files of this kind a statement has.
std::size_t count_evidence(const std::filesystem::path& path, std::string_view suffix) {
  const std::string begin = path.filename().string() + ".";
  std::size_t count = 0;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), ec)) {
    const std::string name = entry.path().filename().string();
    const std::size_t around = begin.size() + suffix.size();
    const bool named = name.size() == around + kDigits || name.size() == around + kFormerDigits;
    if (named && name.starts_with(begin) && name.ends_with(suffix)) ++count;
  }
  return count;
}

/// What convicts the log has room of its own: whoever sends rubbish before it gains nothing.
bool has_room_for_evidence(const std::filesystem::path& path, bool convicts) {
  const std::size_t convicting = count_evidence(path, kAgainst);
  if (convicts) return convicting < kMaxEvidence;
  return count_evidence(path, kUnconfirmed) < kMaxEvidence + convicting;
}

std::string member_of(const json::object& o, std::string_view name) {
  const auto* text = json::find_string(o, name);
  return text == nullptr ? std::string() : std::string(*text);
}

std::unexpected<Error> differs(const char* field, const std::string& local,
                               const std::string& told) {
  return fail(error(Errc::conflict, "answer-differs",
                    "the server speaks of another statement than the one that was sent: " + told)
                  .at(field)
                  .accepts(local));
}

Status keep_receipt(const std::string& path, const Submitted& answer) {
  for (const auto& [suffix, text] :
       {std::pair{kReceiptSuffix, &answer.receipt}, std::pair{".json", &answer.body}}) {
    if (text == &answer.body && text->size() > kMaxAnswerBytes) continue;
    Status kept = keep_file(path + suffix, *text);
    if (!kept && kept.error().rule == "file-differs")
      return fail(
          error(Errc::conflict, "receipt-exists", kept.error().message)
              .accepts("the first receipt again, or --receipts with a folder of this log's own"));
    RELAIS_TRY(kept);
  }
  return {};
}

void each_receipt(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path&)>& visit) {
  std::error_code ec;
  for (const auto& folder : std::filesystem::directory_iterator(path, ec)) {
    std::error_code none;  // of what is no folder
    for (const auto& file : std::filesystem::directory_iterator(folder.path(), none))
      if (file.path().extension() == kReceiptSuffix) visit(file.path());
  }
}

/// Whether a receipt is under a checkpoint of this log by a key that nobody here knows.
bool by_unknown_key(const std::string& receipt, const merkle::LogKeys& log) {
  const auto parsed = merkle::parse_receipt(receipt);
  if (!parsed) return false;
  const auto opened = merkle::open_checkpoint(parsed->checkpoint, log);
  return !opened && opened.error().rule == "note-unsigned";
}

}  // namespace

Result<Identity> identity_of(const std::string& statement) {
  RELAIS_ASSIGN(const json::object event,
                statement::to_cloud_event(statement.substr(0, statement.find('~')), {}));
  Identity identity{member_of(event, "source"), member_of(event, "id")};
  if (identity.source.empty() || identity.id.empty())
    return fail(error(Errc::malformed, "attribute-missing", "a statement without source or id")
                    .accepts("an SD-JWT, as `relais sign` prints it"));
  return identity;
}

Result<Identity> identity_of(const std::string& statement, const Submitted& answer) {
  RELAIS_ASSIGN(Identity local, identity_of(statement));
  if (answer.id != local.id) return differs("id", local.id, answer.id);
  if (answer.source != local.source) return differs("source", local.source, answer.source);
  return local;
}

Result<replay::ReceiptReport> verify_answer(const std::string& statement, const Submitted& answer,
                                            const merkle::LogKeys& log) {
  RELAIS_ASSIGN(const Identity local, identity_of(statement, answer));
  if (answer.duplicate && answer.receipt.empty())
    return fail(error(Errc::not_found, "receipt-withheld",
                      "the ledger says that it has the statement, and gives its receipt to who "
                      "sends it whole, or may read it")
                    .at(local.id)
                    .accepts("the statement with all its disclosures; or, with a token, GET "
                             "/v1/events/{id}/receipt"));
  auto verified = replay::verify_receipt(answer.receipt, statement, log);
  if (!verified)
    return fail(
        error(Errc::unauthenticated, "receipt-unverified",
              "what the server gives as a receipt does not hold: " + to_string(verified.error()))
            .at(local.id)
            .accepts("a tlog-proof of this statement under a checkpoint signed by " + log.name() +
                     ", whose key --vkey names"));
  if (verified->index != answer.index)
    return differs("index", std::to_string(verified->index), std::to_string(answer.index));
  RELAIS_TRY(check_backdated(*verified));
  return verified;
}

Status check_backdated(const replay::ReceiptReport& receipt) {
  if (receipt.received_at.value + kMaxAheadMs >= receipt.stated.value) return {};
  return fail(error(Errc::corrupt, "receipt-backdated",
                    "the log says that it received the statement at " +
                        to_rfc3339(receipt.received_at) + ", before it was made: it says " +
                        to_rfc3339(receipt.stated))
                  .at("extra")
                  .accepts("a time of receipt at most 5 minutes before the statement's own time"));
}

std::optional<std::int64_t> seconds_ahead(const replay::ReceiptReport& receipt, Timestamp now) {
  const std::int64_t ahead = receipt.received_at.value - now.value;
  if (ahead <= kMaxAheadMs) return std::nullopt;
  return ahead / 1'000;
}

Result<replay::ReceiptReport> verify_answer(const std::string& statement, const Submitted& answer,
                                            merkle::LogKeys& log, const replay::Fetch& fetch,
                                            std::vector<replay::KeyLink>& followed) {
  auto verified = verify_answer(statement, answer, log);
  if (verified || !by_unknown_key(answer.receipt, log)) return verified;
  auto links = follow_keys(log, fetch);
  if (!links) {
    verified.error().message +=
        "; and no chain of keys leads to its key: " + relais::to_string(links.error());
    return verified;
  }
  std::ranges::move(*links, std::back_inserter(followed));
  return verify_answer(statement, answer, log);
}

Result<ReceiptFolder> ReceiptFolder::open(const std::string& path, const std::string& vkey) {
  const std::filesystem::path kept = std::filesystem::path(path) / kVkeyFile;
  std::error_code ec;
  const bool known = std::filesystem::exists(kept, ec);
  if (!known && vkey.empty())
    return fail(error(Errc::invalid, "vkey-missing",
                      "without the log's key nothing that a server answers is a receipt")
                    .at("--vkey")
                    .accepts(kVkeyAccepted));
  RELAIS_ASSIGN(merkle::LogKeys log,
                vkey.empty() ? read_vkey(kept.string(), kept.string()) : read_vkey(vkey));
  RELAIS_TRY(check_outside_ledger(path, "--receipts"));
  RELAIS_TRY(make_folder(path));
  bool fresh = !known;
  if (known) {
    RELAIS_ASSIGN(const merkle::LogKeys before, read_vkey(kept.string(), kept.string()));
    // Who gives the key of before, which this folder has followed since, means the same log.
    if (before.extends(log))
      log = before;
    else if (log.extends(before))
      fresh = true;
    else
      return fail(error(Errc::conflict, "vkey-differs",
                        "the receipts in " + path + " are of a log with another key")
                      .at("--vkey")
                      .accepts("that of " + kept.string() + ", or another folder"));
  }
  ReceiptFolder folder(path, log);
  // Two at once would each remember one of two histories, and see no contradiction.
  RELAIS_ASSIGN(folder.lock_, PathLock::take(path, kWaitForOthers));
  remove_unfinished(path);
  RELAIS_ASSIGN(folder.seen_,
                read_seen(std::filesystem::path(path) / kCheckpointFile, folder.log_));
  if (!folder.seen_) RELAIS_TRY(folder.begin_from_receipts());
  if (fresh) RELAIS_TRY(replace_file(kept, merkle::to_text(folder.log_)));
  return folder;
}

/// Where log.checkpoint is lost: each kept receipt is under a tree that was seen, and the largest
/// is gone on from.
Status ReceiptFolder::begin_from_receipts() {
  const auto look = [&](const std::filesystem::path& file) {
    const auto text = read_file(file, kMaxReceiptFile);
    const auto receipt = text ? merkle::parse_receipt(*text) : fail(text.error());
    const auto note = receipt ? merkle::parse_note(receipt->checkpoint) : fail(receipt.error());
    const auto shown = note ? merkle::parse_checkpoint_body(note->body) : fail(note.error());
    if (!shown || (seen_ && shown->size <= seen_->checkpoint.size)) return;
    auto opened = merkle::open_checkpoint(receipt->checkpoint, log_);
    if (opened) seen_ = replay::signed_tree(std::move(*opened), receipt->checkpoint, log_);
  };
  const std::filesystem::path folder(path_);
  look(folder / kNewestFile);
  each_receipt(folder, look);
  return seen_ ? replace_file(folder / kCheckpointFile, seen_->note) : Status();
}

/// As verify_answer() with what this folder knows. What is followed must lead to a tree that goes
/// on from the newest that was seen here.
Result<replay::ReceiptReport> ReceiptFolder::verify(const std::string& statement,
                                                    const Submitted& answer,
                                                    const replay::Fetch& fetch) {
  merkle::LogKeys keys = log_;
  std::vector<replay::KeyLink> links;
  auto verified = verify_answer(statement, answer, keys, fetch, links);
  if (links.empty()) return verified;
  RELAIS_ASSIGN(const auto path, path_of(statement));
  RELAIS_TRY(keep_keys(std::move(keys), std::move(links), path, fetch));
  return verified;
}

Status ReceiptFolder::keep_keys(merkle::LogKeys keys, std::vector<replay::KeyLink> links,
                                const std::filesystem::path& path, const replay::Fetch& fetch) {
  for (const replay::KeyLink& link : links) {
    RELAIS_ASSIGN(const merkle::Receipt receipt, merkle::parse_receipt(link.receipt));
    Status same = compare(replay::signed_tree(link.checkpoint, receipt.checkpoint, keys), fetch);
    if (same) continue;
    same.error().message += convict(path, link.receipt, same.error());
    return same;
  }
  RELAIS_TRY(replace_file(std::filesystem::path(path_) / kVkeyFile, merkle::to_text(keys)));
  log_ = std::move(keys);
  std::ranges::move(links, std::back_inserter(followed_));
  return {};
}

/// A receipt's checkpoint is older than the newest where a statement is sent again: order does not
/// matter, but one of the two trees must begin with the other.
Status ReceiptFolder::compare(const replay::SignedTree& shown, const replay::Fetch& fetch) {
  const auto proven = confirmed_.find(shown.checkpoint.size);
  if (proven != confirmed_.end() && proven->second == shown.checkpoint.root) return {};
  if (seen_) {
    const auto file = std::filesystem::path(path_) / kCheckpointFile;
    against_ = seen_->note;
    RELAIS_TRY(compare_with_seen(fetch, *seen_, shown, file, fork_));
  }
  confirmed_[shown.checkpoint.size] = shown.checkpoint.root;
  return {};
}

Status ReceiptFolder::confirm(const replay::SignedTree& shown, const replay::Fetch& fetch) {
  RELAIS_TRY(compare(shown, fetch));
  if (seen_ && shown.checkpoint.size <= seen_->checkpoint.size) return {};
  RELAIS_TRY(replace_file(std::filesystem::path(path_) / kCheckpointFile, shown.note));
  seen_ = shown;
  return {};
}

/// Index and time of a kept receipt. One that cannot be read says nothing.
void ReceiptFolder::recall(const std::filesystem::path& file) {
  const auto text = read_file(file, kMaxReceiptFile);
  const auto receipt = text ? merkle::parse_receipt(*text) : fail(text.error());
  if (!receipt || receipt->extra.size() != sizeof(std::uint64_t)) return;
  const auto at = static_cast<std::int64_t>(load_be<std::uint64_t>(receipt->extra));
  received_.note(receipt->index, {Timestamp{at}, file});
}

void ReceiptFolder::recall_all() {
  recalled_ = true;
  each_receipt(path_, [&](const std::filesystem::path& file) { recall(file); });
}

/// Times of receipt never go back along the log. The receipt of the highest index is at hand; the
/// others are read where one comes that is older.
Status ReceiptFolder::check_order(const replay::ReceiptReport& receipt) {
  if (received_.empty()) recall(std::filesystem::path(path_) / kNewestFile);
  const bool older = !received_.empty() && receipt.index < received_.newest();
  if ((received_.empty() || older) && !recalled_) recall_all();
  const auto* other = received_.contradicted(receipt.index, receipt.received_at);
  if (other == nullptr) return {};
  against_ = read_file(other->second.file, kMaxReceiptFile).value_or("");
  return fail(receipt_order(receipt, *other));
}

Status ReceiptFolder::note_order(const replay::ReceiptReport& receipt,
                                 const std::filesystem::path& file, const std::string& text) {
  const bool newest = received_.empty() || receipt.index > received_.newest();
  received_.note(receipt.index, {receipt.received_at, file});
  if (!newest) return {};
  return replace_file(std::filesystem::path(path_) / kNewestFile, text);
}

/// An id is one signatory's: two may use the same.
Result<std::filesystem::path> ReceiptFolder::path_of(const std::string& statement) {
  RELAIS_ASSIGN(const Identity local, identity_of(statement));
  const auto folder = std::filesystem::path(path_) / folder_name(local.source);
  if (made_.insert(folder).second) {
    RELAIS_TRY(make_folder(folder));
    remove_unfinished(folder);
  }
  return folder / file_name(local.id);
}

/// Under a name of its content, so that nothing else of this statement takes its place; and beside
/// it what it was compared with, which the folder's own files will not have for ever. Of a fork the
/// proof too: the server that gave the tiles of it may hide them.
std::string ReceiptFolder::convict(const std::filesystem::path& path, const std::string& receipt,
                                   const Error& why) const {
  const auto known = find_evidence(path, receipt, kUnconfirmed);
  const bool forked = why.rule == "history-differs";
  const bool convicts = forked || why.rule == "receipt-order" || why.rule == "receipt-backdated" ||
                        why.rule == "checkpoint-key-range";
  if (!known && !has_room_for_evidence(path, convicts))
    return "; what it signed is not kept: of this statement " + std::to_string(kMaxEvidence) +
           " such pieces of evidence are there already";
  const std::string kept = known.value_or(evidence_path(path, receipt, kUnconfirmed));
  Status done = keep_file(kept, receipt);
  if (done && convicts && !find_evidence(path, receipt, kAgainst)) {
    done = keep_file(evidence_path(path, receipt, kAgainst), against_);
    if (done && forked) done = keep_file(evidence_path(path, receipt, kFork), fork_);
  }
  return done ? "; what it signed is kept as " + kept
              : "; what it signed is not kept: " + done.error().message;
}

std::string ReceiptFolder::keep_evidence(const std::string& statement, const Submitted& answer,
                                         const replay::Fetch& fetch) {
  const auto receipt = merkle::parse_receipt(answer.receipt);
  if (!receipt) return {};
  const auto checkpoint = merkle::open_checkpoint(receipt->checkpoint, log_);
  // What a key has signed past its end was signed by who should not have it any more.
  if (!checkpoint && checkpoint.error().rule != "checkpoint-key-range") return {};
  if (!checkpoint) against_ = merkle::to_text(log_);
  const Status same =
      checkpoint ? compare(replay::signed_tree(*checkpoint, receipt->checkpoint, log_), fetch)
                 : fail(checkpoint.error());
  if (same) return {};
  const auto path = path_of(statement);
  if (!path) return "; what it signed is not kept: " + path.error().message;
  return "; and " + same.error().message + convict(*path, answer.receipt, same.error());
}

Result<replay::ReceiptReport> ReceiptFolder::keep(const std::string& statement,
                                                  const Submitted& answer,
                                                  const replay::Fetch& fetch) {
  auto verified = verify(statement, answer, fetch);
  if (!verified) {
    Error& e = verified.error();
    std::string kept = keep_evidence(statement, answer, fetch);
    // It is what it says itself that does not hold, together with the statement: whatever else is
    // not proven of it.
    if (const auto path = path_of(statement);
        path && e.rule == "receipt-backdated" && !find_evidence(*path, answer.receipt, kAgainst)) {
      against_ = statement.substr(0, statement.find('~')) + "~";
      kept = convict(*path, answer.receipt, e);
    }
    e.message += kept;
    return verified;
  }
  RELAIS_ASSIGN(const merkle::Receipt receipt, merkle::parse_receipt(answer.receipt));
  RELAIS_ASSIGN(const auto path, path_of(statement));
  Status ok = confirm(replay::signed_tree(verified->checkpoint, receipt.checkpoint, log_), fetch);
  if (ok) ok = check_order(*verified);
  if (!ok) {
    Error e = ok.error();
    e.message += convict(path, answer.receipt, e);
    return fail(std::move(e));
  }
  if (const Status kept = keep_receipt(path.string(), answer); !kept) {
    Error e = kept.error();
    // Where the answer alone is another, the receipt is kept.
    if (e.rule == "receipt-exists" &&
        read_file(path.string() + kReceiptSuffix, kMaxReceiptFile) != answer.receipt)
      e.message += convict(path, answer.receipt, e);
    return fail(std::move(e));
  }
  RELAIS_TRY(note_order(*verified, path.string() + kReceiptSuffix, answer.receipt));
  // That of an attempt whose proof did not arrive; what contradicted stays.
  if (!find_evidence(path, answer.receipt, kAgainst)) {
    std::error_code ec;
    for (const std::size_t digits : {kDigits, kFormerDigits})
      std::filesystem::remove(evidence_path(path, answer.receipt, kUnconfirmed, digits), ec);
  }
  if (answer.body.size() > kMaxAnswerBytes)
    return fail(error(Errc::too_large, "answer-size",
                      "the receipt is kept, and the answer that it came in is not: it has " +
                          std::to_string(answer.body.size()) + " bytes")
                    .accepts("at most " + std::to_string(kMaxAnswerBytes) + " bytes"));
  return verified;
}

}  // namespace relais::cli
