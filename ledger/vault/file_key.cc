#include "ledger/vault/file_key.h"

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

Result<std::unique_ptr<WrappingKey>> FileKey::open(const std::filesystem::path& file) {
  std::string text;
  RELAIS_TRY(crypto::read_private_file(file, text));
  std::unique_ptr<FileKey> key(new FileKey(file));
  RELAIS_TRY(key->read(text));
  return std::unique_ptr<WrappingKey>(std::move(key));
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
  keys_.push_front(new_key());
  keys_.front().key.lock_memory();
  if (Status written = crypto::replace_private_file(file_, text()); !written) {
    keys_.pop_front();
    return written;
  }
  return {};
}

Status FileKey::destroy_older() {
  if (keys_.size() == 1) return {};
  std::deque<Key> older;
  while (keys_.size() > 1) {
    older.push_front(std::move(keys_.back()));
    keys_.pop_back();
  }
  if (Status written = crypto::replace_private_file(file_, text()); !written) {
    for (Key& k : older) keys_.push_back(std::move(k));
    return written;
  }
  return {};
}

}  // namespace relais::vault
