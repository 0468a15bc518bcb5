#include "ledger/log/genesis.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "ledger/base/check.h"
#include "ledger/base/file.h"
#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/sha256.h"
#include "ledger/log/ledger.h"
#include "ledger/log/own_keys.h"
#include "ledger/statement/statement.h"
#include "ledger/store/store.h"
#include "ledger/vault/vault.h"

namespace relais::log {
namespace {

namespace fs = std::filesystem;

Result<std::string> opening_statement(const Genesis& genesis, const crypto::SigningKey& log,
                                      const crypto::SigningKey& system, const Clock& clock,
                                      Random& random) {
  RELAIS_ASSIGN(json::value data, json::parse(genesis.data_json));
  if (!data.is_object())
    return fail(Errc::malformed, "convention-form", "the convention's data is not an object");
  json::object& members = data.get_object();
  members["document_hash"] = document_hash(genesis.convention_file);
  members["origin"] = genesis.origin;
  members["log_key"] = crypto::to_text(log.public_key());
  members["system_key"] = crypto::to_text(system.public_key());
  json::object event;
  event["source"] = "urn:relais:" + genesis.slug + ":relais";
  event["type"] = "relais.convention.opened.v1";
  event["subject"] = "convention/" + genesis.slug;
  event["data"] = std::move(members);
  return statement::sign_event(json::serialize(json::value(std::move(event))), system, clock,
                               random);
}

Status create_store(const fs::path& path, vault::WrappingKey& key) {
  store::Options options;
  options.path = path;
  options.create = true;
  RELAIS_ASSIGN(const auto store, store::Store::open(options));
  return vault::Vault::create(*store, key);
}

/// A folder that nobody else has: whatever is beside the new ledger is not this call's to remove.
Result<fs::path> make_staging(const fs::path& data) {
  std::string pattern = data.string();
  while (pattern.size() > 1 && pattern.ends_with('/')) pattern.pop_back();
  std::error_code ec;
  if (const fs::path parent = fs::path(pattern).parent_path(); !parent.empty())
    fs::create_directories(parent, ec);
  pattern += ".XXXXXX";
  if (::mkdtemp(pattern.data()) != nullptr) return fs::path(pattern);
  return fail(Errc::io, "data-folder",
              "cannot make a folder beside " + data.string() + ": " + std::strerror(errno));
}

/// What an init that was killed has left beside the folder: its own keys and the wrapping key are
/// of no ledger.
std::string leftovers_beside(const fs::path& data) {
  fs::path plain = data;
  if (!plain.has_filename()) plain = plain.parent_path();
  const std::string begin = plain.filename().string() + ".";
  constexpr std::size_t kRandom = 6;  // of mkdtemp
  std::string found;
  std::error_code ec;
  const fs::path folder = plain.has_parent_path() ? plain.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    const std::string name = entry.path().filename().string();
    if (name.size() == begin.size() + kRandom && name.starts_with(begin) && entry.is_directory(ec))
      found += (found.empty() ? "" : ", ") + entry.path().string();
  }
  return found;
}

/// Under its name, which nothing or an empty folder had.
Status put_in_place(const fs::path& staging, const fs::path& data) {
  std::error_code ec;
  fs::remove(data, ec);
  fs::rename(staging, data, ec);
  if (!ec) return {};
  return fail(error(Errc::io, "data-folder",
                    "cannot move the new ledger to " + data.string() + ": " + ec.message())
                  .accepts("a folder that does not exist yet, and is no mount point"));
}

Status create_in(const fs::path& data, const Genesis& genesis, const Clock& clock, Random& random,
                 const ModelFactory& factory, const std::string& wrapping_key,
                 vault::WrappingKey& key) {
  std::error_code ec;
  fs::create_directories(data / "keys", ec);
  if (ec)
    return fail(Errc::io, "data-folder", "cannot make " + data.string() + ": " + ec.message());
  for (const fs::path& folder : {data, data / "keys"})
    fs::permissions(folder, fs::perms::owner_all, ec);
  const auto log = crypto::SigningKey::generate(random);
  const auto system = crypto::SigningKey::generate(random);
  RELAIS_TRY(crypto::save_private_key(data / "keys" / "log.jwk", log, {}));
  RELAIS_TRY(crypto::save_private_key(data / "keys" / "system.jwk", system, {}));
  const merkle::NoteKey vkey{genesis.origin, log.public_key()};
  RELAIS_TRY(write_file(data / "log.vkey", merkle::to_vkey(vkey) + "\n"));
  RELAIS_TRY(write_file(data / "convention.toml", genesis.convention_file));
  RELAIS_ASSIGN(const std::string opening, opening_statement(genesis, log, system, clock, random));
  RELAIS_TRY(create_store(data / "store", key));
  Options options;
  options.data = data;
  options.wrapping_key = wrapping_key;
  options.ignore_projections = true;
  RELAIS_ASSIGN(const auto ledger, Ledger::open(options, clock, factory));
  std::vector<Submission> group(1);
  RELAIS_ASSIGN(group[0].statement, statement::parse_statement(opening));
  auto outcomes = ledger->submit_and_wait(std::move(group), true);
  if (!outcomes[0]) return fail(outcomes[0].error());
  return {};
}

}  // namespace

