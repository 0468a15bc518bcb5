#include "ledger/merkle/note.h"

#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/base/utf8.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/merkle/text.h"

namespace relais::merkle {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // em dash and space
constexpr std::uint8_t kEd25519 = 0x01;
constexpr std::uint8_t kCosignature = 0x04;

std::unexpected<Error> bad_note(std::string message) {
  return fail(error(Errc::malformed, "note-form", std::move(message)).from("c2sp.org/signed-note"));
}

std::unexpected<Error> bad_vkey() {
  return fail(error(Errc::malformed, "note-key", "not a verifier key for Ed25519 notes")
                  .accepts("name+hex(key id)+base64(0x01 or 0x04, 32-byte key)")
                  .from("c2sp.org/signed-note, Verifier keys"));
}

std::unexpected<Error> bad_checkpoint(std::string message) {
  return fail(error(Errc::malformed, "checkpoint-form", std::move(message))
                  .accepts("origin, tree size and root hash, one a line, and no other line")
                  .from("c2sp.org/tlog-checkpoint, Note text"));
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

/// Valid UTF-8 without control characters but the newline.
bool is_note_text(std::string_view text) {
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (!point || (*point < 0x20 && *point != '\n')) return false;
  }
  return true;
}

std::string signature_line(const NoteKey& key, std::string_view signature) {
  check(is_note_name(key.name), "a note is signed under a name that notes can carry");
  std::string bytes;
  append_be(bytes, key.id());
  bytes.append(signature);
  return std::string(kDash) + key.name + " " + crypto::base64_encode(bytes) + "\n";
}

Result<NoteSignature> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kDash)) return bad_note("a signature line does not begin with a dash");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !is_note_name(line.substr(0, space)))
    return bad_note("a signature line has no key name");
  const std::string_view text = line.substr(space + 1);
  if (text.size() > kMaxNoteSignatureBytes) return bad_note("a signature is too long");
  const auto bytes = crypto::base64_decode(text);
  if (!bytes || bytes->size() < 5)
    return bad_note("a signature is not base64 of a key id and more");
  return NoteSignature{std::string(line.substr(0, space)), load_be<std::uint32_t>(*bytes),
                       bytes->substr(4)};
}

bool is_by(const NoteSignature& s, const NoteKey& key, std::uint32_t key_id) {
  return s.key_id == key_id && s.name == key.name;
}

std::unexpected<Error> bad_signature(const NoteKey& key) {
  return fail(Errc::unauthenticated, "note-signature",
              "the note's signature by " + key.name + " does not hold");
}

std::unexpected<Error> no_signature(const NoteKey& key) {
  return fail(Errc::unauthenticated, "note-unsigned", "the note has no signature by " + key.name);
}

std::unexpected<Error> wrong_algorithm(std::string accepted) {
  return fail(error(Errc::invalid, "note-key", "the key is for another kind of signature")
                  .accepts(std::move(accepted)));
}

/// The text that a cosignature signs (c2sp.org/tlog-cosignature, Ed25519 signed message).
std::string cosigned_message(std::string_view body, std::uint64_t unix_seconds) {
  return "cosignature/v1\ntime " + std::to_string(unix_seconds) + "\n" + std::string(body);
}

}  // namespace

bool is_note_name(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const auto point = take_code_point(name);
    if (!point || *point < 0x20 || *point == '+' || is_space(*point)) return false;
  }
  return true;
}

std::uint32_t NoteKey::id() const {
  const char separator[2] = {'\n', static_cast<char>(algorithm)};
  const Hash digest = crypto::sha256({name, std::string_view(separator, 2), relais::view(key)});
  return load_be<std::uint32_t>(relais::view(digest));
}

std::string to_vkey(const NoteKey& key) {
  std::string id;
  append_be(id, key.id());
  std::string material(1, static_cast<char>(key.algorithm));
  material.append(relais::view(key.key));
  return key.name + "+" + to_hex(id) + "+" + crypto::base64_encode(material);
}

Result<NoteKey> parse_vkey(std::string_view text) {
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos || text.size() < first + 10 || text[first + 9] != '+')
    return bad_vkey();
  const auto material = crypto::base64_decode(text.substr(first + 10));
  if (!material || material->size() != 1 + std::tuple_size_v<crypto::PublicKey>) return bad_vkey();
  NoteKey key{std::string(text.substr(0, first)), to_hash(std::string_view(*material).substr(1)),
              static_cast<std::uint8_t>((*material)[0])};
  if (!is_note_name(key.name) || (key.algorithm != kEd25519 && key.algorithm != kCosignature))
    return bad_vkey();
  // One text for one key: this compares the key id too.
  if (to_vkey(key) != text) return bad_vkey();
  return key;
}

std::string checkpoint_body(const Checkpoint& c) {
  return c.origin + "\n" + std::to_string(c.size) + "\n" +
         crypto::base64_encode(relais::view(c.root)) + "\n";
}

