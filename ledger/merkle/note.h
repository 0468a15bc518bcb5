// c2sp.org/signed-note, c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/bytes.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/crypto/ed25519.h"

namespace relais::merkle {

/// A verifier has to take 16 signatures, and a post-quantum one is near 5 kB (signed-note,
/// "Format").
inline constexpr std::size_t kMaxNoteSignatures = 16;
inline constexpr std::size_t kMaxNoteSignatureBytes = 8 * 1024;
inline constexpr std::size_t kMaxNoteBytes = 192 * 1024;

/// Whether `name` can name a key in a note (and so be the origin of a log): UTF-8, non-empty, no
/// '+', no white space, no control characters.
bool is_note_name(std::string_view name);

/// A key that signs or verifies notes. Its text form is the vkey "name+hexid+base64(0x01 ‖ key)".
struct NoteKey {
  std::string name;  ///< non-empty, no '+', no white space, UTF-8
  crypto::PublicKey key{};
  std::uint8_t algorithm = 0x01;  ///< 0x01 Ed25519, 0x04 timestamped cosignature
  std::uint32_t id() const;       ///< first 4 bytes of SHA-256(name ‖ 0x0A ‖ algorithm ‖ key)
  bool operator==(const NoteKey&) const = default;
};
std::string to_vkey(const NoteKey& key);
Result<NoteKey> parse_vkey(std::string_view text);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};
};
/// Origin, size, root in standard base64, each with its newline: the text that is signed.
std::string checkpoint_body(const Checkpoint& c);
/// Strict: no extension lines, no leading zeros.
Result<Checkpoint> parse_checkpoint_body(std::string_view body);

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string signature;  ///< what stands behind the key id
};
struct Note {
  std::string body;  ///< with its last newline
  std::vector<NoteSignature> signatures;
};
/// At most kMaxNoteSignatures of at most kMaxNoteSignatureBytes; at most kMaxNoteBytes.
Result<Note> parse_note(std::string_view text);

/// The whole note: body, empty line, one signature line by `key` under `name` (algorithm 0x01).
std::string sign_checkpoint(const Checkpoint& c, const crypto::SigningKey& key);
/// The note with one more signature line, by `key` under the name in its first line.
std::string countersign(std::string note, const crypto::SigningKey& key);
/// Parses a note, checks that it is a checkpoint for `log.name` and has a valid signature by `log`.
/// Signatures by unknown keys are ignored; an invalid one by the known key is an error (rules
/// "note-…", "checkpoint-…").
Result<Checkpoint> open_checkpoint(std::string_view note, const NoteKey& log);

/// "— name base64(id ‖ timestamp ‖ signature)\n" (with the newline), key algorithm 0x04:
/// cosignature/v1 at `unix_seconds` over the note's body.
std::string cosign(const Note& note, const std::string& name, const crypto::SigningKey& key,
                   std::uint64_t unix_seconds);
/// The time of `witness`'s valid cosignature on the note; an error when there is none.
Result<std::uint64_t> verify_cosignature(const Note& note, const NoteKey& witness);

}  // namespace relais::merkle