std::string document_hash(std::string_view convention_file) {
  return crypto::base64url_encode(view(crypto::sha256(convention_file)));
}

Status create_ledger(const fs::path& data, const Genesis& genesis, const Clock& clock,
                     Random& random, const ModelFactory& factory, const std::string& wrapping_key) {
  std::error_code ec;
  if (fs::exists(data, ec) && !fs::is_empty(data, ec))
    return fail(error(Errc::conflict, "data-folder", data.string() + " exists and is not empty")
                    .accepts("a folder that does not exist yet"));
  const std::string place =
      wrapping_key.empty() ? vault::default_wrapping_key(data).string() : wrapping_key;
  RELAIS_TRY(vault::check_outside(place, data));
  RELAIS_ASSIGN(const fs::path staging, make_staging(data));
  auto key = vault::make_wrapping_key(place);
  Status made =
      key ? create_in(staging, genesis, clock, random, factory, place, **key) : fail(key.error());
  if (made) made = put_in_place(staging, data);
  if (made) return {};
  fs::remove_all(staging, ec);
  if (key) static_cast<void>((*key)->destroy());  // this call has made it
  const std::string left = made.error().rule == "wrapping-key-exists" ? leftovers_beside(data) : "";
  if (!left.empty())
    made.error().accepted +=
        "; where an init was cut short, what it left and nobody uses removed: " + left +
        ", and the wrapping key";
  return made;
}

Result<merkle::NoteKey> load_vkey(const fs::path& data) {
  RELAIS_ASSIGN(const merkle::LogKeys keys, load_log_keys(data));
  return keys.newest();
}

Result<crypto::SigningKey> load_own_key(const fs::path& data, const std::string& name) {
  const fs::path file = data / "keys" / name;
  auto key = crypto::load_private_key(file, {});
  if (key) return key;
  Error e = std::move(key).error();
  if (e.message.find(file.string()) == std::string::npos)
    e.message = file.string() + ": " + e.message;
  if (e.field.empty()) e.field = "keys/" + name;
  if (e.accepted.empty()) e.accepted = "the file as relais init made it";
  return fail(std::move(e));
}

