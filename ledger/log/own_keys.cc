#include "ledger/log/own_keys.h"

#include <algorithm>

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"
#include "ledger/base/file.h"
#include "ledger/base/json.h"
#include "ledger/base/stored.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"
#include "ledger/statement/statement.h"
#include "schemas/text.h"

namespace relais::log {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = "log.jwk";
constexpr const char* kNextKey = "log.jwk.next";
constexpr const char* kVkeys = "log.vkey";

using schema::text;

Error damaged(const std::string& message) {
  return error(Errc::corrupt, "self-check-log-key", message)
      .accepts(
          "a store that was not tampered with, or a restored backup; relais verify names what "
          "does not hold");
}

/// One rotation more.
Status add(OwnKeys& keys, const crypto::PublicKey& key, LogIndex index, std::uint64_t reads_size) {
  RELAIS_TRY(keys.log.add(key, index.value + 1));
  return keys.reads.add(key, reads_size + 1);
}

Status add_stored(OwnKeys& keys, const store::Store& store, LogIndex index) {
  const std::string name = "entry " + std::to_string(index.value);
  RELAIS_ASSIGN(const auto bytes, store.get(store::Family::events, store::index_key(index.value)));
  statement::EventView view;
  if (!bytes || !view.load(*bytes) || !view.get().getData().isLogKeyRotated())
    return fail(damaged(name + " does not rotate the log's key, as the store says it does"));
  const auto rotated = view.get().getData().getLogKeyRotated();
  const auto key = crypto::parse_public_key(text(rotated.getNewKey()));
  if (!key || text(rotated.getOldKey()) != crypto::to_text(keys.log.newest().key) ||
      !add(keys, *key, index, rotated.getReadsSize()))
    return fail(damaged(name + " does not go on from the log's key of before"));
  return {};
}

/// The proposal that has its quorum and names this key.
Result<std::string> decided(const rules::Registry& registry, const std::string& key) {
  std::string state;
  for (const auto& [id, p] : registry.proposals) {
    if (p.act != schema::GovernedAct::ROTATE_LOG_KEY || p.public_key != key) continue;
    if (p.phase == rules::Proposal::Phase::approved) return id;
    state = rules::to_string(p.phase);
  }
  return fail(error(Errc::conflict, "log-key-undecided",
                    "the signatories have not decided to put this key in the place of the log's")
                  .at("public_key")
                  .accepts("governance.proposed of rotate_log_key with public_key " + key +
                           ", and the approvals that the convention's quorum rotate-log-key asks")
                  .from("Convention, governance")
                  .in_state(state.empty() ? "NOT_PROPOSED" : state));
}

Result<std::string> rotation_statement(const rules::Registry& registry, const std::string& proposal,
                                       const crypto::SigningKey& key, std::uint64_t reads_size,
                                       const crypto::SigningKey& system, const Clock& clock,
                                       Random& random) {
  const rules::Signatory* self = registry.find(SignatoryId{0});
  check(self != nullptr, "entry 0 admits the system");
  json::object data;
  data["proposal_id"] = proposal;
  data["old_key"] = crypto::to_text(registry.current_log_key());
  data["new_key"] = crypto::to_text(key.public_key());
  data["reads_size"] = reads_size;
  data["proof"] =
      statement::make_key_proof(key, self->source, rules::log_key_audience(registry.origin));
  json::object event;
  event["source"] = self->source;
  event["type"] = "relais.log.key_rotated.v1";
  event["subject"] = "convention/" + registry.convention;
  event["data"] = std::move(data);
  return statement::sign_event(json::serialize(json::value(std::move(event))), system, clock,
                               random);
}

Status put_next_in_place(const fs::path& data) {
  std::error_code ec;
  fs::rename(data / "keys" / kNextKey, data / "keys" / kKey, ec);
  if (!ec) return {};
  return fail(Errc::io, "key-file",
              "cannot replace " + (data / "keys" / kKey).string() + ": " + ec.message());
}

}  // namespace

OwnKeys own_keys(const rules::Registry& registry) {
  const merkle::NoteKey first{registry.origin, registry.log_key};
  OwnKeys keys{first, first};
  for (const rules::LogKeyRotation& r : registry.log_key_rotations)
    require_stored(add(keys, r.key, r.index, r.reads_size).has_value(),
                   "the stored keys of the log are not each once, in order");
  return keys;
}

std::string log_keys_value(const rules::Registry& registry) {
  std::string value;
  for (const rules::LogKeyRotation& r : registry.log_key_rotations) append_be(value, r.index.value);
  return value;
}

