// What proves: notes, checkpoints, keys of logs, receipts, tiles.
#include <string>
#include <string_view>

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/merkle/log_keys.h"
#include "ledger/merkle/note.h"
#include "ledger/merkle/receipt.h"
#include "ledger/merkle/tile.h"
#include "tests/fuzz/target.h"

namespace relais::fuzz {
namespace {

const crypto::SigningKey& signer() {
  static const auto key = crypto::SigningKey::from_seed(crypto::sha256("log"));
  return key;
}

merkle::NoteKey log_key() {
  return {"relais.example/rhone", signer().public_key()};
}

void note(std::string_view text) {
  const auto note = merkle::parse_note(text);
  if (!note) return check(!note.error().rule.empty(), "a refusal names its rule");
  std::string again = note->body + "\n";
  for (const merkle::NoteSignature& s : note->signatures) {
    std::string bytes;
    append_be(bytes, s.key_id);
    again.append("\xe2\x80\x94 ").append(s.name).append(" ");
    again.append(crypto::base64_encode(bytes + s.signature)).append("\n");
  }
  check(again == text, "a note has one text");
  if (const auto body = merkle::parse_checkpoint_body(note->body)) {
    check(merkle::checkpoint_body(*body) == note->body, "a checkpoint has one text");
    if (body->origin == log_key().name) {
      const std::string own = merkle::sign_checkpoint(*body, signer());
      const auto opened = merkle::open_checkpoint(own, log_key());
      check(opened.has_value() && opened->size == body->size && opened->root == body->root,
            "a checkpoint that is signed holds");
      check(merkle::open_checkpoint(merkle::countersign(own, signer()), log_key()).has_value(),
            "and signed twice");
    }
  }
  static const auto witness = crypto::SigningKey::from_seed(crypto::sha256("witness"));
  const merkle::NoteKey by{"witness.example", witness.public_key(), 0x04};
  static_cast<void>(merkle::verify_cosignature(*note, by));
  const std::string line = merkle::cosign(*note, by.name, witness, 1'700'000'000);
  if (const auto cosigned = merkle::parse_note(std::string(text) + line))
    check(merkle::verify_cosignature(*cosigned, by).has_value() ||
              merkle::verify_cosignature(*note, by).error().rule == "note-signature",
          "a cosignature holds");
}

void vkeys(std::string_view text) {
  if (const auto key = merkle::parse_vkey(text))
    check(merkle::to_vkey(*key) == text, "a vkey has one text");
  const auto keys = merkle::parse_log_keys(text);
  if (!keys) return check(!keys.error().rule.empty(), "a refusal names its rule");
  const auto again = merkle::parse_log_keys(merkle::to_text(*keys));
  check(again.has_value() && *again == *keys, "keys of a log read back");
  check(keys->extends(*keys) && keys->at(UINT64_MAX) == keys->newest(), "they know themselves");
}

void receipt(std::string_view text) {
  const auto receipt = merkle::parse_receipt(text);
  if (!receipt) return check(!receipt.error().rule.empty(), "a refusal names its rule");
  check(merkle::to_text(*receipt) == text, "a receipt has one text");
  const auto proven = merkle::verify_receipt(*receipt, receipt->extra, log_key());
  check(!proven || receipt->index < proven->size, "what is proven is in the tree");
}

void tile(std::string_view input) {
  for (const std::string_view path : {input, input.substr(0, input.find('\n'))}) {
    const auto request = merkle::parse_tile_path(path);
    if (!request) continue;
    const merkle::TileId& t = request->tile;
    check((request->entries ? merkle::bundle_path(t.index, t.width) : merkle::tile_path(t)) == path,
          "a tile has one path");
    check(merkle::tile_width(t.index, t.level, t.index) <= merkle::kTileWidth,
          "a tile has a width");
  }
  if (const auto entries = merkle::parse_bundle(input)) {
    std::string again;
    for (const std::string& entry : *entries) merkle::append_bundle_entry(again, entry);
    check(again == input, "a bundle has one text");
  }
  // Its first bytes name a node; what is left is the tile that should have it.
  if (input.size() < 9) return;
  const merkle::NodeId node{static_cast<std::uint8_t>(static_cast<unsigned char>(input[0]) % 64),
                            load_be<std::uint64_t>(input.substr(1))};
  const std::string stored(input.substr(9));
  const auto hash = merkle::node_reader(
      [&stored](std::uint8_t, std::uint64_t) -> Result<std::string> { return stored; })(node);
  check(hash.has_value() || hash.error().rule == "tile-short", "a tile that lacks a hash says so");
}

}  // namespace

std::span<const Target> log_targets() {
  static constexpr Target kTargets[] = {
      {"note", note}, {"vkeys", vkeys}, {"receipt", receipt}, {"tile", tile}};
  return kTargets;
}

}  // namespace relais::fuzz