namespace {

constexpr SignatoryId kSystem{0};  // entry 0 admits it before any other
constexpr const char* kSystemKey = "system.jwk";
constexpr const char* kNextSystemKey = "system.jwk.next";

bool is_own(const rules::Registry& registry, const KeyId& kid, Timestamp at) {
  const rules::Key* known = registry.find_key(kid);
  return known != nullptr && known->owner == kSystem && registry.check_key(kid, at);
}

/// The new key takes the old one's place on the disk.
Status put_next_key_in_place(const fs::path& data) {
  std::error_code ec;
  fs::rename(data / "keys" / kNextSystemKey, data / "keys" / kSystemKey, ec);
  if (!ec) return {};
  return fail(Errc::io, "key-file",
              "cannot replace " + (data / "keys" / kSystemKey).string() + ": " + ec.message());
}

/// Of a rotation that was cut short before the log had it: a key that nothing will name.
void drop_unused_next(const fs::path& data, const rules::Registry& registry) {
  const auto next = load_own_key(data, kNextSystemKey);
  if (!next || registry.find_key(crypto::thumbprint(next->public_key())) != nullptr) return;
  std::error_code ec;
  fs::remove(data / "keys" / kNextSystemKey, ec);
}

Result<std::string> rotation_statement(const rules::Registry& registry,
                                       const crypto::SigningKey& old_key,
                                       const crypto::SigningKey& new_key, const Clock& clock,
                                       Random& random) {
  const rules::Signatory* system = registry.find(kSystem);
  check(system != nullptr, "entry 0 admits the system");
  json::object data;
  data["public_key"] = crypto::to_text(new_key.public_key());
  data["proof"] = statement::make_key_proof(new_key, system->source, registry.origin);
  json::object event;
  event["source"] = system->source;
  event["type"] = "relais.key.rotated.v1";
  event["subject"] = "signatory/" + system->slug;
  event["data"] = std::move(data);
  return statement::sign_event(json::serialize(json::value(std::move(event))), old_key, clock,
                               random);
}

}  // namespace

Result<crypto::SigningKey> load_system_key(const fs::path& data, const rules::Registry& registry,
                                           Timestamp at) {
  RELAIS_ASSIGN(auto key, load_own_key(data, kSystemKey));
  const KeyId kid = crypto::thumbprint(key.public_key());
  if (is_own(registry, kid, at)) {
    drop_unused_next(data, registry);
    return key;
  }
  if (auto next = load_own_key(data, kNextSystemKey);
      next && is_own(registry, crypto::thumbprint(next->public_key()), at)) {
    RELAIS_TRY(put_next_key_in_place(data));
    return next;
  }
  std::string own;
  for (const auto& [other, k] : registry.keys())
    if (k.owner == kSystem && registry.check_key(other, at))
      own += (own.empty() ? "" : ", ") + crypto::to_text(other);
  return fail(error(Errc::corrupt, "self-check-system-key",
                    (data / "keys" / kSystemKey).string() + " holds the key " +
                        crypto::to_text(kid) + ", which is not the ledger's own in this log")
                  .at("keys/system.jwk")
                  .accepts("the private key with the thumbprint " + own));
}

Result<KeyId> rotate_system_key(Ledger& ledger, const fs::path& data, const Clock& clock,
                                Random& random) {
  const auto head = ledger.head();
  const rules::Registry& registry = *head->registry;
  RELAIS_ASSIGN(const auto old_key, load_system_key(data, registry, head->last_received));
  const auto new_key = crypto::SigningKey::generate(random);
  std::error_code ec;
  fs::remove(data / "keys" / kNextSystemKey, ec);  // of a rotation that did not get to the log
  RELAIS_TRY(crypto::save_private_key(data / "keys" / kNextSystemKey, new_key, {}));
  RELAIS_ASSIGN(const std::string text,
                rotation_statement(registry, old_key, new_key, clock, random));
  std::vector<Submission> group(1);
  RELAIS_ASSIGN(group[0].statement, statement::parse_statement(text));
  auto outcomes = ledger.submit_and_wait(std::move(group), true);
  if (!outcomes[0]) return fail(outcomes[0].error());
  RELAIS_TRY(put_next_key_in_place(data));
  return crypto::thumbprint(new_key.public_key());
}

std::filesystem::path wrapping_key_place(const std::filesystem::path& data,
                                         const std::string& given) {
  return given.empty() ? vault::default_wrapping_key(data) : std::filesystem::path(given);
}

}  // namespace relais::log
