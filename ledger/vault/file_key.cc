#include "ledger/vault/file_key.h"

#include <algorithm>
#include <utility>

#include "ledger/base/json.h"
#include "ledger/base/json_writer.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/private_file.h"

namespace relais::vault {
namespace {

constexpr std::size_t kIdBytes = 8;
/// Two while a new one takes over; more are the trace of interrupted rotations.
constexpr std::size_t kMaxKeys = 16;

Error not_ours(const std::filesystem::path& file) {
  return error(Errc::malformed, "key-file", "this is not a wrapping key: " + file.string())
      .accepts("the file as relais init made it");
}

std::string id_of(const crypto::SecretKey& random) {
  return std::string(random.view().substr(0, kIdBytes));
}

}  // namespace

FileKey::Key FileKey::new_key() {
  Key key{id_of(crypto::SecretKey::random()), crypto::SecretKey::random()};
  return key;
}

Result<std::unique_ptr<WrappingKey>> FileKey::open(const std::filesystem::path& file, Use use) {
  std::error_code ec;
  auto real =
      std::filesystem::canonical(file, ec);  // a link is followed once: the file is replaced
  std::unique_ptr<FileKey> key(new FileKey(ec ? file : real));
  // Before it is read: what another program puts in its place until then would be lost, and what
  // that one writes over at this moment is no key.
  if (use == Use::renew) RELAIS_TRY(key->lock());
  std::string text;
  RELAIS_TRY(crypto::read_private_file(key->file_, text));
  RELAIS_TRY(key->read(text));
  if (use == Use::renew) RELAIS_TRY(key->check_replaceable());
  return std::unique_ptr<WrappingKey>(std::move(key));
}

/// A file that cannot be opened is told of by who reads it.
Status FileKey::lock() {
  auto taken = PathLock::take(file_);
  if (taken) {
    lock_ = std::move(*taken);
    return {};
  }
  if (taken.error().code != Errc::conflict) return {};
  return fail(error(Errc::conflict, "wrapping-key-in-use",
                    "another program writes a ledger with " + file_.string() +
                        ": the erasures of one would destroy the keys of the other")
                  .at("--wrapping-key")
                  .accepts("a copy of the key for a copy of the ledger"));
}

/// As every erasure does: who finds out then would serve on, and never forget.
Status FileKey::check_replaceable() {
  const Status tried = crypto::rewrite_private_file(file_, text(), &lock_);
  if (!tried && tried.error().rule.starts_with("storage-")) return tried;
  if (!tried)
    return fail(
        error(Errc::io, "wrapping-key-fixed",
              file_.string() + " cannot be replaced, which erasing takes: " + tried.error().message)
            .at("--wrapping-key")
            .accepts("a file in a folder that the server may write into; in a container, "
                     "the folder and not the file alone"));
  return {};
}

/// The same bytes under the name may be those of another file, which somebody has put back and
/// nobody has locked.
Status FileKey::check_unchanged() {
  if (lock_.held() && !lock_.is_of(file_)) RELAIS_TRY(lock());
  std::string now;
  RELAIS_TRY(crypto::read_private_file(file_, now));
  if (now == text()) return {};
  return fail(error(Errc::conflict, "wrapping-key-changed",
                    file_.string() + " is not what this program has written")
                  .at("--wrapping-key")
                  .accepts("the file as it was; nobody else changes it while a server runs"));
}

Status FileKey::replace() {
  return crypto::replace_private_file(file_, text(), lock_.held() ? &lock_ : nullptr);
}

Result<std::unique_ptr<WrappingKey>> FileKey::make(const std::filesystem::path& file) {
  std::unique_ptr<FileKey> key(new FileKey(file));
  key->keys_.push_front(new_key());
  if (Status made = crypto::create_private_file(file, key->text()); !made) {
    if (made.error().rule != "key-file-exists") return fail(std::move(made).error());
    return fail(error(Errc::conflict, "wrapping-key-exists",
                      file.string() + " is there already, and may be another ledger's")
                    .at("--wrapping-key")
                    .accepts("a path where nothing is yet; or, where its ledger is gone, that the "
                             "file is removed first"));
  }
  return std::unique_ptr<WrappingKey>(std::move(key));
}

Status FileKey::read(std::string_view text) {
  const auto value = json::parse(text);
  const json::object* set = value ? value->if_object() : nullptr;
  const json::value* list = set == nullptr ? nullptr : set->if_contains("keys");
  if (list == nullptr || !list->is_array() || list->get_array().empty() ||
      list->get_array().size() > kMaxKeys)
    return fail(not_ours(file_));
  for (const json::value& member : list->get_array()) {
    const json::object* jwk = member.if_object();
    const auto* kid = jwk == nullptr ? nullptr : json::find_string(*jwk, "kid");
    const auto* k = jwk == nullptr ? nullptr : json::find_string(*jwk, "k");
    const auto id = kid == nullptr ? std::nullopt : crypto::base64url_decode(*kid);
    const auto bytes = k == nullptr ? std::nullopt : crypto::base64url_decode(*k);
    if (!id || id->size() != kIdBytes || !bytes || bytes->size() != crypto::SecretKey::kBytes)
      return fail(not_ours(file_));
    keys_.push_back({*id, crypto::SecretKey(*bytes)});
    keys_.back().key.lock_memory();
  }
  return {};
}

std::string FileKey::text() const {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("keys").begin_array();
  for (const Key& k : keys_)
    json.begin_object()
        .member("kty", "oct")
        .member("kid", crypto::base64url_encode(k.id))
        .member("k", crypto::base64url_encode(k.key.view()))
        .end_object();
  json.end_array().end_object();
  out += '\n';
  return out;
}

Result<std::string> FileKey::wrap(std::string_view secret, std::string_view context) {
  const Key& newest = keys_.front();
  return newest.id + crypto::seal(newest.key, secret, newest.id + std::string(context));
}

Result<std::string> FileKey::unwrap(std::string_view wrapped, std::string_view context) {
  const std::string_view id = wrapped.substr(0, std::min(kIdBytes, wrapped.size()));
  for (const Key& k : keys_) {
    if (k.id != id) continue;
    auto secret = crypto::unseal(k.key, wrapped.substr(kIdBytes), k.id + std::string(context));
    if (secret) return std::move(*secret);
    return fail(Errc::corrupt, "wrapping-key-broken",
                "what the key in " + file_.string() + " wrapped is not what it was");
  }
  return fail(error(Errc::unavailable, "wrapping-key-other",
                    "the key in " + file_.string() + " is not the one that wrapped this ledger's")
                  .at("--wrapping-key")
                  .accepts("the file that this ledger last used"));
}

Status FileKey::renew() {
  if (keys_.size() == kMaxKeys)
    return fail(Errc::conflict, "wrapping-key-old",
                "too many old keys are in " + file_.string() + " still");
  RELAIS_TRY(check_unchanged());
  keys_.push_front(new_key());
  keys_.front().key.lock_memory();
  if (Status written = replace(); !written) {
    keys_.pop_front();
    return written;
  }
  return {};
}

Status FileKey::destroy_others(std::string_view wrapped) {
  const auto found = std::ranges::find(keys_, wrapped.substr(0, kIdBytes), &Key::id);
  if (found == keys_.end())
    return fail(Errc::corrupt, "wrapping-key-other", "none of the keys has wrapped this");
  if (keys_.size() == 1) return {};
  RELAIS_TRY(check_unchanged());
  const auto place = static_cast<std::size_t>(found - keys_.begin());
  std::deque<Key> all = std::exchange(keys_, {});
  keys_.push_back(std::move(all[place]));
  if (Status written = replace(); !written) {
    all[place] = std::move(keys_.front());
    keys_ = std::move(all);
    return written;
  }
  return {};
}

Status FileKey::destroy() {
  RELAIS_TRY(crypto::replace_private_file(file_, "destroyed\n"));
  std::error_code ec;
  std::filesystem::remove(file_, ec);
  return {};
}

}  // namespace relais::vault
