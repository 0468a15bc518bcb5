// The birth of a ledger: its folder, its keys, and entry 0.
//
// clang-format off
//   DIR/store/             RocksDB
//   DIR/keys/log.jwk       signs checkpoints (0600)
//   DIR/keys/system.jwk    signs the ledger's own statements (0600)
//   DIR/log.vkey           public key of the log (signed-note vkey): what a receipt is checked against;
//                          and the keys of before (ledger/log/own_keys.h)
//   DIR/convention.toml    the convention file, byte for byte
// clang-format on
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/log/model.h"
#include "ledger/merkle/note.h"
#include "ledger/rules/registry.h"

namespace relais::log {

class Ledger;

struct Genesis {
  std::string
      convention_file;  ///< bytes of the convention file; founding signatories sign their SHA-256
  std::string slug;     ///< of the convention: "rhone-2023"
  /// `data` of convention.opened as JSON, without document_hash, log_key and system_key, which are
  /// filled in.
  std::string data_json;
  std::string origin;  ///< of the log: "relais.example/rhone-2023"
};

/// base64url(SHA-256(file)): what convention.signed carries.
std::string document_hash(std::string_view convention_file);

/// Makes the folder, the keys and the store with entry 0. The folder must not exist or be empty.
/// `log_key` and `system_key` are made from `random`; the wrapping key of what is disclosed is made
/// at its place (ledger/vault; empty: beside the folder). Nothing is left behind when it fails, but
/// a key in a token.
Status create_ledger(const std::filesystem::path& data, const Genesis& genesis, const Clock& clock,
                     Random& random, const ModelFactory& factory,
                     const std::string& wrapping_key = {});

/// Where a ledger's wrapping key is: what is given, or its default place (vault/wrapping_key.h).
std::filesystem::path wrapping_key_place(const std::filesystem::path& data,
                                         const std::string& given);

/// The log's public key as DIR/log.vkey has it on its first line.
Result<merkle::NoteKey> load_vkey(const std::filesystem::path& data);

/// A private key of the ledger's own, DIR/keys/NAME; its errors name the file.
Result<crypto::SigningKey> load_own_key(const std::filesystem::path& data, const std::string& name);

/// Replaces the key that signs the ledger's own acts: a statement key.rotated, signed by the old
/// one, with proof of possession by the new one. `ledger` is that of `data`, opened for writing.
/// Gives the thumbprint of the new key.
Result<KeyId> rotate_system_key(Ledger& ledger, const std::filesystem::path& data,
                                const Clock& clock, Random& random);

/// DIR/keys/system.jwk, which must be a key that the log knows as its own at a time:
/// "self-check-system-key". A rotation that was interrupted behind its statement is finished.
Result<crypto::SigningKey> load_system_key(const std::filesystem::path& data,
                                           const rules::Registry& registry, Timestamp at);

}  // namespace relais::log