Result<Checkpoint> parse_checkpoint_body(std::string_view body) {
  const auto origin = take_line(body);
  const auto size_text = take_line(body);
  const auto root_text = take_line(body);
  if (!origin || !size_text || !root_text) return bad_checkpoint("a line is missing");
  if (!body.empty()) return bad_checkpoint("there are lines behind the root hash");
  if (origin->empty()) return bad_checkpoint("the origin is empty");
  const auto size = parse_decimal(*size_text);
  if (!size) return bad_checkpoint("the tree size is not a decimal number");
  const auto root = crypto::base64_decode(*root_text);
  if (!root || root->size() != std::tuple_size_v<Hash>)
    return bad_checkpoint("the root is not base64 of 32 bytes");
  return Checkpoint{std::string(*origin), *size, to_hash(*root)};
}

Result<Note> parse_note(std::string_view text) {
  if (text.size() > kMaxNoteBytes)
    return fail(error(Errc::too_large, "note-size", "the note is too long")
                    .accepts("at most " + std::to_string(kMaxNoteBytes) + " bytes"));
  if (!is_note_text(text)) return bad_note("the note is not plain UTF-8 text");
  const std::size_t split = text.rfind("\n\n");
  if (split == std::string_view::npos) return bad_note("no empty line before signatures");
  Note note;
  note.body = std::string(text.substr(0, split + 1));
  std::string_view rest = text.substr(split + 2);
  if (rest.empty()) return bad_note("the note has no signature");
  while (!rest.empty()) {
    if (note.signatures.size() == kMaxNoteSignatures)
      return bad_note("the note has more than 16 signatures");
    const auto line = take_line(rest);
    if (!line) return bad_note("the last line does not end");
    RELAIS_ASSIGN(NoteSignature signature, parse_signature_line(*line));
    note.signatures.push_back(std::move(signature));
  }
  return note;
}

std::string sign_checkpoint(const Checkpoint& c, const crypto::SigningKey& key) {
  const std::string body = checkpoint_body(c);
  const crypto::Signature signature = key.sign(body);
  return body + "\n" +
         signature_line({c.origin, key.public_key(), kEd25519}, crypto::view(signature));
}

std::string countersign(std::string note, const crypto::SigningKey& key) {
  const std::size_t split = note.rfind("\n\n");
  check(split != std::string::npos, "what is countersigned is a note");
  const std::string_view body = std::string_view(note).substr(0, split + 1);
  const crypto::Signature signature = key.sign(body);
  const std::string name(body.substr(0, body.find('\n')));
  return note.append(signature_line({name, key.public_key(), kEd25519}, crypto::view(signature)));
}

Result<Checkpoint> open_checkpoint(std::string_view text, const NoteKey& log) {
  if (log.algorithm != kEd25519) return wrong_algorithm("a log's key (algorithm 0x01)");
  RELAIS_ASSIGN(const Note note, parse_note(text));
  const std::uint32_t id = log.id();
  bool is_signed = false;
  for (const NoteSignature& s : note.signatures) {
    if (!is_by(s, log, id)) continue;
    if (!crypto::verify(log.key, note.body, s.signature)) return bad_signature(log);
    is_signed = true;
  }
  if (!is_signed) return no_signature(log);
  RELAIS_ASSIGN(Checkpoint checkpoint, parse_checkpoint_body(note.body));
  if (checkpoint.origin != log.name)
    return fail(error(Errc::unauthenticated, "checkpoint-origin",
                      "the checkpoint is of another log: " + checkpoint.origin)
                    .accepts(log.name));
  return checkpoint;
}

std::string cosign(const Note& note, const std::string& name, const crypto::SigningKey& key,
                   std::uint64_t unix_seconds) {
  check(unix_seconds >> 63 == 0, "a cosignature's time is below 2^63");
  const crypto::Signature signature = key.sign(cosigned_message(note.body, unix_seconds));
  std::string bytes;
  append_be(bytes, unix_seconds);
  bytes.append(crypto::view(signature));
  return signature_line({name, key.public_key(), kCosignature}, bytes);
}

Result<std::uint64_t> verify_cosignature(const Note& note, const NoteKey& witness) {
  if (witness.algorithm != kCosignature) return wrong_algorithm("a witness's key (algorithm 0x04)");
  const std::uint32_t id = witness.id();
  bool is_signed = false;
  std::uint64_t latest = 0;
  for (const NoteSignature& s : note.signatures) {
    if (!is_by(s, witness, id)) continue;
    if (s.signature.size() != 8 + std::tuple_size_v<crypto::Signature>)
      return bad_signature(witness);
    const auto time = load_be<std::uint64_t>(s.signature);
    if (time >> 63 != 0 || !crypto::verify(witness.key, cosigned_message(note.body, time),
                                           std::string_view(s.signature).substr(8)))
      return bad_signature(witness);
    is_signed = true;
    latest = std::max(latest, time);
  }
  if (!is_signed) return no_signature(witness);
  return latest;
}

}  // namespace relais::merkle
