#include "cli/receipts.h"

#include <filesystem>

#include "cli/files.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/merkle/receipt.h"
#include "ledger/statement/statement.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxSmallFile = std::size_t{2} * 1024 * 1024;
constexpr const char* kVkeyFile = "log.vkey";
constexpr const char* kCheckpointFile = "log.checkpoint";
constexpr const char* kVkeyAccepted =
    "the file log.vkey of the ledger's folder, or its text, from somebody you trust";

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

std::string text_of(const json::object& o, std::string_view name) {
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
       {std::pair{".tlog-proof", &answer.receipt}, std::pair{".json", &answer.body}}) {
    Status kept = keep_file(path + suffix, *text);
    if (!kept && kept.error().rule == "file-differs")
      return fail(
          error(Errc::conflict, "receipt-exists", kept.error().message)
              .accepts("the first receipt again, or --receipts with a folder of this log's own"));
    RELAIS_TRY(kept);
  }
  return {};
}

}  // namespace

Result<merkle::NoteKey> read_vkey(const std::string& file_or_text) {
  std::string text = file_or_text;
  std::error_code ec;
  if (std::filesystem::is_regular_file(file_or_text, ec)) {
    RELAIS_ASSIGN(text, read_file(file_or_text, kMaxSmallFile));
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  auto key = merkle::parse_vkey(text);
  if (!key) return fail(std::move(key.error()).at("--vkey").accepts(kVkeyAccepted));
  if (key->algorithm != 0x01)
    return fail(error(Errc::invalid, "note-key", "the key is a witness's, not a log's")
                    .at("--vkey")
                    .accepts(kVkeyAccepted));
  return key;
}

Result<Identity> identity_of(const std::string& statement) {
  RELAIS_ASSIGN(const json::object event,
                statement::to_cloud_event(statement.substr(0, statement.find('~')), {}));
  Identity identity{text_of(event, "source"), text_of(event, "id")};
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
                                            const merkle::NoteKey& log) {
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
            .accepts("a tlog-proof of this statement under a checkpoint signed by " + log.name +
                     ", whose key --vkey names"));
  if (verified->index != answer.index)
    return differs("index", std::to_string(verified->index), std::to_string(answer.index));
  return verified;
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
  RELAIS_ASSIGN(const merkle::NoteKey log, read_vkey(vkey.empty() ? kept.string() : vkey));
  RELAIS_TRY(make_folder(path));
  if (known) {
    RELAIS_ASSIGN(const merkle::NoteKey before, read_vkey(kept.string()));
    if (merkle::to_vkey(before) != merkle::to_vkey(log))
      return fail(error(Errc::conflict, "vkey-differs",
                        "the receipts in " + path + " are of a log with another key")
                      .at("--vkey")
                      .accepts("that of " + kept.string() + ", or another folder"));
  }
  ReceiptFolder folder(path, log);
  // Two at once would each remember one of two histories, and see no contradiction.
  RELAIS_ASSIGN(folder.lock_, FolderLock::take(path, true));
  RELAIS_TRY(folder.read_seen());
  if (!known) RELAIS_TRY(replace_file(kept, merkle::to_vkey(log) + "\n"));
  return folder;
}

Status ReceiptFolder::read_seen() {
  const std::filesystem::path file = std::filesystem::path(path_) / kCheckpointFile;
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) return {};
  RELAIS_ASSIGN(const std::string note, read_file(file, kMaxSmallFile));
  auto seen = merkle::open_checkpoint(note, log_);
  if (!seen)
    return fail(error(Errc::corrupt, "checkpoint-kept",
                      file.string() + " does not hold: " + to_string(seen.error()))
                    .accepts("the newest checkpoint of this log that was seen, or no such file"));
  seen_ = *seen;
  return {};
}

/// A receipt's checkpoint is older than the newest where a statement is sent again: order does not
/// matter, but one of the two trees must begin with the other.
Status ReceiptFolder::confirm(const merkle::Checkpoint& checkpoint, const std::string& note,
                              const replay::Fetch& fetch) {
  const auto proven = confirmed_.find(checkpoint.size);
  if (proven != confirmed_.end() && proven->second == checkpoint.root) return {};
  const bool newer = !seen_ || checkpoint.size > seen_->size;
  const std::string file = (std::filesystem::path(path_) / kCheckpointFile).string();
  if (seen_) {
    const Status grown =
        replay::verify_growth(fetch, newer ? *seen_ : checkpoint, newer ? checkpoint : *seen_);
    if (!grown && grown.error().rule == "verify-growth")
      return fail(error(Errc::corrupt, "history-differs",
                        "the log shows another history than before: " + grown.error().message)
                      .accepts("a log that goes on from " + file));
    if (!grown)
      return fail(error(grown.error().code, "history-unproven",
                        "the server does not prove that the log goes on from " + file + ": " +
                            to_string(grown.error()))
                      .accepts("a server that has the tiles of the log"));
  }
  confirmed_[checkpoint.size] = checkpoint.root;
  if (!newer) return {};
  seen_ = checkpoint;
  return replace_file(file, note);
}

Result<replay::ReceiptReport> ReceiptFolder::keep(const std::string& statement,
                                                  const Submitted& answer,
                                                  const replay::Fetch& fetch) {
  RELAIS_ASSIGN(const Identity local, identity_of(statement));
  RELAIS_ASSIGN(auto verified, verify_answer(statement, answer, log_));
  RELAIS_ASSIGN(const merkle::Receipt receipt, merkle::parse_receipt(answer.receipt));
  // An id is one signatory's: two may use the same.
  const auto folder = std::filesystem::path(path_) / file_name(local.source);
  RELAIS_TRY(make_folder(folder));
  const std::string path = (folder / file_name(local.id)).string();
  const std::string unconfirmed = path + ".unconfirmed";
  if (const Status ok = confirm(verified.checkpoint, receipt.checkpoint, fetch); !ok) {
    Error e = ok.error();
    const Status kept = keep_file(unconfirmed, answer.receipt);
    e.message += kept ? "; what it signed is kept as " + unconfirmed
                      : "; what it signed is not kept: " + kept.error().message;
    return fail(std::move(e));
  }
  RELAIS_TRY(keep_receipt(path, answer));
  // That of an attempt whose proof did not arrive; what contradicted stays.
  if (const auto earlier = read_file(unconfirmed, kMaxSmallFile);
      earlier && *earlier == answer.receipt) {
    std::error_code ec;
    std::filesystem::remove(unconfirmed, ec);
  }
  return verified;
}

}  // namespace relais::cli