Result<std::optional<OwnKeys>> stored_keys(const store::Store& store) {
  RELAIS_ASSIGN(const auto opening, store.get(store::Family::events, store::index_key(0)));
  statement::EventView view;
  if (!opening || !view.load(*opening) || !view.get().getData().isConventionOpened())
    return std::optional<OwnKeys>();  // a ledger that is being made, or damage found elsewhere
  const auto opened = view.get().getData().getConventionOpened();
  const auto first = crypto::parse_public_key(text(opened.getLogKey()));
  if (!first) return fail(damaged("entry 0 names no key of the log"));
  const merkle::NoteKey vkey{text(opened.getOrigin()), *first};
  OwnKeys keys{vkey, vkey};
  RELAIS_ASSIGN(const auto stored, store.get(store::Family::meta, kLogKeysKey));
  const std::string_view indices = stored ? std::string_view(*stored) : std::string_view();
  if (indices.size() % 8 != 0) return fail(damaged("the store's record of rotations has no form"));
  for (std::size_t at = 0; at < indices.size(); at += 8)
    RELAIS_TRY(add_stored(keys, store, LogIndex{load_be<std::uint64_t>(indices.substr(at))}));
  return std::optional(std::move(keys));
}

Result<merkle::LogKeys> load_log_keys(const fs::path& data) {
  constexpr std::size_t kMostBytes = std::size_t{64} * 1024;
  auto read = read_file(data / kVkeys, kMostBytes);
  if (!read && read.error().rule == "file-missing")
    return fail(error(Errc::not_found, "store-missing", "there is no ledger in " + data.string())
                    .accepts("a folder made by relais init"));
  if (!read) return fail(std::move(read).error().at(kVkeys));
  auto keys = merkle::parse_log_keys(*read);
  if (!keys) return fail(std::move(keys).error().at((data / kVkeys).string()));
  return keys;
}

Status save_log_keys(const fs::path& data, const merkle::LogKeys& keys) {
  return replace_file(data / kVkeys, merkle::to_text(keys));
}

Result<crypto::SigningKey> load_log_key(const fs::path& data, const merkle::LogKeys& keys) {
  auto key = load_own_key(data, kKey);
  if (key && key->public_key() == keys.newest().key) return key;
  if (auto next = load_own_key(data, kNextKey); next && next->public_key() == keys.newest().key) {
    RELAIS_TRY(put_next_in_place(data));
    return next;
  }
  if (!key) return key;
  return fail(error(Errc::corrupt, "self-check-log-key",
                    (data / "keys" / kKey).string() + " is not the key that signs this log" +
                        (keys.has(key->public_key()) ? ": it was replaced" : ""))
                  .at("keys/log.jwk")
                  .accepts("the private key of " + merkle::to_vkey(keys.newest())));
}

Result<crypto::SigningKey> load_next_log_key(const fs::path& data) {
  std::error_code ec;
  if (fs::exists(data / "keys" / kNextKey, ec)) return load_own_key(data, kNextKey);
  return fail(
      error(Errc::not_found, "log-key-not-prepared",
            "there is no key to put in the place of the log's")
          .at("keys/log.jwk.next")
          .accepts("relais rotate --key log --prepare, whose key the signatories decide on"));
}

Result<crypto::SigningKey> prepare_log_key(const fs::path& data, Random& random) {
  std::error_code ec;
  const fs::path file = data / "keys" / kNextKey;
  if (fs::exists(file, ec)) return load_own_key(data, kNextKey);
  auto key = crypto::SigningKey::generate(random);
  RELAIS_TRY(crypto::save_private_key(file, key, {}));
  return key;
}

Result<LogIndex> rotate_log_key(Ledger& ledger, const fs::path& data, std::uint64_t reads_size,
                                const Clock& clock, Random& random) {
  const auto head = ledger.head();
  const rules::Registry& registry = *head->registry;
  RELAIS_ASSIGN(const auto key, load_next_log_key(data));
  RELAIS_ASSIGN(const std::string proposal, decided(registry, crypto::to_text(key.public_key())));
  RELAIS_ASSIGN(const auto system, load_system_key(data, registry, head->last_received));
  RELAIS_ASSIGN(const std::string signed_text,
                rotation_statement(registry, proposal, key, reads_size, system, clock, random));
  std::vector<Submission> group(1);
  RELAIS_ASSIGN(group[0].statement, statement::parse_statement(signed_text));
  auto outcomes = ledger.submit_and_wait(std::move(group), true);
  if (!outcomes[0]) return fail(outcomes[0].error());
  RELAIS_TRY(put_next_in_place(data));
  RELAIS_TRY(save_log_keys(data, ledger.keys().log));
  return outcomes[0]->index;
}

}  // namespace relais::log
